//! Reads flag values the way Go's flag package does, so that every value etcd accepts is accepted.

use std::time::Duration;

/// What Go says of a value it cannot read.
pub(crate) const PARSE_ERROR: &str = "parse error";
/// What Go says of a number that does not fit.
pub(crate) const OUT_OF_RANGE: &str = "value out of range";

/// Reads a switch: `1 t T TRUE true True` and their opposites.
pub(crate) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(PARSE_ERROR.to_owned()),
    }
}

/// Reads an unsigned number, also as `0x…`, `0o…`, `0…` and `0b…`.
pub(crate) fn parse_unsigned(text: &str) -> Result<u64, String> {
    let (digits, radix) = split_radix(text);
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return Err(PARSE_ERROR.to_owned());
    }
    u64::from_str_radix(digits, radix).map_err(|error| number_error(&error))
}

/// Reads a signed number in the same notations.
pub(crate) fn parse_signed(text: &str) -> Result<i64, String> {
    let (negative, magnitude) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = i128::from(parse_unsigned(magnitude)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| OUT_OF_RANGE.to_owned())
}

/// Reads a duration such as `300ms`, `1.5h` or `2h45m`. Only `0` may go without a unit.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    if unsigned.starts_with('-') {
        return Err("a negative duration makes no sense here".to_owned());
    }
    if unsigned == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = unsigned;
    let mut nanoseconds: u128 = 0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(PARSE_ERROR)?;
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let unit_nanoseconds: u128 = match unit {
            "ns" => 1,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(PARSE_ERROR.to_owned()),
        };
        nanoseconds = nanoseconds.checked_add(scale(number, unit_nanoseconds)?).ok_or(OUT_OF_RANGE)?;
        rest = after;
    }
    if unsigned.is_empty() || nanoseconds > i64::MAX as u128 {
        return Err(PARSE_ERROR.to_owned());
    }
    Ok(Duration::from_nanos(nanoseconds as u64))
}

/// Multiplies a decimal number with a unit, dropping what is below a nanosecond.
fn scale(number: &str, unit: u128) -> Result<u128, String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || whole.len() > 19 {
        return Err(PARSE_ERROR.to_owned());
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| PARSE_ERROR)? };
    let mut total = whole * unit;
    let mut place = unit;
    for digit in fraction.bytes() {
        place /= 10;
        total += u128::from(digit - b'0') * place;
    }
    Ok(total)
}

fn split_radix(text: &str) -> (&str, u32) {
    let lower = text.as_bytes().get(..2).map(<[u8]>::to_ascii_lowercase);
    match lower.as_deref() {
        Some(b"0x") => (&text[2..], 16),
        Some(b"0o") => (&text[2..], 8),
        Some(b"0b") => (&text[2..], 2),
        Some([b'0', _]) => (&text[1..], 8),
        _ => (text, 10),
    }
}

fn number_error(error: &std::num::ParseIntError) -> String {
    match error.kind() {
        std::num::IntErrorKind::PosOverflow => OUT_OF_RANGE.to_owned(),
        _ => PARSE_ERROR.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_go_reads_them() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("0s", 0),
            ("10ms", 10_000_000),
            ("1.5h", 5_400_000_000_000),
            ("2h45m", 9_900_000_000_000),
            (".5s", 500_000_000),
            ("1us", 1_000),
            ("1\u{b5}s", 1_000),
            ("+3s", 3_000_000_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
        for text in ["", "10", "s", "1d", "1.2.3s", "-5s", "1s2", ".s", "300000000h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_read_as_go_reads_them() {
        assert_eq!(parse_unsigned("1572864"), Ok(1_572_864));
        assert_eq!(parse_unsigned("0x10"), Ok(16));
        assert_eq!(parse_unsigned("010"), Ok(8));
        assert_eq!(parse_unsigned("0"), Ok(0));
        assert_eq!(parse_unsigned("-1"), Err(PARSE_ERROR.to_owned()));
        assert_eq!(parse_unsigned("18446744073709551616"), Err(OUT_OF_RANGE.to_owned()));
        assert_eq!(parse_signed("-1"), Ok(-1));
        assert_eq!(parse_signed("9223372036854775808"), Err(OUT_OF_RANGE.to_owned()));
        assert_eq!(parse_signed("-9223372036854775808"), Ok(i64::MIN));
        assert!(parse_signed("--1").is_err());
    }

    #[test]
    fn switches_read_as_go_reads_them() {
        assert_eq!(parse_bool("T"), Ok(true));
        assert_eq!(parse_bool("0"), Ok(false));
        assert!(parse_bool("yes").is_err());
    }
}
