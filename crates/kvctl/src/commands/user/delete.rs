//! `kvctl user delete`: remove a user.

use kv_cli::{CliError, Record};
use kv_proto::etcdserverpb::AuthUserDeleteRequest;

use crate::commands::acknowledged::Acknowledged;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Remove ann:
    $ kvctl user delete ann --user root
";

/// Remove a user
///
/// The user's tokens end at once. `root` cannot be removed while authentication is on.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl user delete <NAME>", after_long_help = EXAMPLES)]
pub(crate) struct DeleteArgs {
    /// User to remove
    #[arg(value_name = "NAME")]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &DeleteArgs) -> Result<(), CliError> {
    let [name] = args.arguments.as_slice() else {
        return Err(CliError::arguments("user delete command requires user name as its argument"));
    };
    let mut session = context.session().await?;
    let request = AuthUserDeleteRequest { name: name.clone() };
    let response =
        session.client.user_delete(request, context.own_deadline()).await.map_err(|error| failure(&error))?;
    session.output.print(&Acknowledged {
        line: format!("User {name} deleted").into_bytes(),
        record: Record::new().with("user", name.as_str()).with("deleted", true),
        name: "etcdserverpb.AuthUserDeleteResponse",
        header: response.header,
        response,
    })
}
