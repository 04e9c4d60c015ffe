//! `kvctl auth`: whether users and roles matter.

mod disable;
mod enable;
mod status;

use clap::Subcommand;
use kv_cli::CliError;

use crate::session::Context;

/// Turn authentication on or off
#[derive(Debug, clap::Args)]
pub(crate) struct AuthArgs {
    #[command(subcommand)]
    command: AuthCommand,
}

#[derive(Debug, Subcommand)]
enum AuthCommand {
    Enable(enable::EnableArgs),
    Disable(disable::DisableArgs),
    Status(status::StatusArgs),
}

pub(crate) async fn run(context: &Context, args: &AuthArgs) -> Result<(), CliError> {
    match &args.command {
        AuthCommand::Enable(args) => enable::run(context, args).await,
        AuthCommand::Disable(args) => disable::run(context, args).await,
        AuthCommand::Status(args) => status::run(context, args).await,
    }
}
