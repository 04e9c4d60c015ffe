//! `kvctl user`: who may log in, and with which roles.

mod add;
mod delete;
mod get;
mod grant_role;
mod list;
mod passwd;
mod revoke_role;

use clap::Subcommand;
use kv_cli::CliError;

use crate::session::Context;

/// Manage users
#[derive(Debug, clap::Args)]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    Add(add::AddArgs),
    Delete(delete::DeleteArgs),
    Get(get::GetArgs),
    List(list::ListArgs),
    Passwd(passwd::PasswdArgs),
    GrantRole(grant_role::GrantRoleArgs),
    RevokeRole(revoke_role::RevokeRoleArgs),
}

pub(crate) async fn run(context: &Context, args: &UserArgs) -> Result<(), CliError> {
    match &args.command {
        UserCommand::Add(args) => add::run(context, args).await,
        UserCommand::Delete(args) => delete::run(context, args).await,
        UserCommand::Get(args) => get::run(context, args).await,
        UserCommand::List(args) => list::run(context, args).await,
        UserCommand::Passwd(args) => passwd::run(context, args).await,
        UserCommand::GrantRole(args) => grant_role::run(context, args).await,
        UserCommand::RevokeRole(args) => revoke_role::run(context, args).await,
    }
}
