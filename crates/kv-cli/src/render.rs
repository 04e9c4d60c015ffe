//! The output formats, and the trait by which a command's answer is printed in each of them.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use crate::record::{write_lines, write_table};
use crate::{CliError, ExitStatus, Record};

/// How answers are printed: the value of `--write-out`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Lines for people and shell scripts.
    #[default]
    Simple,
    /// One `"Name" : value` line for each field.
    Fields,
    /// One line of JSON for each answer.
    Json,
    /// One line of JSON for each result: a key, a change, a member.
    JsonLines,
    /// The answer as it came over the wire.
    Protobuf,
    /// A box with columns.
    Table,
}

impl Format {
    /// Every format, in the order in which the tools list them.
    pub const ALL: [Format; 6] =
        [Format::Fields, Format::Json, Format::JsonLines, Format::Protobuf, Format::Simple, Format::Table];

    /// Returns the name by which the format is asked for.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Simple => "simple",
            Format::Fields => "fields",
            Format::Json => "json",
            Format::JsonLines => "jsonl",
            Format::Protobuf => "protobuf",
            Format::Table => "table",
        }
    }
}

impl Format {
    /// Says what is printed in this format, for the manual.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Format::Simple => {
                "Lines for people and shell scripts, byte for byte as stored where no terminal reads them."
            }
            Format::Fields => {
                "One line for each field of the answer, such as \"Revision\" : 12. Strings are quoted as in Go."
            }
            Format::Json => {
                "One line for each answer, as etcd's tools print it: keys and values in base64, ids as numbers."
            }
            Format::JsonLines => {
                "One object a line for each result, as results arrive: a key, a change, a member. Keys and values are \
                 strings; where the bytes are not UTF-8 they are {\"base64\":\"...\"}. Ids are strings in hexadecimal, as \
                 commands take them. Revisions, counts and sizes in bytes are numbers, times are numbers of seconds. \
                 What is not there is left out. A failure is an object on standard error, with error, exit_status and hints; \
                 where the command goes on, it has no exit_status, and what is no failure is a notice."
            }
            Format::Protobuf => "The answer as it came over the wire.",
            Format::Table => "A box with a row for each result.",
        }
    }
}

impl FromStr for Format {
    type Err = CliError;

    fn from_str(name: &str) -> Result<Format, CliError> {
        Format::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            CliError::new(ExitStatus::BadFeature, "unsupported output format")
                .with_hint(format!("`{name}` was asked for; there are fields, json, jsonl, protobuf, simple and table"))
        })
    }
}

/// What changes the look of an answer within a format.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Byte strings as `\xNN` in `simple`, ids in hexadecimal in `fields` and in JSON about members.
    pub hex: bool,
    /// Values without their keys in `simple`.
    pub value_only: bool,
    /// Keys without their values in `jsonl` and in tables: they were not asked for.
    pub keys_only: bool,
    /// Nothing but how many keys there are in `jsonl` and in tables.
    pub count_only: bool,
    /// Escape what a terminal would obey in `simple`.
    pub terminal: bool,
    /// Columns of the terminal, where one is read; a wider table would be broken at its edge.
    pub width: Option<usize>,
}

/// Why an answer could not be printed.
#[derive(Debug)]
pub enum RenderError {
    /// The answer has no such format.
    Unsupported(Format),
    /// The output cannot be written.
    Io(io::Error),
}

impl fmt::Display for RenderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RenderError::Unsupported(format) => write!(formatter, "{} not supported as output format", format.name()),
            RenderError::Io(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for RenderError {}

impl From<RenderError> for CliError {
    fn from(error: RenderError) -> CliError {
        match error {
            RenderError::Io(error) => error.into(),
            RenderError::Unsupported(_) => CliError::new(ExitStatus::BadFeature, error),
        }
    }
}

impl From<io::Error> for RenderError {
    fn from(error: io::Error) -> RenderError {
        RenderError::Io(error)
    }
}

/// An answer that can be printed. Every answer has lines for people, records in JSON and a table. Another format that is not
/// written here is refused, after the command has been carried out, because that is what etcdctl does.
pub trait Render {
    /// Prints lines for people.
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()>;

    /// Returns the results for `jsonl`, and for the table where no other is drawn.
    fn records(&self) -> Vec<Record>;

    /// Returns the columns of a table without results. With results, they say which columns there are.
    fn columns(&self) -> &'static [&'static str] {
        &[]
    }

    /// Prints one line for each field.
    fn fields(&self, _out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Err(RenderError::Unsupported(Format::Fields))
    }

    /// Prints one line of JSON.
    fn json(&self, _out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Err(RenderError::Unsupported(Format::Json))
    }

    /// Prints the encoded message.
    fn protobuf(&self, _out: &mut dyn Write) -> Result<(), RenderError> {
        Err(RenderError::Unsupported(Format::Protobuf))
    }

    /// Prints a table.
    fn table(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        write_table(out, self.columns(), &self.records(), style)
    }
}

