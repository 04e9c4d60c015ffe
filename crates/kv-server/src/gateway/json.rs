//! The gateway's dialect of JSON: protobuf's own, with the names of the `.proto` files.
//!
//! Numbers of 64 bits are strings, bytes are base64, enumerations are names, and what has its default is left out. Read is
//! also what is usual elsewhere: lowerCamelCase, numbers as numbers; fields that are not known are passed over.

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::json;
use tonic::Status;

use super::{fields, leniency};

/// Length and compression flag before a message of gRPC.
const PREFIX_BYTES: usize = 5;

/// Reads the only message of a request, framed as gRPC has it; none at all is one without fields. What comes behind it is
/// not looked at.
pub(super) fn read_only(descriptor: &MessageDescriptor, body: &[u8]) -> Result<Bytes, Status> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(frame(&DynamicMessage::new(descriptor.clone())));
    }
    let end = Ends::default().next(body).unwrap_or(body.len());
    read(descriptor, &body[..end]).map_err(|error| {
        Status::invalid_argument(if error.is_eof() { "unexpected EOF".to_owned() } else { format!("proto: {error}") })
    })
}

/// Reads a message, framed as gRPC has it.
pub(super) fn read(descriptor: &MessageDescriptor, text: &[u8]) -> Result<Bytes, serde_json::Error> {
    let mut values = serde_json::Deserializer::from_slice(text);
    fields::check(&mut values)?;
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let mut value = serde_json::from_slice(text)?;
    leniency::apply(descriptor, &mut value)?;
    Ok(frame(&DynamicMessage::deserialize_with_options(descriptor.clone(), value, &options)?))
}

/// Finds where objects end in a text that comes in pieces, looking at each byte once.
#[derive(Debug, Default)]
pub(super) struct Ends {
    looked: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Ends {
    /// Returns where the first object ends in what has come so far; it must then be taken away.
    pub(super) fn next(&mut self, come: &[u8]) -> Option<usize> {
        for (at, byte) in come.iter().enumerate().skip(self.looked) {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            // Whatever is no object is one byte long: reading it says what is wrong.
            if self.depth == 0 && !byte.is_ascii_whitespace() {
                *self = Self::default();
                return Some(at + 1);
            }
        }
        self.looked = come.len();
        None
    }
}

fn frame(message: &DynamicMessage) -> Bytes {
    let length = message.encoded_len();
    let mut framed = BytesMut::with_capacity(PREFIX_BYTES + length);
    framed.put_u8(0);
    // Longer ones are refused, long before this, by the limit of the body.
    framed.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    message.encode(&mut framed).expect("a buffer grows");
    framed.freeze()
}

/// Takes the first framed message from what has come, and writes it as JSON; returns nothing if it is not whole yet.
pub(super) fn take_message(descriptor: &MessageDescriptor, come: &mut BytesMut) -> Result<Option<String>, Status> {
    let Some((prefix, rest)) = come.split_first_chunk::<PREFIX_BYTES>() else { return Ok(None) };
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
    if rest.len() < length {
        return Ok(None);
    }
    let message = come.split_to(PREFIX_BYTES + length).split_off(PREFIX_BYTES);
    write(descriptor, message.freeze()).map(Some)
}

fn write(descriptor: &MessageDescriptor, encoded: Bytes) -> Result<String, Status> {
    let options = SerializeOptions::new().use_proto_field_name(true);
    let message = DynamicMessage::decode(descriptor.clone(), encoded);
    let message = message.map_err(|error| Status::internal(format!("the answer cannot be shown as JSON: {error}")))?;
    let mut text = Vec::new();
    let written = message.serialize_with_options(&mut serde_json::Serializer::new(&mut text), &options);
    written.map_err(|error| Status::internal(format!("the answer cannot be shown as JSON: {error}")))?;
    Ok(String::from_utf8(text).expect("JSON is text"))
}

/// Returns an error as JSON.
pub(super) fn error(status: &Status) -> String {
    let (code, message) = (status.code() as i32, status.message());
    // Like every field, an empty text is left out.
    if message.is_empty() { json!({ "code": code }) } else { json!({ "code": code, "message": message }) }.to_string()
}

/// Returns a line of a stream. In these etcd escapes what would mean something in HTML.
pub(super) fn line(name: &str, json: &str) -> Bytes {
    let escaped = json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
    Bytes::from(format!("{{\"{name}\":{escaped}}}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_end_wherever_the_pieces_are_cut() {
        let text = r#" {"a":"}\"{","b":[{},{"c":1}]}  {} x{"d":2}"#;
        let ends_of = |piece_bytes: usize| {
            let (mut ends, mut come, mut found) = (Ends::default(), Vec::new(), Vec::new());
            for piece in text.as_bytes().chunks(piece_bytes) {
                come.extend_from_slice(piece);
                while let Some(end) = ends.next(&come) {
                    found.push(String::from_utf8(come.drain(..end).collect()).unwrap().trim().to_owned());
                }
            }
            found
        };
        for piece_bytes in 1..text.len() {
            let found = ends_of(piece_bytes);
            assert_eq!(found, [r#"{"a":"}\"{","b":[{},{"c":1}]}"#, "{}", "x", r#"{"d":2}"#], "pieces of {piece_bytes}");
        }
    }
}
