//! `kvctl options`: the options that every command has.

use std::io::{self, Write as _};

use clap::{Args as _, Command};
use kv_cli::CliError;

use crate::ENVIRONMENT_PREFIXES;
use crate::global::GlobalArgs;

const EXAMPLES: &str = "\
Examples:
  What can be given to every command:
    $ kvctl options
";

/// List the options that every command has
///
/// They may stand anywhere on the command line, and each has an environment variable.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct OptionsArgs {}

pub(crate) fn run() -> Result<(), CliError> {
    Ok(io::stdout().write_all(text().as_bytes())?)
}

fn text() -> String {
    let [ours, etcds] = ENVIRONMENT_PREFIXES else { unreachable!("there are two") };
    let command = GlobalArgs::augment_args(Command::new("options"))
        .mut_args(|arg| arg.hide(false))
        .disable_help_flag(true)
        .help_template("{options}");
    format!(
        "These options can be given to every command:\n\n{}\n\
         Each can be given by the environment too: --write-out is {ours}_WRITE_OUT or {etcds}_WRITE_OUT.\n\
         The command line wins, then {ours}_….\n",
        command.clone().render_help()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_global_option_is_listed() {
        let text = text();
        for name in ["--endpoints", "--write-out", "--command-timeout", "--discovery-srv-name", "KVCTL_WRITE_OUT"] {
            assert!(text.contains(name), "{name} in {text}");
        }
    }
}
