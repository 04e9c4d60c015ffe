//! `kvctl context`: named ways to connect.

mod add;
mod list;
mod remove;
mod select;
mod show;

use clap::Subcommand;
use kv_cli::CliError;

use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  Name a cluster and use it from now on:
    $ kvctl context add test --endpoints 10.0.0.1:2379,10.0.0.2:2379
    $ kvctl context use test

  Use another one for one command:
    $ kvctl get /app/color --context prod
";

const LONG_ABOUT: &str = "\
Name ways to connect

A context has endpoints, files for TLS, a user and where its password comes from, under a name. They are kept in \
$XDG_CONFIG_HOME/kvctl/config.toml, which is ~/.config/kvctl/config.toml by default, or in the file that KVCTL_CONFIG names; it holds \
no secrets, and only its owner can read it.

--context chooses one for a command: what the environment says about servers, TLS and users does not count then, and options on \
the line win. Where they name another server than the context does, that gets neither its user nor its secrets. Without \
--context, the one in use is taken, but not where --endpoints or --discovery-srv is given, on the line or in the environment: \
then nothing of it applies. An empty --context is none.

A protected context asks before every command that changes something, and refuses where it cannot ask; --yes says that \
it is meant.";

/// Name ways to connect
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES, long_about = LONG_ABOUT)]
pub(crate) struct ContextArgs {
    #[command(subcommand)]
    command: ContextCommand,
}

#[derive(Debug, Subcommand)]
enum ContextCommand {
    Add(add::AddArgs),
    Use(select::UseArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Remove(remove::RemoveArgs),
}

pub(crate) fn run(context: &Context, args: &ContextArgs) -> Result<(), CliError> {
    match &args.command {
        ContextCommand::Add(args) => add::run(context, args),
        ContextCommand::Use(args) => select::run(context, args),
        ContextCommand::List(args) => list::run(context, args),
        ContextCommand::Show(args) => show::run(context, args),
        ContextCommand::Remove(args) => remove::run(context, args),
    }
}

/// Returns the only argument.
fn one_name<'a>(names: &'a [String], command: &str) -> Result<&'a str, CliError> {
    match names {
        [name] if !name.is_empty() => Ok(name),
        _ => Err(CliError::arguments(format_args!("context {command} needs the name of a context"))),
    }
}
