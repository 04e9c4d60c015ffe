//! Results as records of named values: what `jsonl` and `table` are made from, so that no answer lacks either.
//!
//! In `jsonl`, each record is an object on a line of its own. Text is a string; bytes that are not UTF-8 are
//! `{"base64":"…"}`. Ids are strings in hexadecimal, because other commands take them so and because 64 bits do not fit
//! what JavaScript and jq make of a number. Revisions, counts and sizes are numbers, times are numbers of seconds.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::time::Duration;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kv_proto::mvccpb::KeyValue;

use crate::table::draw;
use crate::{Escaped, GoDuration, HumanSize, JsonString, Quoted, Style};

/// Values with names, in the order in which they are shown. The names are in lower case, with underscores.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record(Vec<(Cow<'static, str>, Value)>);

/// One value of a [`Record`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A key or a value: text if it can be.
    Bytes(Bytes),
    /// A revision, a count, a number of any kind.
    Number(i128),
    /// The id of a cluster or a member.
    Id(u64),
    /// The id of a lease, which is shown with all its digits.
    Lease(i64),
    /// Yes or no.
    Bool(bool),
    /// A size in bytes.
    Size(u64),
    /// A time that something took, or takes.
    Time(Duration),
    /// Several values.
    List(Vec<Value>),
    /// A record inside another.
    Record(Record),
}

impl Record {
    /// A record without values.
    pub fn new() -> Record {
        Record::default()
    }

    /// Adds a value.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Record {
        self.0.push((name.into(), value.into()));
        self
    }

    /// Adds a value if there is one.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<impl Into<Value>>) -> Record {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A key with its value and what the store knows about them.
    pub fn key_value(kv: &KeyValue) -> Record {
        Record::key(kv).with_pair(kv, true)
    }

    /// The same without the value, which was not asked for.
    pub fn key_only(kv: &KeyValue) -> Record {
        Record::key(kv).with_pair(kv, false)
    }

    fn key(kv: &KeyValue) -> Record {
        Record::new().with("key", kv.key.clone())
    }

    fn with_pair(self, kv: &KeyValue, with_value: bool) -> Record {
        self.with_some("value", with_value.then(|| kv.value.clone()))
            .with("create_revision", kv.create_revision)
            .with("mod_revision", kv.mod_revision)
            .with("version", kv.version)
            .with_some("lease", (kv.lease != 0).then_some(Value::Lease(kv.lease)))
    }

    /// Adds the values of another record.
    #[must_use]
    pub fn and(mut self, other: Record) -> Record {
        self.0.extend(other.0);
        self
    }

    /// Prints a line for each value, under the name that `fields` has for it: `"InUse" : true`.
    ///
    /// # Errors
    ///
    /// Fails where nothing can be written.
    pub fn write_fields(&self, out: &mut dyn Write) -> io::Result<()> {
        self.0.iter().try_for_each(|(name, value)| {
            let name: String = name.split('_').map(capitalized).collect();
            match value {
                Value::Text(text) => writeln!(out, "\"{name}\" : {}", Quoted(text.as_bytes())),
                Value::Bytes(bytes) => writeln!(out, "\"{name}\" : {}", Quoted(bytes)),
                value => writeln!(out, "\"{name}\" : {value}"),
            }
        })
    }

    /// Returns the values as cells of a table: records inside have become cells of their own.
    fn cells(&self) -> Vec<(String, String)> {
        let cells = self.0.iter().flat_map(|(name, value)| match value {
            Value::Record(inner) => {
                inner.cells().into_iter().map(|(inner, cell)| (format!("{name}_{inner}"), cell)).collect()
            }
            value => vec![(name.to_string(), value.cell())],
        });
        cells.collect()
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

impl Value {
    fn cell(&self) -> String {
        match self {
            Value::Text(text) => Escaped(text.as_bytes()).to_string(),
            Value::Bytes(bytes) => Escaped(bytes).to_string(),
            Value::Size(size) => HumanSize(*size).to_string(),
            Value::Time(time) => GoDuration(*time).to_string(),
            Value::Number(number) => number.to_string(),
            Value::Id(id) => format!("{id:x}"),
            Value::Lease(id) => format!("{id:016x}"),
            Value::Bool(value) => value.to_string(),
            Value::List(items) => items.iter().map(Value::cell).collect::<Vec<_>>().join(", "),
            Value::Record(record) => {
                record.cells().into_iter().map(|(name, cell)| format!("{name}: {cell}")).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// As a line of `jsonl`, without the line feed.
impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('{')?;
        for (index, (name, value)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(formatter, "{separator}\"{name}\":{value}")?;
        }
        formatter.write_char('}')
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => JsonString(text).fmt(formatter),
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => JsonString(text).fmt(formatter),
                Err(_) => write!(formatter, "{{\"base64\":\"{}\"}}", Base64Display::new(bytes, &STANDARD)),
            },
            Value::Number(number) => number.fmt(formatter),
            Value::Size(size) => size.fmt(formatter),
            Value::Time(time) => time.as_secs_f64().fmt(formatter),
            Value::Id(id) => write!(formatter, "\"{id:x}\""),
            Value::Lease(id) => write!(formatter, "\"{id:016x}\""),
            Value::Bool(value) => value.fmt(formatter),
            Value::List(items) => {
                formatter.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    write!(formatter, "{}{item}", if index == 0 { "" } else { "," })?;
                }
                formatter.write_char(']')
            }
            Value::Record(record) => record.fmt(formatter),
        }
    }
}

