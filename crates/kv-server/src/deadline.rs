//! How long a client is willing to wait, as it says itself: the header `grpc-timeout`.

use std::future::Future;
use std::time::Duration;

use http::HeaderMap;
use tonic::Status;

/// The header has at most so many digits.
const DIGITS_MAX: usize = 8;

/// Reads how long the client waits; nothing if it does not say.
pub(crate) fn limit(headers: &HeaderMap) -> Result<Option<Duration>, Status> {
    let Some(value) = headers.get("grpc-timeout") else { return Ok(None) };
    let limit = value.to_str().ok().and_then(parse);
    limit.map(Some).ok_or_else(|| Status::internal("malformed grpc-timeout"))
}

/// Runs a call for as long as the client waits. What it has proposed by then goes on and is answered to nobody.
pub(crate) async fn within<T>(limit: Duration, call: impl Future<Output = T>) -> Result<T, Status> {
    let answer = tokio::time::timeout(limit, call).await;
    answer.map_err(|_| Status::deadline_exceeded("context deadline exceeded"))
}

fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > DIGITS_MAX || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(3600 * count),
        "M" => Duration::from_secs(60 * count),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str) -> Result<Option<Duration>, String> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", value.parse().unwrap());
        limit(&headers).map_err(|status| status.message().to_owned())
    }

    #[test]
    fn every_unit_is_read() {
        assert_eq!(limit(&HeaderMap::new()).unwrap(), None);
        for (value, limit) in [
            ("1H", Duration::from_secs(3600)),
            ("2M", Duration::from_secs(120)),
            ("5S", Duration::from_secs(5)),
            ("250m", Duration::from_millis(250)),
            ("7u", Duration::from_micros(7)),
            ("99999999n", Duration::from_nanos(99_999_999)),
            ("99999999H", Duration::from_secs(3600 * 99_999_999)),
        ] {
            assert_eq!(check(value), Ok(Some(limit)), "{value}");
        }
        for value in ["", "S", "5", "5s", "-5S", "123456789S", "5 S", "\u{e4}S"] {
            assert_eq!(check(value), Err("malformed grpc-timeout".to_owned()), "{value}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_ends_when_the_client_stops_waiting() {
        let slow = async || tokio::time::sleep(Duration::from_secs(2)).await;
        let late = within(Duration::from_secs(1), slow()).await.unwrap_err();
        assert_eq!((late.code(), late.message()), (tonic::Code::DeadlineExceeded, "context deadline exceeded"));
        within(Duration::from_secs(3), slow()).await.unwrap();
    }
}
