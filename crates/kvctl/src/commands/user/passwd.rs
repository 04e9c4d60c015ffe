//! `kvctl user passwd`: give a user another password.

use kv_cli::{CliError, Record};
use kv_proto::etcdserverpb::AuthUserChangePasswordRequest;

use crate::commands::acknowledged::Acknowledged;
use crate::password::{self, PasswordSource};
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  The new password is asked for twice:
    $ kvctl user passwd ann --user root

  From standard input, for scripts:
    $ kvctl user passwd ann --interactive=false --user root:secret < password-file
";

/// Give a user another password
///
/// The user's tokens end at once.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl user passwd [OPTIONS] <NAME>", after_long_help = EXAMPLES)]
pub(crate) struct PasswdArgs {
    /// User whose password is changed
    #[arg(value_name = "NAME")]
    arguments: Vec<String>,

    #[command(flatten)]
    source: PasswordSource,
}

pub(crate) async fn run(context: &Context, args: &PasswdArgs) -> Result<(), CliError> {
    let [name] = args.arguments.as_slice() else {
        return Err(CliError::arguments("user passwd command requires user name as its argument"));
    };
    let password = password::choose(name, &args.source)?;
    let request = AuthUserChangePasswordRequest { name: name.clone(), password, hashed_password: String::new() };
    let mut session = context.session().await?;
    let changed = session.client.user_change_password(request, context.own_deadline()).await;
    let response = changed.map_err(|error| failure(&error))?;
    session.output.print(&Acknowledged {
        line: b"Password updated".to_vec(),
        record: Record::new().with("user", name.as_str()).with("password_updated", true),
        name: "etcdserverpb.AuthUserChangePasswordResponse",
        header: response.header,
        response,
    })
}
