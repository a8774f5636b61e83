//! What a scalar without quotes is, if YAML 1.1, YAML 1.2 and the parsers of Python and Go agree about it.
//!
//! PyYAML reads YAML 1.1 (`yaml/resolver.py`). YAML 1.2 has a core schema (10.3.2). Go's sigs.k8s.io/yaml, with which Metal3 reads
//! documents, is between them.

use alloc::{borrow::Cow, format};

use super::{Mark, Result, invalid};
use crate::document::json::{self, Json};

pub(super) fn value<'a>(text: &Cow<'a, str>, mark: Mark) -> Result<Json<'a>> {
    match &**text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Json::Null),
        "true" | "True" | "TRUE" => return Ok(Json::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Json::Bool(false)),
        "=" => return invalid(mark, "a single =, which has a meaning in YAML 1.1; put it in quotes"),
        "<<" => return invalid(mark, "a merge key as a value; put it in quotes"),
        _ => {}
    }
    if BOOLEANS_IN_SOME.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return invalid(mark, "a word that only YAML 1.1 reads as a boolean; write true or false, or put it in quotes");
    }
    let number = match Form::of(text) {
        Form::Text => return Ok(Json::Text(text.clone())),
        Form::Decimal => json::number(text.trim_start_matches('+')),
        Form::Hexadecimal(digits) => match u64::from_str_radix(digits, 16) {
            Ok(number) => json::number(&format!("{number}")),
            Err(_) => Err("a hexadecimal number of more than 64 bits; put it in quotes"),
        },
        Form::Number => {
            Err("a number that YAML 1.1 and YAML 1.2 read differently; write it as in JSON, or put it in quotes")
        }
        Form::Sexagesimal => Err("a number in base 60 in YAML 1.1; put it in quotes"),
        Form::Date => Err("a date in YAML 1.1, which JSON does not have; put it in quotes"),
        Form::NotFinite => Err("infinity or NaN, which JSON does not have; put it in quotes"),
    };
    number.or_else(|why| invalid(mark, why))
}

/// In any case, although YAML 1.1 knows only three ways to write each.
const BOOLEANS_IN_SOME: [&str; 6] = ["y", "yes", "n", "no", "on", "off"];

/// The form of a scalar that is not a word.
enum Form<'t> {
    Text,
    /// A decimal number for all.
    Decimal,
    Hexadecimal(&'t str),
    /// A number for some.
    Number,
    Sexagesimal,
    Date,
    NotFinite,
}

impl<'t> Form<'t> {
    fn of(text: &'t str) -> Self {
        let signed = text.starts_with(['+', '-']);
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        if !unsigned.starts_with(|first: char| first == '.' || first.is_ascii_digit()) {
            return Self::Text;
        }
        if ["inf", "nan"]
            .iter()
            .any(|word| unsigned.strip_prefix('.').is_some_and(|rest| rest.eq_ignore_ascii_case(word)))
        {
            return Self::NotFinite;
        }
        if is_date(text) {
            return Self::Date;
        }
        if unsigned.contains(':') {
            return if is_mac_address(text) || !is_sexagesimal(unsigned) { Self::Text } else { Self::Sexagesimal };
        }
        if let Some(digits) = text.strip_prefix("0x")
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            return Self::Hexadecimal(digits);
        }
        match Decimal::of(unsigned) {
            Some(Decimal { whole, fraction: None, exponent: None }) if !whole.starts_with('0') || whole == "0" => {
                Self::Decimal
            }
            // In YAML 1.1, a fraction without whole digits has no sign, and an exponent always has one.
            Some(Decimal { whole, fraction: Some(fraction), exponent })
                if (!whole.is_empty() || !signed && !fraction.is_empty())
                    && exponent.is_none_or(|exponent| exponent.starts_with(['+', '-'])) =>
            {
                Self::Decimal
            }
            Some(_) => Self::Number,
            None if is_number_for_some(unsigned) => Self::Number,
            None => Self::Text,
        }
    }
}

/// A number of YAML 1.2's core schema, without its sign.
struct Decimal<'t> {
    whole: &'t str,
    fraction: Option<&'t str>,
    exponent: Option<&'t str>,
}

impl<'t> Decimal<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (significand, exponent) = match text.split_once(['e', 'E']) {
            Some((significand, exponent)) => (significand, Some(exponent)),
            None => (text, None),
        };
        let (whole, fraction) = match significand.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (significand, None),
        };
        let digits = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
        let is_valid = are_digits(whole)
            && fraction.is_none_or(are_digits)
            && !(whole.is_empty() && fraction.is_none_or(str::is_empty))
            && digits.is_none_or(|digits| !digits.is_empty() && are_digits(digits));
        is_valid.then_some(Self { whole, fraction, exponent })
    }
}

/// Returns whether some parser reads this as a number: with underscores, or with a prefix for its base.
fn is_number_for_some(text: &str) -> bool {
    let of =
        |digits: &str, radix| !digits.is_empty() && digits.chars().all(|digit| digit == '_' || digit.is_digit(radix));
    match text.get(..2) {
        Some("0x" | "0X") => text.get(2..).is_some_and(|digits| of(digits, 16)),
        Some("0o" | "0O") => text.get(2..).is_some_and(|digits| of(digits, 8)),
        Some("0b" | "0B") => text.get(2..).is_some_and(|digits| of(digits, 2)),
        _ => text.contains('_') && Decimal::of(&text.replace('_', "")).is_some(),
    }
}

/// Returns whether YAML 1.1 reads this as a number in base 60, such as `1:30`.
fn is_sexagesimal(text: &str) -> bool {
    let mut places = text.split(':');
    let is_first = |place: &str| place.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let is_other = |place: &str| matches!(place.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    let is_last = |place: &str| {
        let (place, fraction) = place.split_once('.').unwrap_or((place, ""));
        is_other(place) && is_first(fraction)
    };
    let last = places.next_back();
    // Without a fraction, the first digit is not a zero.
    (text.contains('.') || !text.starts_with('0'))
        && places.next().is_some_and(is_first)
        && places.all(is_other)
        && last.is_some_and(is_last)
}

/// Returns whether this is a MAC address. Made of digits alone, some are also numbers in base 60, which nobody writes with six
/// places; YAML 1.2 and Metal3 read a string.
fn is_mac_address(text: &str) -> bool {
    let mut pairs = 0;
    text.split(':').all(|pair| {
        pairs += 1;
        matches!(pair.as_bytes(), [a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
    }) && pairs == 6
}

/// Returns whether this is a date of YAML 1.1, or starts like a date and a time, such as `2026-1-1 12:00:00`.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let are_digits = |part: &str, lengths: core::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    let (day, time) = rest.split_at_checked(end).unwrap_or_default();
    if !are_digits(year, 4..=4) || !are_digits(month, 1..=2) || !are_digits(day, 1..=2) {
        return false;
    }
    if time.is_empty() {
        return month.len() == 2 && day.len() == 2;
    }
    let hours = time.strip_prefix(['T', 't', ' ', '\t']).and_then(|time| time.split_once(':'));
    hours.is_some_and(|(hours, _)| are_digits(hours.trim_start_matches([' ', '\t']), 1..=2))
}
