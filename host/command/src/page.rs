//! The verb `page`.

use std::{
    env,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use clap::Args;
use configdrive_verbs::{Error, Source, output};

/// Serve the page on which drives are made and shown, on this machine's loopback address
#[derive(Args)]
#[command(after_help = "Example:\n  tar xzf configdrive-0.1.0-page.tar.gz\n  configdrive page configdrive-0.1.0-page")]
pub struct Page {
    /// The page's directory [default: share/configdrive/page of the installation]
    #[arg(value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
    /// Listen on PORT; 0 chooses a free one
    #[arg(long, default_value_t = 8000)]
    port: u16,
}

impl Page {
    pub fn run(self) -> Result<(), Error> {
        let directory = match self.directory {
            Some(directory) => directory,
            None => installed().filter(|directory| directory.join(INDEX).exists()).ok_or_else(|| {
                Error::Usage("cannot find the page: it is not installed with this command; unpack the page's archive and name its directory".into())
            })?,
        };
        // Fails early if this is not the page.
        let index = directory.join(INDEX);
        fs::metadata(&index).map_err(|error| Error::Read { source: Source::File(index), error })?;
        let (listener, address) = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))
            .and_then(|listener| listener.local_addr().map(|address| (listener, address)))
            .map_err(|error| {
                Error::Usage(format!("cannot listen on 127.0.0.1:{}: {error}; choose another --port", self.port))
            })?;
        output::print(&format!("http://{address}/\n"))?;
        for stream in listener.incoming() {
            let directory = directory.clone();
            // A browser that goes away, or sends nonsense, only ends its own connection.
            thread::spawn(move || stream.and_then(|stream| answer(stream, &directory)));
        }
        Ok(())
    }
}

const INDEX: &str = "index.html";

/// Returns the directory in which packages have the page.
fn installed() -> Option<PathBuf> {
    let program = env::current_exe().ok()?.canonicalize().ok()?;
    Some(program.parent()?.parent()?.join("share/configdrive/page"))
}

/// Answers one request, and closes the connection.
fn answer(mut stream: TcpStream, directory: &Path) -> io::Result<()> {
    const LIMIT: u64 = 16 * 1024;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new((&stream).take(LIMIT)).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // Read the rest: closing a connection with unread bytes would reset it.
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let found = if method == "GET" { file(directory, target) } else { None };
    let Some((mut file, kind)) = found else {
        let status = if method == "GET" { "404 Not Found" } else { "405 Method Not Allowed" };
        return write!(stream, "HTTP/1.1 {status}\r\nAllow: GET\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let length = file.metadata()?.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-cache\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )?;
    io::copy(&mut file, &mut stream).map(drop)
}

/// Opens the file that a request names, and returns its media type. Only names that the page itself uses are files.
fn file(directory: &Path, target: &str) -> Option<(File, &'static str)> {
    let path = target.split('?').next()?.strip_prefix('/')?;
    let path = if path.is_empty() { INDEX } else { path };
    let plain = |name: &str| {
        !name.starts_with('.') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if !path.split('/').all(|name| !name.is_empty() && plain(name)) {
        return None;
    }
    let kind = match path.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        _ => return None,
    };
    File::open(directory.join(path))
        .ok()
        .filter(|file| file.metadata().is_ok_and(|file| file.is_file()))
        .map(|file| (file, kind))
}
