//! `kvctl member`: who belongs to the cluster.

mod list;

use clap::Subcommand;
use kv_cli::CliError;

use crate::session::Context;

/// See who belongs to the cluster
#[derive(Debug, clap::Args)]
pub(crate) struct MemberArgs {
    #[command(subcommand)]
    command: MemberCommand,
}

#[derive(Debug, Subcommand)]
enum MemberCommand {
    List(list::ListArgs),
}

pub(crate) async fn run(context: &Context, args: &MemberArgs) -> Result<(), CliError> {
    match &args.command {
        MemberCommand::List(args) => list::run(context, args).await,
    }
}
