//! `kvctl version`: which release this is.

use std::io::{self, Write as _};

use kv_cli::{API_VERSION, CliError, ETCD_VERSION};

use crate::session::Context;

/// Print the version of this tool and of the API it speaks
#[derive(Debug, clap::Args)]
pub(crate) struct VersionArgs {}

pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    Ok(io::stdout().write_all(text(context.program).as_bytes())?)
}

/// Scripts that call etcdctl compare its version with etcd's.
fn text(program: &str) -> String {
    let version = if program == "etcdctl" { ETCD_VERSION } else { env!("CARGO_PKG_VERSION") };
    format!("{program} version: {version}\nAPI version: {API_VERSION}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn under_the_name_etcdctl_it_is_etcds_version() {
        assert_eq!(text("etcdctl"), "etcdctl version: 3.7.1\nAPI version: 3.7\n");
        assert_eq!(text("kvctl"), concat!("kvctl version: ", env!("CARGO_PKG_VERSION"), "\nAPI version: 3.7\n"));
    }
}
