//! HTTP to Keystone and Ironic.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::tls::{Certificate, Identity};
use reqwest::{Client, Method, Url, redirect};
use tokio::task::yield_now;

use super::error::{Error, Pem};
use crate::transport::{Answer, TransportError};
use crate::untrusted::one_line;

/// The TLS settings.
#[derive(Debug, Default)]
pub struct Tls {
    /// Whether to skip certificate verification.
    pub insecure: bool,
    /// The PEM file of trusted CAs. Without it, the system's CAs are trusted.
    pub ca: Option<PathBuf>,
    /// The PEM file of the client certificate.
    pub certificate: Option<PathBuf>,
    /// The PEM file of its key. Without it, the key is in the certificate's file.
    pub key: Option<PathBuf>,
}

/// An HTTP client for Keystone and Ironic.
pub struct Http {
    client: Client,
}

/// A complete answer.
pub struct Received {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Http {
    pub fn new(tls: &Tls) -> Result<Self, Error> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Fails only if another thread was faster, which is fine.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        // Following a redirect would send the token and the drive to another server.
        let builder = || Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(redirect::Policy::none());
        let mut client = builder();
        if tls.insecure {
            client = client.tls_danger_accept_invalid_certs(true);
        } else if let Some(path) = &tls.ca {
            client = client.tls_certs_only(certificates(path)?);
        }
        let identity = tls.certificate.as_deref().map(|path| identity(path, tls.key.as_deref())).transpose()?;
        if let Some(identity) = identity.clone() {
            client = client.identity(identity);
        }
        let mut client = client.build();
        if client.is_err() && !tls.insecure && tls.ca.is_none() {
            // A system without CAs, such as a small container, can still use plain http. Over https, it then trusts no
            // server.
            let without_cas = builder().tls_certs_only([]);
            client = match identity {
                Some(identity) => without_cas.identity(identity),
                None => without_cas,
            }
            .build();
        }
        let client = client.map_err(|error| Error::Http(words(innermost(&error))))?;
        Ok(Self { client })
    }

    /// Sends a request once.
    pub async fn send(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Option<Bytes>,
        timeout: Duration,
    ) -> Result<Received, TransportError> {
        let started = Instant::now();
        let mut shown = url.clone();
        shown.set_query(None);
        let mut request = self.client.request(method.clone(), url).headers(headers).timeout(timeout);
        let unsent = Arc::new(AtomicUsize::new(body.as_ref().map_or(0, Bytes::len)));
        if let Some(rest) = body {
            request = request.body(reqwest::Body::wrap(Upload { rest, unsent: unsent.clone(), pause: None }));
        }
        let received = receive(request, timeout).await.map_err(|error| match error {
            TransportError::Lost(cause) if unsent.load(Ordering::Relaxed) > 0 => TransportError::Lost(format!(
                "{cause}, before the whole request was sent: the server, or a proxy in front of it, may not accept a \
                 request of that size"
            )),
            error => error,
        });
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &received {
            Ok(received) => {
                tracing::debug!(%method, url = %shown, status = received.status, milliseconds, "answer");
            }
            Err(error) => tracing::debug!(%method, url = %shown, %error, milliseconds, "no answer"),
        }
        received
    }
}

async fn receive(request: reqwest::RequestBuilder, timeout: Duration) -> Result<Received, TransportError> {
    let failed = |error| transport_error(&error, timeout);
    let mut response = request.send().await.map_err(failed)?;
    let mut body = Vec::new();
    let status = response.status().as_u16();
    let unreadable = unreadable(response.headers());
    if let Some(error) = unreadable {
        // A refusal counts even if its message cannot be read.
        return if status >= 400 {
            Ok(Received { status, headers: take_headers(&mut response), body })
        } else {
            Err(error)
        };
    }
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            // A refusal counts even if its message is lost because the server closed the connection.
            Err(_) if status >= 400 => break,
            Err(error) => return Err(failed(error)),
        };
        if body.len() + chunk.len() > Answer::LIMIT {
            return Err(TransportError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Received { status, headers: take_headers(&mut response), body })
}

fn take_headers(response: &mut reqwest::Response) -> HeaderMap {
    std::mem::take(response.headers_mut())
}

/// Returns why an answer with these headers is not read: it announces too many bytes, or an encoding other than JSON's (RFC 8259,
/// section 8.1). If the headers say neither, the body itself is checked later.
fn unreadable(headers: &HeaderMap) -> Option<TransportError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let length = text(CONTENT_LENGTH).map(|length| length.trim().parse::<usize>());
    if matches!(length, Some(Err(_))) || length.and_then(Result::ok).is_some_and(|length| length > Answer::LIMIT) {
        return Some(TransportError::TooLarge);
    }
    let kind = text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let charset = kind.split(';').filter_map(|parameter| parameter.trim().strip_prefix("charset=")).next()?;
    let charset = charset.trim_matches(['"', '\'', ' ']);
    let is_utf_8 = matches!(charset, "utf-8" | "utf8" | "us-ascii" | "ascii" | "iso-8859-1" | "");
    (!is_utf_8).then_some(TransportError::NotUtf8)
}

