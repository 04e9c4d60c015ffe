//! `kvctl auth enable`: ask everybody who they are.

use kv_cli::{CliError, Outcome, Record};
use kv_client::{Client, Deadline, Error};
use kv_proto::ApiError;
use kv_proto::etcdserverpb::{AuthEnableRequest, AuthRoleAddRequest, AuthUserGrantRoleRequest};

use crate::session::{Context, failure};

/// The user and the role with all permissions.
const ROOT: &str = "root";

const EXAMPLES: &str = "\
Examples:
  Make the administrator, then turn authentication on:
    $ kvctl user add root
    $ kvctl auth enable
";

/// Turn authentication on
///
/// There must be a user `root`. It gets the role `root`, which may do everything, if it does not have it yet. From then on
/// every command needs `--user`.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl auth enable", after_long_help = EXAMPLES)]
pub(crate) struct EnableArgs {
    #[arg(hide = true)]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &EnableArgs) -> Result<(), CliError> {
    if !args.arguments.is_empty() {
        return Err(CliError::arguments("auth enable command does not accept any arguments"));
    }
    let mut session = context.session().await?;
    enable(&session.client, context.deadline()).await.map_err(|error| failure(&error))?;
    let record = Record::new().with("enabled", true);
    session.output.print(&Outcome { line: "Authentication Enabled".to_owned(), record })
}

async fn enable(client: &Client, deadline: Deadline) -> Result<(), Error> {
    match client.auth_enable(AuthEnableRequest {}, deadline).await {
        Err(Error::Api(ApiError::RootRoleNotFound)) => {}
        other => return other.map(drop),
    }
    client.role_add(AuthRoleAddRequest { name: ROOT.to_owned() }, deadline).await?;
    let grant = AuthUserGrantRoleRequest { user: ROOT.to_owned(), role: ROOT.to_owned() };
    client.user_grant_role(grant, deadline).await?;
    client.auth_enable(AuthEnableRequest {}, deadline).await.map(drop)
}
