//! `kvctl auth disable`: let everybody do everything again.

use kv_cli::{CliError, Outcome, Record};
use kv_proto::etcdserverpb::AuthDisableRequest;

use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  As the administrator:
    $ kvctl auth disable --user root
";

/// Turn authentication off
///
/// Users and roles are kept, and every token ends. From then on everybody may do everything.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl auth disable", after_long_help = EXAMPLES)]
pub(crate) struct DisableArgs {
    #[arg(hide = true)]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &DisableArgs) -> Result<(), CliError> {
    if !args.arguments.is_empty() {
        return Err(CliError::arguments("auth disable command does not accept any arguments"));
    }
    let mut session = context.session().await?;
    let disabled = session.client.auth_disable(AuthDisableRequest {}, context.deadline()).await;
    disabled.map_err(|error| failure(&error))?;
    let record = Record::new().with("enabled", false);
    session.output.print(&Outcome { line: "Authentication Disabled".to_owned(), record })
}
