//! The gateway's dialect of JSON: protobuf's own, with the names of the `.proto` files.
//!
//! Numbers of 64 bits are strings, bytes are base64, enumerations are names, and what has its default is left out. Read is
//! also what is usual elsewhere: lowerCamelCase, numbers as numbers; fields that are not known are passed over.

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::json;
use tonic::Status;

/// Length and compression flag before a message of gRPC.
const PREFIX_BYTES: usize = 5;

/// Reads the only message of a request, framed as gRPC has it; none at all is one without fields.
pub(super) fn read_only(descriptor: &MessageDescriptor, body: &[u8]) -> Result<Bytes, Status> {
    match read_first(descriptor, body) {
        Ok(None) => Ok(frame(&DynamicMessage::new(descriptor.clone()))),
        // What comes behind it is not looked at.
        Ok(Some((message, _))) => Ok(message),
        Err(error) => Err(invalid(&error)),
    }
}

/// Reads the first message of what has come, framed as gRPC has it; returns it with the number of bytes it took, or nothing
/// if there is only space.
///
/// # Errors
///
/// Of category [`Eof`](serde_json::error::Category::Eof) if more has to come.
pub(super) fn read_first(
    descriptor: &MessageDescriptor,
    text: &[u8],
) -> Result<Option<(Bytes, usize)>, serde_json::Error> {
    let space = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if space == text.len() {
        return Ok(None);
    }
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<serde::de::IgnoredAny>();
    if let Some(skipped) = values.next() {
        skipped?;
    }
    let length = values.byte_offset();
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let mut deserializer = serde_json::Deserializer::from_slice(&text[..length]);
    let message = DynamicMessage::deserialize_with_options(descriptor.clone(), &mut deserializer, &options)?;
    Ok(Some((frame(&message), length)))
}

/// Says what is wrong with a request.
pub(super) fn invalid(error: &serde_json::Error) -> Status {
    Status::invalid_argument(if error.is_eof() { "unexpected EOF".to_owned() } else { format!("proto: {error}") })
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
