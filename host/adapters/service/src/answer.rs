//! Responses, and how they are sent.

use std::borrow::Cow;

use wasip2::{
    http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam},
    io::streams::{OutputStream, StreamError},
};

use super::{media::Media, problem::Problem};

pub struct Answer {
    status: u16,
    media: Media,
    allow: Option<String>,
    body: Cow<'static, [u8]>,
}

impl Answer {
    pub fn new(media: Media, body: Cow<'static, [u8]>) -> Self {
        Self { status: 200, media, allow: None, body }
    }

    /// Sends the head and the body. The body goes out in pieces of the size that the engine permits. Errors are ignored: they mean
    /// that the client has gone.
    pub fn send(self, response: ResponseOutparam) {
        let mut headers = vec![
            ("content-type".to_owned(), self.media.name().into()),
            ("content-length".to_owned(), self.body.len().to_string().into_bytes()),
            // Drives contain secrets.
            ("cache-control".to_owned(), b"no-store".to_vec()),
        ];
        headers.extend(self.allow.map(|methods| ("allow".to_owned(), methods.into_bytes())));
        let head = OutgoingResponse::new(Fields::from_list(&headers).unwrap_or_else(|_| Fields::new()));
        let _ = head.set_status_code(self.status);
        let body = head.body();
        ResponseOutparam::set(response, Ok(head));
        let Ok(body) = body else { return };
        let Ok(stream) = body.write() else { return };
        let sent = write(&stream, &self.body);
        drop(stream);
        if sent.is_ok() {
            let _ = OutgoingBody::finish(body, None);
        }
    }
}

fn write(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    let ready = stream.subscribe();
    while !bytes.is_empty() {
        let permitted = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if permitted == 0 {
            ready.block();
            continue;
        }
        let (now, later) = bytes.split_at_checked(permitted).unwrap_or((bytes, &[]));
        stream.write(now)?;
        bytes = later;
    }
    stream.blocking_flush()
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let body = problem.to_json().into_bytes().into();
        Self { status: problem.status, allow: problem.allow, ..Self::new(Media::Problem, body) }
    }
}
