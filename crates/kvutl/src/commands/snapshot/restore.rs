//! `kvutl snapshot restore`: make a data directory of a snapshot.

mod cluster;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use kv_cli::{CliError, ExitStatus, Progress, Record, Value, parse_int};
use kv_store::{COMPACTION_ROWS, Member, Storage, StorageOptions, ids};

use self::cluster::local_member_urls;
use super::status::one_file;
use crate::done::Done;
use crate::global::{Context, Words};
use crate::offline::OfflineError;
use crate::scratch::{Scratch, with_suffix};
use crate::snapshot::{check_records, check_there, open_error, unpack, unpack_unverified};

/// How far revisions are moved unless the line says otherwise: farther than any cluster writes between two backups.
const REVISIONS_MOVED: i64 = 1_000_000_000;

/// Make a data directory of a snapshot
///
/// The directory is that of the only member of a new cluster, with all keys, leases, users and roles of the snapshot. It must not
/// exist or be empty, and appears only when it is complete. Revisions move forward by 1,000,000,000 and what is before is
/// marked compacted, so that clients which have seen newer revisions than the snapshot are told to start anew instead of
/// missing changes; --keep-revision leaves them as they are, for when no such client is left.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// Snapshot, or - for standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<String>,

    /// Directory for the log; kvd has it inside the data directory, so it is only checked that there is none
    #[arg(long, value_name = "DIRECTORY", value_hint = clap::ValueHint::DirPath)]
    wal_dir: Option<PathBuf>,

    /// Name of the member
    #[arg(long, value_name = "NAME", default_value = "default")]
    name: String,

    /// Members of the new cluster, as NAME=URL; this release runs one [default: this member]
    #[arg(long, value_name = "MEMBERS")]
    initial_cluster: Option<String>,

    /// Name of the new cluster, from which ids are computed
    #[arg(long, value_name = "TOKEN", default_value = "etcd-cluster")]
    initial_cluster_token: String,

    /// Where other members would reach this one
    #[arg(long, value_name = "URLS", default_value = "http://localhost:2380")]
    initial_advertise_peer_urls: String,

    /// Accept a snapshot whose digest is missing or wrong
    ///
    /// Such as a file copied out of a data directory, which has none. The structure of its pages, every record and every
    /// value are checked instead; what is damaged is refused.
    #[arg(long)]
    skip_hash_check: bool,

    /// Ignored: the store file grows as it needs to
    #[arg(long, value_name = "BYTES", value_parser = |text: &str| parse_int(text, 0))]
    initial_memory_map_size: Option<i64>,

    /// How far to move revisions forward [default: 1000000000]
    #[arg(long, value_name = "REVISIONS", value_parser = |text: &str| parse_int(text, 0))]
    bump_revision: Option<i64>,

    /// Mark what is before as compacted; given with --bump-revision as in etcdutl, and the default here
    #[arg(long)]
    mark_compacted: bool,

    /// Leave revisions as they are in the snapshot
    #[arg(long)]
    keep_revision: bool,
}

const EXAMPLES: &str = "\
Examples:
  Start over from a backup:
    $ kvutl snapshot restore backup.db --data-dir restored.kvd
    $ kvd --data-dir restored.kvd
";

impl RestoreArgs {
    /// Returns how far revisions are moved.
    fn moved_by(&self) -> Result<i64, CliError> {
        let bump = self.bump_revision.unwrap_or(0);
        if self.keep_revision && (bump != 0 || self.mark_compacted) {
            return Err(CliError::arguments("--keep-revision contradicts --bump-revision and --mark-compacted"));
        }
        match (bump, self.mark_compacted) {
            (0, false) if self.keep_revision => Ok(0),
            (0, false) => Ok(REVISIONS_MOVED),
            (1.., true) => Ok(bump),
            // etcdutl's text, with its wrong name of the flag.
            (1.., false) | (0, true) => Err(CliError::arguments("--mark-compacted required if --revision-bump > 0")),
            (..0, _) => Err(CliError::new(
                ExitStatus::Failure,
                format_args!("invalid argument \"{bump}\" for \"--bump-revision\": revisions move forward only"),
            )),
        }
    }
}

