//! Messages as JSON in etcdctl's dialect.
//!
//! The dialect is: set fields only, in the order of their tags, under the names in the `.proto` files; numbers of every
//! width and enumerations as numbers, bytes in base64. Where etcdctl departs from that, [`EXCEPTIONS`] says how, so that
//! one description of the messages serves every command.

use std::fmt::{self, Write as _};
use std::sync::LazyLock;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, MapKey, ReflectMessage as _, Value};

use crate::bytes::write_in_runs;

/// A message that etcdctl does not print as its set fields.
enum Exception {
    /// All fields stand in one object under this name.
    Wrapped(&'static str),
    /// Exactly these fields, set or not: the name printed and the field it shows.
    Listed(&'static [(&'static str, &'static str)]),
    /// The fields of the header, and then likewise.
    Flattened(&'static [(&'static str, &'static str)]),
}

const EXCEPTIONS: &[(&str, Exception)] = &[
    ("etcdserverpb.ResponseOp", Exception::Wrapped("Response")),
    (
        "etcdserverpb.WatchResponse",
        Exception::Listed(&[
            ("Header", "header"),
            ("Events", "events"),
            ("CompactRevision", "compact_revision"),
            ("Canceled", "canceled"),
            ("Created", "created"),
            ("CancelReason", "cancel_reason"),
        ]),
    ),
    ("etcdserverpb.LeaseGrantResponse", Exception::Flattened(&[("ID", "ID"), ("TTL", "TTL"), ("Error", "error")])),
    ("etcdserverpb.LeaseKeepAliveResponse", Exception::Flattened(&[("ID", "ID"), ("TTL", "TTL")])),
    (
        "etcdserverpb.LeaseTimeToLiveResponse",
        Exception::Flattened(&[("id", "ID"), ("ttl", "TTL"), ("granted-ttl", "grantedTTL"), ("keys", "keys")]),
    ),
    ("etcdserverpb.LeaseLeasesResponse", Exception::Flattened(&[("leases", "leases")])),
    ("etcdserverpb.LeaseStatus", Exception::Listed(&[("id", "ID")])),
];

/// Fields that become hexadecimal text, set or not, in the answers about members when ids are asked for in hexadecimal.
const HEX_IDS: &[(&str, &str)] = &[
    ("etcdserverpb.ResponseHeader", "cluster_id"),
    ("etcdserverpb.ResponseHeader", "member_id"),
    ("etcdserverpb.Member", "ID"),
];

/// What may differ between two answers of one type.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dialect {
    /// Ids of clusters and members as hexadecimal text.
    pub hex_ids: bool,
}

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(kv_proto::FILE_DESCRIPTOR_SET).expect("the descriptors are compiled in and tested")
});

/// Returns a message as JSON, without a line feed.
///
/// # Panics
///
/// If `name` is not the full name of the message's type, like `etcdserverpb.PutResponse`.
pub fn message(name: &str, message: &impl Message, dialect: Dialect) -> String {
    let descriptor = POOL.get_message_by_name(name).expect("a message of the contract");
    let bytes = message.encode_to_vec();
    let dynamic = DynamicMessage::decode(descriptor, bytes.as_slice()).expect("encoded from the same type");
    let mut text = String::new();
    write_message(&mut text, &dynamic, dialect);
    text
}

fn write_message(text: &mut String, message: &DynamicMessage, dialect: Dialect) {
    let descriptor = message.descriptor();
    let exception = EXCEPTIONS.iter().find(|(name, _)| *name == descriptor.full_name());
    match exception {
        Some((_, Exception::Listed(fields))) => {
            text.push('{');
            write_fields(text, message, listed(message, fields), dialect, "");
            text.push('}');
        }
        Some((_, Exception::Flattened(fields))) => {
            text.push('{');
            let header = descriptor.get_field_by_name("header").expect("an answer has a header");
            let header = message.get_field(&header);
            let header = header.as_message().expect("a header is a message");
            let separator = write_fields(text, header, set_fields(header, dialect), dialect, "");
            write_fields(text, message, listed(message, fields), dialect, separator);
            text.push('}');
        }
        Some((_, Exception::Wrapped(name))) => {
            let _ = write!(text, "{{{}:", JsonString(name));
            write_set_fields(text, message, dialect);
            text.push('}');
        }
        None => write_set_fields(text, message, dialect),
    }
}

fn write_set_fields(text: &mut String, message: &DynamicMessage, dialect: Dialect) {
    text.push('{');
    write_fields(text, message, set_fields(message, dialect), dialect, "");
    text.push('}');
}

