//! Numbers, durations and sizes, read and written as Go's standard library does, which scripts have come to expect.

use std::fmt;
use std::time::Duration;

/// Reads a truth value as Go's flags do.
pub fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {}: invalid syntax", crate::Quoted(text.as_bytes()))),
    }
}

/// Reads the value of an option that is a revision, as etcdctl reads it.
pub fn parse_revision(text: &str) -> Result<i64, String> {
    parse_int(text, 0)
}

/// Reads a whole number in the given radix; radix 0 also understands `0x`, `0o`, `0b`, a leading `0` and underscores.
pub fn parse_int(text: &str, radix: u32) -> Result<i64, String> {
    let fail = |why| Err(format!("strconv.ParseInt: parsing {}: {why}", crate::Quoted(text.as_bytes())));
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match (radix, lower.as_bytes()) {
        (0, [b'0', b'x', ..]) => (16, &lower[2..]),
        (0, [b'0', b'o', ..]) => (8, &lower[2..]),
        (0, [b'0', b'b', ..]) => (2, &lower[2..]),
        (0, [b'0', _, ..]) => (8, &lower[1..]),
        (0, _) => (10, lower.as_str()),
        (radix, _) => (radix, lower.as_str()),
    };
    let plain: String = digits.chars().filter(|&character| character != '_').collect();
    let underscores_allowed = !digits.contains('_') || (text.starts_with("0x") && !digits.ends_with('_'));
    if plain.is_empty() || !underscores_allowed || !plain.chars().all(|digit| digit.is_digit(radix)) {
        return fail("invalid syntax");
    }
    let magnitude = u128::from_str_radix(&plain, radix).unwrap_or(u128::MAX);
    let limit = i64::MAX as u128 + u128::from(negative);
    if magnitude > limit {
        return fail("value out of range");
    }
    Ok(if negative { (magnitude as i64).wrapping_neg() } else { magnitude as i64 })
}

/// Reads the id of a cluster or a member, which is hexadecimal.
pub fn parse_id(text: &str) -> Result<u64, String> {
    let fail = |why| Err(format!("strconv.ParseUint: parsing {}: {why}", crate::Quoted(text.as_bytes())));
    if text.is_empty() || !text.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return fail("invalid syntax");
    }
    u64::from_str_radix(text, 16).or_else(|_| fail("value out of range"))
}

const UNITS: [(&str, f64); 8] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

/// Reads a duration like `1m30s` or `1.5h`. Negative ones are refused: no option of ours has a use for them.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let quoted = crate::Quoted(text.as_bytes());
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.starts_with('-') {
        return Err(format!("time: negative duration {quoted}"));
    }
    if rest.is_empty() {
        return Err(format!("time: invalid duration {quoted}"));
    }
    let mut nanoseconds = 0.0;
    while !rest.is_empty() {
        let number_end = rest.find(|character: char| !(character.is_ascii_digit() || character == '.'));
        let (number, tail) = rest.split_at(number_end.unwrap_or(rest.len()));
        let number: f64 = number.parse().map_err(|_| format!("time: invalid duration {quoted}"))?;
        let unit_end = tail.find(|character: char| character.is_ascii_digit() || character == '.');
        let (unit, tail) = tail.split_at(unit_end.unwrap_or(tail.len()));
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {quoted}"));
        }
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("time: unknown unit {} in duration {quoted}", crate::Quoted(unit.as_bytes())));
        };
        nanoseconds += number * scale;
        rest = tail;
    }
    if nanoseconds > i64::MAX as f64 {
        return Err(format!("time: invalid duration {quoted}"));
    }
    Ok(Duration::from_nanos(nanoseconds.round() as u64))
}

/// Shows a duration as Go does: `2.719662ms`, `1m30s`, `0s`.
#[derive(Debug, Clone, Copy)]
pub struct GoDuration(pub Duration);

impl fmt::Display for GoDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0.as_nanos();
        let scaled = |formatter: &mut fmt::Formatter<'_>, digits: usize, unit: &str| {
            let scale = 10_u128.pow(digits as u32);
            write!(formatter, "{}", nanoseconds / scale)?;
            let fraction = format!("{:0digits$}", nanoseconds % scale);
            match fraction.trim_end_matches('0') {
                "" => write!(formatter, "{unit}"),
                fraction => write!(formatter, ".{fraction}{unit}"),
            }
        };
        match nanoseconds {
            0 => formatter.write_str("0s"),
            1..1_000 => write!(formatter, "{nanoseconds}ns"),
            1_000..1_000_000 => scaled(formatter, 3, "µs"),
            1_000_000..1_000_000_000 => scaled(formatter, 6, "ms"),
            1_000_000_000..60_000_000_000 => scaled(formatter, 9, "s"),
            _ => {
                let minutes = self.0.as_secs() / 60;
                if minutes >= 60 {
                    write!(formatter, "{}h", minutes / 60)?;
                }
                write!(formatter, "{}m", minutes % 60)?;
                match self.0.saturating_sub(Duration::from_secs(minutes * 60)) {
                    Duration::ZERO => formatter.write_str("0s"),
                    rest if rest < Duration::from_secs(1) => {
                        write!(formatter, "{}s", rest.as_secs_f64())
                    }
                    rest => write!(formatter, "{}", GoDuration(rest)),
                }
            }
        }
    }
}

