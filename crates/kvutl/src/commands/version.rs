//! `kvutl version`: which release this is.

use std::ffi::OsString;

use clap::Args;
use kv_cli::{API_VERSION, CliError, Outcome, Record};

use crate::global::{Context, Words};

const EXAMPLES: &str = "\
Examples:
  For people, and for programs:
    $ kvutl version
    $ kvutl version -w jsonl
";

/// Print the version of kvutl
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct VersionArgs {
    /// Ignored, as etcdutl does.
    #[arg(hide = true)]
    surplus: Vec<OsString>,
}

pub(crate) fn run(_args: &VersionArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    context.out.print(&outcome(context.words))
}

fn outcome(words: Words) -> Outcome {
    let Words { program, version, .. } = words;
    let record = Record::new().with("program", program).with("version", version).with("api_version", API_VERSION);
    Outcome { line: format!("{program} version: {version}\nAPI version: {API_VERSION}"), record }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etcds_words_under_etcds_name() {
        assert_eq!(outcome(Words::ETCDUTL).line, "etcdutl version: 3.7.1\nAPI version: 3.7");
        let own = format!("kvutl version: {}\nAPI version: 3.7", env!("CARGO_PKG_VERSION"));
        assert_eq!(outcome(Words::KVUTL).line, own);
    }
}