/// The fields that are set, and those that are shown all the same.
fn set_fields(message: &DynamicMessage, dialect: Dialect) -> Vec<(String, FieldDescriptor)> {
    let fields = message.descriptor();
    let fields = fields.fields().filter(|field| message.has_field(field) || is_hex_id(message, field, dialect));
    fields.map(|field| (field.name().to_owned(), field)).collect()
}

/// The fields that a table names.
fn listed(message: &DynamicMessage, fields: &[(&str, &str)]) -> Vec<(String, FieldDescriptor)> {
    let descriptor = message.descriptor();
    let find = |field| descriptor.get_field_by_name(field).expect("a field named in the table");
    fields.iter().map(|&(name, field)| (name.to_owned(), find(field))).collect()
}

/// Writes fields one after the other; returns what separates them from a next one.
fn write_fields<'a>(
    text: &mut String,
    message: &DynamicMessage,
    fields: Vec<(String, FieldDescriptor)>,
    dialect: Dialect,
    mut separator: &'a str,
) -> &'a str {
    for (name, field) in fields {
        let _ = write!(text, "{separator}{}:", JsonString(&name));
        separator = ",";
        match message.get_field(&field).as_ref() {
            Value::U64(id) if is_hex_id(message, &field, dialect) => {
                let _ = write!(text, "\"{id:x}\"");
            }
            // A list that is shown although it is empty is a nil slice in etcdctl.
            Value::List(items) if items.is_empty() => text.push_str("null"),
            value => write_value(text, value, dialect),
        }
    }
    separator
}

fn is_hex_id(message: &DynamicMessage, field: &FieldDescriptor, dialect: Dialect) -> bool {
    dialect.hex_ids && HEX_IDS.contains(&(message.descriptor().full_name(), field.name()))
}

fn write_value(text: &mut String, value: &Value, dialect: Dialect) {
    // Writing to a `String` cannot fail.
    let _ = match value {
        Value::Bool(value) => write!(text, "{value}"),
        Value::I32(value) | Value::EnumNumber(value) => write!(text, "{value}"),
        Value::I64(value) => write!(text, "{value}"),
        Value::U32(value) => write!(text, "{value}"),
        Value::U64(value) => write!(text, "{value}"),
        Value::F32(value) => write!(text, "{value}"),
        Value::F64(value) => write!(text, "{value}"),
        Value::String(value) => write!(text, "{}", JsonString(value)),
        Value::Bytes(value) => write!(text, "\"{}\"", Base64Display::new(value, &STANDARD)),
        Value::Message(message) => {
            write_message(text, message, dialect);
            Ok(())
        }
        Value::List(items) => {
            write_items(text, '[', ']', items, |text, item| write_value(text, item, dialect));
            Ok(())
        }
        Value::Map(entries) => {
            write_items(text, '{', '}', entries, |text, (key, value)| {
                write_key(text, key);
                write_value(text, value, dialect);
            });
            Ok(())
        }
    };
}

fn write_items<T>(
    text: &mut String,
    open: char,
    close: char,
    items: impl IntoIterator<Item = T>,
    write: impl Fn(&mut String, T),
) {
    text.push(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(text, item);
    }
    text.push(close);
}

fn write_key(text: &mut String, key: &MapKey) {
    let key = match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    };
    let _ = write!(text, "{}:", JsonString(&key));
}

/// Shows text as a JSON string with Go's choice of escapes: also `<`, `>`, `&` and the two line separators of Unicode.
#[derive(Debug, Clone, Copy)]
pub struct JsonString<'a>(pub &'a str);

