//! Which trace a call belongs to, as the caller says it in W3C's `traceparent` and `tracestate`.

use http::HeaderMap;

/// A place in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    pub(super) sampled: bool,
    /// What others have to say to each other; it is passed on.
    pub(super) state: String,
}

impl Context {
    /// Reads what a caller says; nothing for what makes no sense.
    pub(super) fn of_caller(headers: &HeaderMap) -> Option<Self> {
        let parent = headers.get("traceparent")?.to_str().ok()?;
        let mut fields = parent.split('-');
        let [version] = hex(fields.next()?)?;
        let (trace_id, span_id, [flags]) = (hex(fields.next()?)?, hex(fields.next()?)?, hex(fields.next()?)?);
        // Later versions may say more.
        let more = fields.next().is_some();
        let valid = version != 0xff && !(version == 0 && more) && trace_id != [0; 16] && span_id != [0; 8];
        let state = headers.get("tracestate").and_then(|state| state.to_str().ok()).unwrap_or_default().to_owned();
        valid.then_some(Self { trace_id, span_id, sampled: flags & 1 == 1, state })
    }
}

/// Reads bytes of two lower-case digits each.
fn hex<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * BYTES {
        return None;
    }
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn context(parent: &'static str) -> Option<Context> {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", HeaderValue::from_static(parent));
        headers.insert("tracestate", HeaderValue::from_static("a=b"));
        Context::of_caller(&headers)
    }

    #[test]
    fn what_makes_no_sense_is_as_if_it_were_not_there() {
        let read = context("00-000102030405060708090a0b0c0d0e0f-00f067aa0ba902b7-03").unwrap();
        assert_eq!((read.trace_id[15], read.span_id[1], read.sampled), (15, 0xf0, true));
        assert_eq!(read.state, "a=b");
        assert!(!context("cc-000102030405060708090a0b0c0d0e0f-00f067aa0ba902b7-00-more").unwrap().sampled);
        for wrong in [
            "",
            "00",
            "ff-000102030405060708090a0b0c0d0e0f-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-000102030405060708090a0b0c0d0e0f-0000000000000000-01",
            "00-000102030405060708090A0B0C0D0E0F-00f067aa0ba902b7-01",
            "00-000102030405060708090a0b0c0d0e0f-00f067aa0ba902b7-01-more",
            "00-0001-00f067aa0ba902b7-01",
        ] {
            assert_eq!(context(wrong), None, "{wrong}");
        }
    }
}
