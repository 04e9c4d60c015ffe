//! `kvctl context use`: the context that commands without one are run with.

use kv_cli::{CliError, Outcome, OwnOutcome, Record};

use super::one_name;
use crate::contexts::Contexts;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  From now on, the cluster named test:
    $ kvctl context use test

  No context at all:
    $ kvctl context use --none
";

/// Put a context in use
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl context use <NAME>|--none", after_long_help = EXAMPLES)]
pub(crate) struct UseArgs {
    /// Name of the context
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// Put none in use
    #[arg(long)]
    none: bool,
}

pub(crate) fn run(context: &Context, args: &UseArgs) -> Result<(), CliError> {
    let name = match (args.none, args.names.as_slice()) {
        (true, []) => None,
        (true, _) => return Err(CliError::arguments("--none and the name of a context contradict each other")),
        (false, names) => Some(one_name(names, "use")?),
    };
    let mut output = context.output()?;
    Contexts::open_to_change()?.select(name)?;
    let line = name.map_or_else(|| "No context is in use".to_owned(), |name| format!("Context {name} is in use"));
    output.print(&OwnOutcome(Outcome { line, record: Record::new().with_some("context", name) }))
}
