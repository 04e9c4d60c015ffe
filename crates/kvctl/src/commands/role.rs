//! `kvctl role`: what roles allow.

mod add;
mod delete;
mod get;
mod grant_permission;
mod list;
mod revoke_permission;

mod ranges;

use clap::Subcommand;
use kv_cli::CliError;

use crate::session::Context;

pub(crate) use get::RoleDetails;

/// Manage roles and what they allow
#[derive(Debug, clap::Args)]
pub(crate) struct RoleArgs {
    #[command(subcommand)]
    command: RoleCommand,
}

#[derive(Debug, Subcommand)]
enum RoleCommand {
    Add(add::AddArgs),
    Delete(delete::DeleteArgs),
    Get(get::GetArgs),
    List(list::ListArgs),
    GrantPermission(grant_permission::GrantPermissionArgs),
    RevokePermission(revoke_permission::RevokePermissionArgs),
}

pub(crate) async fn run(context: &Context, args: &RoleArgs) -> Result<(), CliError> {
    match &args.command {
        RoleCommand::Add(args) => add::run(context, args).await,
        RoleCommand::Delete(args) => delete::run(context, args).await,
        RoleCommand::Get(args) => get::run(context, args).await,
        RoleCommand::List(args) => list::run(context, args).await,
        RoleCommand::GrantPermission(args) => grant_permission::run(context, args).await,
        RoleCommand::RevokePermission(args) => revoke_permission::run(context, args).await,
    }
}
