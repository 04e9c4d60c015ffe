//! `kvctl role delete`: remove a role.

use kv_cli::{CliError, Record};
use kv_proto::etcdserverpb::AuthRoleDeleteRequest;

use crate::commands::acknowledged::Acknowledged;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Remove the role writer:
    $ kvctl role delete writer --user root
";

/// Remove a role
///
/// Every user that has it loses it. `root` cannot be removed while authentication is on.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl role delete <NAME>", after_long_help = EXAMPLES)]
pub(crate) struct DeleteArgs {
    /// Role to remove
    #[arg(value_name = "NAME")]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &DeleteArgs) -> Result<(), CliError> {
    let [name] = args.arguments.as_slice() else {
        return Err(CliError::arguments("role delete command requires role name as its argument"));
    };
    let mut session = context.session().await?;
    let request = AuthRoleDeleteRequest { role: name.clone() };
    let response =
        session.client.role_delete(request, context.own_deadline()).await.map_err(|error| failure(&error))?;
    session.output.print(&Acknowledged {
        line: format!("Role {name} deleted").into_bytes(),
        record: Record::new().with("role", name.as_str()).with("deleted", true),
        name: "etcdserverpb.AuthRoleDeleteResponse",
        header: response.header,
        response,
    })
}
