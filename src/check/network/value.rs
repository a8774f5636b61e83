//! JSON values as Python programs see them.

use alloc::{format, vec::Vec};

use super::Who;
use crate::{
    check::{Code, Findings, Place, is_true, object},
    document::{Json, Object},
};

/// The objects of a list, with their places.
pub type Items<'j, 'a, 'p> = Vec<(&'j Object<'a>, Place<'p>)>;

/// Returns the objects of a list with their places, or `None` with a finding if it is not a list of objects.
pub fn objects<'j, 'a, 'p>(
    parent: &'j Object<'a>,
    name: &str,
    place: &Place<'p>,
    who: Who,
    findings: &mut Findings,
) -> Option<Items<'j, 'a, 'p>> {
    let place = place.below(name);
    let list = match parent.get(name) {
        None => return Some(Vec::new()),
        Some(Json::List(list)) => list,
        // Python finds nothing in them, as in an empty list.
        Some(Json::Object(object)) if object.is_empty() => return Some(Vec::new()),
        Some(Json::Text(text)) if text.is_empty() => return Some(Vec::new()),
        Some(other) => {
            let message = who.fails(format_args!("{name} is {}, not a list", other.kind()));
            findings.add(Code::InvalidNetworkData, who.readers, &place, message);
            return None;
        }
    };
    let mut found = Vec::new();
    for (item, index) in list.iter().zip(0usize..) {
        let place = place.below(index);
        let Some(item) = object(item) else {
            let message = who.fails(format_args!("this item of {name} is {}, not an object", item.kind()));
            findings.add(Code::InvalidNetworkData, who.readers, &place, message);
            return None;
        };
        found.push((item, place));
    }
    Some(found)
}

/// A value that can be the key of a Python dictionary.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Key<'j> {
    Null,
    Bool(bool),
    Integer(&'j str),
    Float(u64),
    Text(&'j str),
}

impl<'j> Key<'j> {
    pub fn new(value: &'j Json<'_>) -> Option<Self> {
        Some(match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Integer(value) => Self::Integer(value.as_str()),
            Json::Float(value) => Self::Float(value.to_bits()),
            Json::Text(text) => Self::Text(text),
            Json::List(_) | Json::Object(_) => return None,
        })
    }

    /// Returns whether Python can sort the two.
    pub fn sorts_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => false,
            (Self::Text(_), Self::Text(_)) => true,
            (Self::Text(_), _) | (_, Self::Text(_)) => false,
            _ => true,
        }
    }
}

/// Returns a member that Python takes for true.
pub fn truthy<'j, 'a>(object: &'j Object<'a>, name: &str) -> Option<&'j Json<'a>> {
    object.get(name).filter(|value| is_true(value))
}

/// Returns the value of decimal digits, as a number or as a string.
pub fn digits(value: &Json<'_>) -> Option<u32> {
    let digits = match value {
        Json::Integer(value) => value.as_str(),
        Json::Text(text) => text,
        _ => return None,
    };
    // `parse` alone would accept a sign.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// Returns the kind of a value and its name, to complete the sentence "because …".
pub fn not_text(name: &str, value: &Json<'_>) -> alloc::string::String {
    format!("{name} is {}, not a string", value.kind())
}
