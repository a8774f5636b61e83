//! JSON values as Python's `json` module has them: members in their order, every digit of an integer kept.

use alloc::{
    borrow::{Cow, ToOwned},
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{cell::Cell, fmt};

use serde_core::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// A JSON value, its texts borrowed from the document where they stand there unescaped.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent, as its digits.
    Integer(Integer),
    /// Any other number. Finite.
    Float(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object.
    Object(Object<'a>),
}

impl<'a> Json<'a> {
    /// Parses one JSON text. The nesting is limited to 127 levels by serde_json.
    pub fn parse(text: &'a str) -> Result<Self, JsonError> {
        serde_json::from_str(text).map_err(JsonError)
    }

    /// What kind of value this is, for error messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl<'a> From<&'a str> for Json<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Json<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Option<&'a str>> for Json<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::from)
    }
}

impl<'a> From<Object<'a>> for Json<'a> {
    fn from(object: Object<'a>) -> Self {
        Self::Object(object)
    }
}

impl<'a> FromIterator<Json<'a>> for Json<'a> {
    fn from_iter<I: IntoIterator<Item = Self>>(values: I) -> Self {
        Self::List(values.into_iter().collect())
    }
}

/// An integer of up to 4300 digits: decimal digits, perhaps after a minus sign, without leading zeros.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Integer(String);

impl Integer {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value, where it fits.
    pub fn to_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }
}

impl From<i64> for Integer {
    fn from(value: i64) -> Self {
        Self(value.to_string())
    }
}

/// An object: members in their order, each name once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    /// The value of the member `name`.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The members in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Like filling a Python `dict` in this order: a name that comes again keeps its first place and gets its last value.
impl<'a> FromIterator<(Cow<'a, str>, Json<'a>)> for Object<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Json<'a>)>>(members: I) -> Self {
        let mut members: Vec<_> = members.into_iter().map(Some).collect();
        let name = |member: &Option<(Cow<'a, str>, _)>| member.as_ref().map(|(name, _)| name.clone());
        let mut order: Vec<(Option<Cow<'a, str>>, usize)> = Vec::new();
        if members.len() > 1 {
            order = members.iter().map(name).zip(0..).collect();
            // By name, then by place: repetitions become neighbours. Not quadratic, whatever a tenant sends.
            order.sort_unstable();
        }
        for run in order.chunk_by(|(a, _), (b, _)| a == b) {
            if let [(_, first), .., (_, last)] = run {
                let winner = members.get_mut(*last).and_then(Option::take);
                for (_, place) in run {
                    if let Some(member) = members.get_mut(*place) {
                        *member = None;
                    }
                }
                if let Some(member) = members.get_mut(*first) {
                    *member = winner;
                }
            }
        }
        Self(members.into_iter().flatten().collect())
    }
}

impl<'a, const N: usize> From<[(&'a str, Json<'a>); N]> for Object<'a> {
    fn from(members: [(&'a str, Json<'a>); N]) -> Self {
        members.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect()
    }
}

/// Why a text is not JSON, with line and column.
#[derive(Debug)]
pub struct JsonError(serde_json::Error);

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error) = self;
        if format!("{error}").starts_with("recursion limit exceeded") {
            let (line, column) = (error.line(), error.column());
            return write!(f, "nested deeper than 127 levels at line {line} column {column}; flatten the data");
        }
        write!(f, "not JSON: {error}")
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value { by_string: &Cell::new(false) }.deserialize(deserializer)
    }
}

/// With `arbitrary_precision`, serde_json presents a number that is no 64-bit integer as an object with this one member…
const NUMBER: &str = "$serde_json::private::Number";

/// …whose value comes by `visit_string`, which no text of a document does. That tells a number from a tenant's object with
/// a member of that name.
#[derive(Clone, Copy)]
struct Value<'s> {
    by_string: &'s Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Integer(Integer(value.to_string())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Integer(Integer::from(value)))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Json<'de>, E> {
        self.by_string.set(true);
        Ok(Json::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::new();
        let by_string = Cell::new(false);
        while let Some(Name(name)) = access.next_key()? {
            let value = access.next_value_seed(Value { by_string: &by_string })?;
            if name == NUMBER
                && by_string.get()
                && let Json::Text(digits) = value
            {
                return number(&digits).map_err(A::Error::custom);
            }
            members.push((name, value));
        }
        Ok(Json::Object(members.into_iter().collect()))
    }
}

