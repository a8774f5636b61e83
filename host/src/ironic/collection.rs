//! Paginated lists.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ident::NodeIdent;

/// A list from Ironic (`GET /v1/ports` and the like). Its elements pass through unparsed.
pub(super) struct Collection {
    name: &'static str,
    /// The elements so far, separated by commas, or the whole first page if it is the only one.
    pages: Pages,
}

enum Pages {
    None,
    One(String),
    Many { elements: String, count: usize },
}

impl Collection {
    /// Creates an empty list. `name` is the member of a page that contains the list.
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, pages: Pages::None }
    }

    /// Adds a page. If there is a next one, returns its marker: the UUID of this page's last element.
    ///
    /// The server's `next` is a complete URL, which may contain a wrong address of the server: only its presence is used.
    pub(super) fn page(&mut self, body: Vec<u8>) -> Result<Option<NodeIdent>, &'static str> {
        let body = String::from_utf8(body).map_err(|_| "the answer is not UTF-8")?;
        let page: HashMap<Cow<'_, str>, &RawValue> =
            serde_json::from_str(&body).map_err(|_| "the answer is not a JSON object")?;
        let list = page.get(self.name).ok_or("the answer has no list")?;
        let list: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|_| "the answer has no list")?;
        let marker = match page.get("next") {
            Some(next) if next.get() != "null" => Some(marker(&list)?),
            _ => None,
        };
        if let (Pages::None, None) = (&self.pages, &marker) {
            self.pages = Pages::One(body);
            return Ok(None);
        }
        let (mut elements, mut count) = match std::mem::replace(&mut self.pages, Pages::None) {
            Pages::Many { elements, count } => (elements, count),
            _ => (String::new(), 0),
        };
        for element in &list {
            if count > 0 {
                elements.push(',');
            }
            elements.push_str(element.get());
            count += 1;
        }
        if elements.len() > LIMIT {
            return Err("the list is longer than 16 MiB");
        }
        self.pages = Pages::Many { elements, count };
        Ok(marker)
    }

    /// Returns an object with the whole list, in the form of a single page.
    pub(super) fn into_json(self) -> String {
        match self.pages {
            Pages::None => format!(r#"{{"{}": []}}"#, self.name),
            Pages::One(body) => body,
            Pages::Many { elements, .. } => format!(r#"{{"{}": [{elements}]}}"#, self.name),
        }
    }
}

/// The maximum size of a list in bytes. A server that sends pages without end must not exhaust the memory.
const LIMIT: usize = 16 << 20;

fn marker(list: &[&RawValue]) -> Result<NodeIdent, &'static str> {
    #[derive(Deserialize)]
    struct Element {
        uuid: NodeIdent,
    }
    let last = list.last().ok_or("an empty page announces another one")?;
    let last: Element = serde_json::from_str(last.get()).map_err(|_| "an element has no UUID")?;
    Ok(last.uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_page_is_passed_on_unchanged() {
        let body = r#"{ "ports": [ {"uuid":"a", "extra": {"x": 1.50}} ] , "links": []}"#;
        let mut ports = Collection::new("ports");
        assert_eq!(ports.page(body.into()), Ok(None));
        assert_eq!(ports.into_json(), body);
    }

    #[test]
    fn pages_become_one_list() {
        let mut ports = Collection::new("ports");
        let first = ports.page(
            r#"{"ports": [{"uuid": "a"}, {"uuid": "b", "n": 1.50}], "next": "http://elsewhere/v1/ports"}"#.into(),
        );
        assert_eq!(first.unwrap().unwrap().as_str(), "b");
        assert_eq!(ports.page(r#"{"ports": [{"uuid": "c"}]}"#.into()), Ok(None));
        assert_eq!(ports.into_json(), r#"{"ports": [{"uuid": "a"},{"uuid": "b", "n": 1.50},{"uuid": "c"}]}"#);
    }

    #[test]
    fn an_answer_without_the_list_is_refused() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"ports": 7}"#,
            r#"{"ports": [], "next": "more"}"#,
            r#"{"ports": [{}], "next": "more"}"#,
        ] {
            assert!(Collection::new("ports").page(body.into()).is_err(), "{body}");
        }
    }
}
