//! `kvutl snapshot save`: take a snapshot of a data directory.

use std::env;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use clap::Args;
use kv_cli::{
    CliError, DigestCheck, ExitStatus, Outcome, Output, OwnOutcome, Progress, Record, SaveError, SnapshotFile,
    is_terminal_output,
};
use kv_store::{OpenError, Snapshot};

use super::status::one_file;
use crate::directory::left_out_note;
use crate::global::Context;
use crate::offline::{self, OfflineError};
use crate::scratch::{Scratch, with_suffix};

/// Bytes that are written at a time.
const PIECE_BYTES: usize = 1 << 20;

/// Take a snapshot of a data directory
///
/// Saves what the tables hold and what stands in the log behind that, as a server that starts on the directory would see it.
/// Works on a stopped directory and beside a running server. The file is the same as kvctl snapshot save makes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct SaveArgs {
    /// File to write, or - for standard output
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<String>,

    /// Compress the file as zstd does
    #[arg(long)]
    zstd: bool,
}

const EXAMPLES: &str = "\
Examples:
  Back up a directory whose server does not start any more:
    $ kvutl snapshot save backup.db --data-dir default.kvd
    $ kvutl snapshot save - --zstd --data-dir default.kvd > backup.db.zst
";

pub(crate) fn run(args: &SaveArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let name = one_file(&args.files, "save")?;
    if name == "-" && is_terminal_output() {
        return Err(CliError::arguments("a snapshot is not for a terminal").with_hint("name a file, or add a pipe"));
    }
    let failed = |error| CliError::new(ExitStatus::Io, error);
    let file = match name {
        "-" => {
            let sink = Output::to(Box::new(std::io::sink()), context.out.format, context.out.style);
            SnapshotFile::stream(Box::new(std::mem::replace(&mut context.out, sink)), args.zstd)
        }
        file => SnapshotFile::create(Path::new(file), args.zstd),
    };
    let file = file.map_err(failed)?;
    let scratch = match name {
        "-" => Scratch::create_private(&env::temp_dir()),
        file => Scratch::create(with_suffix(Path::new(file), ".building")),
    };
    let snapshot = take(scratch, context)?;
    write(snapshot, file).map_err(failed)?;
    if name != "-" {
        let record = Record::new().with("file", name);
        context.out.print(&OwnOutcome(Outcome { line: format!("Snapshot saved at {name}"), record }))?;
    }
    Ok(())
}

/// Copies the tables, and applies to the copy what the log has behind them.
fn take(scratch: Result<Scratch, OpenError>, context: &mut Context<'_>) -> Result<Snapshot, CliError> {
    let scratch = scratch.map_err(OfflineError::from)?;
    let (snapshot, log) = offline::snapshot(&context.directory(), &scratch)?;
    if let Some(note) = left_out_note(&log) {
        context.note(&note);
    }
    Ok(snapshot)
}

/// Writes the copy and its digest.
fn write(snapshot: Snapshot, mut into: SnapshotFile) -> Result<(), SaveError> {
    let Snapshot { file, length_bytes } = snapshot;
    let progress = Progress::bytes("saving", length_bytes);
    let mut reader: std::io::Take<File> = file.take(length_bytes);
    let mut digest = DigestCheck::default();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = reader.read(&mut piece).map_err(SaveError::of_reading)?;
        if length == 0 {
            break;
        }
        digest.update(&piece[..length]);
        into.write(&piece[..length])?;
        progress.set(digest.length_bytes());
    }
    into.write(&digest.of_everything())?;
    into.finish()
}
