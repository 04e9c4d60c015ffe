//! `kvutl hashkv`: the digest that the `HashKV` call gives.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use kv_cli::{CliError, ExitStatus, Record, Render, RenderError, Style, draw_table, parse_int};
use kv_store::{KvHash, Store, StoreOptions};

use crate::directory;
use crate::global::Context;
use crate::offline::OfflineError;
use crate::snapshot::{SnapshotFile, open_error};

/// Print the hash of the key-value history
///
/// The hash is the one that the running server gives (kvctl endpoint hashkv) and that any etcd gives which holds the
/// same history. Prints the hash, the revision hashed up to, and the compact revision.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct HashkvArgs {
    /// Data directory, as with --data-dir, or a snapshot file
    #[arg(value_name = "DIRECTORY")]
    directories: Vec<PathBuf>,

    /// Revision to hash up to [default: the newest]
    #[arg(long, value_name = "REVISION", default_value = "0", hide_default_value = true, value_parser = |text: &str| parse_int(text, 0))]
    rev: i64,
}

const EXAMPLES: &str = "\
Examples:
  Hash the newest revision, or revision 1200:
    $ kvutl hashkv default.kvd
    $ kvutl hashkv default.kvd --rev 1200 -w json

  Hash what a snapshot holds:
    $ kvutl hashkv backup.db
";

pub(crate) fn run(args: &HashkvArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    if let [file] = args.directories.as_slice()
        && context.data_dir.is_none()
        && let Some(name) = file.to_str().filter(|name| *name == "-" || file.is_file())
    {
        let SnapshotFile { storage, .. } = SnapshotFile::open(name)?;
        let store = Store::from_storage(storage, StoreOptions::default());
        let store = store.map_err(|error| open_error(name, &error))?;
        return context.out.print(&Answer(store.hash_kv(args.rev).map_err(OfflineError::from)?));
    }
    context.data_dir = directory(&args.directories, context.data_dir.take())?;
    let mut session = directory::read(context)?;
    let hash = session.read(|offline| Ok(offline.store().hash_kv(args.rev)?))?;
    context.out.print(&Answer(hash))
}

/// Returns the one directory that is named, be it as etcdutl's file or as everywhere else.
fn directory(arguments: &[PathBuf], option: Option<PathBuf>) -> Result<Option<PathBuf>, CliError> {
    match arguments {
        [] => Ok(option),
        [directory] if option.is_none() => Ok(Some(directory.clone())),
        [_] => Err(CliError::arguments("the data directory is named twice, as an argument and with --data-dir")),
        _ => {
            let message = format!("accepts 1 arg(s), received {}", arguments.len());
            Err(CliError::new(ExitStatus::Failure, message).with_hint("name one data directory"))
        }
    }
}

/// The hash in the formats of etcdutl.
#[derive(Debug)]
struct Answer(KvHash);

impl Render for Answer {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        let KvHash { hash, hash_revision, compact_revision, .. } = self.0;
        writeln!(out, "{hash}, {hash_revision}, {compact_revision}")
    }

    fn records(&self) -> Vec<Record> {
        let KvHash { hash, hash_revision, compact_revision, .. } = self.0;
        let record = Record::new().with("hash", hash).with("hash_revision", hash_revision);
        vec![record.with("compact_revision", compact_revision)]
    }

    fn fields(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let KvHash { hash, hash_revision, compact_revision, .. } = self.0;
        writeln!(out, "\"Hash\" : {hash}\n\"Hash revision\" : {hash_revision}")?;
        Ok(writeln!(out, "\"Compact revision\" : {compact_revision}")?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let KvHash { hash, hash_revision, compact_revision, .. } = self.0;
        let object = format!("\"hash\":{hash},\"hashRevision\":{hash_revision},\"compactRevision\":{compact_revision}");
        Ok(writeln!(out, "{{{object}}}")?)
    }

    fn table(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let KvHash { hash, hash_revision, compact_revision, .. } = self.0;
        let row = vec![hash.to_string(), hash_revision.to_string(), compact_revision.to_string()];
        out.write_all(draw_table(&["hash", "hash revision", "compact revision"], &[row], style).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::slice;

    use expect_test::expect;
    use kv_cli::{Format, render};

    use super::*;

    #[test]
    fn one_directory_is_named() {
        let [a, b] = ["a", "b"].map(PathBuf::from);
        assert_eq!(directory(&[], None), Ok(None));
        assert_eq!(directory(&[], Some(a.clone())), Ok(Some(a.clone())));
        assert_eq!(directory(slice::from_ref(&b), None), Ok(Some(b.clone())));
        assert_eq!(directory(slice::from_ref(&b), Some(a.clone())).unwrap_err().status, ExitStatus::BadArguments);
        assert_eq!(directory(&[b, a], None).unwrap_err().message.as_deref(), Some("accepts 1 arg(s), received 2"));
    }

    #[test]
    fn the_formats_are_those_of_etcdutl() {
        let answer = Answer(KvHash { hash: 674_782_633, hash_revision: 6, compact_revision: -1, revision: 9 });
        let mut out = Vec::new();
        for format in [Format::Simple, Format::Fields, Format::Json, Format::Table] {
            render(&answer, format, Style::default(), &mut out).unwrap();
        }
        expect![[r#"
            674782633, 6, -1
            "Hash" : 674782633
            "Hash revision" : 6
            "Compact revision" : -1
            {"hash":674782633,"hashRevision":6,"compactRevision":-1}
            ┌───────────┬───────────────┬──────────────────┐
            │   HASH    │ HASH REVISION │ COMPACT REVISION │
            ├───────────┼───────────────┼──────────────────┤
            │ 674782633 │             6 │               -1 │
            └───────────┴───────────────┴──────────────────┘
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
        assert!(render(&answer, Format::Protobuf, Style::default(), &mut Vec::new()).is_err());
    }
}
