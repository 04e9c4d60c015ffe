//! `kvutl defrag`: give free pages back to the file system.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::time::Instant;

use clap::Args;
use kv_cli::{CliError, ExitStatus, GoDuration, HumanSize, Progress, Record, Value};
use kv_store::Defragmented;

use crate::directory;
use crate::done::Done;
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
    let (place, took) = (directory.display().to_string(), began.elapsed());
    context.note(&format!(
        "finished defragmenting directory {place}: {} before, {} after, took {}",
        HumanSize(before_bytes),
        HumanSize(after_bytes),
        GoDuration(took),
    ));
    let sizes = Record::new().with("before", Value::Size(before_bytes)).with("after", Value::Size(after_bytes));
    context.out.print(&Done(Record::new().with("data_dir", place).and(sizes).with("took", took)))
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
