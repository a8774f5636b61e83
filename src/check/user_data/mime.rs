//! MIME messages, as Python's `email.message_from_string` reads them.

use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};

use crate::base64;

/// A part of a message that is not itself made of parts.
pub struct Part {
    /// The type in lower case, such as `text/plain`.
    pub content_type: String,
    /// The content, decoded from its transfer encoding.
    pub content: Vec<u8>,
}

/// A message, or that it has something that we do not read, such as a message within.
pub struct Unread;

/// Returns whether cloud-init reads user data as a message (`cloudinit.user_data.convert_string`).
pub fn is_message(content: &[u8]) -> bool {
    const HEAD: usize = 4096;
    const MARK: &[u8] = b"mime-version:";
    content.get(..HEAD).unwrap_or(content).to_ascii_lowercase().windows(MARK.len()).any(|window| window == MARK)
}

/// Returns the parts of a message. If it is not made of parts, it is one itself.
pub fn parts(message: &str) -> Result<Vec<Part>, Unread> {
    let mut reader = Reader { lines: lines(message), boundaries: Vec::new(), parts: Vec::new() };
    reader.message("text/plain")?;
    Ok(reader.parts)
}

struct Reader<'m> {
    /// The lines with their ends, the first one last.
    lines: Vec<&'m str>,
    /// The boundaries of the messages around the current one.
    boundaries: Vec<String>,
    parts: Vec<Part>,
}

/// Splits text after each `\n`, `\r` and `\r\n`, and returns the lines, the first one last.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = match rest.find(['\r', '\n']) {
            None => rest.len(),
            Some(at) if rest.get(at..).is_some_and(|rest| rest.starts_with("\r\n")) => at.saturating_add(2),
            Some(at) => at.saturating_add(1),
        };
        let Some((line, after)) = rest.split_at_checked(end) else { break };
        lines.push(line);
        rest = after;
    }
    lines.reverse();
    lines
}

impl<'m> Reader<'m> {
    /// Returns the next line of the current message.
    fn line(&mut self) -> Option<&'m str> {
        let line = self.lines.last().copied()?;
        if self.boundaries.iter().any(|boundary| delimiter(line, boundary).is_some()) {
            return None;
        }
        self.lines.pop()
    }

    fn message(&mut self, default_type: &str) -> Result<(), Unread> {
        const DEPTH: usize = 20;
        if self.boundaries.len() > DEPTH {
            return Err(Unread);
        }
        let headers = self.headers();
        let value =
            |name: &str| headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| &**value);
        let field = value("content-type").unwrap_or(default_type);
        let content_type = field.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let content_type = if content_type.matches('/').count() == 1 { content_type } else { "text/plain".into() };
        match content_type.split('/').next() {
            Some("multipart") if content_type == "multipart/digest" => Err(Unread),
            Some("multipart") => self.multipart(boundary(field)),
            Some("message") => Err(Unread),
            _ => {
                let encoding = value("content-transfer-encoding").unwrap_or_default().to_ascii_lowercase();
                let mut content = String::new();
                while let Some(line) = self.line() {
                    content.push_str(line);
                }
                let content = match self.lines.is_empty() {
                    true => &*content,
                    // The line break before a boundary belongs to the boundary.
                    false => {
                        ["\r\n", "\n", "\r"].into_iter().find_map(|end| content.strip_suffix(end)).unwrap_or(&content)
                    }
                };
                self.parts.push(Part { content_type, content: decode(content, &encoding)? });
                Ok(())
            }
        }
    }

    fn headers(&mut self) -> Vec<(&'m str, String)> {
        let mut headers: Vec<(&str, String)> = Vec::new();
        while let Some(line) = self.line() {
            let text = line.trim_end_matches(['\r', '\n']);
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = headers.last_mut() {
                    value.push_str(line);
                }
                continue;
            }
            match text.split_once(':') {
                Some((name, value)) if name.bytes().all(|byte| byte.is_ascii_graphic()) => {
                    headers.push((name, value.trim_start_matches([' ', '\t']).to_string()));
                }
                _ if line.starts_with("From ") => {}
                _ => {
                    // The first line that is not a header starts the content, unless it is empty.
                    if !text.is_empty() {
                        self.lines.push(line);
                    }
                    break;
                }
            }
        }
        headers
    }

    fn multipart(&mut self, boundary: Option<String>) -> Result<(), Unread> {
        let Some(boundary) = boundary else {
            while self.line().is_some() {}
            return Ok(());
        };
        while let Some(line) = self.line() {
            match delimiter(line, &boundary) {
                None => {}
                Some(true) => break,
                Some(false) => {
                    while self.lines.last().is_some_and(|line| delimiter(line, &boundary).is_some()) {
                        self.lines.pop();
                    }
                    self.boundaries.push(boundary.clone());
                    self.message("text/plain")?;
                    self.boundaries.pop();
                }
            }
        }
        while self.line().is_some() {}
        Ok(())
    }
}

/// Returns whether a line is the last delimiter of a boundary, if it is one at all.
fn delimiter(line: &str, boundary: &str) -> Option<bool> {
    let rest = line.strip_prefix("--")?.strip_prefix(boundary)?;
    let (rest, is_last) = rest.strip_prefix("--").map_or((rest, false), |rest| (rest, true));
    rest.trim_end_matches(['\r', '\n']).trim_matches([' ', '\t']).is_empty().then_some(is_last)
}

/// Returns the parameter `boundary` of a content type.
fn boundary(field: &str) -> Option<String> {
    let mut rest = field;
    loop {
        rest = rest.split_once(';')?.1;
        let (name, value) = rest.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("boundary") {
            let value = value.trim_start();
            let value = match value.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next(),
                None => value.split(';').next(),
            };
            return value.map(|value| value.trim_end().into());
        }
    }
}

fn decode(text: &str, encoding: &str) -> Result<Vec<u8>, Unread> {
    // Python's codec raw-unicode-escape: a character is one byte or an escape, so text in UTF-8 does not survive.
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character) {
            code @ ..=0xff => bytes.push(code as u8),
            code @ ..=0xffff => bytes.extend(alloc::format!("\\u{code:04x}").bytes()),
            code => bytes.extend(alloc::format!("\\U{code:08x}").bytes()),
        }
    }
    match encoding {
        "base64" => {
            let mut dense: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            while !dense.len().is_multiple_of(4) {
                dense.push(b'=');
            }
            base64::decode(&dense).map_err(|_| Unread)
        }
        "quoted-printable" => Ok(quoted_printable(&bytes).into_owned()),
        "x-uuencode" | "uuencode" | "uue" | "x-uue" => Err(Unread),
        _ => Ok(bytes),
    }
}

fn quoted_printable(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'=') {
        return Cow::Borrowed(bytes);
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [byte, after @ ..] = rest {
        rest = after;
        let hexadecimal = |byte: &u8| char::from(*byte).to_digit(16);
        match (byte, after) {
            (b'=', [b'\r', b'\n', after @ ..] | [b'\n', after @ ..]) => rest = after,
            (b'=', [high, low, after @ ..]) => match (hexadecimal(high), hexadecimal(low)) {
                (Some(high), Some(low)) => {
                    decoded.push((high * 16 + low) as u8);
                    rest = after;
                }
                _ => decoded.push(b'='),
            },
            _ => decoded.push(*byte),
        }
    }
    Cow::Owned(decoded)
}
