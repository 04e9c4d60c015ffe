//! `kvctl auth status`: whether authentication is on.

use std::io::{self, Write};

use kv_cli::{CliError, Dialect, Record, Render, RenderError, Style, json_message};
use kv_proto::etcdserverpb::{AuthStatusRequest, AuthStatusResponse};
use prost::Message as _;

use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  See whether a user is needed:
    $ kvctl auth status
";

/// Show whether authentication is on
///
/// The second line is the auth revision: it counts the changes of users and roles.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl auth status", after_long_help = EXAMPLES)]
pub(crate) struct StatusArgs {
    #[arg(hide = true)]
    arguments: Vec<String>,
}

struct AuthStatus(AuthStatusResponse);

pub(crate) async fn run(context: &Context, args: &StatusArgs) -> Result<(), CliError> {
    if !args.arguments.is_empty() {
        return Err(CliError::arguments("auth status command does not accept any arguments"));
    }
    let mut session = context.session().await?;
    let status = session.client.auth_status(AuthStatusRequest {}, context.deadline()).await;
    session.output.print(&AuthStatus(status.map_err(|error| failure(&error))?))
}

impl Render for AuthStatus {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        writeln!(out, "Authentication Status: {}\nAuthRevision: {}", self.0.enabled, self.0.auth_revision)
    }

    fn records(&self) -> Vec<Record> {
        let AuthStatusResponse { enabled, auth_revision, .. } = self.0;
        vec![Record::new().with("enabled", enabled).with("auth_revision", auth_revision)]
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", json_message("etcdserverpb.AuthStatusResponse", &self.0, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(out.write_all(&self.0.encode_to_vec())?)
    }
}
