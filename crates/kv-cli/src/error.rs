//! What a command ends with: an exit status, the `Error:` line, and hints that say what to do.

use std::fmt;
use std::io::{self, Write};

use crate::{Record, Value};

macro_rules! exit_statuses {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $meaning:literal;)*) => {
        /// The exit statuses of both tools. Up to 6, and 128, are etcdctl's; from 10 on they are ours.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum ExitStatus {
            $($(#[doc = $doc])* $name = $code,)*
        }

        impl ExitStatus {
            /// Every status, in numerical order.
            pub const ALL: &'static [ExitStatus] = &[$(ExitStatus::$name,)*];

            /// Says when a command ends with this status.
            pub const fn meaning(self) -> &'static str {
                match self { $(ExitStatus::$name => $meaning,)* }
            }
        }
    };
}

exit_statuses! {
    /// Done.
    Success = 0, "The command did what was asked.";
    /// The server refused, or the command line cannot be parsed.
    Failure = 1, "The command failed, or an option or command is unknown.";
    /// No client could be made.
    BadConnection = 2, "The connection could not be set up, for example because the password is wrong.";
    /// What was read from standard input is not understood.
    BadInput = 3, "The input of txn, watch -i or import is malformed or ended early.";
    /// An option has a value that is not supported.
    BadFeature = 4, "An option is known but its value is not supported.";
    /// A stream ended from the other side.
    Interrupted = 5, "A watch was ended by the server, or a snapshot could not be saved.";
    /// A file could not be read or written.
    Io = 6, "A file could not be read or written.";
    /// What was asked for does not exist.
    NotThere = 10, "The key is not there.";
    /// The comparison of a guarded change did not hold.
    CompareFailed = 11, "A comparison did not hold, so nothing was changed.";
    /// The time given for waiting passed.
    TimedOut = 12, "What was waited for did not happen in time.";
    /// What is stored is not what was written.
    Damaged = 14, "What is stored is damaged.";
    /// A doctor found something that can wait.
    Concern = 15, "The doctor found something that will need attention.";
    /// A doctor found something that cannot.
    Trouble = 16, "The doctor found something that needs attention now.";
    /// Arguments are missing, superfluous or contradict each other.
    BadArguments = 128, "Arguments are missing, malformed or contradict each other.";
}

impl ExitStatus {
    /// Returns the number the process ends with.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// A command's failure: what is printed, and what the process ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CliError {
    /// What the process ends with.
    pub status: ExitStatus,
    /// The status of a command that this one ran; the process ends with it in place of its own.
    pub child_status: Option<u8>,
    /// The text after `Error: `; nothing is printed where the command has said everything already.
    pub message: Option<String>,
    /// Things to do about it, each on a line of its own after `hint: `.
    pub hints: Vec<String>,
    /// How the command is used, printed last.
    pub usage: Option<String>,
}

impl CliError {
    /// A failure with a message.
    pub fn new(status: ExitStatus, message: impl fmt::Display) -> CliError {
        CliError { status, child_status: None, message: Some(message.to_string()), hints: Vec::new(), usage: None }
    }

    /// A failure that has been reported already.
    pub fn silent(status: ExitStatus) -> CliError {
        CliError { status, child_status: None, message: None, hints: Vec::new(), usage: None }
    }

    /// Wrong arguments: status 128.
    pub fn arguments(message: impl fmt::Display) -> CliError {
        CliError::new(ExitStatus::BadArguments, message)
    }

    /// Adds something to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> CliError {
        self.hints.push(hint.into());
        self
    }

    /// Adds how the command is used.
    #[must_use]
    pub fn with_usage(mut self, usage: impl Into<String>) -> CliError {
        self.usage = Some(usage.into());
        self
    }
}

/// Failing to print: a reader that has gone is not a failure, so that `kvctl get --prefix "" | head` ends quietly.
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> CliError {
        match error.kind() {
            io::ErrorKind::BrokenPipe => CliError::silent(ExitStatus::Success),
            _ => CliError::new(ExitStatus::Io, format_args!("write standard output: {}", system_words(&error))),
        }
    }
}

/// Returns the system's words for a failure as Go's programs print them: in lower case and without a number.
pub fn system_words(error: &io::Error) -> String {
    let text = error.to_string().to_lowercase();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// Prints what a failure has to say and returns its exit status.
pub fn report(error: &CliError, stderr: &mut impl Write) -> ExitStatus {
    let mut text = String::new();
    if let Some(message) = &error.message {
        text.push_str("Error: ");
        text.push_str(message);
        text.push('\n');
    }
    for hint in &error.hints {
        text.push_str("hint: ");
        text.push_str(hint);
        text.push('\n');
    }
    if let Some(usage) = &error.usage {
        text.push_str(usage);
    }
    // Where stderr is closed too, the exit status is all that is left.
    let _ = stderr.write_all(text.as_bytes());
    error.status
}

/// Prints the same as one line of JSON.
pub fn report_json(error: &CliError, stderr: &mut impl Write) -> ExitStatus {
    if error.message.is_some() || !error.hints.is_empty() {
        let record = Record::new()
            .with_some("error", error.message.clone())
            .with("exit_status", u32::from(error.child_status.unwrap_or(error.status.code())))
            .with("hints", error.hints.iter().map(String::as_str).collect::<Value>());
        // As above.
        let _ = stderr.write_all(format!("{record}\n").as_bytes());
    }
    error.status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_printed_before_its_hints_and_the_usage() {
        let error = CliError::arguments("too few").with_hint("add one").with_usage("Usage: x\n");
        let mut stderr = Vec::new();
        assert_eq!(report(&error, &mut stderr).code(), 128);
        assert_eq!(String::from_utf8(stderr).unwrap(), "Error: too few\nhint: add one\nUsage: x\n");
    }

    #[test]
    fn an_error_in_json_is_one_line() {
        let error = CliError::arguments("too \"few\"").with_hint("add one").with_usage("Usage: x\n");
        let mut stderr = Vec::new();
        assert_eq!(report_json(&error, &mut stderr).code(), 128);
        report_json(&CliError::silent(ExitStatus::Failure), &mut stderr);
        let expected = "{\"error\":\"too \\\"few\\\"\",\"exit_status\":128,\"hints\":[\"add one\"]}\n";
        assert_eq!(String::from_utf8(stderr).unwrap(), expected);
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let error = CliError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        let mut stderr = Vec::new();
        assert_eq!(report(&error, &mut stderr), ExitStatus::Success);
        assert!(stderr.is_empty());
        assert_eq!(CliError::from(io::Error::from(io::ErrorKind::StorageFull)).status, ExitStatus::Io);
    }

    #[test]
    fn the_system_has_gos_words() {
        assert_eq!(system_words(&io::Error::from_raw_os_error(2)), "no such file or directory");
    }

    #[test]
    fn statuses_are_in_order() {
        assert!(ExitStatus::ALL.is_sorted_by_key(|status| status.code()));
    }
}
