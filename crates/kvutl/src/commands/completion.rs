//! `kvutl completion`: scripts that make shells complete the command line.

use std::ffi::OsString;
use std::io::Write as _;

use clap::Args;
use kv_cli::{CliError, ExitStatus, Quoted, Shell};

use crate::global::Context;

/// Print the completion script for a shell: bash, zsh, fish or powershell
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct CompletionArgs {
    /// Shell that is to complete: bash, zsh, fish or powershell
    #[arg(value_name = "SHELL")]
    shell: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  For this session of bash:
    $ source <(kvutl completion bash)

  For every session of zsh; the directory must be in fpath:
    $ kvutl completion zsh > ~/.zfunc/_kvutl
";

pub(crate) fn run(args: &CompletionArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let shell = args.shell(context.words.program)?;
    context.out.write_all((context.generated)(context.words).completion(shell).as_bytes())?;
    Ok(context.out.flush()?)
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
        Err(CliError::new(ExitStatus::Failure, message).with_hint("name one of bash, zsh, fish and powershell"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_known_shell_is_needed() {
        let shell = |names: &[&str]| {
            let shell = names.iter().map(OsString::from).collect();
            CompletionArgs { shell }.shell("kvutl").map_err(|error| error.message.unwrap_or_default())
        };
        assert_eq!(shell(&["fish"]), Ok(Shell::Fish));
        assert_eq!(shell(&[]), Err("accepts 1 arg(s), received 0".to_owned()));
        assert_eq!(shell(&["csh"]), Err("invalid argument \"csh\" for \"kvutl completion\"".to_owned()));
    }
}
