//! `kvutl snapshot verify`: find out whether a snapshot can be relied on.

use std::fs;
use std::io::ErrorKind;

use clap::Args;
use kv_cli::{CliError, ExitStatus};
use kv_store::{Store, StoreOptions};

use super::status::one_file;
use crate::facts::{Facts, Value};
use crate::global::Context;
use crate::offline::OfflineError;
use crate::snapshot::{SnapshotFile, check_records, damage_found, open_error};

/// Find out whether a snapshot can be relied on
///
/// Compares the digest at its end, checks the structure of its pages, reads every record and value, compares their checksums,
/// and checks that nothing is missing between them. Prints how much there is. Changes nothing. What is not a whole snapshot
/// ends with status 14, and a file that is not there with 6.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// Snapshot, or - for standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  After a backup was copied elsewhere:
    $ kvutl snapshot verify /mnt/backup/kvd.db.zst && echo fine
";

pub(crate) fn run(args: &VerifyArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let name = one_file(&args.files, "verify")?;
    // Where there is nothing, nothing is damaged: whoever watches over backups wants to tell the two apart.
    if name != "-" && fs::metadata(name).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        let message = format!("stat {name}: no such file or directory");
        return Err(CliError::new(ExitStatus::Io, message).with_hint("name a file that `snapshot save` has made"));
    }
    let SnapshotFile { storage, length_bytes, has_digest } = SnapshotFile::open(name).map_err(damaged)?;
    let checked = check_records(&storage, length_bytes)?;
    let meta = storage.meta().map_err(OfflineError::from)?;
    let store = Store::from_storage(storage, StoreOptions::default());
    let store = store.map_err(|error| damaged(open_error(name, &error)))?;
    if store.live_keys() != checked.live_keys {
        let (index, changes) = (store.live_keys(), checked.live_keys);
        return Err(damage_found(&[format!("the index has {index} live keys, and the changes make {changes}")]));
    }
    if !has_digest {
        context.note(
            "note: there is no digest at its end; that nothing was cut or changed is known from its content alone",
        );
    }
    let number = |number: u64| Value::Number(number.into());
    let facts = Facts::default()
        .with("clusterID", "cluster id", Value::Id(meta.cluster_id.unwrap_or(0)))
        .with("revision", "revision", Value::Number(meta.revision.into()))
        .with("compactRevision", "compact revision", Value::Number(meta.compact_revision.into()))
        .with("keys", "keys", number(checked.live_keys))
        .with("changes", "changes", number(checked.changes))
        .with("values", "pieces of long values", number(checked.pieces))
        .with("totalSize", "size", Value::Bytes(length_bytes))
        .with("formatVersion", "format version", number(meta.format_version));
    context.out.print(&facts)
}

/// What is not a whole snapshot has the status of damage here.
fn damaged(error: CliError) -> CliError {
    CliError { status: ExitStatus::Damaged, ..error }
}