impl fmt::Display for JsonString<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('"')?;
        write_in_runs(formatter, self.0, |formatter, character| match character {
            '"' => formatter.write_str("\\\""),
            '\\' => formatter.write_str("\\\\"),
            '\u{8}' => formatter.write_str("\\b"),
            '\u{c}' => formatter.write_str("\\f"),
            '\n' => formatter.write_str("\\n"),
            '\r' => formatter.write_str("\\r"),
            '\t' => formatter.write_str("\\t"),
            '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                write!(formatter, "\\u{:04x}", u32::from(character))
            }
            _ => formatter.write_char(character),
        })?;
        formatter.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use kv_proto::etcdserverpb::response_op::Response;
    use kv_proto::etcdserverpb::{
        LeaseGrantResponse, LeaseLeasesResponse, LeaseStatus, LeaseTimeToLiveResponse, Member, MemberListResponse,
        PutResponse, RangeResponse, ResponseHeader, ResponseOp, StatusResponse, TxnResponse, WatchResponse,
    };
    use kv_proto::mvccpb::{Event, KeyValue};

    use super::*;

    fn header() -> ResponseHeader {
        ResponseHeader {
            cluster_id: 14_841_639_068_965_178_418,
            member_id: 10_276_657_743_932_975_437,
            revision: 2,
            raft_term: 2,
        }
    }

    #[track_caller]
    fn check(name: &str, value: &impl Message, expected: &Expect) {
        expected.assert_eq(&message(name, value, Dialect::default()));
    }

    #[test]
    fn set_fields_in_the_order_of_their_tags() {
        let kv = KeyValue {
            key: "foo".into(),
            create_revision: 2,
            mod_revision: 2,
            version: 1,
            value: "bar".into(),
            lease: 0,
        };
        check(
            "etcdserverpb.RangeResponse",
            &RangeResponse { header: Some(header()), kvs: vec![kv], more: false, count: 1 },
            &expect![[
                r#"{"header":{"cluster_id":14841639068965178418,"member_id":10276657743932975437,"revision":2,"raft_term":2},"kvs":[{"key":"Zm9v","create_revision":2,"mod_revision":2,"version":1,"value":"YmFy"}],"count":1}"#
            ]],
        );
        check(
            "etcdserverpb.StatusResponse",
            &StatusResponse {
                version: "3.7.1".into(),
                db_size: 20_480,
                errors: vec!["<a>".into()],
                downgrade_info: Some(kv_proto::etcdserverpb::DowngradeInfo::default()),
                ..StatusResponse::default()
            },
            &expect![[r#"{"version":"3.7.1","dbSize":20480,"errors":["\u003ca\u003e"],"downgradeInfo":{}}"#]],
        );
    }

    #[test]
    fn answers_inside_a_transaction_are_wrapped() {
        let put = ResponseOp { response: Some(Response::ResponsePut(PutResponse::default())) };
        check(
            "etcdserverpb.TxnResponse",
            &TxnResponse { header: None, succeeded: true, responses: vec![put, ResponseOp::default()] },
            &expect![[r#"{"succeeded":true,"responses":[{"Response":{"response_put":{}}},{"Response":{}}]}"#]],
        );
    }

    #[test]
    fn nothing_is_left_out_of_a_watch_response() {
        let event = Event {
            r#type: 1,
            kv: Some(KeyValue { key: "a".into(), mod_revision: 9, ..KeyValue::default() }),
            prev_kv: None,
        };
        check(
            "etcdserverpb.WatchResponse",
            &WatchResponse { header: Some(header()), watch_id: 7, events: vec![event], ..WatchResponse::default() },
            &expect![[
                r#"{"Header":{"cluster_id":14841639068965178418,"member_id":10276657743932975437,"revision":2,"raft_term":2},"Events":[{"type":1,"kv":{"key":"YQ==","mod_revision":9}}],"CompactRevision":0,"Canceled":false,"Created":false,"CancelReason":""}"#
            ]],
        );
        check(
            "etcdserverpb.WatchResponse",
            &WatchResponse::default(),
            &expect![[
                r#"{"Header":{},"Events":null,"CompactRevision":0,"Canceled":false,"Created":false,"CancelReason":""}"#
            ]],
        );
    }

    #[test]
    fn answers_about_leases_hold_the_fields_of_their_header() {
        check(
            "etcdserverpb.LeaseGrantResponse",
            &LeaseGrantResponse { header: Some(header()), id: 7, ttl: 60, error: String::new() },
            &expect![[
                r#"{"cluster_id":14841639068965178418,"member_id":10276657743932975437,"revision":2,"raft_term":2,"ID":7,"TTL":60,"Error":""}"#
            ]],
        );
        let left = LeaseTimeToLiveResponse { header: None, id: 7, ttl: -1, granted_ttl: 0, keys: Vec::new() };
        check(
            "etcdserverpb.LeaseTimeToLiveResponse",
            &left,
            &expect![[r#"{"id":7,"ttl":-1,"granted-ttl":0,"keys":null}"#]],
        );
        let leases = LeaseLeasesResponse { header: None, leases: vec![LeaseStatus { id: 7 }, LeaseStatus { id: 9 }] };
        check("etcdserverpb.LeaseLeasesResponse", &leases, &expect![[r#"{"leases":[{"id":7},{"id":9}]}"#]]);
    }

    #[test]
    fn ids_of_members_in_hexadecimal() {
        let member = Member { id: 255, name: "default".into(), ..Member::default() };
        let response = MemberListResponse { header: Some(header()), members: vec![member] };
        expect![[
            r#"{"header":{"cluster_id":"cdf818194e3a8c32","member_id":"8e9e05c52164694d","revision":2,"raft_term":2},"members":[{"ID":"ff","name":"default"}]}"#
        ]]
        .assert_eq(&message("etcdserverpb.MemberListResponse", &response, Dialect { hex_ids: true }));
    }
}
