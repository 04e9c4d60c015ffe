//! What HTTP/2 begins with and how its frames begin, for those who look at the bytes as they pass (RFC 9113, 3.4 and 4.1).

/// What a client that speaks HTTP/2 begins with.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Before each payload: its length in three bytes, type, flags, and the stream in four.
pub(crate) const FRAME_HEADER_BYTES: usize = 9;

pub(crate) const TYPE_DATA: u8 = 0;
pub(crate) const TYPE_HEADERS: u8 = 1;
pub(crate) const TYPE_PING: u8 = 6;
