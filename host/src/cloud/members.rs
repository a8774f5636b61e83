//! A cloud's members, by the names that openstacksdk accepts.

use super::error::{Error, Origin};
use super::value::{Map, Value};

/// The members of a cloud. An empty member counts as absent.
pub struct Members {
    map: Map,
    pub origin: Origin,
}

impl Members {
    /// Normalises the names, which may be written with `_` or `-`.
    pub fn new(map: Map, origin: Origin) -> Self {
        Self { map: with_underscores(map), origin }
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.map.get(name)
    }

    pub fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        self.as_text(name, self.map.get(name))
    }

    /// Returns the first of `names` that is present. Callers list a service's own members before the general ones.
    pub fn first(&self, names: &[&str]) -> Result<Option<&str>, Error> {
        for name in names {
            if let Some(text) = self.text(name)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// Returns the first of `names` that is present, inside or outside of `auth`. The environment has no nesting.
    pub fn auth(&self, names: &[&str]) -> Result<Option<&str>, Error> {
        let auth = match self.map.get("auth") {
            Some(Value::Map(auth)) => Some(auth),
            Some(_) => return Err(self.wrong("auth", "a map")),
            None => None,
        };
        for name in names {
            let text = self.as_text(name, auth.and_then(|auth| auth.get(*name)))?;
            if let Some(text) = text.map_or_else(|| self.text(name), |text| Ok(Some(text)))? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// Like [`auth`](Self::auth), for a required member. The error names only the first of `names`.
    pub fn needed(&self, names: &'static [&'static str], needed_for: &'static str) -> Result<&str, Error> {
        let first = names.get(..1).unwrap_or_default();
        self.auth(names)?.ok_or_else(|| self.missing(first, needed_for, ""))
    }

    pub fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(Some(true)),
            "false" | "no" | "off" | "0" => Ok(Some(false)),
            _ => Err(self.wrong(name, "true or false")),
        }
    }

    pub fn wrong(&self, member: &str, wanted: &'static str) -> Error {
        Error::Wrong { origin: self.origin.clone(), member: member.to_owned(), wanted }
    }

    pub fn into_map(self) -> Map {
        self.map
    }

    pub fn missing(&self, members: &'static [&'static str], needed_for: &'static str, hint: &'static str) -> Error {
        Error::Missing { origin: self.origin.clone(), needed_for, members, hint }
    }

    fn as_text<'a>(&self, name: &str, value: Option<&'a Value>) -> Result<Option<&'a str>, Error> {
        match value {
            Some(Value::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(self.wrong(name, "a string")),
            None => Ok(None),
        }
    }
}

fn with_underscores(map: Map) -> Map {
    let member = |(name, value): (String, Value)| {
        let value = match value {
            Value::Map(map) => Value::Map(with_underscores(map)),
            other => other,
        };
        (name.replace('-', "_"), value)
    };
    map.into_iter().map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(yaml: &str) -> Members {
        let Ok(Some(Value::Map(map))) = Value::parse(yaml) else { panic!("{yaml}") };
        Members::new(map, Origin::Environment)
    }

    #[test]
    fn a_member_of_auth_may_be_outside_of_it_and_have_hyphens() {
        let members = members("auth: {user-name: a, password: ''}\npassword: b");
        assert_eq!(members.auth(&["username", "user_name"]).unwrap(), Some("a"));
        assert_eq!(members.auth(&["password"]).unwrap(), Some("b"));
        assert_eq!(members.auth(&["token"]).unwrap(), None);
    }

    #[test]
    fn a_flag_is_a_word_for_yes_or_no() {
        let members = members("a: no\nb: True\nc: maybe\nd: [true]");
        assert_eq!(["a", "b", "e"].map(|name| members.flag(name).unwrap()), [Some(false), Some(true), None]);
        assert_eq!(members.flag("c").unwrap_err().to_string(), "the environment: OS_C must be true or false");
        assert_eq!(members.flag("d").unwrap_err().to_string(), "the environment: OS_D must be a string");
    }
}
