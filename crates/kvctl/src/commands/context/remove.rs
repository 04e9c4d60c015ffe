//! `kvctl context remove`: forget a way to connect.

use kv_cli::{CliError, Outcome, OwnOutcome, Record};

use super::one_name;
use crate::contexts::Contexts;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  Forget the cluster named test:
    $ kvctl context remove test
";

/// Forget a context
///
/// If it was in use, none is.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl context remove <NAME>", after_long_help = EXAMPLES)]
pub(crate) struct RemoveArgs {
    /// Name of the context
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &RemoveArgs) -> Result<(), CliError> {
    let name = one_name(&args.names, "remove")?;
    let mut output = context.output()?;
    Contexts::open_to_change()?.remove(name)?;
    output.print(&OwnOutcome(Outcome {
        line: format!("Context {name} removed"),
        record: Record::new().with("context", name),
    }))
}
