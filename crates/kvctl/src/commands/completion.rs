//! `kvctl completion`: the script that lets a shell complete command lines.

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::Args as _;
use kv_cli::{CliError, ExitStatus, Quoted, Shell};

use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  For this session of bash:
    $ source <(kvctl completion bash)

  For every session of zsh; the directory must be in fpath:
    $ kvctl completion zsh > ~/.zfunc/_kvctl

  For every session of fish:
    $ kvctl completion fish > ~/.config/fish/completions/kvctl.fish

  For this session of PowerShell:
    PS> kvctl completion powershell | Out-String | Invoke-Expression
";

/// Print the completion script for a shell: bash, zsh, fish or powershell
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl completion <SHELL>", after_long_help = EXAMPLES)]
pub(crate) struct CompletionArgs {
    /// Shell that is to complete: bash, zsh, fish or powershell
    #[arg(value_name = "SHELL")]
    shell: Vec<OsString>,
}

pub(crate) fn run(context: &Context, args: &CompletionArgs) -> Result<(), CliError> {
    let shell = args.shell(context.program)?;
    let script = crate::generated_for(context.program).completion(shell);
    Ok(io::stdout().write_all(script.as_bytes())?)
}

impl CompletionArgs {
    fn shell(&self, program: &str) -> Result<Shell, CliError> {
        let message = match self.shell.as_slice() {
            [name] => match name.to_string_lossy().parse() {
                Ok(shell) => return Ok(shell),
                Err(()) => format!("invalid argument {} for \"{program} completion\"", Quoted(name.as_encoded_bytes())),
            },
            arguments => format!("accepts 1 arg(s), received {}", arguments.len()),
        };
        let mut command =
            CompletionArgs::augment_args(clap::Command::new("completion").bin_name(format!("{program} completion")));
        Err(CliError::new(ExitStatus::Failure, message).with_usage(format!("{}\n", command.render_usage())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_known_shell_is_needed() {
        let shell =
            |names: &[&str]| CompletionArgs { shell: names.iter().map(OsString::from).collect() }.shell("kvctl");
        assert_eq!(shell(&["fish"]), Ok(Shell::Fish));
        assert_eq!(shell(&[]).unwrap_err().message.as_deref(), Some("accepts 1 arg(s), received 0"));
        let error = shell(&["csh"]).unwrap_err();
        assert_eq!(error.message.as_deref(), Some("invalid argument \"csh\" for \"kvctl completion\""));
        assert_eq!(error.status, ExitStatus::Failure);
    }
}
