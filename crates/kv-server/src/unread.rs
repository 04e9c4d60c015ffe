//! Bodies of requests that nobody wants to read.
//!
//! An answer that comes before the end of the body makes HTTP/2 reset the stream right behind it, and HTTP/1 close the
//! connection. Both are allowed, and some clients (curl 7.88 is one) then now and then report an error instead of the answer.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Incoming};

/// More than this is not worth reading for nothing.
const BYTES_MAX: usize = 64 * 1024;

/// Nor is a client worth waiting for.
const WITHIN: Duration = Duration::from_secs(1);

/// Reads what is left of a body, if that is little and comes soon.
pub(crate) async fn discard(body: Incoming) {
    if !body.is_end_stream() {
        // Whether it worked shows on the connection.
        let _ = tokio::time::timeout(WITHIN, Limited::new(body, BYTES_MAX).collect()).await;
    }
}
