//! Readers that turn JSON values into types. They are small functions that compose, and each level adds its step to the place
//! in an error.

use alloc::vec::Vec;

use super::{
    error::{DocumentError, Problem},
    json::{Integer, Json, Object},
    members,
};
use crate::base64::{self, DecodeError};

pub(super) type Result<T> = core::result::Result<T, DocumentError>;

/// Returns both values, or the errors of both.
pub(super) fn both<A, B>(a: Result<A>, b: Result<B>) -> Result<(A, B)> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => Err(a.and(b)),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
    }
}

/// Makes a struct or an enum's variant of the results for its fields, or returns the errors of all of them.
macro_rules! all {
    (@values) => { $crate::document::read::Result::<()>::Ok(()) };
    (@values $value:expr, $($rest:expr,)*) => { $crate::document::read::both($value, all!(@values $($rest,)*)) };
    (@names) => { () };
    (@names $name:ident, $($rest:ident,)*) => { ($name, all!(@names $($rest,)*)) };
    ($($made:ident)::+ { $($field:ident: $value:expr),* $(,)? }) => {
        all!(@values $($value,)*).map(|all!(@names $($field,)*)| $($made)::+ { $($field,)* })
    };
}
pub(super) use all;

/// An object whose members are read by name. A null member counts as absent.
#[derive(Clone, Copy)]
pub(super) struct Members<'a>(&'a Object<'a>);

impl<'a> Members<'a> {
    pub(super) fn of(value: &'a Json<'a>) -> Result<Self> {
        object(value).map(Self)
    }

    /// Reads a member that must be present.
    pub(super) fn required<T>(self, name: &str, read: impl FnOnce(&'a Json<'a>) -> Result<T>) -> Result<T> {
        self.optional(name, read)?.ok_or_else(|| DocumentError::from(Problem::Missing).below(name))
    }

    /// Reads a member that may be absent.
    pub(super) fn optional<T>(self, name: &str, read: impl FnOnce(&'a Json<'a>) -> Result<T>) -> Result<Option<T>> {
        match self.0.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(value) => read(value).map(Some).map_err(|error| error.below(name)),
        }
    }

    /// Reads an array, which is empty if the member is absent.
    pub(super) fn list<T>(self, name: &str, read: impl FnMut(&'a Json<'a>) -> Result<T>) -> Result<Vec<T>> {
        Ok(self.optional(name, |value| list(value, read))?.unwrap_or_default())
    }

    /// Refuses members that are not `known`.
    pub(super) fn closed(self, known: &'static [&'static str]) -> Result<()> {
        members::closed(self.0, known)
    }

    /// Returns the error about a member that looks like a misspelling of one that decides the kind of a document.
    pub(super) fn misspelt_kind(self) -> Option<DocumentError> {
        let name = self
            .0
            .iter()
            .map(|(name, _)| name)
            .find(|name| !members::KINDS.contains(name) && members::meant(name, &members::KINDS).is_some())?;
        Some(members::unknown_member(name, &members::KINDS))
    }

    /// Returns the member, unless it is absent or null.
    pub(super) fn value(self, name: &str) -> Option<&'a Json<'a>> {
        self.0.get(name).filter(|value| **value != Json::Null)
    }

    /// Returns whether the member is present and not null.
    pub(super) fn has(self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Returns whether the member is present, even if it is null.
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
            every(items.map(|(value, index)| read(value).map_err(|error| error.below(index))))
        }
        other => Err(Problem::kind(other, "an array").into()),
    }
}

/// Returns all values, or all errors.
pub(super) fn every<T>(results: impl Iterator<Item = Result<T>>) -> Result<Vec<T>> {
    let (mut values, mut errors) = (Vec::new(), None);
    for result in results {
        match (result, errors.take()) {
            (Ok(value), None) => values.push(value),
            (Ok(_), found) => errors = found,
            (Err(error), None) => errors = Some(error),
            (Err(error), Some(found)) => errors = Some(DocumentError::and(found, error)),
        }
    }
    errors.map_or(Ok(values), Err)
}

pub(super) fn text<'a>(value: &'a Json<'a>) -> Result<&'a str> {
    match value {
        Json::Text(text) => Ok(text),
        other => Err(Problem::kind(other, "a string").into()),
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

/// Reads a string that must be one of `choices`.
pub(super) fn one_of<'a, T: Copy>(value: &'a Json<'a>, choices: &[(&str, T)], expected: &'static str) -> Result<T> {
    let found = text(value)?;
    match choices.iter().find(|(name, _)| *name == found) {
        Some((_, choice)) => Ok(*choice),
        None => Err(Problem::Invalid { expected }.into()),
    }
}

/// Decodes a base64 string (RFC 4648, 4). Characters outside the alphabet are errors, although Python's decoder skips them.
pub(super) fn base64(value: &Json<'_>) -> Result<Vec<u8>> {
    let text = match value {
        Json::Text(text) => text,
        other => return Err(Problem::kind(other, "a base64 string").into()),
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
