//! A small HTTP server on loopback for unit tests. The tests in `tests/` use the real services.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, server::WebPkiClientVerifier};

/// A server that runs until the process ends.
pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

/// Status, header lines, body.
type Answer = (u16, String, String);

impl Server {
    /// Starts a server that calls `answer` with each request and the server's URL.
    pub fn new(answer: impl Fn(&str, &str) -> Answer + Send + 'static) -> Self {
        Self::start(None, answer)
    }

    pub fn with_tls(tls: &Tls, ask: bool, answer: impl Fn(&str, &str) -> Answer + Send + 'static) -> Self {
        Self::start(Some(tls.server_config(ask)), answer)
    }

    fn start(tls: Option<Arc<ServerConfig>>, answer: impl Fn(&str, &str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, here) = (requests.clone(), url.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let answer = |request: &str| {
                    seen.lock().unwrap().push(request.to_owned());
                    answer(request, &here)
                };
                // A client may close its connection early.
                let _ = match &tls {
                    None => exchange(stream, answer),
                    Some(tls) => {
                        exchange(StreamOwned::new(ServerConnection::new(tls.clone()).unwrap(), stream), answer)
                    }
                };
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn exchange(mut stream: impl Read + Write, answer: impl FnOnce(&str) -> Answer) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut piece = [0; 65536];
    loop {
        let read = stream.read(&mut piece)?;
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if read == 0 {
                return Ok(());
            }
            continue;
        };
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        if body.len() >= length {
            let (status, headers, body) = answer(&text);
            write!(
                stream,
                "HTTP/1.1 {status} Status\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )?;
            return stream.flush();
        }
    }
}

/// A new CA, and certificates for a server and a client.
pub struct Tls {
    directory: tempfile::TempDir,
}

impl Tls {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| fs::write(directory.path().join(name), text).unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
        write("ca.pem", ca.pem());
        for name in ["server", "client"] {
            let key = KeyPair::generate().unwrap();
            let certificate =
                CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
            write(&format!("{name}.pem"), certificate.pem());
            write(&format!("{name}.key"), key.serialize_pem());
        }
        Self { directory }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn server_config(&self, ask: bool) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let config = if ask {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(self.path("ca.pem")).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
            config.with_client_cert_verifier(verifier)
        } else {
            config.with_no_client_auth()
        };
        let certificate = CertificateDer::from_pem_file(self.path("server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.path("server.key")).unwrap();
        config.with_single_cert(vec![certificate], key).unwrap().into()
    }
}

pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
