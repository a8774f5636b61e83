//! A proxy in front of Ironic that does what networks and proxies do on a bad day, and counts the provision requests it forwards.

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

/// What happens to a request to provision a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The connection is reset before the body is read; Ironic gets nothing.
    ResetBeforeBody,
    /// Ironic gets the request, but its answer is dropped and the connection is reset.
    ResetAfterBody,
    /// The same, and from then on all requests that read nodes are reset.
    GoneAfterBody,
    /// Ironic gets the request, but only half of its answer's head arrives.
    TruncatedAnswer,
    /// Ironic gets the request, but the answer takes this long.
    Slow(Duration),
    /// Ironic gets nothing, and the proxy gives this answer.
    Answer(u16, &'static str),
    /// Ironic gets the request, but the proxy replaces its answer with this one.
    AnswerAfter(u16, &'static str),
}

/// A proxy on its own port, which runs until the process ends.
pub struct Proxy {
    address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    upstream: SocketAddr,
    /// The faults of the next requests to provision, last one first; later requests pass.
    faults: Mutex<Vec<Fault>>,
    /// The fault of all requests that read nodes, if any.
    reads: Mutex<Option<Fault>>,
    provisions: AtomicUsize,
    /// How many patches of nodes Ironic got.
    patches: AtomicUsize,
}

impl Proxy {
    /// Starts a proxy in front of the service at `endpoint`.
    pub fn in_front_of(endpoint: &str, faults: &[Fault]) -> Self {
        let upstream = endpoint.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            upstream,
            faults: Mutex::new(faults.iter().rev().copied().collect()),
            reads: Mutex::default(),
            provisions: AtomicUsize::new(0),
            patches: AtomicUsize::new(0),
        });
        let proxy = Self { address, inner: Arc::clone(&inner) };
        thread::spawn(move || {
            for client in listener.incoming() {
                let inner = Arc::clone(&inner);
                // If a client disconnects, its own test deals with that.
                thread::spawn(move || inner.serve(client.unwrap()).ok());
            }
        });
        proxy
    }

    /// Returns the proxy's URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the number of requests to provision that reached Ironic.
    pub fn provisions(&self) -> usize {
        self.inner.provisions.load(Ordering::SeqCst)
    }

    /// How many patches of nodes Ironic got.
    pub fn patches(&self) -> usize {
        self.inner.patches.load(Ordering::SeqCst)
    }

    /// Applies this fault to all requests that read nodes from now on; with `None` they pass.
    pub fn fail_reads(&self, fault: Option<Fault>) {
        *self.inner.reads.lock().unwrap() = fault;
    }
}

impl Inner {
    /// Serves one request per connection: every answer closes the connection.
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
        if head.starts_with("PATCH ") {
            self.patches.fetch_add(1, Ordering::SeqCst);
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

/// Closes the connection and discards unsent data, which the other side sees as a reset.
fn reset(client: TcpStream) -> io::Result<()> {
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO))
}
