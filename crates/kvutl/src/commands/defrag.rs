//! `kvutl defrag`: give free pages back to the file system.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::time::Instant;

use clap::Args;
use kv_cli::{CliError, ExitStatus, GoDuration, HumanSize, Progress};
use kv_store::Defragmented;

use crate::directory;
use crate::global::{Context, required_flag};
use crate::offline::OfflineError;

/// Give the free space in a data directory back to the file system
///
/// Copies the tables to a new file without free pages and puts that one in use. A crash or a full disk leaves the
/// old file in use. Entries of the log that the tables lack are stored first. Needs as much free space as the keys take.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct DefragArgs {
    /// Ignored, as etcdutl does.
    #[arg(hide = true)]
    surplus: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  Give up old revisions, then the space they took:
    $ kvutl compact 1200 --data-dir default.kvd
    $ kvutl defrag --data-dir default.kvd
";

pub(crate) fn run(_args: &DefragArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    if context.data_dir.is_none() {
        return Err(required_flag("data-dir"));
    }
    let directory = context.directory();
    let began = Instant::now();
    let done = defragment(context).map_err(|error| {
        let CliError { message, hints, .. } = CliError::from(error);
        let message = message.unwrap_or_default();
        let message = format!("Failed to defragment etcd data[{}] ({message})", directory.display());
        CliError { hints, ..CliError::new(ExitStatus::Failure, message) }
    })?;
    let Defragmented { before_bytes, after_bytes } = done;
    context.note(&format!(
        "finished defragmenting directory {}: {} before, {} after, took {}",
        directory.display(),
        HumanSize(before_bytes),
        HumanSize(after_bytes),
        GoDuration(began.elapsed()),
    ));
    Ok(())
}

fn defragment(context: &mut Context<'_>) -> Result<Defragmented, OfflineError> {
    let offline = directory::write(context)?;
    let storage = offline.store().storage();
    let progress = Progress::bytes("defragmenting", storage.sizes()?.used_bytes);
    let done = storage.defragment(|step| {
        progress.set(step.copied_bytes);
        ControlFlow::Continue(())
    })?;
    Ok(done)
}
