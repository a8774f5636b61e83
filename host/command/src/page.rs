//! The verb `page`.

use std::{
    convert::Infallible,
    env, fs, io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use configdrive_verbs::{Error, Source, output};
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

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
        let cannot_listen = |error: io::Error| {
            Error::Usage(format!("cannot listen on 127.0.0.1:{}: {error}; choose another --port", self.port))
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot_listen)?;
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.map_err(cannot_listen)?;
            let address = listener.local_addr().map_err(cannot_listen)?;
            output::print(&format!("http://{address}/\n"))?;
            serve(listener, directory.into()).await
        })
    }
}

const INDEX: &str = "index.html";

/// Returns the directory in which packages have the page.
fn installed() -> Option<PathBuf> {
    let program = env::current_exe().ok()?.canonicalize().ok()?;
    Some(program.parent()?.parent()?.join("share/configdrive/page"))
}

async fn serve(listener: TcpListener, directory: Arc<Path>) -> ! {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // For example, too many open files: wait until other connections end.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let directory = Arc::clone(&directory);
        let service = service_fn(move |request| {
            let response = answer(&request, &directory);
            async { Ok::<_, Infallible>(response) }
        });
        // With a timer, hyper closes connections that do not send a whole request.
        let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
        // A browser that goes away, or sends nonsense, only ends its own connection.
        tokio::spawn(connection);
    }
}

fn answer(request: &Request<Incoming>, directory: &Path) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    } else if let Some((contents, kind)) = file(directory, request.uri().path()) {
        *response.body_mut() = contents.into();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    } else {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// Returns the file that a request names, and its media type. Only names that the page itself uses are files.
fn file(directory: &Path, path: &str) -> Option<(Vec<u8>, &'static str)> {
    let path = path.strip_prefix('/')?;
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
    fs::read(directory.join(path)).ok().map(|contents| (contents, kind))
}
