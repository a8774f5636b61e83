//! A proxy before Ironic that does what networks and proxies do on a bad day, and counts what it lets through.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// What becomes of a request to provision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The connection is reset before the body is read; Ironic hears nothing.
    ResetBeforeBody,
    /// Ironic gets the request, and its answer is thrown away with the connection.
    ResetAfterBody,
    /// The same, and from then on all reads of nodes are reset.
    GoneAfterBody,
    /// Ironic gets the request, and only half of its answer's head arrives.
    TruncatedAnswer,
    /// Ironic gets the request; the answer takes this long.
    Slow(Duration),
    /// Ironic hears nothing, and this answer is given in its place.
    Answer(u16, &'static str),
    /// Ironic gets the request, and this answer is given in place of its own.
    AnswerAfter(u16, &'static str),
}

/// A proxy on a port of its own, until the process ends.
pub struct Proxy {
    address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    upstream: SocketAddr,
    /// For the requests to provision that come next, in this order; later ones pass.
    faults: Mutex<Vec<Fault>>,
    /// For all reads of nodes, while it is there.
    reads: Mutex<Option<Fault>>,
    provisions: AtomicUsize,
}

impl Proxy {
    /// Before the service at `endpoint`.
    pub fn before(endpoint: &str, faults: &[Fault]) -> Self {
        let upstream = endpoint.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            upstream,
            faults: Mutex::new(faults.iter().rev().copied().collect()),
            reads: Mutex::default(),
            provisions: AtomicUsize::new(0),
        });
        let proxy = Self { address, inner: Arc::clone(&inner) };
        thread::spawn(move || {
            for client in listener.incoming() {
                let inner = Arc::clone(&inner);
                // A client that goes away is the business of its own side.
                thread::spawn(move || inner.serve(client.unwrap()).ok());
            }
        });
        proxy
    }

    /// Where it is.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests to provision Ironic got.
    pub fn provisions(&self) -> usize {
        self.inner.provisions.load(Ordering::SeqCst)
    }

    /// From now on, reads of nodes end so; with none, they pass.
    pub fn fail_reads(&self, fault: Option<Fault>) {
        *self.inner.reads.lock().unwrap() = fault;
    }
}

impl Inner {
    /// One request a connection: every answer says that the connection closes.
    fn serve(&self, client: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(client.try_clone()?);
        let head = read_head(&mut reader)?;
        let provision = head.starts_with("PUT ") && head.contains("/states/provision ");
        let fault = if provision {
            self.faults.lock().unwrap().pop()
        } else if head.starts_with("GET /v1/nodes/") {
            *self.reads.lock().unwrap()
        } else {
            None
        };
        if fault == Some(Fault::ResetBeforeBody) {
            return reset(client);
        }
        let mut body = vec![0; length(&head)];
        reader.read_exact(&mut body)?;
        if let Some(Fault::Answer(status, text)) = fault {
            return answer(client, status, text);
        }
        let head = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        let mut upstream = TcpStream::connect(self.upstream)?;
        upstream.write_all(head.as_bytes())?;
        upstream.write_all(&body)?;
        let mut reply = Vec::new();
        upstream.read_to_end(&mut reply)?;
        if provision {
            self.provisions.fetch_add(1, Ordering::SeqCst);
        }
        match fault {
            Some(Fault::ResetAfterBody) => reset(client),
            Some(Fault::GoneAfterBody) => {
                *self.reads.lock().unwrap() = Some(Fault::ResetBeforeBody);
                reset(client)
            }
            Some(Fault::TruncatedAnswer) => {
                (&client).write_all(&reply[..20])?;
                client.shutdown(Shutdown::Both)
            }
            Some(Fault::AnswerAfter(status, text)) => answer(client, status, text),
            Some(Fault::Slow(pause)) => {
                thread::sleep(pause);
                (&client).write_all(&reply)
            }
            _ => (&client).write_all(&reply),
        }
    }
}

fn read_head(reader: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn length(head: &str) -> usize {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().map_or(0, |(_, value)| value.trim().parse().unwrap())
}

fn answer(mut client: TcpStream, status: u16, text: &str) -> io::Result<()> {
    write!(client, "HTTP/1.1 {status} Fault\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len())
}

/// Closes with unread or unsent data on the way, which the other side sees as a reset.
fn reset(client: TcpStream) -> io::Result<()> {
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO))
}
