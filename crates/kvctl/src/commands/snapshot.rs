//! `kvctl snapshot`: take copies of a server's store.

mod save;

use clap::Subcommand;
use kv_cli::CliError;

use crate::session::Context;

/// Take a copy of a server's store
#[derive(Debug, clap::Args)]
pub(crate) struct SnapshotArgs {
    #[command(subcommand)]
    command: SnapshotCommand,
}

#[derive(Debug, Subcommand)]
enum SnapshotCommand {
    Save(save::SaveArgs),
}

pub(crate) async fn run(context: &Context, args: &SnapshotArgs) -> Result<(), CliError> {
    match &args.command {
        SnapshotCommand::Save(args) => save::run(context, args).await,
    }
}
