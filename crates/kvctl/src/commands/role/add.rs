//! `kvctl role add`: make a role.

use kv_cli::{CliError, Record};
use kv_proto::etcdserverpb::AuthRoleAddRequest;

use crate::commands::acknowledged::Acknowledged;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Make the role writer:
    $ kvctl role add writer --user root
";

/// Make a role
///
/// It allows nothing until `role grant-permission` gives it permissions.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl role add <NAME>", after_long_help = EXAMPLES)]
pub(crate) struct AddArgs {
    /// Role to make
    #[arg(value_name = "NAME")]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &AddArgs) -> Result<(), CliError> {
    let [name] = args.arguments.as_slice() else {
        return Err(CliError::arguments("role add command requires role name as its argument"));
    };
    let mut session = context.session().await?;
    let request = AuthRoleAddRequest { name: name.clone() };
    let response = session.client.role_add(request, context.own_deadline()).await.map_err(|error| failure(&error))?;
    session.output.print(&Acknowledged {
        line: format!("Role {name} created").into_bytes(),
        record: Record::new().with("role", name.as_str()).with("created", true),
        name: "etcdserverpb.AuthRoleAddResponse",
        header: response.header,
        response,
    })
}
