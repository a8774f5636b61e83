//! Engines that serve, and an HTTP client that can send bad requests.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use configdrive_support::below;
use serde_json::Value;

use crate::wasmtime;

/// A running service.
pub struct Engine {
    pub name: &'static str,
    address: String,
    process: Child,
}

/// Returns both engines, or only wasmtime if jco is missing; if the variable `CI` is set, that is a failure.
pub fn engines() -> Vec<Engine> {
    let mut engines = vec![under_wasmtime()];
    let jco = below("target/bindings/javascript/node_modules/.bin/jco");
    if jco.exists() {
        engines.push(under_jco(&jco));
    } else {
        assert!(
            env::var_os("CI").is_none(),
            "jco is not installed; run tests/run, or python3 tests/bindings/install.py"
        );
        eprintln!("jco is not installed: testing only wasmtime");
    }
    engines
}

/// Starts `wasmtime serve`, which runs each request in an instance of its own.
pub fn under_wasmtime() -> Engine {
    under_wasmtime_with(&[], "configdrive-service.cwasm")
}

/// With the limits that docs/embedding.md recommends, except that requests may take as long as a busy machine needs.
pub fn under_wasmtime_with_limits() -> Engine {
    let documentation = fs::read_to_string(below("docs/embedding.md")).unwrap();
    LIMITS.iter().for_each(|limit| assert!(documentation.contains(limit), "docs/embedding.md lacks {limit}"));
    let limits = LIMITS.map(|limit| if limit.starts_with("-Wtimeout=") { "-Wtimeout=3600s" } else { limit });
    // It was compiled ahead without what a timeout needs.
    under_wasmtime_with(&limits, "configdrive-service.wasm")
}

const LIMITS: [&str; 5] = [
    "-Wmax-memory-size=536870912",
    "-Wtimeout=60s",
    "-Opooling-allocator",
    "-Opooling-total-component-instances=16",
    "-Opooling-total-memories=32",
];

fn under_wasmtime_with(options: &[&str], file: &str) -> Engine {
    let mut command = wasmtime::wasmtime();
    command.args(["serve", "-Scli", "--addr", "127.0.0.1:0", "--allow-precompiled"]).args(options);
    command.arg(wasmtime::files().join(file));
    let mut process = command.stdin(Stdio::null()).stderr(Stdio::piped()).process_group(0).spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let address = lines.find_map(|line| {
        let line = line.unwrap();
        Some(line.strip_prefix("Serving HTTP on http://")?.trim_end_matches('/').to_owned())
    });
    // A full pipe would stop the engine.
    thread::spawn(move || lines.for_each(drop));
    Engine { name: "wasmtime", address: address.unwrap(), process }
}

fn under_jco(jco: &Path) -> Engine {
    // jco does not accept port 0.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(jco);
    command.args(["serve", "--host", "127.0.0.1", "--port", &port.to_string()]);
    command.arg(wasmtime::files().join("configdrive-service.wasm"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let process = command.process_group(0).spawn().unwrap();
    let engine = Engine { name: "jco", address: format!("127.0.0.1:{port}"), process };
    // jco does not report when it is ready.
    let is_ready = (0..600).any(|_| {
        thread::sleep(Duration::from_millis(100));
        TcpStream::connect(&engine.address).is_ok()
    });
    assert!(is_ready, "jco did not start serving");
    engine
}

impl Drop for Engine {
    fn drop(&mut self) {
        // jco's server is a child of the command, in the same process group.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.process.id())]).status();
        let _ = self.process.wait();
    }
}

impl Engine {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the largest amount of memory that the process has had so far, in bytes (proc_pid_status(5), `VmHWM`).
    pub fn peak_memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() << 10
    }

    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    pub fn post(&self, target: &str, media: &str, body: &[u8]) -> Answer {
        self.send("POST", target, &[("content-type", media)], body)
    }

    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            head += &format!("content-length: {}\r\n", body.len());
        }
        // A service that refuses the head may not read the body.
        let _ = stream.write_all(&[head.as_bytes(), b"\r\n", body].concat());
        read_answer(stream)
    }
}

/// An answer with a `Content-Length`, which all answers of the service have.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

pub fn read_answer(stream: TcpStream) -> Answer {
    let mut stream = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let status = line().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = Vec::new();
    loop {
        let line = line();
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    let length = answer.header("content-length").unwrap().parse().unwrap();
    stream.take(length).read_to_end(&mut answer.body).unwrap();
    answer
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(named, _)| named == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
