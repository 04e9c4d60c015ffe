//! `kvutl status`: what a data directory holds.

use std::fs;
use std::path::Path;

use clap::Args;
use kv_cli::CliError;

use crate::directory;
use crate::facts::{Facts, Value};
use crate::global::Context;
use crate::offline::{Offline, OfflineError};

/// Show what a data directory holds
///
/// Shows revisions, keys, sizes and positions in the log. The log's entries that are not in the tables yet are counted in,
/// as a server counts them in when it starts.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct StatusArgs {}

const EXAMPLES: &str = "\
Examples:
  Show everything, or the revision alone:
    $ kvutl status --data-dir default.kvd
    $ kvutl status --data-dir default.kvd -w json | jq .revision
";

pub(crate) fn run(_args: &StatusArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let directory = context.directory();
    let mut session = directory::read(context)?;
    let facts = session.read(|offline| facts(offline, &directory))?;
    context.out.print(&facts)
}

fn facts(offline: &Offline, directory: &Path) -> Result<Facts, OfflineError> {
    let (store, meta, log) = (offline.store(), offline.meta(), offline.log());
    let sizes = store.sizes()?;
    let applied = store.applied();
    let index = |index: Option<u64>| Value::Number(index.map_or(-1, i128::from));
    Ok(Facts::default()
        .with("clusterID", "cluster id", Value::Id(meta.cluster_id.unwrap_or(0)))
        .with("memberID", "member id", Value::Id(meta.member_id.unwrap_or(0)))
        .with("voters", "voters", Value::Ids(log.voters()))
        .with("revision", "revision", Value::Number(store.revision().into()))
        .with("compactRevision", "compact revision", Value::Number(store.compact_revision().into()))
        .with("keys", "keys", Value::Number(store.live_keys().into()))
        .with("dbSize", "size on disk", Value::Bytes(sizes.allocated_bytes))
        .with("dbSizeInUse", "size in use", Value::Bytes(sizes.used_bytes))
        .with("freePages", "free pages", Value::Number(sizes.free_pages.into()))
        .with("pageSize", "page size", Value::Number(sizes.page_size_bytes.into()))
        .with("logSize", "log size", Value::Bytes(log_bytes(directory)))
        .with("raftTerm", "term", Value::Number(applied.map_or(0, |applied| applied.term.into())))
        .with("raftAppliedIndex", "applied index", index(applied.map(|applied| applied.index)))
        .with("storedIndex", "stored index", index(meta.applied.map(|stored| stored.index)))
        .with("raftIndex", "last index in the log", index(log.recovery.last.map(|last| last.index)))
        .with("formatVersion", "format version", Value::Number(meta.format_version.into())))
}

/// Sums up what the log's files take, those made beforehand included.
fn log_bytes(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let files = fs::read_dir(directory.join("log")).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.blocks() * 512).sum()
}
