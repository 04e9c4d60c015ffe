//! Numbers with names, printed in every format: the answers that etcd's tools do not have.

use std::io::{self, Write};

use kv_cli::{HumanSize, Record, Render, RenderError, Style, draw_table};

/// What is known, in the order in which it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Facts(Vec<Fact>);

/// One thing that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fact {
    /// The name in JSON.
    name: &'static str,
    /// The name for people.
    label: &'static str,
    value: Value,
}

/// What a fact says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A number.
    Number(i128),
    /// A size.
    Bytes(u64),
    /// The id of a cluster or member, hexadecimal for people.
    Id(u64),
    /// Several of them.
    Ids(Vec<u64>),
}

impl Facts {
    /// Adds a fact.
    pub(crate) fn with(mut self, name: &'static str, label: &'static str, value: Value) -> Self {
        self.0.push(Fact { name, label, value });
        self
    }
}

impl Value {
    fn for_people(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Bytes(bytes) => HumanSize(*bytes).to_string(),
            Self::Id(id) => format!("{id:x}"),
            Self::Ids(ids) => ids.iter().map(|id| format!("{id:x}")).collect::<Vec<_>>().join(", "),
        }
    }

    fn json(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Bytes(number) | Self::Id(number) => number.to_string(),
            Self::Ids(ids) => format!("[{}]", ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",")),
        }
    }

    fn for_records(&self) -> kv_cli::Value {
        match self {
            Self::Number(number) => kv_cli::Value::Number(*number),
            Self::Bytes(bytes) => kv_cli::Value::Size(*bytes),
            Self::Id(id) => kv_cli::Value::Id(*id),
            Self::Ids(ids) => kv_cli::Value::List(ids.iter().map(|&id| kv_cli::Value::Id(id)).collect()),
        }
    }

    fn field(&self) -> String {
        match self {
            Self::Ids(ids) => ids.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
            number => number.json(),
        }
    }
}

impl Render for Facts {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        let width = self.0.iter().map(|fact| fact.label.len()).max().unwrap_or(0) + 1;
        self.0.iter().try_for_each(|fact| {
            let label = format!("{}:", fact.label);
            writeln!(out, "{label:width$} {}", fact.value.for_people())
        })
    }

    fn records(&self) -> Vec<Record> {
        let record = self.0.iter().fold(Record::new(), |record, Fact { label, value, .. }| {
            record.with(label.replace(' ', "_"), value.for_records())
        });
        vec![record]
    }

    fn fields(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        for Fact { name, value, .. } in &self.0 {
            let (first, rest) = name.split_at(1);
            writeln!(out, "\"{}{rest}\" : {}", first.to_uppercase(), value.field())?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let members: Vec<_> =
            self.0.iter().map(|Fact { name, value, .. }| format!("\"{name}\":{}", value.json())).collect();
        Ok(writeln!(out, "{{{}}}", members.join(","))?)
    }

    fn table(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let rows: Vec<_> = self.0.iter().map(|fact| vec![fact.label.to_owned(), fact.value.for_people()]).collect();
        out.write_all(draw_table(&["what", "value"], &rows, style).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_cli::{Format, render};

    use super::*;

    #[test]
    fn facts_are_shown_in_every_format_but_protobuf() {
        let facts = Facts::default()
            .with("revision", "revision", Value::Number(12))
            .with("memberID", "member id", Value::Id(255))
            .with("voters", "voters", Value::Ids(vec![255, 16]))
            .with("dbSize", "size on disk", Value::Bytes(20_480));
        let mut out = Vec::new();
        for format in [Format::Simple, Format::Fields, Format::Json, Format::JsonLines, Format::Table] {
            render(&facts, format, Style::default(), &mut out).unwrap();
        }
        expect![[r#"
            revision:     12
            member id:    ff
            voters:       ff, 10
            size on disk: 20 kB
            "Revision" : 12
            "MemberID" : 255
            "Voters" : 255, 16
            "DbSize" : 20480
            {"revision":12,"memberID":255,"voters":[255,16],"dbSize":20480}
            {"revision":12,"member_id":"ff","voters":["ff","10"],"size_on_disk":20480}
            ┌──────────────┬────────┐
            │     WHAT     │ VALUE  │
            ├──────────────┼────────┤
            │     revision │     12 │
            │    member id │     ff │
            │       voters │ ff, 10 │
            │ size on disk │  20 kB │
            └──────────────┴────────┘
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
        assert!(render(&facts, Format::Protobuf, Style::default(), &mut Vec::new()).is_err());
    }
}