/// What a command did, said in the same words in every format in which etcdctl says it so.
#[derive(Debug)]
pub struct Outcome {
    /// For people.
    pub line: String,
    /// For programs.
    pub record: Record,
}

impl Render for Outcome {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        writeln!(out, "{}", self.line)
    }

    fn records(&self) -> Vec<Record> {
        vec![self.record.clone()]
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        Ok(self.simple(out, style)?)
    }

    fn json(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        Ok(self.simple(out, style)?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(self.simple(out, Style::default())?)
    }
}

/// The same for a command that etcd's tools lack: programs read the record in JSON, and as fields, too.
#[derive(Debug)]
pub struct OwnOutcome(pub Outcome);

impl Render for OwnOutcome {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        self.0.simple(out, style)
    }

    fn records(&self) -> Vec<Record> {
        self.0.records()
    }

    fn fields(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(self.0.record.write_fields(out)?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", self.0.record)?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        // There is no such message, and it has been done.
        Ok(self.simple(out, Style::default())?)
    }
}

/// Prints an answer in a format.
///
/// # Errors
///
/// [`RenderError::Unsupported`] where the answer has no such format.
pub fn render(answer: &dyn Render, format: Format, style: Style, out: &mut dyn Write) -> Result<(), RenderError> {
    match format {
        Format::Simple => Ok(answer.simple(out, style)?),
        Format::Fields => answer.fields(out, style),
        Format::Json => answer.json(out, style),
        Format::Protobuf => answer.protobuf(out),
        Format::JsonLines => Ok(write_lines(out, &answer.records())?),
        Format::Table => Ok(answer.table(out, style)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Only;

    impl Render for Only {
        fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
            writeln!(out, "only")
        }

        fn records(&self) -> Vec<Record> {
            vec![Record::new().with("only", true)]
        }
    }

    #[test]
    fn a_format_that_an_answer_lacks_is_refused_by_name() {
        let mut out = Vec::new();
        render(&Only, Format::Simple, Style::default(), &mut out).unwrap();
        render(&Only, Format::JsonLines, Style::default(), &mut out).unwrap();
        assert_eq!(out, b"only\n{\"only\":true}\n");
        render(&Only, Format::Table, Style::default(), &mut out).unwrap();
        for format in [Format::Fields, Format::Json, Format::Protobuf] {
            let error = CliError::from(render(&Only, format, Style::default(), &mut out).unwrap_err());
            assert_eq!(error.message.unwrap(), format!("{} not supported as output format", format.name()));
            assert_eq!(error.status, ExitStatus::BadFeature);
        }
    }

    #[test]
    fn an_outcome_is_one_line_in_etcdctls_formats() {
        let outcome = Outcome { line: "compacted revision 7".to_owned(), record: Record::new().with("revision", 7) };
        for format in Format::ALL {
            let mut out = Vec::new();
            render(&outcome, format, Style::default(), &mut out).unwrap();
            let expected = match format {
                Format::JsonLines => "{\"revision\":7}\n",
                Format::Table => continue,
                _ => "compacted revision 7\n",
            };
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{format:?}");
        }
    }

    #[test]
    fn an_outcome_of_our_own_is_a_record_in_json_and_fields() {
        let record = Record::new().with("context", "c").with("in_use", true);
        let outcome = OwnOutcome(Outcome { line: "Context c is in use".to_owned(), record });
        let rendered = |format| {
            let mut out = Vec::new();
            render(&outcome, format, Style::default(), &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let object = "{\"context\":\"c\",\"in_use\":true}\n";
        assert_eq!((rendered(Format::Json).as_str(), rendered(Format::JsonLines).as_str()), (object, object));
        assert_eq!(rendered(Format::Fields), "\"Context\" : \"c\"\n\"InUse\" : true\n");
        assert_eq!(rendered(Format::Simple), rendered(Format::Protobuf));
    }

    #[test]
    fn formats_are_found_by_name() {
        assert_eq!("json".parse(), Ok(Format::Json));
        let error = "yaml".parse::<Format>().unwrap_err();
        assert_eq!(
            (error.status, error.message.as_deref()),
            (ExitStatus::BadFeature, Some("unsupported output format"))
        );
    }
}
