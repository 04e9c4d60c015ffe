//! The table of commands.

mod check;
mod compact;
mod completion;
mod defrag;
mod doctor;
mod get;
mod hashkv;
mod migrate;
mod rescue;
mod snapshot;
mod status;
mod version;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _, Subcommand};
use kv_cli::{CliError, ExitStatus};

use crate::global::{Context, GlobalArgs, Words};

/// The commands that etcdutl has too. They may be abbreviated, as there.
pub(crate) const OF_ETCDUTL: &[&str] = &["completion", "defrag", "hashkv", "migrate", "snapshot", "version"];

/// What can be done with a data directory.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    Check(check::CheckArgs),
    Compact(compact::CompactArgs),
    Completion(completion::CompletionArgs),
    Defrag(defrag::DefragArgs),
    Doctor(doctor::DoctorArgs),
    Get(get::GetArgs),
    Hashkv(hashkv::HashkvArgs),
    Migrate(migrate::MigrateArgs),
    Rescue(rescue::RescueArgs),
    Snapshot(snapshot::SnapshotArgs),
    Status(status::StatusArgs),
    Version(version::VersionArgs),
}

impl Task {
    pub(crate) fn run(&self, context: &mut Context<'_>) -> Result<(), CliError> {
        match self {
            Task::Check(args) => check::run(args, context),
            Task::Compact(args) => compact::run(args, context),
            Task::Completion(args) => completion::run(args, context),
            Task::Defrag(args) => defrag::run(args, context),
            Task::Doctor(args) => doctor::run(args, context),
            Task::Get(args) => get::run(args, context),
            Task::Hashkv(args) => hashkv::run(args, context),
            Task::Migrate(args) => migrate::run(args, context),
            Task::Rescue(args) => rescue::run(args, context),
            Task::Snapshot(args) => snapshot::run(args, context),
            Task::Status(args) => status::run(args, context),
            Task::Version(args) => version::run(args, context),
        }
    }
}

/// A command line that was understood.
#[derive(Debug)]
pub(crate) struct CommandLine {
    pub(crate) global: GlobalArgs,
    pub(crate) command: Task,
}

impl CommandLine {
    pub(crate) fn from_matches(matches: &ArgMatches) -> Result<Self, CliError> {
        // The description that the line was read by is the same, so this only fails where a value does.
        let failed = |error: clap::Error| CliError::new(ExitStatus::Failure, error);
        Ok(Self {
            global: GlobalArgs::from_arg_matches(matches).map_err(failed)?,
            command: Task::from_arg_matches(matches).map_err(failed)?,
        })
    }
}

/// Returns all that clap knows about the tool.
pub(crate) fn command(words: Words) -> Command {
    let command = Task::augment_subcommands(GlobalArgs::augment_args(Command::new(words.program)));
    // The types that describe options and commands would describe the tool otherwise.
    command
        .about("Work on the data directory of a kvd that need not run")
        .long_about(ABOUT)
        .after_long_help(EXAMPLES)
        .version(words.version)
        .args_override_self(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .subcommand_required(true)
}

const ABOUT: &str = "\
Work on the data directory of a kvd that need not run.

Reading commands show what the server would: what it stored, and what stands in its log behind that. They \
also work beside a running server and on a file system that cannot be written to. Commands that write take the \
directory's lock, and are refused while a server has it.";

const EXAMPLES: &str = "\
Examples:
  Show what a directory holds, read from it, and look for damage:
    $ kvutl status --data-dir default.kvd
    $ kvutl get /config/ --prefix --data-dir default.kvd
    $ kvutl check --data-dir default.kvd
";
