//! Paginated lists.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ident::NodeIdent;

/// A list from Ironic (`GET /v1/ports` and the like). Its elements pass through unparsed.
pub(super) struct Collection {
    name: &'static str,
    /// The elements so far, separated by commas, or the whole first page if it is the only one.
    pages: Pages,
    /// The markers so far. A server that repeats one would send pages without end.
    markers: HashSet<String>,
}

enum Pages {
    None,
    One(String),
    Many { elements: String, count: usize },
}

impl Collection {
    /// Creates an empty list. `name` is the member of a page that contains the list.
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, pages: Pages::None, markers: HashSet::new() }
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
        if let Some(marker) = &marker {
            if !self.markers.insert(marker.as_str().to_owned()) {
                return Err(REPEATED);
            }
            if self.markers.len() >= PAGES {
                return Err(TOO_MANY);
            }
        }
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
            return Err(TOO_LONG);
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

/// The maximum number of pages. Ironic's pages have up to 1,000 elements, and few nodes have more than ten ports.
const PAGES: usize = 1000;

const REPEATED: &str = "a page repeats the end of an earlier one";
const TOO_MANY: &str = "the list has more than 1,000 pages";
const TOO_LONG: &str = "the list is longer than 16 MiB";

/// Returns whether an error of [`Collection::page`] says that the pages may never end, so that asking again would not help.
pub(super) fn is_endless(what: &str) -> bool {
    [REPEATED, TOO_MANY, TOO_LONG].contains(&what)
}

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
    fn pages_without_end_are_refused() {
        let page = |marker: usize| format!(r#"{{"ports": [{{"uuid": "{marker}"}}], "next": "more"}}"#).into_bytes();
        let mut ports = Collection::new("ports");
        assert!(ports.page(page(1)).is_ok() && ports.page(page(2)).is_ok());
        assert_eq!(ports.page(page(1)), Err(REPEATED));

        let mut ports = Collection::new("ports");
        let pages = (0..).map(|number| ports.page(page(number))).take_while(Result::is_ok).count();
        assert_eq!(pages, PAGES - 1);
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
