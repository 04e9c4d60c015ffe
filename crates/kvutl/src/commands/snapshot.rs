//! `kvutl snapshot`: take copies of a store, look at them, and make data directories of them.

mod restore;
mod save;
mod status;
mod verify;

use clap::Subcommand;
use kv_cli::CliError;

use crate::global::Context;

/// Save, look at, verify and restore snapshots
///
/// FILE is a snapshot of a kvd, as kvctl snapshot save, etcdctl or kvutl snapshot save made it, plain or compressed with zstd;
/// - is standard input.
#[derive(Debug, clap::Args)]
pub(crate) struct SnapshotArgs {
    #[command(subcommand)]
    command: SnapshotCommand,
}

#[derive(Debug, Subcommand)]
enum SnapshotCommand {
    Save(save::SaveArgs),
    Status(status::StatusArgs),
    Verify(verify::VerifyArgs),
    Restore(restore::RestoreArgs),
}

pub(crate) fn run(args: &SnapshotArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    match &args.command {
        SnapshotCommand::Save(args) => save::run(args, context),
        SnapshotCommand::Status(args) => status::run(args, context),
        SnapshotCommand::Verify(args) => verify::run(args, context),
        SnapshotCommand::Restore(args) => restore::run(args, context),
    }
}