macro_rules! from {
    ($($from:ty => $to:expr;)*) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Value {
                $to(value.into())
            }
        })*
    };
}

from! {
    &str => Value::Text;
    String => Value::Text;
    Bytes => Value::Bytes;
    i32 => Value::Number;
    u32 => Value::Number;
    i64 => Value::Number;
    u64 => Value::Number;
    bool => Value::Bool;
    Duration => Value::Time;
    Record => Value::Record;
}

impl From<usize> for Value {
    fn from(value: usize) -> Value {
        Value::Number(value as i128)
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

/// Prints records as lines of JSON.
pub(crate) fn write_lines(out: &mut dyn Write, records: &[Record]) -> io::Result<()> {
    records.iter().try_for_each(|record| writeln!(out, "{record}"))
}

/// Prints records as a table. Its columns are the names that occur, in the order in which they do.
///
/// Without results, it has the columns given.
pub(crate) fn write_table(out: &mut dyn Write, of_none: &[&str], records: &[Record], style: Style) -> io::Result<()> {
    let records: Vec<_> = records.iter().map(Record::cells).collect();
    let mut columns: Vec<&str> = if records.is_empty() { of_none.to_vec() } else { Vec::new() };
    for (name, _) in records.iter().flatten() {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let cell = |record: &[(String, String)], column| {
        record.iter().find(|(name, _)| name == column).map(|(_, cell)| cell.clone()).unwrap_or_default()
    };
    let row = |record: &Vec<(String, String)>| columns.iter().map(|&column| cell(record, column)).collect();
    let rows: Vec<Vec<String>> = records.iter().map(row).collect();
    if columns.is_empty() {
        return Ok(());
    }
    out.write_all(draw(&columns, &rows, style).as_bytes())
}

/// Returns the cells of a key and its value for a table that is drawn page by page.
pub(crate) fn key_value_cells(kv: &KeyValue, with_value: bool) -> Vec<String> {
    let lease = if kv.lease == 0 { String::new() } else { format!("{:016x}", kv.lease) };
    let value = with_value.then(|| Escaped(&kv.value).to_string());
    let key = Escaped(&kv.key).to_string();
    let numbers = [kv.create_revision, kv.mod_revision, kv.version].map(|number| number.to_string());
    [key].into_iter().chain(value).chain(numbers).chain([lease]).collect()
}

/// Returns the columns of such a table.
pub(crate) fn key_value_columns(with_value: bool) -> &'static [&'static str] {
    if with_value {
        &["key", "value", "create_revision", "mod_revision", "version", "lease"]
    } else {
        &["key", "create_revision", "mod_revision", "version", "lease"]
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn records() -> Vec<Record> {
        let kv = KeyValue {
            key: "a\n\"<".into(),
            create_revision: 2,
            mod_revision: i64::MAX,
            version: 1,
            value: b"\xff\0"[..].into(),
            lease: -1,
        };
        let previous = KeyValue { key: "a".into(), ..KeyValue::default() };
        vec![
            Record::key_value(&kv).with("previous", Record::key_only(&previous)),
            Record::new()
                .with("member_id", Value::Id(u64::MAX))
                .with("took", Duration::from_millis(1500))
                .with("size", Value::Size(20_480))
                .with("healthy", true)
                .with("roles", ["r", "s"].into_iter().collect::<Value>())
                .with_some("error", None::<&str>),
        ]
    }

    #[test]
    fn a_record_is_a_line_of_json() {
        let mut out = Vec::new();
        write_lines(&mut out, &records()).unwrap();
        expect![[r#"
            {"key":"a\n\"\u003c","value":{"base64":"/wA="},"create_revision":2,"mod_revision":9223372036854775807,"version":1,"lease":"ffffffffffffffff","previous":{"key":"a","create_revision":0,"mod_revision":0,"version":0}}
            {"member_id":"ffffffffffffffff","took":1.5,"size":20480,"healthy":true,"roles":["r","s"]}
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }

    #[test]
    fn a_record_has_a_line_for_each_field() {
        let mut out = Vec::new();
        records().iter().try_for_each(|record| record.write_fields(&mut out)).unwrap();
        expect![[r#"
            "Key" : "a\n\"<"
            "Value" : "\xff\x00"
            "CreateRevision" : 2
            "ModRevision" : 9223372036854775807
            "Version" : 1
            "Lease" : "ffffffffffffffff"
            "Previous" : {"key":"a","create_revision":0,"mod_revision":0,"version":0}
            "MemberId" : "ffffffffffffffff"
            "Took" : 1.5
            "Size" : 20480
            "Healthy" : true
            "Roles" : ["r","s"]
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }

    #[test]
    fn different_records_share_a_table() {
        let mut out = Vec::new();
        let records = [records()[1].clone(), Record::new().with("size", 7).with("why", "x\ty")];
        write_table(&mut out, &["none"], &records, Style::default()).unwrap();
        expect![[r#"
            ┌──────────────────┬──────┬───────┬─────────┬───────┬──────┐
            │    MEMBER ID     │ TOOK │ SIZE  │ HEALTHY │ ROLES │ WHY  │
            ├──────────────────┼──────┼───────┼─────────┼───────┼──────┤
            │ ffffffffffffffff │ 1.5s │ 20 kB │    true │  r, s │      │
            │                  │      │     7 │         │       │ x\ty │
            └──────────────────┴──────┴───────┴─────────┴───────┴──────┘
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }

    #[test]
    fn a_table_without_results_has_its_header() {
        let mut out = Vec::new();
        write_table(&mut out, &["member_id", "alarm"], &[], Style::default()).unwrap();
        expect![[r"
            ┌───────────┬───────┐
            │ MEMBER ID │ ALARM │
            └───────────┴───────┘
        "]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }

    #[test]
    fn records_inside_have_columns_of_their_own() {
        let columns: Vec<_> = records()[0].cells().into_iter().map(|(name, _)| name).collect();
        assert!(columns.ends_with(&["previous_mod_revision".to_owned(), "previous_version".to_owned()]), "{columns:?}");
    }

    #[test]
    fn cells_of_pages_are_those_of_records() {
        let kv = KeyValue { key: "k".into(), value: "v".into(), lease: 255, version: 3, ..KeyValue::default() };
        for with_value in [true, false] {
            let record = if with_value { Record::key_value(&kv) } else { Record::key_only(&kv) };
            let (names, cells): (Vec<_>, Vec<_>) = record.cells().into_iter().unzip();
            assert_eq!(names, key_value_columns(with_value));
            assert_eq!(cells, key_value_cells(&kv, with_value));
        }
    }
}
