//! What Go's reader of protobuf JSON takes and prost-reflect does not: numbers that are whole however they are written, and lines
//! in base64. And the reverse: numbers that only Rust would read.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde::de::Error as _;
use serde_json::{Error, Value};

/// More digits than any number of 64 bits has.
const DIGITS_MAX: i32 = 40;

/// Rewrites the fields of a message as the reader wants them.
pub(super) fn apply(descriptor: &MessageDescriptor, value: &mut Value) -> Result<(), Error> {
    let Value::Object(fields) = value else { return Ok(()) };
    for (name, value) in fields {
        let field = descriptor.get_field_by_name(name).or_else(|| descriptor.get_field_by_json_name(name));
        match (field, value) {
            (Some(field), Value::Array(items)) => items.iter_mut().try_for_each(|item| rewrite(&field, item))?,
            (Some(field), value) => rewrite(&field, value)?,
            (None, _) => {}
        }
    }
    Ok(())
}

fn rewrite(field: &FieldDescriptor, value: &mut Value) -> Result<(), Error> {
    match (field.kind(), &mut *value) {
        (Kind::Message(descriptor), value) => apply(&descriptor, value)?,
        (Kind::Bytes, Value::String(text)) => text.retain(|character| !matches!(character, '\n' | '\r')),
        (Kind::Enum(_), Value::Number(number)) => {
            if let Some(whole) = whole(&number.to_string()) {
                *value = serde_json::from_str(&whole)?;
            }
        }
        (kind, Value::String(text)) if is_number(&kind) => {
            let refused = || {
                Error::custom(format!("invalid value for {} field {}: {text:?}", kind_name(&kind), field.json_name()))
            };
            *text = whole(text).ok_or_else(refused)?;
        }
        _ => {}
    }
    Ok(())
}

fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64)
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Int32 => "int32",
        Kind::Int64 => "int64",
        Kind::Uint32 => "uint32",
        _ => "uint64",
    }
}

/// Returns a number of JSON without fraction and exponent, if it is whole.
fn whole(text: &str) -> Option<String> {
    let (sign, magnitude) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = match magnitude.split_once(['e', 'E']) {
        // Rust reads a plus too, as JSON has it.
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (magnitude, 0),
    };
    let (integer, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(left, right)| (left, Some(right)));
    let digits_only = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let leading_zero = integer.len() > 1 && integer.starts_with('0');
    if !digits_only(integer) || leading_zero || fraction.is_some_and(|fraction| !digits_only(fraction)) {
        return None;
    }
    let mut digits = format!("{integer}{}", fraction.unwrap_or_default());
    let point = exponent.checked_add(integer.len() as i32)?;
    if digits.bytes().all(|digit| digit == b'0') {
        return Some("0".to_owned());
    }
    if !(0..=DIGITS_MAX).contains(&point) {
        return None;
    }
    let point = point as usize;
    if digits.len() > point {
        if digits[point..].bytes().any(|digit| digit != b'0') {
            return None;
        }
        digits.truncate(point);
    }
    digits.extend(std::iter::repeat_n('0', point - digits.len()));
    let digits = digits.trim_start_matches('0');
    Some(format!("{sign}{}", if digits.is_empty() { "0" } else { digits }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_whole_however_it_is_written() {
        for (text, expected) in [
            ("0", Some("0")),
            ("-0", Some("0")),
            ("12", Some("12")),
            ("-12", Some("-12")),
            ("1e1", Some("10")),
            ("1E+2", Some("100")),
            ("1.50e1", Some("15")),
            ("10e-1", Some("1")),
            ("0.0", Some("0")),
            ("100.0", Some("100")),
            ("9223372036854775808", Some("9223372036854775808")),
            ("1.5", None),
            ("1e-1", None),
            ("+1", None),
            ("01", None),
            (" 1", None),
            ("", None),
            ("-", None),
            ("1.", None),
            (".5", None),
            ("0x1", None),
            ("1e999999999999", None),
            ("1e9999", None),
            ("0e9999", Some("0")),
        ] {
            assert_eq!(whole(text).as_deref(), expected, "{text}");
        }
    }
}
