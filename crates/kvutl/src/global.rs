//! The options that every command has, and what a command is run with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use kv_cli::{CliError, ETCD_VERSION, ExitStatus, Format, Generated, Output, Record, parse_duration};

/// The words that depend on the name the program was called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// The name in help and messages.
    pub program: &'static str,
    /// The release that `version` prints.
    pub version: &'static str,
    /// The data directory where none is named.
    pub default_directory: &'static str,
}

impl Words {
    /// Our own.
    pub const KVUTL: Self =
        Self { program: "kvutl", version: env!("CARGO_PKG_VERSION"), default_directory: "default.kvd" };

    /// Those of etcd, for images and scripts that call this program by the name `etcdutl`.
    pub const ETCDUTL: Self = Self { program: "etcdutl", version: ETCD_VERSION, default_directory: "default.etcd" };

    pub(crate) fn of_program(program: &Path) -> Self {
        match program.file_name() {
            Some(name) if name == Self::ETCDUTL.program => Self::ETCDUTL,
            _ => Self::KVUTL,
        }
    }
}

/// Options that may stand anywhere on the line.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalArgs {
    /// Data directory to work on [default: default.kvd]
    ///
    /// The directory that `kvd --data-dir` names. Reading commands also work while a server runs on it, and where it
    /// cannot be written to. Commands that write wait for its lock, see --timeout.
    #[arg(long, value_name = "DIRECTORY", global = true)]
    pub(crate) data_dir: Option<PathBuf>,

    /// Output format: fields, json, jsonl, protobuf, simple or table
    #[arg(long, short, value_name = "FORMAT", global = true, default_value = "simple")]
    pub(crate) write_out: String,

    /// Print keys and values as hexadecimal escapes
    #[arg(long, global = true)]
    pub(crate) hex: bool,

    /// How long to wait while another process uses the directory; 0 to wait without limit
    #[arg(long, value_name = "DURATION", global = true, default_value = "10s", value_parser = parse_duration)]
    pub(crate) timeout: Duration,
}

impl GlobalArgs {
    pub(crate) fn format(&self) -> Result<Format, CliError> {
        self.write_out.parse()
    }
}

/// What a command is run with.
pub(crate) struct Context<'a> {
    pub(crate) words: Words,
    /// Standard output.
    pub(crate) out: Output,
    /// Standard error.
    pub(crate) err: &'a mut dyn Write,
    /// The data directory, if one was named.
    pub(crate) data_dir: Option<PathBuf>,
    /// How long to wait for the directory's lock; zero for no limit.
    pub(crate) timeout: Duration,
    /// Makes what is generated for the tool under a name.
    pub(crate) generated: fn(Words) -> Generated<'static>,
}

impl Context<'_> {
    /// Returns the data directory that was named, or the default one.
    pub(crate) fn directory(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| self.words.default_directory.into())
    }

    /// Says what is neither a result nor a failure: a line for people, an object where results are objects. Nothing is said
    /// where standard error is closed.
    pub(crate) fn note(&mut self, line: &str) {
        let _ = match self.out.format {
            Format::JsonLines => writeln!(self.err, "{}", Record::new().with("notice", line)),
            _ => writeln!(self.err, "{line}"),
        };
    }
}

/// Fails like a flag that must be given and was not.
pub(crate) fn required_flag(name: &str) -> CliError {
    CliError::new(ExitStatus::Failure, format_args!("required flag(s) \"{name}\" not set"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_program_chooses_the_words() {
        for (program, words) in [
            ("/usr/bin/etcdutl", Words::ETCDUTL),
            ("etcdutl", Words::ETCDUTL),
            ("kvutl", Words::KVUTL),
            ("./target/debug/kvutl-under-test", Words::KVUTL),
        ] {
            assert_eq!(Words::of_program(Path::new(program)), words, "{program}");
        }
    }
}
