//! Moments as protocols write them: the date of an answer over HTTP, and the end of a certificate.

use std::time::{Duration, SystemTime};

/// Reads a date such as `Sat, 21 Nov 2026 09:18:04 GMT`.
pub(crate) fn http_date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = words.as_slice() else { return None };
    let month = MONTHS.iter().position(|known| known == month)? as i64 + 1;
    let mut parts = time.split(':').map(|part| part.parse().ok());
    let time = [parts.next()??, parts.next()??, parts.next()??];
    moment([year.parse().ok()?, month, day.parse().ok()?], time)
}

/// Returns until when a certificate is valid. What is no certificate has no end.
pub(crate) fn certificate_end(der: &[u8]) -> Option<SystemTime> {
    // Certificate, its signed part, and in that, behind the version, a number and an algorithm and the issuer's name, the
    // two ends of its validity.
    let (_, certificate, _) = element(der)?;
    let (_, signed, _) = element(certificate)?;
    let (tag, _, behind_version) = element(signed)?;
    let mut rest = if tag == EXPLICIT_VERSION { behind_version } else { signed };
    for _ in ["number", "algorithm", "issuer"] {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (_, _, behind_begin) = element(validity)?;
    let (tag, end, _) = element(behind_begin)?;
    let text = std::str::from_utf8(end).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let year: i64 = text.get(..2)?.parse().ok()?;
            (year + if year < 50 { 2000 } else { 1900 }, &text[2..])
        }
        GENERALIZED_TIME => (text.get(..4)?.parse().ok()?, &text[4..]),
        _ => return None,
    };
    let part = |index: usize| rest.get(index..index + 2)?.parse().ok();
    moment([year, part(0)?, part(2)?], [part(4)?, part(6)?, part(8)?])
}

const EXPLICIT_VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Returns the first element of DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn moment([year, month, day]: [i64; 3], [hour, minute, second]: [i64; 3]) -> Option<SystemTime> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970-01-01, with years that begin in March, so that the leap day is a year's last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day
            - 719_469;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(moment: Option<SystemTime>) -> Option<u64> {
        Some(moment?.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn dates_of_http() {
        assert_eq!(seconds(http_date("Thu, 01 Jan 1970 00:00:00 GMT")), Some(0));
        assert_eq!(seconds(http_date("Sat, 21 Nov 2026 09:18:04 GMT")), Some(1_795_252_684));
        assert_eq!(seconds(http_date("Thu, 29 Feb 2024 23:59:59 GMT")), Some(1_709_251_199));
        assert_eq!(http_date("yesterday"), None);
    }

    #[test]
    fn ends_of_certificates() {
        let wrap = |tag: u8, content: &[u8]| [&[tag, 0x81, content.len() as u8], content].concat();
        let certificate = |tag: u8, end: &str, version: &[u8]| {
            let validity = wrap(0x30, &[wrap(0x17, b"200101000000Z"), wrap(tag, end.as_bytes())].concat());
            let number_algorithm_issuer = [[2, 1, 5].as_slice(), &[0x30, 0], &[0x30, 0]].concat();
            wrap(0x30, &wrap(0x30, &[version, &number_algorithm_issuer, &validity].concat()))
        };
        let end = |tag, end, version| seconds(certificate_end(&certificate(tag, end, version)));
        assert_eq!(end(UTC_TIME, "261121091804Z", &[0xa0, 3, 2, 1, 2]), Some(1_795_252_684));
        assert_eq!(end(GENERALIZED_TIME, "20261121091804Z", &[]), Some(1_795_252_684));
        assert_eq!(end(UTC_TIME, "2611210918", &[]), None);
        let whole = certificate(UTC_TIME, "261121091804Z", &[]);
        for length in 0..whole.len() {
            assert_eq!(certificate_end(&whole[..length]), None);
        }
    }
}
