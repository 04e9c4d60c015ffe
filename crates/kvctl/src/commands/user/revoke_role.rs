//! `kvctl user revoke-role`: take a role from a user.

use kv_cli::{CliError, Record};
use kv_proto::etcdserverpb::AuthUserRevokeRoleRequest;

use crate::commands::acknowledged::Acknowledged;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Take the role writer from ann:
    $ kvctl user revoke-role ann writer --user root
";

/// Take a role from a user
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl user revoke-role <USER> <ROLE>", after_long_help = EXAMPLES)]
pub(crate) struct RevokeRoleArgs {
    /// User, and the role to take from it
    #[arg(value_name = "USER ROLE")]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &RevokeRoleArgs) -> Result<(), CliError> {
    let [user, role] = args.arguments.as_slice() else {
        return Err(CliError::arguments("user revoke-role requires user name and role name as its argument"));
    };
    let mut session = context.session().await?;
    let request = AuthUserRevokeRoleRequest { name: user.clone(), role: role.clone() };
    let response =
        session.client.user_revoke_role(request, context.own_deadline()).await.map_err(|error| failure(&error))?;
    session.output.print(&Acknowledged {
        line: format!("Role {role} is revoked from user {user}").into_bytes(),
        record: Record::new().with("user", user.as_str()).with("role", role.as_str()).with("revoked", true),
        name: "etcdserverpb.AuthUserRevokeRoleResponse",
        header: response.header,
        response,
    })
}
