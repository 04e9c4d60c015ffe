//! `kvutl snapshot status`: what a snapshot holds.

use std::io::{self, Write};

use clap::Args;
use kv_cli::{API_VERSION, CliError, ExitStatus, HumanSize, Record, Render, RenderError, Style, Value, draw_table};
use kv_store::{Store, StoreOptions};

use crate::global::Context;
use crate::offline::OfflineError;
use crate::snapshot::SnapshotFile;

/// Show what a snapshot holds
///
/// Prints a hash of everything in it, the newest revision, the number of keys, the size, and the storage version. The digest
/// at the end and the structure of the file are checked first.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct StatusArgs {
    /// Snapshot, or - for standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  Show the newest revision in a backup:
    $ kvutl snapshot status backup.db -w json | jq .revision
";

pub(crate) fn run(args: &StatusArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let name = one_file(&args.files, "status")?;
    let SnapshotFile { storage, length_bytes, .. } = SnapshotFile::open(name)?;
    let hash = storage.read().and_then(|reader| reader.hash_all()).map_err(OfflineError::from)?;
    let store = Store::from_storage(storage, StoreOptions::default());
    let store = store.map_err(|error| crate::snapshot::open_error(name, &error))?;
    context.out.print(&Status { hash, revision: store.revision(), keys: store.live_keys(), length_bytes })
}

/// Returns the one file that is named.
pub(super) fn one_file<'a>(files: &'a [String], command: &str) -> Result<&'a str, CliError> {
    match files {
        [file] => Ok(file),
        _ => Err(CliError::new(
            ExitStatus::BadArguments,
            format_args!("snapshot {command} requires exactly one argument"),
        )),
    }
}

/// What etcdutl prints.
#[derive(Debug)]
struct Status {
    hash: u32,
    revision: i64,
    keys: u64,
    length_bytes: u64,
}

impl Status {
    fn columns(&self) -> Vec<String> {
        let Self { hash, revision, keys, length_bytes } = self;
        let size = HumanSize(*length_bytes).to_string();
        vec![format!("{hash:x}"), revision.to_string(), keys.to_string(), size, version()]
    }
}

/// The storage version, as snapshots say it when they are sent.
fn version() -> String {
    format!("{API_VERSION}.0")
}

impl Render for Status {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        writeln!(out, "{}", self.columns().join(", "))
    }

    fn records(&self) -> Vec<Record> {
        let Self { hash, revision, keys, length_bytes } = self;
        let record = Record::new().with("hash", *hash).with("revision", *revision).with("total_keys", *keys);
        vec![record.with("total_size", Value::Size(*length_bytes)).with("version", version())]
    }

    fn fields(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let Self { hash, revision, keys, length_bytes } = self;
        writeln!(out, "\"Hash\" : {hash}\n\"Revision\" : {revision}\n\"Keys\" : {keys}")?;
        Ok(writeln!(out, "\"Size\" : {length_bytes}\n\"Version\" : {}", version())?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let Self { hash, revision, keys, length_bytes } = self;
        let numbers =
            format!("\"hash\":{hash},\"revision\":{revision},\"totalKey\":{keys},\"totalSize\":{length_bytes}");
        Ok(writeln!(out, "{{{numbers},\"version\":\"{}\"}}", version())?)
    }

    fn table(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let header = ["hash", "revision", "total keys", "total size", "version"];
        out.write_all(draw_table(&header, &[self.columns()], style).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_cli::{Format, render};

    use super::*;

    #[test]
    fn the_formats_are_those_of_etcdutl() {
        let status = Status { hash: 1_533_621_212, revision: 5, keys: 2, length_bytes: 20_480 };
        let mut out = Vec::new();
        for format in [Format::Simple, Format::Fields, Format::Json, Format::Table] {
            render(&status, format, Style::default(), &mut out).unwrap();
        }
        expect![[r#"
            5b6933dc, 5, 2, 20 kB, 3.7.0
            "Hash" : 1533621212
            "Revision" : 5
            "Keys" : 2
            "Size" : 20480
            "Version" : 3.7.0
            {"hash":1533621212,"revision":5,"totalKey":2,"totalSize":20480,"version":"3.7.0"}
            ┌──────────┬──────────┬────────────┬────────────┬─────────┐
            │   HASH   │ REVISION │ TOTAL KEYS │ TOTAL SIZE │ VERSION │
            ├──────────┼──────────┼────────────┼────────────┼─────────┤
            │ 5b6933dc │        5 │          2 │      20 kB │   3.7.0 │
            └──────────┴──────────┴────────────┴────────────┴─────────┘
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
        assert!(render(&status, Format::Protobuf, Style::default(), &mut Vec::new()).is_err());
    }
}
