//! The output formats, and the trait by which a command's answer is printed in each of them.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use crate::{CliError, ExitStatus};

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
    /// The answer as it came over the wire.
    Protobuf,
    /// A box with columns.
    Table,
}

impl Format {
    /// Every format, in the order in which the tools list them.
    pub const ALL: [Format; 5] = [Format::Fields, Format::Json, Format::Protobuf, Format::Simple, Format::Table];

    /// Returns the name by which the format is asked for.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Simple => "simple",
            Format::Fields => "fields",
            Format::Json => "json",
            Format::Protobuf => "protobuf",
            Format::Table => "table",
        }
    }
}

impl FromStr for Format {
    type Err = CliError;

    fn from_str(name: &str) -> Result<Format, CliError> {
        Format::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            CliError::new(ExitStatus::BadFeature, "unsupported output format")
                .with_hint(format!("`{name}` was asked for; there are fields, json, protobuf, simple and table"))
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
    /// Escape what a terminal would obey in `simple`.
    pub terminal: bool,
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

impl From<io::Error> for RenderError {
    fn from(error: io::Error) -> RenderError {
        RenderError::Io(error)
    }
}

/// An answer that can be printed. A format that is not written here is refused, after the command has been carried out,
/// because that is what etcdctl does.
pub trait Render {
    /// Prints lines for people.
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()>;

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
    fn table(&self, _out: &mut dyn Write) -> Result<(), RenderError> {
        Err(RenderError::Unsupported(Format::Table))
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
        Format::Table => answer.table(out),
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
    }

    #[test]
    fn a_format_that_an_answer_lacks_is_refused_by_name() {
        let mut out = Vec::new();
        render(&Only, Format::Simple, Style::default(), &mut out).unwrap();
        assert_eq!(out, b"only\n");
        for format in Format::ALL.into_iter().filter(|&format| format != Format::Simple) {
            let error = CliError::from(render(&Only, format, Style::default(), &mut out).unwrap_err());
            assert_eq!(error.message.unwrap(), format!("{} not supported as output format", format.name()));
            assert_eq!(error.status, ExitStatus::BadFeature);
        }
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