/// Shows a size in decimal units: `17 B`, `20 kB`, `2.1 GB`.
#[derive(Debug, Clone, Copy)]
pub struct HumanSize(pub u64);

impl fmt::Display for HumanSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
        if self.0 < 10 {
            return write!(formatter, "{} B", self.0);
        }
        let exponent = (self.0 as f64).log(1000.0).floor();
        let value = (self.0 as f64 / 1000_f64.powf(exponent) * 10.0 + 0.5).floor() / 10.0;
        let unit = UNITS[exponent as usize];
        if value < 10.0 { write!(formatter, "{value:.1} {unit}") } else { write!(formatter, "{value:.0} {unit}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        for (text, expected) in [
            ("42", Ok(42)),
            ("-1", Ok(-1)),
            ("+7", Ok(7)),
            ("0x10", Ok(16)),
            ("017", Ok(15)),
            ("0b11", Ok(3)),
            ("0", Ok(0)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", Err("strconv.ParseInt: parsing \"9223372036854775808\": value out of range")),
            ("", Err("strconv.ParseInt: parsing \"\": invalid syntax")),
            ("-", Err("strconv.ParseInt: parsing \"-\": invalid syntax")),
            ("08", Err("strconv.ParseInt: parsing \"08\": invalid syntax")),
            ("ten", Err("strconv.ParseInt: parsing \"ten\": invalid syntax")),
        ] {
            assert_eq!(parse_int(text, 0), expected.map_err(str::to_owned), "{text}");
        }
        assert_eq!(parse_int("32695410dcc0ca06", 16), Ok(0x3269_5410_dcc0_ca06));
        assert_eq!(parse_int("010", 10), Ok(10));
    }

    #[test]
    fn ids() {
        for (text, expected) in [
            ("8e9e05c52164694d", Ok(0x8e9e_05c5_2164_694d)),
            ("F", Ok(15)),
            ("", Err("strconv.ParseUint: parsing \"\": invalid syntax")),
            ("+1", Err("strconv.ParseUint: parsing \"+1\": invalid syntax")),
            ("0x1", Err("strconv.ParseUint: parsing \"0x1\": invalid syntax")),
            ("18e9e05c52164694d", Err("strconv.ParseUint: parsing \"18e9e05c52164694d\": value out of range")),
        ] {
            assert_eq!(parse_id(text), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn truth_values() {
        assert_eq!(parse_bool("T"), Ok(true));
        assert_eq!(parse_bool("False"), Ok(false));
        assert_eq!(parse_bool("yes"), Err("strconv.ParseBool: parsing \"yes\": invalid syntax".into()));
    }

    #[test]
    fn durations() {
        for (text, expected) in [
            ("2s", Ok(Duration::from_secs(2))),
            ("1m30s", Ok(Duration::from_secs(90))),
            ("1.5h", Ok(Duration::from_secs(5400))),
            ("250ms", Ok(Duration::from_millis(250))),
            ("10us", Ok(Duration::from_micros(10))),
            ("0", Ok(Duration::ZERO)),
            ("x", Err("time: invalid duration \"x\"")),
            ("", Err("time: invalid duration \"\"")),
            ("5", Err("time: missing unit in duration \"5\"")),
            ("5d", Err("time: unknown unit \"d\" in duration \"5d\"")),
            ("-1s", Err("time: negative duration \"-1s\"")),
        ] {
            assert_eq!(parse_duration(text), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_as_go_shows_them() {
        for (nanoseconds, expected) in [
            (0, "0s"),
            (999, "999ns"),
            (1_500, "1.5µs"),
            (2_719_662, "2.719662ms"),
            (5_000_580_901, "5.000580901s"),
            (90_000_000_000, "1m30s"),
            (60_000_000_000, "1m0s"),
            (60_500_000_000, "1m0.5s"),
            (3_661_000_000_000, "1h1m1s"),
        ] {
            assert_eq!(GoDuration(Duration::from_nanos(nanoseconds)).to_string(), expected);
        }
    }

    #[test]
    fn sizes() {
        for (size, expected) in [
            (0, "0 B"),
            (9, "9 B"),
            (10, "10 B"),
            (999, "999 B"),
            (16_384, "16 kB"),
            (20_480, "20 kB"),
            (2_147_483_648, "2.1 GB"),
            (9_950_000, "10 MB"),
            (1_000, "1.0 kB"),
        ] {
            assert_eq!(HumanSize(size).to_string(), expected);
        }
    }
}
