//! `kvctl user get`: the roles of a user.

use std::io::{self, Write};

use kv_cli::{CliError, Dialect, Format, Record, Render, RenderError, Style, Value, json_message};
use kv_proto::etcdserverpb::{AuthRoleGetRequest, AuthUserGetRequest, AuthUserGetResponse};
use prost::Message as _;

use crate::commands::acknowledged::line;
use crate::commands::role::RoleDetails;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  The roles of ann:
    $ kvctl user get ann --user root

  And what they allow:
    $ kvctl user get ann --detail --user root
";

/// Show the roles of a user
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl user get [OPTIONS] <NAME>", after_long_help = EXAMPLES)]
pub(crate) struct GetArgs {
    /// User to look at
    #[arg(value_name = "NAME")]
    arguments: Vec<String>,

    /// Show also what each of the roles allows
    #[arg(long)]
    detail: bool,
}

struct UserRoles<'a> {
    name: &'a str,
    response: AuthUserGetResponse,
}

pub(crate) async fn run(context: &Context, args: &GetArgs) -> Result<(), CliError> {
    let [name] = args.arguments.as_slice() else {
        return Err(CliError::arguments("user get command requires user name as its argument"));
    };
    let mut session = context.session().await?;
    let request = AuthUserGetRequest { name: name.clone() };
    let response = session.client.user_get(request, context.own_deadline()).await.map_err(|error| failure(&error))?;
    if !args.detail {
        return session.output.print(&UserRoles { name, response });
    }
    let for_programs = matches!(session.output.format, Format::JsonLines | Format::Table);
    let roles = response.roles.clone();
    if for_programs {
        session.output.print(&UserRoles { name, response })?;
    } else {
        let style = session.output.style;
        line(&mut session.output, style, format!("User: {name}").as_bytes())?;
    }
    for role in roles {
        if !for_programs {
            session.output.write_all(b"\n")?;
            session.output.flush()?;
        }
        let request = AuthRoleGetRequest { role: role.clone() };
        let found = session.client.role_get(request, context.own_deadline()).await;
        session.output.print(&RoleDetails { role, response: found.map_err(|error| failure(&error))? })?;
    }
    Ok(session.output.flush()?)
}

impl Render for UserRoles<'_> {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        line(out, style, format!("User: {}", self.name).as_bytes())?;
        let roles: String = self.response.roles.iter().flat_map(|role| [" ", role]).collect();
        line(out, style, format!("Roles:{roles}").as_bytes())
    }

    fn records(&self) -> Vec<Record> {
        let roles = self.response.roles.iter().map(String::as_str).collect::<Value>();
        vec![Record::new().with("user", self.name).with("roles", roles)]
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", json_message("etcdserverpb.AuthUserGetResponse", &self.response, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(out.write_all(&self.response.encode_to_vec())?)
    }
}
