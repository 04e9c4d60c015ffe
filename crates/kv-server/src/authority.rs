//! Lets in clients whose requests name the server in a way that HTTP/2 does not allow.
//!
//! etcd's own client of release 3.4 sends a whole URL (`http://127.0.0.1:2379`) as `:authority` in the calls of the
//! service Maintenance, and so do others with a target that is no host. grpc-go takes that; the HTTP/2
//! implementation here resets the stream, and offers no setting. Nobody here looks at the name, so it is replaced by one
//! of the same length before it is parsed. The length matters: client and server keep a table of headers whose
//! size both compute.
//!
//! A connection is looked at until its first request. If that names the server properly, as nearly all do, the rest is
//! passed on untouched.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

use crate::hpack;
use crate::http2::{FRAME_HEADER_BYTES, PREFACE, TYPE_HEADERS};
use crate::read_through::Reading;

const FLAG_END_HEADERS: u8 = 0x4;
const FLAG_PADDED: u8 = 0x8;
const FLAG_PRIORITY: u8 = 0x20;

/// The payload of a frame may not be larger, unless the server allows it; it does not.
const FRAME_BYTES_MAX: usize = 16_384;

/// How much is read at once while a connection is looked at.
const READ_BYTES: usize = 4096;

/// Reads requests that name the server properly.
pub(crate) struct Naming {
    inspection: Option<Inspection>,
    /// Looked at, and not yet given to the reader.
    ready: BytesMut,
}

impl Default for Naming {
    fn default() -> Self {
        Self { inspection: Some(Inspection::default()), ready: BytesMut::new() }
    }
}

/// What is known of a connection that is still looked at.
#[derive(Default)]
struct Inspection {
    held: BytesMut,
    preface_seen: bool,
    /// Bytes left of a frame that is passed on as it comes.
    passing: usize,
    /// Names were replaced, so there will be more of them.
    replaced: bool,
}

enum Next {
    /// The connection must be looked at further.
    Go,
    /// Everything that follows can be passed on.
    Done,
}

impl Inspection {
    /// Moves what can be judged from `held` to `ready`.
    fn advance(&mut self, ready: &mut BytesMut) -> Next {
        if !self.preface_seen {
            let common = self.held.len().min(PREFACE.len());
            if self.held[..common] != PREFACE[..common] {
                return Next::Done;
            }
            if common < PREFACE.len() {
                return Next::Go;
            }
            ready.unsplit(self.held.split_to(PREFACE.len()));
            self.preface_seen = true;
        }
        loop {
            let pass = self.passing.min(self.held.len());
            ready.extend_from_slice(&self.held[..pass]);
            self.held.advance(pass);
            self.passing -= pass;
            if self.held.len() < FRAME_HEADER_BYTES {
                return Next::Go;
            }
            let length = usize::from(self.held[0]) << 16 | usize::from(self.held[1]) << 8 | usize::from(self.held[2]);
            let frame_bytes = FRAME_HEADER_BYTES + length;
            if self.held[3] != TYPE_HEADERS {
                self.passing = frame_bytes;
                continue;
            }
            // A block in several frames is passed on: a name in it is at worst refused.
            if length > FRAME_BYTES_MAX || self.held[4] & FLAG_END_HEADERS == 0 {
                return Next::Done;
            }
            if self.held.len() < frame_bytes {
                return Next::Go;
            }
            let frame = self.held.split_to(frame_bytes);
            match with_proper_name(&frame) {
                Some(replaced) => {
                    self.replaced = true;
                    ready.extend_from_slice(&replaced);
                }
                None => ready.extend_from_slice(&frame),
            }
            if !self.replaced {
                return Next::Done;
            }
        }
    }
}

/// Returns a frame of headers with another name of the server, if its own is not allowed.
fn with_proper_name(frame: &[u8]) -> Option<Vec<u8>> {
    let flags = frame[4];
    let mut block = FRAME_HEADER_BYTES..frame.len();
    if flags & FLAG_PADDED != 0 {
        block.end = block.end.checked_sub(usize::from(*frame.get(block.start)?))?;
        block.start += 1;
    }
    if flags & FLAG_PRIORITY != 0 {
        block.start += 5;
    }
    let found = hpack::find_authority(frame.get(block.clone())?)?;
    let name = found.text?;
    if http::uri::Authority::try_from(name.as_slice()).is_ok() {
        return None;
    }
    let proper: Vec<u8> = name.into_iter().map(|byte| if byte.is_ascii_alphanumeric() { byte } else { b'-' }).collect();
    let place = block.start + found.place.start..block.start + found.place.end;
    let mut replaced = frame[..place.start].to_vec();
    replaced.extend(hpack::encode_literal(&proper));
    replaced.extend_from_slice(&frame[place.end..]);
    let length = replaced.len() - FRAME_HEADER_BYTES;
    if length > FRAME_BYTES_MAX {
        return None;
    }
    replaced[..3].copy_from_slice(&(length as u32).to_be_bytes()[1..]);
    Some(replaced)
}