/// The time limit for the TCP connection and the TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

fn certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let bundle = Certificate::from_pem_bundle(&read("the CA file", path)?);
    match bundle {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(Error::Pem { path: path.to_owned(), expected: Pem::Authorities }),
    }
}

fn identity(certificate: &Path, key: Option<&Path>) -> Result<Identity, Error> {
    let mut pem = read("the client certificate", certificate)?;
    if let Some(key) = key {
        pem.push(b'\n');
        pem.extend(read("the client certificate's key", key)?);
    }
    Identity::from_pem(&pem).map_err(|_| Error::Pem { path: certificate.to_owned(), expected: Pem::ClientCertificate })
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::File { what, path: path.to_owned(), error: error.into() })
}

fn transport_error(error: &reqwest::Error, timeout: Duration) -> TransportError {
    let cause = innermost(error);
    if error.is_connect() || error.is_builder() {
        if error.is_timeout() {
            return TransportError::Unreachable(format!("no connection within {} s", CONNECT_TIMEOUT.as_secs()));
        }
        return match cause.downcast_ref() {
            Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) => {
                TransportError::Untrusted(words(cause))
            }
            _ => TransportError::Unreachable(words(cause)),
        };
    }
    if error.is_timeout() { TransportError::Timeout(timeout) } else { TransportError::Lost(words(cause)) }
}

fn words(cause: &(dyn std::error::Error + 'static)) -> String {
    let advice = match cause.downcast_ref::<rustls::Error>() {
        // OpenSSL accepts a self-signed server certificate that is in the CA file. webpki rejects it if it is marked as a
        // CA certificate.
        Some(error) if error.to_string().contains("CaUsedAsEndEntity") => {
            "; the server uses a CA certificate as its own, but needs one signed by that CA"
        }
        Some(rustls::Error::InvalidMessage(_)) => "; the server does not speak TLS (http instead of https?)",
        _ => "",
    };
    one_line(&format!("{cause}{advice}"), 500)
}

/// Returns the innermost error, which says what happened. The outer ones repeat the URL.
fn innermost(error: &reqwest::Error) -> &(dyn std::error::Error + 'static) {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = inner(cause) {
        cause = source;
    }
    cause
}