/// The name of a member. serde's own `Cow` would never borrow.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::Text(name) => Ok(Self(name)),
            _ => Err(D::Error::custom("a member's name is not text")),
        }
    }
}

/// Python's own limit (`sys.int_info.default_max_str_digits`): neither Nova nor cloud-init reads a longer integer.
const MAX_DIGITS: usize = 4300;

/// Reads a number as Python does. `digits` have the form of a JSON number (RFC 8259, 6).
fn number(digits: &str) -> Result<Json<'static>, &'static str> {
    if !digits.contains(['.', 'e', 'E']) {
        if digits.trim_start_matches('-').len() > MAX_DIGITS {
            return Err("an integer of more than 4300 digits, which Python does not read; write it as text");
        }
        let digits = if digits == "-0" { "0" } else { digits };
        return Ok(Json::Integer(Integer(digits.to_owned())));
    }
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Json::Float(value)),
        _ => Err("a number larger than a double can hold (1.8e308); write it as text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object<'_> {
        match Json::parse(text) {
            Ok(Json::Object(object)) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_repeated_name_keeps_its_first_place_and_its_last_value() {
        let object = object(r#"{"a": 1, "b": 2, "a": 3, "c": 4, "b": 5, "a": 6}"#);
        let members: Vec<_> = object.iter().map(|(name, value)| format!("{name}{value:?}")).collect();
        assert_eq!(members, ["aInteger(Integer(\"6\"))", "bInteger(Integer(\"5\"))", "cInteger(Integer(\"4\"))"]);
    }

    #[test]
    fn an_integer_keeps_every_digit() {
        let digits = "123456789012345678901234567890123456789012345678901234567890";
        assert_eq!(Json::parse(digits).unwrap(), Json::Integer(Integer(digits.to_owned())));
        assert_eq!(Json::parse("-0").unwrap(), Json::Integer(Integer("0".to_owned())));
        assert_eq!(Json::parse("-0.0").unwrap().kind(), "a number");
    }

    #[test]
    fn an_integer_has_as_many_digits_as_python_reads() {
        let digits = "7".repeat(MAX_DIGITS);
        Json::parse(&format!("-{digits}")).unwrap();
        let message = Json::parse(&format!("{digits}7")).unwrap_err().to_string();
        assert!(message.starts_with("not JSON: an integer of more than 4300 digits"), "{message}");
        Json::parse(&format!("0.{digits}7")).unwrap();
    }

    #[test]
    fn an_object_that_looks_like_serde_jsons_number_stays_an_object() {
        for value in ["\"5\"", "5", "\"\\u0035\"", "[5]", "null"] {
            let text = format!("{{\"{NUMBER}\": {value}}}");
            assert_eq!(Json::parse(&text).unwrap().kind(), "an object", "{value}");
        }
    }

    #[test]
    fn texts_without_escapes_are_borrowed() {
        let Json::Object(object) = Json::parse(r#"{"a": "b", "c": "\u0064"}"#).unwrap() else { panic!() };
        assert!(matches!(object.get("a"), Some(Json::Text(Cow::Borrowed("b")))));
        assert!(matches!(object.get("c"), Some(Json::Text(Cow::Owned(_)))));
    }

    #[test]
    fn what_python_reads_and_json_does_not_know_is_refused() {
        for text in
            ["NaN", "[Infinity]", "-Infinity", "1e400", "\"\\ud800\"", "\"\\udc00\\ud800\"", "{\"a\": 01}", "1 2", ""]
        {
            assert!(Json::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_hundred_levels_are_read_and_a_thousand_refused() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(&nested(120)).is_ok());
        let message = Json::parse(&nested(1000)).unwrap_err().to_string();
        assert!(message.starts_with("nested deeper than 127 levels at line 1"), "{message}");
    }
}