impl Reading for Naming {
    fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if !self.ready.is_empty() {
                let give = self.ready.len().min(buffer.remaining());
                buffer.put_slice(&self.ready[..give]);
                self.ready.advance(give);
                return Poll::Ready(Ok(()));
            }
            let Some(inspection) = &mut self.inspection else {
                return Pin::new(stream).poll_read(context, buffer);
            };
            let mut space = [0; READ_BYTES];
            let mut read = ReadBuf::new(&mut space);
            match Pin::new(&mut *stream).poll_read(context, &mut read) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
            inspection.held.extend_from_slice(read.filled());
            let at_end = read.filled().is_empty();
            if matches!(inspection.advance(&mut self.ready), Next::Done) || at_end {
                self.ready.extend_from_slice(&inspection.held);
                self.inspection = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::hpack::tests::encode_huffman;
    use crate::read_through::ReadThrough;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    /// A request whose authority is compressed and goes into the table of headers.
    fn request(authority: &str) -> Vec<u8> {
        let compressed = encode_huffman(authority.as_bytes());
        let block = [&[0x83, 0x41, 0x80 | compressed.len() as u8][..], &compressed, &[0x84]].concat();
        frame(TYPE_HEADERS, FLAG_END_HEADERS, &block)
    }

    fn plain(authority: &str) -> Vec<u8> {
        let block = [&[0x83, 0x41, authority.len() as u8][..], authority.as_bytes(), &[0x84]].concat();
        frame(TYPE_HEADERS, FLAG_END_HEADERS, &block)
    }

    /// Sends the bytes in pieces of every size, and returns what a reader gets.
    fn check(sent: &[u8], expected: &[u8]) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for piece in [1, 2, 7, 30, sent.len()] {
            let mut received = Vec::new();
            runtime
                .block_on(ReadThrough::new(Pieces { rest: sent, piece }, Naming::default()).read_to_end(&mut received))
                .unwrap();
            assert_eq!(received, expected, "pieces of {piece}");
        }
    }

    /// A reader that gives its bytes in pieces.
    struct Pieces<'a> {
        rest: &'a [u8],
        piece: usize,
    }

    impl AsyncRead for Pieces<'_> {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let take = self.piece.min(self.rest.len()).min(buffer.remaining());
            let (now, later) = self.rest.split_at(take);
            buffer.put_slice(now);
            self.rest = later;
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn a_proper_name_is_left_alone_and_so_is_everything_after_it() {
        let bytes = [PREFACE, &frame(4, 0, b"settings"), &request("127.0.0.1:2379"), &request("http://x")].concat();
        check(&bytes, &bytes);
    }

    #[test]
    fn a_url_is_replaced_by_a_name_of_its_length_in_every_request() {
        let data = frame(0, 1, b"\0\0\0\0\0");
        let sent =
            [PREFACE, &request("http://127.0.0.1:2379"), &data, &request("http://127.0.0.1:2379"), &data].concat();
        let proper = plain("http---127-0-0-1-2379");
        check(&sent, &[PREFACE, &proper, &data, &proper, &data].concat());
    }

    #[test]
    fn padding_and_priority_stay_where_they_are() {
        let block = [&[0x41, 3][..], b"a/b"].concat();
        let proper = [&[0x41, 3][..], b"a-b"].concat();
        let flags = FLAG_END_HEADERS | FLAG_PADDED | FLAG_PRIORITY;
        let wrap = |block: &[u8]| frame(TYPE_HEADERS, flags, &[&[2, 0, 0, 0, 0, 9], block, &[0, 0]].concat());
        check(&[PREFACE, &wrap(&block)].concat(), &[PREFACE, &wrap(&proper)].concat());
    }

    #[test]
    fn other_protocols_and_broken_ones_pass_untouched() {
        check(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        check(b"PRI", b"PRI");
        check(b"", b"");
        let cut = [PREFACE, &request("http://x")[..12]].concat();
        check(&cut, &cut);
        let several = [PREFACE, &frame(TYPE_HEADERS, 0, &[0x41, 3, b'a', b'/', b'b'])].concat();
        check(&several, &several);
    }
}
