//! Requests: the head is available at once, the body is read on demand.

use wasip2::{
    http::types::{IncomingBody, IncomingRequest, Method},
    io::streams::StreamError,
};

use super::problem::Problem;

/// Maximum size of a body in bytes: enough for the contents of a 64 MiB drive in base64, and the rest of the document.
const BODY_LIMIT: usize = 96 << 20;

pub struct Request {
    request: IncomingRequest,
    target: String,
}

impl Request {
    pub fn new(request: IncomingRequest) -> Self {
        let target = request.path_with_query().unwrap_or_default();
        Self { request, target }
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    pub fn is(&self, method: &str) -> bool {
        match self.request.method() {
            Method::Get => method == "GET",
            Method::Head => method == "HEAD",
            Method::Post => method == "POST",
            _ => false,
        }
    }

    /// Returns the header's values as one list. Values that are not UTF-8 are left out.
    pub fn header(&self, name: &str) -> String {
        let values = self.request.headers().get(name);
        values.into_iter().filter_map(|value| String::from_utf8(value).ok()).collect::<Vec<_>>().join(", ")
    }

    /// Reads the body, but never more than the limit.
    pub fn body(self) -> Result<Vec<u8>, Problem> {
        let announced = self.header("content-length").parse().unwrap_or(0);
        if announced > BODY_LIMIT {
            return Err(Problem::content_too_large(BODY_LIMIT));
        }
        let body = self.request.consume().map_err(|()| Problem::incomplete())?;
        // A client must send bytes to make the service allocate memory: announcing them is not enough.
        let mut bytes = Vec::with_capacity(announced.min(CHUNK));
        {
            let stream = body.stream().map_err(|()| Problem::incomplete())?;
            loop {
                match stream.blocking_read(CHUNK as u64) {
                    Ok(chunk) if chunk.len() > BODY_LIMIT - bytes.len() => {
                        return Err(Problem::content_too_large(BODY_LIMIT));
                    }
                    Ok(chunk) => bytes.extend_from_slice(&chunk),
                    Err(StreamError::Closed) => break,
                    Err(StreamError::LastOperationFailed(_)) => return Err(Problem::incomplete()),
                }
            }
        }
        drop(IncomingBody::finish(body));
        Ok(bytes)
    }
}

const CHUNK: usize = 1 << 20;
