//! `kvctl user list`: the names of all users.

use std::io::{self, Write};

use kv_cli::{CliError, Dialect, Record, Render, RenderError, Style, json_message};
use kv_proto::etcdserverpb::{AuthUserListRequest, AuthUserListResponse};
use prost::Message as _;

use crate::commands::acknowledged::line;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  List all users:
    $ kvctl user list --user root
";

/// List the names of all users
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl user list", after_long_help = EXAMPLES)]
pub(crate) struct ListArgs {
    #[arg(hide = true)]
    arguments: Vec<String>,
}

struct Names(AuthUserListResponse);

pub(crate) async fn run(context: &Context, args: &ListArgs) -> Result<(), CliError> {
    if !args.arguments.is_empty() {
        return Err(CliError::arguments("user list command requires no arguments"));
    }
    let mut session = context.session().await?;
    let listed = session.client.user_list(AuthUserListRequest {}, context.own_deadline()).await;
    session.output.print(&Names(listed.map_err(|error| failure(&error))?))
}

impl Render for Names {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        self.0.users.iter().try_for_each(|name| line(out, style, name.as_bytes()))
    }

    fn records(&self) -> Vec<Record> {
        self.0.users.iter().map(|name| Record::new().with("user", name.as_str())).collect()
    }

    fn columns(&self) -> &'static [&'static str] {
        &["user"]
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", json_message("etcdserverpb.AuthUserListResponse", &self.0, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(out.write_all(&self.0.encode_to_vec())?)
    }
}