pub(crate) fn run(args: &RestoreArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let name = one_file(&args.files, "restore")?;
    let moved_by = args.moved_by()?;
    let peer_urls = local_member_urls(&args.name, &args.initial_advertise_peer_urls, args.initial_cluster.as_deref())
        .map_err(failed)?;
    let destination = context.data_dir.clone().unwrap_or_else(|| default_directory(context.words, &args.name));
    check_free(&destination)?;
    check_there(name)?;
    if let Some(wal_dir) = &args.wal_dir {
        if wal_dir.exists() {
            return Err(failed(format!("wal-dir \"{}\" exists", wal_dir.display())));
        }
        context.note("note: --wal-dir is not used: kvd keeps its log inside the data directory");
    }

    let id = ids::member_id(peer_urls.iter().map(String::as_str), &args.initial_cluster_token);
    let cluster_id = ids::cluster_id(&[id]);
    let member = Member { id, name: args.name.clone(), peer_urls, client_urls: Vec::new(), learner: false };
    context.note(&format!("restoring snapshot {name} to {}", destination.display()));
    let scratch = Scratch::create(with_suffix(&destination, ".restoring")).map_err(OfflineError::from)?;
    let file = Storage::file_to_adopt(scratch.path());
    let unpack = if args.skip_hash_check { unpack_unverified } else { unpack };
    unpack(name, &file)?;
    let storage = Storage::adopt(scratch.lock(), &StorageOptions::default());
    let storage = storage.map_err(|error| open_error(name, &error))?;
    if args.skip_hash_check {
        check_records(&storage, storage.sizes().map_err(OfflineError::from)?.used_bytes)?;
    }
    let revision = storage.found_cluster(cluster_id, &member, moved_by).map_err(OfflineError::from)?;
    context.note(&format!("added member {id:x} to cluster {cluster_id:x}"));
    if moved_by > 0 {
        compact(&storage, revision)?;
    }
    drop(storage);
    scratch.move_to(&destination).map_err(|error| {
        failed(format!("move the complete directory to {}: {error}", destination.display()))
            .with_hint("where that is a mounted file system, restore into a directory on it")
    })?;
    context.note(&format!("restored snapshot {name} to {} at revision {revision}", destination.display()));
    let record = Record::new().with("data_dir", destination.display().to_string()).with("revision", revision);
    let ids = Record::new().with("cluster_id", Value::Id(cluster_id)).with("member_id", Value::Id(id));
    context.out.print(&Done(record.and(ids)))
}

fn default_directory(words: Words, member: &str) -> PathBuf {
    let suffix = Path::new(words.default_directory).extension().unwrap_or_default();
    PathBuf::from(format!("{member}.{}", suffix.display()))
}

/// Refuses a directory that holds something, before anything is made.
fn check_free(destination: &Path) -> Result<(), CliError> {
    let free = match fs::read_dir(destination) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if free {
        return Ok(());
    }
    Err(failed(format!("data-dir \"{}\" not empty or could not be read", destination.display()))
        .with_hint("name a directory that does not exist yet with --data-dir"))
}

/// Deletes what the move gave up, so that it takes no room and a check finds everything in order.
fn compact(storage: &Storage, revision: i64) -> Result<(), OfflineError> {
    let progress = Progress::count("compacting: changes");
    let mut changes = 0;
    while storage.compact_slice(revision, COMPACTION_ROWS)?.finished != Some(revision) {
        changes += COMPACTION_ROWS as u64;
        progress.set(changes);
    }
    Ok(())
}

fn failed(message: impl std::fmt::Display) -> CliError {
    CliError::new(ExitStatus::Failure, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved_by(bump_revision: Option<i64>, mark_compacted: bool, keep_revision: bool) -> Result<i64, u8> {
        let args = RestoreArgs {
            files: Vec::new(),
            wal_dir: None,
            name: String::new(),
            initial_cluster: None,
            initial_cluster_token: String::new(),
            initial_advertise_peer_urls: String::new(),
            skip_hash_check: false,
            initial_memory_map_size: None,
            bump_revision,
            mark_compacted,
            keep_revision,
        };
        args.moved_by().map_err(|error| error.status.code())
    }

    #[test]
    fn revisions_move_unless_they_are_kept() {
        assert_eq!(moved_by(None, false, false), Ok(1_000_000_000));
        assert_eq!(moved_by(None, false, true), Ok(0));
        assert_eq!(moved_by(Some(7), true, false), Ok(7));
        assert_eq!(moved_by(Some(7), false, false), Err(128));
        assert_eq!(moved_by(None, true, false), Err(128));
        assert_eq!(moved_by(Some(7), true, true), Err(128));
        assert_eq!(moved_by(Some(-7), true, false), Err(1));
    }

    #[test]
    fn the_directory_is_named_for_the_member() {
        assert_eq!(default_directory(Words::KVUTL, "m1"), Path::new("m1.kvd"));
        assert_eq!(default_directory(Words::ETCDUTL, "m1"), Path::new("m1.etcd"));
    }
}