/// Returns an error's source. An I/O error displays the error that it wraps but does not return it as its source.
fn inner<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// A request's body in pieces. After each piece the connection checks for an early answer: a server that refuses a request's
/// size (413) answers at once and closes, and a client that only writes would see a broken pipe.
struct Upload {
    rest: Bytes,
    /// The length of `rest` in bytes, shared with the sender.
    unsent: Arc<AtomicUsize>,
    /// The pause after a piece, in which the runtime checks what has arrived.
    pause: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

/// The size of a piece in bytes: large enough that a fast network sees few pauses, small enough that the kernel accepts it at once.
const PIECE: usize = 64 << 10;

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
        }
        // hyper polls twice before it yields, and only then does the runtime check the socket.
        self.pause = Some(Box::pin(async {
            yield_now().await;
            yield_now().await;
        }));
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        self.unsent.store(self.rest.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread::{self, JoinHandle};

    use super::super::testing::{Server, Tls as ServerTls, run};
    use super::*;

    fn get(tls: &Tls, url: &str) -> Result<u16, TransportError> {
        send(tls, Method::GET, url, None).map(|received| received.status)
    }

    fn send(tls: &Tls, method: Method, url: &str, body: Option<Bytes>) -> Result<Received, TransportError> {
        let http = Http::new(tls).unwrap();
        run(http.send(method, Url::parse(url).unwrap(), HeaderMap::new(), body, Duration::from_secs(2)))
    }

    #[test]
    fn a_server_is_trusted_only_for_its_ca() {
        let tls = ServerTls::new();
        let server = Server::with_tls(&tls, false, |_, _| (200, String::new(), String::new()));
        let of_ca = Tls { ca: Some(tls.path("ca.pem")), ..Tls::default() };
        assert_eq!(get(&of_ca, &server.url), Ok(200));
        let Err(TransportError::Untrusted(words)) = get(&Tls::default(), &server.url) else { panic!() };
        assert!(words.contains("UnknownIssuer"), "{words}");
        let other = ServerTls::new();
        let other = Tls { ca: Some(other.path("ca.pem")), ..Tls::default() };
        assert!(matches!(get(&other, &server.url), Err(TransportError::Unreachable(_))));
        assert_eq!(get(&Tls { insecure: true, ..Tls::default() }, &server.url), Ok(200));
    }

    #[test]
    fn a_client_certificate_is_sent_on_request() {
        let tls = ServerTls::new();
        let server = Server::with_tls(&tls, true, |_, _| (200, String::new(), String::new()));
        let without = Tls { ca: Some(tls.path("ca.pem")), ..Tls::default() };
        assert!(get(&without, &server.url).is_err());
        let certificate = Some(tls.path("client.pem"));
        let with = Tls { certificate: certificate.clone(), key: Some(tls.path("client.key")), ..without };
        assert_eq!(get(&with, &server.url), Ok(200));
        let keyless = Tls { certificate, ..Tls::default() };
        assert!(matches!(Http::new(&keyless), Err(Error::Pem { .. })));
    }

    #[test]
    fn an_invalid_ca_file_is_reported() {
        let tls = ServerTls::new();
        let error = |path| Http::new(&Tls { ca: Some(path), ..Tls::default() }).err().unwrap().to_string();
        assert!(error(tls.path("client.key")).ends_with("contains no CA certificates in PEM"));
        assert!(error(tls.path("missing")).starts_with("the CA file: cannot read \""));
    }

    #[test]
    fn a_server_that_does_not_speak_tls_is_reported() {
        let (url, server) = plain("https", |mut stream| {
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        });
        let Err(TransportError::Unreachable(words)) = get(&Tls::default(), &url) else { panic!() };
        assert!(words.contains("does not speak TLS"), "{words}");
        server.join().unwrap();
    }

    #[test]
    fn failures_are_distinguished() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(matches!(get(&Tls::default(), &format!("http://{closed}")), Err(TransportError::Unreachable(_))));

        let answers = |answer: &'static [u8], silent: bool| {
            let (url, server) = plain("http", move |mut stream| {
                assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
                stream.write_all(answer).unwrap();
                while silent && stream.read(&mut [0; 4096]).unwrap_or_default() > 0 {}
            });
            let result = get(&Tls::default(), &url);
            server.join().unwrap();
            result
        };
        assert!(matches!(answers(b"", false), Err(TransportError::Lost(_))), "closed without an answer");
        assert!(matches!(answers(b"SSH-2.0\r\n", false), Err(TransportError::Lost(_))), "not HTTP");
        let half = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12";
        assert!(matches!(answers(half, false), Err(TransportError::Lost(_))), "half an answer");
        assert_eq!(answers(b"", true), Err(TransportError::Timeout(Duration::from_secs(2))));
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_rejected_by_its_headers() {
        let answers = |header: &'static str| {
            let (url, server) = plain("http", move |mut stream| {
                assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
                write!(stream, "HTTP/1.1 {header}\r\n\r\n{{}}").unwrap();
            });
            let result = get(&Tls::default(), &url);
            server.join().unwrap();
            result
        };
        assert_eq!(answers("200 OK\r\nContent-Length: 4294967298"), Err(TransportError::TooLarge));
        assert_eq!(answers("503 Busy\r\nContent-Length: 4294967298"), Ok(503));
        let utf_16 = "200 OK\r\nContent-Length: 2\r\nContent-Type: application/json; Charset=\"UTF-16\"";
        assert_eq!(answers(utf_16), Err(TransportError::NotUtf8));
        let utf_8 = "200 OK\r\nContent-Length: 2\r\nContent-Type: application/json; charset=UTF-8";
        assert_eq!(answers(utf_8), Ok(200));
    }

    #[test]
    fn a_redirect_is_an_answer() {
        let server = Server::new(|_, url| (302, format!("Location: {url}/else\r\n"), String::new()));
        assert_eq!(get(&Tls::default(), &server.url), Ok(302));
        assert_eq!(server.requests().len(), 1);
    }

    #[test]
    fn a_body_arrives_whole_and_with_its_length() {
        let server = Server::new(|request, _| {
            let length = request.split_once("\r\n\r\n").unwrap().1.len();
            (
                if request.contains("\r\ncontent-length: 1000000\r\n") { 200 } else { 411 },
                String::new(),
                length.to_string(),
            )
        });
        let received = send(&Tls::default(), Method::PUT, &server.url, Some(vec![b'a'; 1_000_000].into())).unwrap();
        assert_eq!((received.status, received.body.as_slice()), (200, &b"1000000"[..]));
    }

    #[test]
    fn an_answer_that_comes_before_the_body_is_sent_is_read() {
        let too_large = |mut stream: &TcpStream| {
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlong").unwrap();
        };
        let put = |url: &str| send(&Tls::default(), Method::PUT, url, Some(vec![b'a'; 32 << 20].into()));
        // nginx and others continue to read, so that the answer is not lost.
        let (url, server) = plain("http", move |mut stream| {
            too_large(&stream);
            while stream.read(&mut [0; 65536]).unwrap_or_default() > 0 {}
        });
        let received = put(&url).unwrap();
        assert_eq!((received.status, received.body.as_slice()), (413, &b"long"[..]));
        server.join().unwrap();
        // Otherwise the answer is nearly always read, and if not, the error explains what may have happened.
        let (url, server) = plain("http", move |stream| too_large(&stream));
        match put(&url) {
            Ok(received) => assert_eq!(received.status, 413),
            Err(TransportError::Lost(words)) => {
                assert!(words.contains("may not accept a request of that size"), "{words}")
            }
            Err(error) => panic!("{error}"),
        }
        server.join().unwrap();
    }

    fn plain(scheme: &str, serve: impl FnOnce(TcpStream) + Send + 'static) -> (String, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        (url, thread::spawn(move || serve(listener.accept().unwrap().0)))
    }
}
