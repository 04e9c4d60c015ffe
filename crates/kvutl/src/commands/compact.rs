//! `kvutl compact`: give up history, without a server.

use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use kv_cli::{CliError, ExitStatus, Progress, Record, Render, RenderError, Style, parse_int};
use kv_store::{COMPACTION_ROWS, CompactionStep};

use crate::directory;
use crate::global::Context;
use crate::offline::{Offline, OfflineError};

/// Give up the history before a revision
///
/// Does what kvctl compaction does on a running server: afterwards revisions before REVISION cannot be read any more, and
/// the space of what they alone showed can be used again. The file shrinks with kvutl defrag. Interrupted, the
/// deletion is finished by the next command that writes, or by the server. Only for a member that is alone in its
/// cluster: the others would not hear of it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct CompactArgs {
    /// Oldest revision to keep
    #[arg(value_name = "REVISION")]
    arguments: Vec<String>,
}

impl CompactArgs {
    fn revision(&self) -> Result<i64, CliError> {
        let [revision] = self.arguments.as_slice() else {
            return Err(CliError::arguments("compact command needs 1 argument"));
        };
        parse_int(revision, 10).map_err(|error| CliError::new(ExitStatus::Failure, error))
    }
}

const EXAMPLES: &str = "\
Examples:
  Keep what can be read at revision 1200 and later:
    $ kvutl compact 1200 --data-dir default.kvd
";

pub(crate) fn run(args: &CompactArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let revision = args.revision()?;
    let offline = directory::write(context)?;
    if !offline.is_alone() {
        return Err(CliError::new(
            ExitStatus::Failure,
            format_args!("{} belongs to a member that is not alone in its cluster", context.directory().display()),
        )
        .with_hint("`kvctl compaction` on the running cluster compacts every member"));
    }
    delete(&offline.begin_compaction(revision)?)?;
    context.out.print(&Compacted { revision })
}

/// Deletes what the compaction gave up, as the server does in the background.
fn delete(offline: &Offline) -> Result<(), OfflineError> {
    let store = offline.store();
    let progress = Progress::count("compacting: changes");
    let mut changes = 0;
    while store.compaction_step(COMPACTION_ROWS, Duration::ZERO)? != CompactionStep::Idle {
        changes += COMPACTION_ROWS as u64;
        progress.set(changes);
    }
    Ok(())
}

/// The new compact revision.
struct Compacted {
    revision: i64,
}

impl Render for Compacted {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        writeln!(out, "compacted revision {}", self.revision)
    }

    fn records(&self) -> Vec<Record> {
        vec![Record::new().with("compact_revision", self.revision)]
    }

    fn fields(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "\"CompactRevision\" : {}", self.revision)?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{{\"compactRevision\":{}}}", self.revision)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_needed() {
        let revision = |arguments: &[&str]| {
            let arguments = arguments.iter().map(ToString::to_string).collect();
            CompactArgs { arguments }.revision().map_err(|error| error.status.code())
        };
        assert_eq!(revision(&["12"]), Ok(12));
        assert_eq!(revision(&["x"]), Err(1));
        assert_eq!(revision(&[]), Err(128));
        assert_eq!(revision(&["1", "2"]), Err(128));
    }
}
