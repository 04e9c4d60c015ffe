//! `kvutl`: works on a data directory without a server.
//!
//! It reads through the same code as the server: the tables with `kv-store`, and what they lack from the log with
//! `kv-log`. It prints with the code that `kvctl` prints with. Nothing here speaks to a network, which a test asserts.
//!
//! - `offline` opens a data directory, `snapshot` a snapshot file, `scratch` builds new ones.
//! - `commands` is the table of commands, each in a file of its own.
//! - `global` are the options of every command, `failure` the errors with what to do about them.

mod commands;
mod directory;
mod done;
mod facts;
mod failure;
mod generated;
mod global;
mod offline;
mod ownership;
mod page;
mod scratch;
mod snapshot;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use kv_cli::arguments::{self, Stop, Tool};
use kv_cli::{CliError, ExitStatus, Output, Style, is_terminal_output, report, report_json, terminal_width};

pub use crate::generated::generated;
pub use crate::global::Words;
use crate::ownership::NewFiles;

/// Prefixes of the environment variables for global options, by precedence.
pub(crate) const ENVIRONMENT_PREFIXES: &[&str] = &["KVUTL"];

/// Runs the command line in `arguments`, whose first is the program's name, and prints to the standard streams.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let streams =
        Streams { out: kv_cli::unbuffered_stdout(), err: Box::new(io::stderr()), terminal: is_terminal_output() };
    let status = run(&arguments, &|name| std::env::var_os(name), streams);
    ExitCode::from(status.code())
}

/// Where a command prints.
pub struct Streams {
    /// What was asked for.
    pub out: Box<dyn Write + Send>,
    /// Everything else.
    pub err: Box<dyn Write>,
    /// Whether `out` is a terminal, so that what it would obey must be escaped.
    pub terminal: bool,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Streams").field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

/// Runs a command line as [`main`] does, with the environment and the streams as arguments.
pub fn run(arguments: &[OsString], environment: &dyn Fn(&str) -> Option<OsString>, mut streams: Streams) -> ExitStatus {
    let (program, rest) = arguments.split_first().map_or((None, &[][..]), |(program, rest)| (Some(program), rest));
    let words = program.map_or(Words::KVUTL, |program| Words::of_program(Path::new(program)));
    let json = arguments::wants_json_errors(rest, ENVIRONMENT_PREFIXES, environment);
    let report = if json { report_json } else { report };
    match try_run(words, rest, environment, &mut streams) {
        Ok(()) => ExitStatus::Success,
        Err(Stop::Help(text)) => match streams.out.write_all(text.as_bytes()).and_then(|()| streams.out.flush()) {
            Ok(()) => ExitStatus::Success,
            Err(error) => report(&CliError::from(error), &mut streams.err),
        },
        Err(Stop::Error(error)) => report(&error, &mut streams.err),
    }
}

fn try_run(
    words: Words,
    arguments: &[OsString],
    environment: &dyn Fn(&str) -> Option<OsString>,
    streams: &mut Streams,
) -> Result<(), Stop> {
    let tool = Tool {
        command: commands::command(words),
        abbreviable: commands::OF_ETCDUTL,
        environment_prefixes: ENVIRONMENT_PREFIXES,
    };
    let matches = arguments::parse(tool, arguments, environment)?;
    let line = commands::CommandLine::from_matches(&matches)?;
    let format = line.global.format()?;
    let width = terminal_width().filter(|_| streams.terminal);
    let style = Style { hex: line.global.hex, terminal: streams.terminal, width, ..Style::default() };
    let out = Output::to(std::mem::replace(&mut streams.out, Box::new(io::sink())), format, style);
    let global::GlobalArgs { data_dir, timeout, .. } = line.global;
    let mut context = global::Context { words, out, err: &mut *streams.err, data_dir, timeout, generated };
    let new_files = NewFiles::since_now(&context.directory());
    let done = line.command.run(&mut context);
    new_files.give_to_owner();
    Ok(done?)
}
