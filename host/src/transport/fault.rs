//! What servers say when they refuse a request.

use serde_json::Value;

use crate::untrusted::one_line;

/// An answer of Ironic's that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// Ironic's own words as one line, fit for a terminal; empty where the answer had none.
    pub words: String,
}

impl Fault {
    /// Reads the body of an answer. Ironic and what stands before it have five forms; what is none of them (a proxy's
    /// HTML) has no words.
    pub fn decode(status: u16, body: &[u8]) -> Self {
        let words = serde_json::from_slice(body).ok().and_then(|body: Value| words(&body));
        Self { status, words: tidy(&words.unwrap_or_default()) }
    }
}

/// What a server or a library wrote, as one line of reasonable length that cannot steer a terminal.
pub(crate) fn tidy(text: &str) -> String {
    // Ironic's errors from commands have several lines; escaped, they would be hard to read.
    one_line(&text.split_whitespace().collect::<Vec<_>>().join(" "), 1000)
}

fn words(body: &Value) -> Option<String> {
    let text = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(String::from)
    };
    match body.get("error_message") {
        // Ironic's usual form: JSON text within JSON.
        Some(Value::String(inner)) => match serde_json::from_str::<Value>(inner) {
            Ok(inner) => words(&inner),
            Err(_) => Some(inner.clone()),
        },
        // The same without the second encoding, as some versions behind some servers had it.
        Some(inner @ Value::Object(_)) => words(inner),
        // http_basic and Keystone's middleware, 401.
        _ if body.get("error").is_some_and(Value::is_object) => body.get("error").and_then(words),
        _ => text(body, "faultstring") // 413 has it without an envelope
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
    fn a_fault_is_decoded_twice() {
        let body = r#"{"error_message": "{\"faultstring\": \"Node n0 could not be found.\", \"debuginfo\": null}"}"#;
        let fault = Fault::decode(404, body.as_bytes());
        assert_eq!(fault, Fault { status: 404, words: "Node n0 could not be found.".into() });
    }

    #[test]
    fn a_version_that_is_not_spoken_has_a_title_and_a_description() {
        let body =
            r#"{"error_message": "{\"title\": \"Not Acceptable\", \"description\": \"Invalid value for header\"}"}"#;
        assert_eq!(words_of(body), "Invalid value for header");
    }

    #[test]
    fn the_words_of_the_layers_before_ironic_are_found() {
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
    fn what_is_none_of_its_forms_has_no_words() {
        for body in
            ["", "<html>502 Bad Gateway</html>", "[]", "null", r#"{"error_message": 7}"#, r#"{"error_message": "[]"}"#]
        {
            assert_eq!(words_of(body), "", "{body}");
        }
    }

    #[test]
    fn words_are_one_line_without_control_characters() {
        let words = words_of(r#"{"faultstring": "Unexpected error.\nCommand: a\u001b[31m"}"#);
        assert_eq!(words, r"Unexpected error. Command: a\u{1b}[31m");
        assert!(words_of(&format!(r#"{{"faultstring": "{}"}}"#, "a".repeat(100_000))).len() < 2000);
    }
}
