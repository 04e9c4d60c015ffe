//! `kvctl version`: which release this is.

use kv_cli::{API_VERSION, CliError, ETCD_VERSION, Outcome, Record};

use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  For people, and for programs:
    $ kvctl version
    $ kvctl version -w jsonl
";

/// Print the version of this tool and of the API it speaks
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct VersionArgs {}

pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let (program, version) = (context.program, release(context.program));
    let line = format!("{program} version: {version}\nAPI version: {API_VERSION}");
    let record = Record::new().with("program", program).with("version", version).with("api_version", API_VERSION);
    context.output()?.print(&Outcome { line, record })
}

/// Scripts that call etcdctl compare its version with etcd's.
fn release(program: &str) -> &'static str {
    if program == "etcdctl" { ETCD_VERSION } else { env!("CARGO_PKG_VERSION") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn under_the_name_etcdctl_it_is_etcds_version() {
        assert_eq!(release("etcdctl"), "3.7.1");
        assert_eq!(release("kvctl"), env!("CARGO_PKG_VERSION"));
    }
}
