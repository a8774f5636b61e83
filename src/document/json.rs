//! JSON values with the semantics of Python's `json` module: members stay in order, and integers keep every digit.

use alloc::{
    borrow::{Cow, ToOwned},
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use serde_core::de::{self, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{
    json_error::JsonError,
    scanner::{self, Scanner},
};

/// A JSON value. Strings without escapes are borrowed from the document.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without a fraction or an exponent.
    Integer(Integer),
    /// Any other number. Always finite.
    Float(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Json<'a>>),
    /// An object.
    Object(Object<'a>),
}

impl<'a> Json<'a> {
    /// Parses a JSON document. serde_json limits the nesting to 127 levels.
    pub fn parse(text: &'a str) -> Result<Self, JsonError> {
        let parsed = match Self::read(text, text) {
            // serde_json rejects numbers that are too large for a double, but we accept such integers.
            Err(error) => scanner::without_large_numbers(text).map_or(Err(error), |copy| Self::read(text, &copy)),
            parsed => parsed,
        };
        parsed.map_err(JsonError)
    }

    /// Parses `text` by means of a copy that differs only in numbers.
    fn read(text: &'a str, copy: &str) -> Result<Self, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(copy);
        let value = Value { scanner: &mut Scanner::new(text) }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(value)
    }

    /// Returns the kind of the value with an article, for error messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
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

/// An integer of up to 4300 decimal digits, with an optional minus sign and no leading zeros.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Integer(String);

impl Integer {
    /// Returns the digits, after a minus sign if the integer is negative.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the value, if it fits.
    pub fn to_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }
}

impl From<i64> for Integer {
    fn from(value: i64) -> Self {
        Self(value.to_string())
    }
}

/// An object. Its members are in order, and their names are unique.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    /// Returns the value of the member `name`.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Returns the members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Returns the members in order.
    pub(super) fn into_members(self) -> Vec<(Cow<'a, str>, Json<'a>)> {
        self.0
    }

    /// Returns whether the object has no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the members in order. Their values can be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Json<'a>)> {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// Returns the value of the member `name`, to be changed.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Json<'a>> {
        self.0.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Replaces the value of the member `name`, or appends the member.
    pub(crate) fn set(&mut self, name: &'a str, value: Json<'a>) {
        match self.get_mut(name) {
            Some(member) => *member = value,
            None => self.0.push((Cow::Borrowed(name), value)),
        }
    }

    /// Removes the member `name`.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }
}

/// Like filling a Python `dict` in this order: a repeated name keeps its first place and its last value.
impl<'a> FromIterator<(Cow<'a, str>, Json<'a>)> for Object<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Json<'a>)>>(members: I) -> Self {
        let mut members: Vec<_> = members.into_iter().map(Some).collect();
        let name = |member: &Option<(Cow<'a, str>, _)>| member.as_ref().map(|(name, _)| name.clone());
        let mut order: Vec<(Option<Cow<'a, str>>, usize)> = Vec::new();
        if members.len() > 1 {
            order = members.iter().map(name).zip(0..).collect();
            // Sort by name, then by place, so that repetitions become neighbours. A tenant must not cause quadratic time.
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

/// A visitor that builds a value from what serde_json reads. Numbers come from the document itself, because serde_json rounds
/// those that are not 64-bit integers. So do strings without escapes, because serde_json may read a copy.
struct Value<'s, 'a> {
    scanner: &'s mut Scanner<'a>,
}

impl<'a> Value<'_, 'a> {
    fn number<E: de::Error>(self) -> Result<Json<'a>, E> {
        self.scanner.number().ok_or(OUT_OF_STEP).and_then(number).map_err(E::custom)
    }
}

/// The error if serde_json ever visits values in another order than the document's.
const OUT_OF_STEP: &str = "cannot find a value in the document: serde_json read it out of order; report this bug";

impl<'de, 'a> DeserializeSeed<'de> for Value<'_, 'a> {
    type Value = Json<'a>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'a>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, 'a> Visitor<'de> for Value<'_, 'a> {
    type Value = Json<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'a>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'a>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Json<'a>, E> {
        self.number()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Json<'a>, E> {
        self.number()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Json<'a>, E> {
        self.number()
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Json<'a>, E> {
        let text = self.scanner.plain_text(text.len()).ok_or_else(|| E::custom(OUT_OF_STEP))?;
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json<'a>, E> {
        self.scanner.skip_text().ok_or_else(|| E::custom(OUT_OF_STEP))?;
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'a>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element_seed(Value { scanner: &mut *self.scanner })? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'a>, A::Error> {
        // A number, if another crate in the build enables serde_json's feature arbitrary_precision.
        if !self.scanner.object() {
            return self.number();
        }
        let mut members = Vec::new();
        while let Some(name) = access.next_key_seed(Value { scanner: &mut *self.scanner })? {
            let Json::Text(name) = name else { return Err(A::Error::custom("a member's name is not a string")) };
            members.push((name, access.next_value_seed(Value { scanner: &mut *self.scanner })?));
        }
        Ok(Json::Object(members.into_iter().collect()))
    }
}

/// Python's own limit (`sys.int_info.default_max_str_digits`): neither Nova nor cloud-init can read a longer integer.
const MAX_DIGITS: usize = 4300;

/// Reads a number as Python does. `digits` is a valid JSON number (RFC 8259, 6), or one of YAML, such as `.5`.
pub(super) fn number<'a>(digits: &str) -> Result<Json<'a>, &'static str> {
    if !digits.contains(['.', 'e', 'E']) {
        if digits.trim_start_matches('-').len() > MAX_DIGITS {
            return Err("an integer of more than 4300 digits, which Python cannot read; write it as a string");
        }
        let digits = if digits == "-0" { "0" } else { digits };
        return Ok(Json::Integer(Integer(digits.to_owned())));
    }
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Json::Float(value)),
        _ => Err("a number beyond the range of a double (1.8e308); write it as a string"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use alloc::format;

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
    fn an_integer_has_at_most_as_many_digits_as_python_reads() {
        let digits = "7".repeat(MAX_DIGITS);
        Json::parse(&format!("-{digits}")).unwrap();
        let message = Json::parse(&format!("{digits}7")).unwrap_err().to_string();
        assert!(message.contains(": an integer of more than 4300 digits"), "{message}");
        Json::parse(&format!("0.{digits}7")).unwrap();
    }

    #[test]
    fn an_object_that_looks_like_serde_jsons_number_stays_an_object() {
        for value in ["\"5\"", "5", "\"\\u0035\"", "[5]", "null"] {
            let text = format!("{{\"$serde_json::private::Number\": {value}}}");
            assert_eq!(Json::parse(&text).unwrap().kind(), "an object", "{value}");
        }
    }

    #[test]
    fn a_number_too_large_for_a_double_is_refused_at_its_end() {
        let cause = "a number beyond the range of a double (1.8e308); write it as a string";
        let digits = "7".repeat(400);
        for (text, place) in [
            ("1e400", "line 1 column 5"),
            ("[1,\n -1e400 ]", "line 2 column 7"),
            ("{\"1e400\": 1e99999999999}", "line 1 column 23"),
            (&format!("[{digits}, 1.8E+308, 1 2]"), "line 1 column 411"),
            (&format!("[1e+400, {digits}.5]"), "line 1 column 7"),
        ] {
            assert_eq!(Json::parse(text).unwrap_err().to_string(), invalid(place, cause), "{text}");
        }
    }

    fn invalid(place: &str, cause: &str) -> String {
        format!("expected a JSON document, found invalid JSON at {place}: {cause}")
    }

    #[test]
    fn errors_near_large_integers_have_the_right_place() {
        let digits = "7".repeat(400);
        for (text, place, cause) in [
            (format!("[{digits}, 01]"), "line 1 column 405", "invalid number"),
            (format!("[{digits} {digits}]"), "line 1 column 403", "expected `,` or `]`"),
            (format!("[{digits}-{digits}]"), "line 1 column 402", "expected `,` or `]`"),
            (format!("[{digits}."), "line 1 column 402", "unexpected end of the text"),
            (format!("[{digits}.]"), "line 1 column 403", "invalid number"),
            (format!("{{{digits}: 1}}"), "line 1 column 2", "key must be a string"),
            (format!("-{digits}\n,"), "line 2 column 1", "trailing characters"),
        ] {
            assert_eq!(Json::parse(&text).unwrap_err().to_string(), invalid(place, cause), "{text}");
        }
    }

    /// Generates a value and its JSON.
    fn written() -> impl Strategy<Value = (Json<'static>, String)> {
        let integer = "0|-?[1-9][0-9]{0,400}";
        let integer = integer.prop_map(|text| (Json::Integer(Integer(text.clone())), text));
        let float = r"-?(0|[1-9][0-9]{0,7})(\.[0-9]{1,250}|(\.[0-9]{1,20})?[eE][+-]?[0-2]?[0-9]{1,2})";
        let float = float.prop_map(|text| (Json::Float(text.parse().unwrap()), text));
        let string = text().prop_map(|text| (Json::Text(text.clone().into()), quoted(&text)));
        let literal = prop_oneof![
            Just((Json::Null, "null".to_owned())),
            Just((Json::Bool(true), "true".to_owned())),
            Just((Json::Bool(false), "false".to_owned())),
        ];
        prop_oneof![integer, float, string, literal].prop_recursive(4, 40, 5, |value| {
            let value = (value, "[ \t\r\n]{0,2}")
                .prop_map(|((value, text), space)| (value, [&*space, &*text, &*space].concat()));
            let list = vec(value.clone(), 0..5).prop_map(|items| {
                let (values, texts): (Vec<_>, Vec<_>) = items.into_iter().unzip();
                (Json::List(values), format!("[{}]", texts.join(",")))
            });
            let object = vec((text(), value), 0..5).prop_map(|members| {
                let texts: Vec<_> =
                    members.iter().map(|(name, (_, text))| format!("{}:{text}", quoted(name))).collect();
                let object = members.into_iter().map(|(name, (value, _))| (Cow::Owned(name), value)).collect();
                (Json::Object(object), format!("{{{}}}", texts.join(",")))
            });
            prop_oneof![list, object]
        })
    }

    /// Generates strings with characters that could confuse a scanner.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), r#"([\\"{}\[\]:,0-9e+.n-]|1e400)*"#]
    }

    fn quoted(text: &str) -> String {
        serde_json::to_string(text).unwrap()
    }

    proptest! {
        #[test]
        fn values_are_read_as_they_were_written((value, text) in written()) {
            prop_assert_eq!(Json::parse(&text).unwrap(), value);
        }
    }

    #[test]
    fn strings_without_escapes_are_borrowed() {
        let Json::Object(object) = Json::parse(r#"{"a": "b", "c": "\u0064"}"#).unwrap() else { panic!() };
        assert!(matches!(object.get("a"), Some(Json::Text(Cow::Borrowed("b")))));
        assert!(matches!(object.get("c"), Some(Json::Text(Cow::Owned(_)))));
    }

    #[test]
    fn pythons_extensions_of_json_are_refused() {
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
