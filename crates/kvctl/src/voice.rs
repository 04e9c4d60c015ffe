//! What a command says on standard error while it goes on: lines for people, or JSON where results are JSON lines.

use std::io::{self, Write as _};

use kv_cli::{CliError, ExitStatus, Format, Record, Value};

/// How a command says what is not a result. How it ends is said by `main`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// Lines for people.
    Text,
    /// An object a line, with `notice`, or with `error` and `hints`.
    Json,
}

impl Voice {
    /// The one that belongs to results in a format.
    pub(crate) fn of(format: Format) -> Voice {
        if format == Format::JsonLines { Voice::Json } else { Voice::Text }
    }

    /// Says something that is no failure.
    pub(crate) fn say(self, text: &str) {
        (self.notice())(text);
    }

    /// Returns what says something that is no failure, for others to call.
    pub(crate) fn notice(self) -> fn(&str) {
        match self {
            Voice::Text => |text| write_line(text),
            Voice::Json => |text| write_line(&Record::new().with("notice", text).to_string()),
        }
    }

    /// Says that something failed, and what can be done about it, although the command goes on.
    pub(crate) fn complain(self, text: &str, hints: &[String]) {
        match self {
            Voice::Text => {
                write_line(text);
                for hint in hints {
                    write_line(&format!("hint: {hint}"));
                }
            }
            Voice::Json => {
                let hints: Value = hints.iter().map(String::as_str).collect();
                write_line(&Record::new().with("error", text).with("hints", hints).to_string());
            }
        }
    }
}

fn write_line(line: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Failures of a command's parts, each said as it happens. The command does the other parts, and fails at its end.
#[derive(Debug)]
pub(crate) struct Failures {
    voice: Voice,
    failed: Option<CliError>,
}

impl Failures {
    pub(crate) fn new(voice: Voice) -> Failures {
        Failures { voice, failed: None }
    }

    /// Says that a part failed. Lines for people have all hints at the end, because scripts of etcdctl read the others.
    pub(crate) fn add(&mut self, text: &str, hints: Vec<String>) {
        let failed = self.failed.get_or_insert_with(|| CliError::silent(ExitStatus::Failure));
        match self.voice {
            Voice::Text => {
                self.voice.complain(text, &[]);
                failed.hints.extend(hints);
            }
            Voice::Json => self.voice.complain(text, &hints),
        }
    }

    /// Returns how the command ends.
    pub(crate) fn end(self) -> Result<(), CliError> {
        self.failed.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_said_once() {
        let end = |voice| {
            let mut failures = Failures::new(voice);
            assert!(Failures::new(voice).end().is_ok());
            failures.add("a failed", vec!["look at a".to_owned()]);
            failures.add("b failed", vec!["look at b".to_owned()]);
            failures.end().unwrap_err()
        };
        assert_eq!(end(Voice::Text).hints, ["look at a", "look at b"]);
        assert_eq!(end(Voice::Json), CliError::silent(ExitStatus::Failure));
    }
}
