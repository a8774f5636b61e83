//! The error messages of servers that refuse a request.

use serde_json::Value;

use crate::untrusted::one_line;

/// An error answer from Ironic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// Ironic's message as one line, safe to print to a terminal. Empty if the answer had none.
    pub words: String,
}

impl Fault {
    /// Reads the body of an answer. Ironic and the layers in front of it use five forms. A body in any other form, such as a
    /// proxy's HTML, has no message.
    pub fn decode(status: u16, body: &[u8]) -> Self {
        let words = serde_json::from_slice(body).ok().and_then(|body: Value| words(&body));
        Self { status, words: tidy(&words.unwrap_or_default()) }
    }
}

/// Returns a server's or library's text as one line of reasonable length that cannot control a terminal.
pub(crate) fn tidy(text: &str) -> String {
    // Ironic's errors from shell commands have several lines; with escaped newlines they would be hard to read.
    one_line(&text.split_whitespace().map(without_query).collect::<Vec<_>>().join(" "), 1000)
}

/// Returns a URL, or a word that contains one, without its query and its user, which may be secrets. Ironic and its agent quote the
/// URLs from which they cannot fetch something.
pub(crate) fn without_query(word: &str) -> String {
    let mut shown = match word.split_once('?') {
        Some((before, after)) if before.contains('/') && !after.is_empty() => format!("{before}?…"),
        _ => word.to_owned(),
    };
    if let Some(start) = shown.find("://").map(|scheme| scheme + 3) {
        let (before, rest) = shown.split_at_checked(start).unwrap_or_default();
        let (authority, path) = rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len())).unwrap_or_default();
        if let Some((_, host)) = authority.rsplit_once('@') {
            shown = format!("{before}…@{host}{path}");
        }
    }
    shown
}

fn words(body: &Value) -> Option<String> {
    let text = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(String::from)
    };
    match body.get("error_message") {
        // Ironic's usual form: JSON encoded as a string within JSON.
        Some(Value::String(inner)) => match serde_json::from_str::<Value>(inner) {
            Ok(inner) => words(&inner),
            Err(_) => Some(inner.clone()),
        },
        // The same without the second encoding, from some versions behind some servers.
        Some(inner @ Value::Object(_)) => words(inner),
        // A 401 of http_basic or of Keystone's middleware.
        _ if body.get("error").is_some_and(Value::is_object) => body.get("error").and_then(words),
        _ => text(body, "faultstring") // 413, without an envelope
            .or_else(|| text(body, "message"))
            .or_else(|| text(body, "description")) // 406
            .or_else(|| text(body, "title")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(body: &str) -> String {
        Fault::decode(400, body.as_bytes()).words
    }

    #[test]
    fn urls_lose_their_secrets() {
        for (text, shown) in [
            ("cannot fetch 'http://h/a?sig=s3': no", "cannot fetch 'http://h/a?… no"),
            ("exceeded with url: /a/b?sig=s3 (Caused by x)", "exceeded with url: /a/b?… (Caused by x)"),
            ("https://u:s3@h:1/a and https://u@h", "https://…@h:1/a and https://…@h"),
            ("is it? a/b? yes user@host", "is it? a/b? yes user@host"),
        ] {
            assert_eq!(tidy(text), shown);
        }
    }

    #[test]
    fn a_fault_is_decoded_twice() {
        let body = r#"{"error_message": "{\"faultstring\": \"Node n0 could not be found.\", \"debuginfo\": null}"}"#;
        let fault = Fault::decode(404, body.as_bytes());
        assert_eq!(fault, Fault { status: 404, words: "Node n0 could not be found.".into() });
    }

    #[test]
    fn an_unsupported_version_has_a_title_and_a_description() {
        let body =
            r#"{"error_message": "{\"title\": \"Not Acceptable\", \"description\": \"Invalid value for header\"}"}"#;
        assert_eq!(words_of(body), "Invalid value for header");
    }

    #[test]
    fn the_messages_of_layers_in_front_of_ironic_are_found() {
        assert_eq!(
            words_of(r#"{"error": {"message": "Authorization required", "code": 401}}"#),
            "Authorization required"
        );
        let keystone =
            r#"{"error": {"code": 401, "title": "Unauthorized", "message": "This requires authentication."}}"#;
        assert_eq!(words_of(keystone), "This requires authentication.");
        assert_eq!(words_of(r#"{"faultcode": "Client", "faultstring": "too large"}"#), "too large");
        assert_eq!(words_of(r#"{"error_message": {"faultstring": "plain"}}"#), "plain");
        assert_eq!(words_of(r#"{"error_message": "not JSON within"}"#), "not JSON within");
    }

    #[test]
    fn a_body_in_another_form_has_no_message() {
        for body in
            ["", "<html>502 Bad Gateway</html>", "[]", "null", r#"{"error_message": 7}"#, r#"{"error_message": "[]"}"#]
        {
            assert_eq!(words_of(body), "", "{body}");
        }
    }

    #[test]
    fn a_message_is_one_line_without_control_characters() {
        let words = words_of(r#"{"faultstring": "Unexpected error.\nCommand: a\u001b[31m"}"#);
        assert_eq!(words, r"Unexpected error. Command: a\u{1b}[31m");
        assert!(words_of(&format!(r#"{{"faultstring": "{}"}}"#, "a".repeat(100_000))).len() < 2000);
    }
}
