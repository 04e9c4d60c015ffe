//! `kvctl user grant-role`: give a user a role.

use kv_cli::{CliError, Record};
use kv_proto::etcdserverpb::AuthUserGrantRoleRequest;

use crate::commands::acknowledged::Acknowledged;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Let ann do what writers may:
    $ kvctl user grant-role ann writer --user root
";

/// Give a user a role
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl user grant-role <USER> <ROLE>", after_long_help = EXAMPLES)]
pub(crate) struct GrantRoleArgs {
    /// User, and the role to give it
    #[arg(value_name = "USER ROLE")]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &GrantRoleArgs) -> Result<(), CliError> {
    let [user, role] = args.arguments.as_slice() else {
        return Err(CliError::arguments("user grant command requires user name and role name as its argument"));
    };
    let mut session = context.session().await?;
    let request = AuthUserGrantRoleRequest { user: user.clone(), role: role.clone() };
    let response =
        session.client.user_grant_role(request, context.own_deadline()).await.map_err(|error| failure(&error))?;
    session.output.print(&Acknowledged {
        line: format!("Role {role} is granted to user {user}").into_bytes(),
        record: Record::new().with("user", user.as_str()).with("role", role.as_str()).with("granted", true),
        name: "etcdserverpb.AuthUserGrantRoleResponse",
        header: response.header,
        response,
    })
}
