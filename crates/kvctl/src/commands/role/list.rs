//! `kvctl role list`: the names of all roles.

use std::io::{self, Write};

use kv_cli::{CliError, Dialect, Quoted, Record, Render, RenderError, Style, fields_header, json_message};
use kv_proto::etcdserverpb::{AuthRoleListRequest, AuthRoleListResponse};
use prost::Message as _;

use crate::commands::acknowledged::line;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  List all roles:
    $ kvctl role list --user root
";

/// List the names of all roles
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl role list", after_long_help = EXAMPLES)]
pub(crate) struct ListArgs {
    #[arg(hide = true)]
    arguments: Vec<String>,
}

struct Names(AuthRoleListResponse);

pub(crate) async fn run(context: &Context, args: &ListArgs) -> Result<(), CliError> {
    if !args.arguments.is_empty() {
        return Err(CliError::arguments("role list command requires no arguments"));
    }
    let mut session = context.session().await?;
    let listed = session.client.role_list(AuthRoleListRequest {}, context.own_deadline()).await;
    session.output.print(&Names(listed.map_err(|error| failure(&error))?))
}

impl Render for Names {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        self.0.roles.iter().try_for_each(|name| line(out, style, name.as_bytes()))
    }

    fn records(&self) -> Vec<Record> {
        self.0.roles.iter().map(|name| Record::new().with("role", name.as_str())).collect()
    }

    fn columns(&self) -> &'static [&'static str] {
        &["role"]
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        fields_header(out, style, self.0.header.as_ref())?;
        write!(out, "\"Roles\" :")?;
        for role in &self.0.roles {
            write!(out, " {}", Quoted(role.as_bytes()))?;
        }
        Ok(writeln!(out)?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", json_message("etcdserverpb.AuthRoleListResponse", &self.0, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(out.write_all(&self.0.encode_to_vec())?)
    }
}
