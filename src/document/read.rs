//! How values are taken out of a JSON tree: small functions from a value to a type that compose, and put the place into
//! an error on the way out.

use alloc::vec::Vec;

use super::{
    error::{DocumentError, Problem},
    json::{Integer, Json, Object},
};
use crate::base64::{self, DecodeError};

pub(super) type Result<T> = core::result::Result<T, DocumentError>;

/// An object whose members are read by name; null counts as absent.
#[derive(Clone, Copy)]
pub(super) struct Members<'a>(&'a Object<'a>);

impl<'a> Members<'a> {
    pub(super) fn of(value: &'a Json<'a>) -> Result<Self> {
        object(value).map(Self)
    }

    /// A member without which there is no drive.
    pub(super) fn required<T>(self, name: &str, read: impl FnOnce(&'a Json<'a>) -> Result<T>) -> Result<T> {
        self.optional(name, read)?.ok_or_else(|| DocumentError::from(Problem::Missing).below(name))
    }

    /// A member that may be absent.
    pub(super) fn optional<T>(self, name: &str, read: impl FnOnce(&'a Json<'a>) -> Result<T>) -> Result<Option<T>> {
        match self.0.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(value) => read(value).map(Some).map_err(|error| error.below(name)),
        }
    }

    /// A list, empty if absent.
    pub(super) fn list<T>(self, name: &str, read: impl FnMut(&'a Json<'a>) -> Result<T>) -> Result<Vec<T>> {
        Ok(self.optional(name, |value| list(value, read))?.unwrap_or_default())
    }

    /// Whether the member is there and not null.
    pub(super) fn has(self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| *value != Json::Null)
    }

    /// Whether the member is there, be it null.
    pub(super) fn contains(self, name: &str) -> bool {
        self.0.get(name).is_some()
    }
}

pub(super) fn object<'a>(value: &'a Json<'a>) -> Result<&'a Object<'a>> {
    match value {
        Json::Object(object) => Ok(object),
        other => Err(Problem::kind(other, "an object").into()),
    }
}

pub(super) fn list<'a, T>(value: &'a Json<'a>, mut read: impl FnMut(&'a Json<'a>) -> Result<T>) -> Result<Vec<T>> {
    match value {
        Json::List(values) => {
            let items = values.iter().zip(0usize..);
            items.map(|(value, index)| read(value).map_err(|error| error.below(index))).collect()
        }
        other => Err(Problem::kind(other, "a list").into()),
    }
}

pub(super) fn text<'a>(value: &'a Json<'a>) -> Result<&'a str> {
    match value {
        Json::Text(text) => Ok(text),
        other => Err(Problem::kind(other, "text").into()),
    }
}

pub(super) fn boolean(value: &Json<'_>) -> Result<bool> {
    match value {
        Json::Bool(value) => Ok(*value),
        other => Err(Problem::kind(other, "a boolean").into()),
    }
}

pub(super) fn integer<'a>(value: &'a Json<'a>) -> Result<&'a Integer> {
    match value {
        Json::Integer(integer) => Ok(integer),
        other => Err(Problem::kind(other, "an integer").into()),
    }
}

/// One of a few texts.
pub(super) fn one_of<'a, T: Copy>(value: &'a Json<'a>, choices: &[(&str, T)], wanted: &'static str) -> Result<T> {
    let found = text(value)?;
    match choices.iter().find(|(name, _)| *name == found) {
        Some((_, choice)) => Ok(*choice),
        None => Err(Problem::Invalid { wanted }.into()),
    }
}

/// The bytes of a base64 text (RFC 4648, 4). Python's decoder skips what is outside the alphabet; here it is an error.
pub(super) fn base64(value: &Json<'_>) -> Result<Vec<u8>> {
    let text = match value {
        Json::Text(text) => text,
        other => return Err(Problem::kind(other, "base64 text").into()),
    };
    base64::decode(text.as_bytes()).map_err(|error| {
        let character = match error {
            DecodeError::InvalidByte(offset, _) | DecodeError::InvalidLastSymbol { offset, .. } => {
                offset.saturating_add(1)
            }
            DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => text.len(),
        };
        Problem::NotBase64 { character }.into()
    })
}
