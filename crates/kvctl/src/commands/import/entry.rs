//! One line of what `export` prints, read again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

/// A key with the value it is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Bytes,
    pub(super) value: Bytes,
    /// When the key was last changed as it was exported; 0 if the line does not say.
    pub(super) mod_revision: i64,
    /// Where it stands in the input; 0 if that is not known.
    pub(super) line: usize,
}

impl Entry {
    /// Reads a line. What else it says is passed over.
    pub(super) fn parse(line: &[u8]) -> Result<Entry, String> {
        let object: Value = serde_json::from_slice(line).map_err(|error| format!("not JSON: {error}"))?;
        let key = bytes(&object, "key")?;
        if key.is_empty() {
            return Err("the key is empty".to_owned());
        }
        let mod_revision = match &object["mod_revision"] {
            Value::Null => 0,
            number => number.as_i64().ok_or("mod_revision is no revision")?,
        };
        Ok(Entry { key, value: bytes(&object, "value")?, mod_revision, line: 0 })
    }

    /// Bytes that it takes in a request, about.
    pub(super) fn size(&self) -> usize {
        self.key.len() + self.value.len()
    }
}

fn bytes(object: &Value, name: &str) -> Result<Bytes, String> {
    match &object[name] {
        Value::String(text) => Ok(Bytes::copy_from_slice(text.as_bytes())),
        Value::Object(encoded) => {
            let text = encoded.get("base64").and_then(Value::as_str).ok_or_else(|| format!("{name} has no base64"))?;
            STANDARD.decode(text).map(Bytes::from).map_err(|error| format!("{name}: {error}"))
        }
        Value::Null => Err(format!("there is no {name}")),
        _ => Err(format!("{name} is neither text nor {{\"base64\":\"…\"}}")),
    }
}

#[cfg(test)]
mod tests {
    use kv_cli::Record;
    use kv_proto::mvccpb::KeyValue;

    use super::*;

    #[test]
    fn what_is_exported_is_read_again() {
        for (key, value) in [(&b"k"[..], &b""[..]), (b"\xff\0", b"a\nb\"\xf0\x9f\x98\x80"), (b"\xc3\xa9", b"\x80")] {
            let kv = KeyValue {
                key: key.into(),
                value: value.into(),
                mod_revision: i64::MAX,
                lease: -1,
                ..KeyValue::default()
            };
            let entry = Entry::parse(Record::key_value(&kv).to_string().as_bytes()).unwrap();
            assert_eq!((entry.key, entry.value, entry.mod_revision), (kv.key, kv.value, i64::MAX));
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for (line, reason) in [
            ("{", "not JSON"),
            ("[]", "there is no key"),
            (r#"{"value":"x"}"#, "there is no key"),
            (r#"{"key":"k"}"#, "there is no value"),
            (r#"{"key":"","value":"x"}"#, "the key is empty"),
            (r#"{"key":"k","value":7}"#, "value is neither text"),
            (r#"{"key":"k","value":{"base64":"?"}}"#, "value: Invalid"),
            (r#"{"key":{"hex":"00"},"value":""}"#, "key has no base64"),
            (r#"{"key":"k","value":"","mod_revision":"x"}"#, "mod_revision is no revision"),
        ] {
            let error = Entry::parse(line.as_bytes()).unwrap_err();
            assert!(error.starts_with(reason), "{line}: {error}");
        }
    }
}
