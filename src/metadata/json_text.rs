//! JSON as Python's `json.dumps` writes it. All JSON of a drive, and documents for people, are written here.

use alloc::{format, string::String};
use core::fmt::Write;

use crate::document::Json;

/// Returns `value` as JSON, with `", "` and `": "` as separators, in ASCII, without a line break at the end.
pub fn dumps(value: &Json<'_>) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

fn write_value(out: &mut String, value: &Json<'_>) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Integer(integer) => out.push_str(integer.as_str()),
        Json::Float(value) => write_float(out, *value),
        Json::Text(text) => write_text(out, text),
        Json::List(values) => {
            out.push('[');
            for (value, separator) in values.iter().zip(separators()) {
                out.push_str(separator);
                write_value(out, value);
            }
            out.push(']');
        }
        Json::Object(object) => {
            out.push('{');
            for ((name, value), separator) in object.iter().zip(separators()) {
                out.push_str(separator);
                write_text(out, name);
                out.push_str(": ");
                write_value(out, value);
            }
            out.push('}');
        }
    }
}

/// Returns `value` as JSON with an indentation of two spaces, as `json.dumps(value, indent=2)` does, and a line break at the end.
pub fn indented(value: &Json<'_>) -> String {
    let mut out = String::new();
    write_indented(&mut out, value, 0);
    out.push('\n');
    out
}

fn write_indented(out: &mut String, value: &Json<'_>, depth: usize) {
    let line = |out: &mut String, depth| {
        out.push('\n');
        out.extend(core::iter::repeat_n("  ", depth));
    };
    let inner = depth.saturating_add(1);
    match value {
        Json::List(values) if !values.is_empty() => {
            out.push('[');
            for (value, separator) in values.iter().zip(commas()) {
                out.push_str(separator);
                line(out, inner);
                write_indented(out, value, inner);
            }
            line(out, depth);
            out.push(']');
        }
        Json::Object(object) if !object.is_empty() => {
            out.push('{');
            for ((name, value), separator) in object.iter().zip(commas()) {
                out.push_str(separator);
                line(out, inner);
                write_text(out, name);
                out.push_str(": ");
                write_indented(out, value, inner);
            }
            line(out, depth);
            out.push('}');
        }
        value => write_value(out, value),
    }
}

fn commas() -> impl Iterator<Item = &'static str> {
    core::iter::once("").chain(core::iter::repeat(","))
}

fn separators() -> impl Iterator<Item = &'static str> {
    core::iter::once("").chain(core::iter::repeat(", "))
}

/// `json.encoder.py_encode_basestring_ascii`.
fn write_text(out: &mut String, text: &str) {
    out.push('"');
    write_characters(out, text);
    out.push('"');
}

fn write_characters(out: &mut String, text: &str) {
    // A fast path: most strings need no escapes.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        return out.push_str(text);
    }
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
}

/// Writes a float as `float.__repr__` does: with the fewest digits that give the same double, and in exponential notation if
/// the exponent is below -4 or above 15. The exponent then has a sign and at least two digits.
fn write_float(out: &mut String, value: f64) {
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    // `format` would panic at more than 65,535 decimals, which no double has.
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len().min(MAX_DECIMALS));

    // If two candidates are equally short and equally near, Rust chooses the upper one and Python the even one, which is what
    // rounding to that many digits gives. Near a power of two, the rounded number may be another double.
    let round_trips = |text: &String| text.parse() == Ok(value);
    if (-4..16).contains(&exponent) {
        let decimals = i32::try_from(decimals).unwrap_or_default().saturating_sub(exponent).max(1);
        let rounded = format!("{value:.*}", usize::try_from(decimals).unwrap_or(1).min(MAX_DECIMALS));
        out.push_str(&Some(rounded).filter(round_trips).unwrap_or_else(|| format!("{value:?}")));
    } else {
        let rounded = Some(format!("{value:.decimals$e}")).filter(round_trips);
        let text = rounded.as_ref().unwrap_or(&shortest);
        let mantissa = text.split_once('e').map_or(mantissa, |(mantissa, _)| mantissa);
        let sign = if exponent < 0 { '-' } else { '+' };
        // Writing to a String cannot fail.
        let _ = write!(out, "{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
}

/// Maximum number of decimals of a double between 0.0001 and 10^16: 17 digits, of which the first is the fourth decimal.
const MAX_DECIMALS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// Each number is written as on the right, which is Python 3.11's output.
    #[test]
    fn numbers_are_written_as_python_prints_them() {
        for (text, printed) in [
            ("1.0", "1.0"),
            ("100", "100"),
            ("1e2", "100.0"),
            ("1E16", "1e+16"),
            ("123456789012345678.0", "1.2345678901234568e+17"),
            ("9999999999999998.0", "9999999999999998.0"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("-0.0", "-0.0"),
            ("-0", "0"),
            ("1e-7", "1e-07"),
            ("1.5e300", "1.5e+300"),
            ("5e-324", "5e-324"),
            ("0.1", "0.1"),
            ("1120830250806092.25", "1120830250806092.2"),
            ("1120830250806092.75", "1120830250806092.8"),
            ("2.5e-5", "2.5e-05"),
            ("1e400000000000000000000", ""),
        ] {
            let written = Json::parse(text).map(|value| dumps(&value)).unwrap_or_default();
            assert_eq!(written, printed, "{text}");
        }
    }

    #[test]
    fn the_output_is_ascii() {
        let text = "\u{0}\u{1f}\"\\/\u{7f}\u{80}é\u{2028}\u{1f600}\n\r\t\u{8}\u{c}";
        let written = r#""\u0000\u001f\"\\/\u007f\u0080\u00e9\u2028\ud83d\ude00\n\r\t\b\f""#;
        assert_eq!(dumps(&text.into()), written);
    }

    #[test]
    fn indented_json_is_pythons() {
        let text = r#"{"a":[1,[],{"b":"é"}],"c":{}}"#;
        let written = "{\n  \"a\": [\n    1,\n    [],\n    {\n      \"b\": \"\\u00e9\"\n    }\n  ],\n  \"c\": {}\n}\n";
        assert_eq!(indented(&Json::parse(text).unwrap()), written);
    }

    #[test]
    fn separators_are_those_of_python() {
        let text = r#"{"a":[1,2,[]],"b":{},"c":[null,true,false]}"#;
        let written = r#"{"a": [1, 2, []], "b": {}, "c": [null, true, false]}"#;
        assert_eq!(dumps(&Json::parse(text).unwrap()), written);
    }
}
