//! `kvctl context show`: what a context says.

use std::io::{self, Write};

use kv_cli::{CliError, Record, Render, RenderError, Style, Value};

use super::one_name;
use crate::contexts::{Contexts, Profile};
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  What is in use, and what the cluster named prod is:
    $ kvctl context show
    $ kvctl context show prod
";

/// Show what a context says
///
/// Without NAME, the one that commands are run with: the one that --context names, else the one in use.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl context show [NAME]", after_long_help = EXAMPLES)]
pub(crate) struct ShowArgs {
    /// Name of the context
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &ShowArgs) -> Result<(), CliError> {
    let contexts = Contexts::open()?;
    let chosen = context.globals.context.as_deref().filter(|name| !name.is_empty()).or(contexts.current());
    let name = match (args.names.as_slice(), chosen) {
        ([], Some(name)) => name,
        ([], None) => {
            return Err(
                CliError::arguments("no context is in use").with_hint("`kvctl context use NAME` puts one in use")
            );
        }
        (names, _) => one_name(names, "show")?,
    };
    let profile = contexts.find(name)?;
    context.output()?.print(&Shown { name, profile, current: contexts.current() })
}

struct Shown<'a> {
    name: &'a str,
    profile: &'a Profile,
    current: Option<&'a str>,
}

impl Render for Shown<'_> {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        let in_use = if self.current == Some(self.name) { " (in use)" } else { "" };
        writeln!(out, "{}{in_use}", self.name)?;
        let text = toml_edit::ser::to_string(self.profile).map_err(io::Error::other)?;
        text.lines().try_for_each(|line| writeln!(out, "  {line}"))
    }

    fn records(&self) -> Vec<Record> {
        vec![record(self.name, self.profile, self.current)]
    }

    fn fields(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(record(self.name, self.profile, self.current).write_fields(out)?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", record(self.name, self.profile, self.current))?)
    }
}

/// Returns a context for programs.
pub(super) fn record(name: &str, profile: &Profile, current: Option<&str>) -> Record {
    Record::new()
        .with("context", name)
        .with("in_use", current == Some(name))
        .with("endpoints", profile.endpoints.iter().map(String::as_str).collect::<Value>())
        .with_some("discovery_srv", profile.discovery_srv.clone())
        .with_some("cacert", profile.cacert.clone())
        .with_some("cert", profile.cert.clone())
        .with_some("key", profile.key.clone())
        .with("insecure_skip_tls_verify", profile.insecure_skip_tls_verify)
        .with_some("user", profile.user.clone())
        .with_some("password_command", profile.password_command.clone())
        .with_some("password_env", profile.password_env.clone())
        .with_some("token_command", profile.token_command.clone())
        .with_some("token_env", profile.token_env.clone())
        .with("protected", profile.protected)
}
