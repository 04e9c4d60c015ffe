//! `kvutl version`: which release this is.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Args;
use kv_cli::{API_VERSION, CliError, Render, Style};

use crate::global::{Context, Words};

/// Print the version of kvutl
#[derive(Debug, Args)]
pub(crate) struct VersionArgs {
    /// Ignored, as etcdutl does.
    #[arg(hide = true)]
    surplus: Vec<OsString>,
}

pub(crate) fn run(_args: &VersionArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    // As etcdutl, this takes no notice of the format.
    Version(context.words).simple(&mut context.out, Style::default())?;
    Ok(context.out.flush()?)
}

struct Version(Words);

impl Render for Version {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        let Words { program, version, .. } = self.0;
        writeln!(out, "{program} version: {version}\nAPI version: {API_VERSION}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etcds_words_under_etcds_name() {
        let shown = |words| {
            let mut out = Vec::new();
            Version(words).simple(&mut out, Style::default()).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(Words::ETCDUTL), "etcdutl version: 3.7.1\nAPI version: 3.7\n");
        let own = format!("kvutl version: {}\nAPI version: 3.7\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(shown(Words::KVUTL), own);
    }
}
