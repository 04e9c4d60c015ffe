//! `kvutl check`: look for damage in everything a data directory holds.

use std::io::{self, Write};
use std::path::Path;

use bytes::Bytes;
use clap::Args;
use kv_cli::{CliError, ExitStatus, JsonString, Progress, Quoted, Record, Render, RenderError, Style, draw_table};
use kv_log::{Payload, Reader};
use kv_store::{
    Checked, Command, CommandEntry, DirLock, FileCheck, LmdbFile, LogPosition, Membership, OpenError, Storage, Store,
    StoreOptions,
};

use crate::global::Context;
use crate::offline::{self, Offline, OfflineError};

/// Look for damage in everything a data directory holds
///
/// Reads every page, record, value and log entry, compares checksums, and checks that nothing is missing between them: that
/// each change names the one of its key before it, that no revision is left out, that the log continues where the tables
/// end. Prints what is damaged, line by line. Changes nothing. While a server uses the directory, all is checked but the
/// structure of its pages; the file may grow meanwhile.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct CheckArgs {}

const EXAMPLES: &str = "\
Examples:
  Before a backup is relied on:
    $ kvutl check --data-dir /mnt/backup/default.kvd && echo fine
";

pub(crate) fn run(_args: &CheckArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let directory = context.directory();
    let lock = match DirLock::hold(&directory) {
        Ok(lock) => Writer::None(lock),
        Err(OpenError::Locked { holder, .. }) => {
            context.note(&format!("note: process {holder} uses the directory; the structure of pages is not checked"));
            Writer::Running
        }
        Err(error) => return Err(OfflineError::from(error).into()),
    };
    let report = check(&directory, &lock)?;
    context.out.print(&report)?;
    if report.lost_ranges > 0 {
        let ranges = report.lost_ranges;
        context.note(&format!("note: the store was rescued from damage; changes are missing in {ranges} places"));
    }
    if report.skipped {
        context.note("note: the rows on the damaged pages were not checked");
    }
    match report.damage.len() {
        0 => Ok(()),
        found => {
            let errors = if found == 1 { "1 error" } else { &format!("{found} errors") };
            Err(CliError::new(ExitStatus::Damaged, format_args!("integrity check failed. {errors} found."))
                .with_hint("keep this directory, and restore a snapshot, or bring what can be read into a new one with `kvutl rescue`"))
        }
    }
}

/// Who may write to the directory during the check.
enum Writer {
    /// Nobody: the lock is ours, or no process ever took it.
    None(#[expect(dead_code, reason = "held until the check is over")] Option<DirLock>),
    /// A server.
    Running,
}

/// What was looked at and what was found.
#[derive(Debug, Default)]
struct Report {
    damage: Vec<String>,
    checked: Checked,
    pages: Option<FileCheck>,
    /// The rows were not looked at, because the pages they are on are damaged.
    skipped: bool,
    /// Places where changes are missing since the store was rescued.
    lost_ranges: u64,
    log_entries: u64,
}

fn check(directory: &Path, writer: &Writer) -> Result<Report, CliError> {
    let mut report = Report::default();
    let stopped = matches!(writer, Writer::None(_));
    // The log first, as when a directory is opened.
    let log = report.unless_damaged(offline::open_log(directory))?;
    let file = Storage::file_in_use(directory).map_err(OfflineError::from);
    let Some(file) = report.unless_damaged(file)? else { return Ok(report) };
    if !file.exists() {
        report.damage.push(format!("{} is missing, and CURRENT names it", file.display()));
        return Ok(report);
    }
    if stopped {
        report.pages =
            report.unless_damaged(LmdbFile::open(&file).and_then(|file| file.check()).map_err(Into::into))?;
        if report.pages.is_none() {
            // LMDB would believe what is wrong in there.
            report.skipped = true;
            return Ok(report);
        }
    }
    let Some(storage) = report.unless_damaged(offline::open_storage(directory))? else { return Ok(report) };
    let applied = storage.meta().ok().and_then(|meta| meta.applied);
    report.lost_ranges = storage.read().and_then(|reader| reader.lost_ranges()).unwrap_or(0);
    report.rows(&storage)?;
    match (log, applied) {
        (Some(Some(log)), applied) => report.log(&log, applied, stopped),
        (Some(None), Some(applied)) => {
            report.damage.push(format!("the log is missing, and its entry {applied} is stored"));
        }
        // It is damaged, or the directory is a new one.
        (None, _) | (Some(None), None) => {}
    }
    if report.damage.is_empty() && stopped {
        let store = Store::from_storage(storage, StoreOptions::default()).map_err(OfflineError::from)?;
        if store.live_keys() != report.checked.live_keys {
            let (index, changes) = (store.live_keys(), report.checked.live_keys);
            report.damage.push(format!("the index has {index} live keys, and the changes make {changes}"));
        }
        drop(store);
        report.unless_damaged(Offline::open_for_reading(directory))?;
    }
    Ok(report)
}

impl Report {
    /// Takes an error down as damage, if that is what it is.
    fn unless_damaged<T>(&mut self, result: Result<T, OfflineError>) -> Result<Option<T>, OfflineError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_damage() => {
                self.damage.push(error.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn rows(&mut self, storage: &Storage) -> Result<(), OfflineError> {
        let progress = Progress::bytes("checking", storage.sizes()?.used_bytes);
        let damage = &mut self.damage;
        self.checked = storage.check(&mut |found| damage.push(found), &mut |bytes| progress.set(bytes))?;
        Ok(())
    }

    /// Checks every entry of the log, and that it continues where the tables end.
    fn log(&mut self, log: &Reader, applied: Option<LogPosition>, stopped: bool) {
        let [purged, last] = [log.recovery().purged, log.recovery().last].map(|at| at.map(offline::position));
        let is_before = |first: Option<LogPosition>, second: Option<LogPosition>| {
            first.map(|first| first.index) < second.map(|second| second.index)
        };
        if let Some(begin) = purged.filter(|_| is_before(applied, purged)) {
            self.damage.push(OfflineError::Gap { applied, begin }.to_string());
        }
        // A running server may have stored more since the log was opened.
        if let Some(stored) = applied.filter(|_| stopped && is_before(last, applied)) {
            let end = last.map_or_else(|| "is empty".to_owned(), |last| format!("ends at entry {last}"));
            self.damage.push(format!("the log {end}, and entry {stored} is stored"));
        }
        for entry in log.entries(0) {
            let entry = match entry {
                Ok(entry) => entry,
                // The server had no more use for it.
                Err(kv_log::ReadError::Recycled { .. }) if !stopped => return,
                Err(error) => return self.damage.push(OfflineError::ReadLog(error).to_string()),
            };
            self.log_entries += 1;
            let position = offline::position(entry.position);
            if let Some(stored) = applied.filter(|stored| stored.index == position.index && *stored != position) {
                self.damage.push(format!("log entry {position}: the tables know it as {stored}"));
            }
            if let Err(detail) = decode(&entry.payload) {
                self.damage.push(OfflineError::Entry { position, detail }.to_string());
            }
        }
    }
}

fn decode(payload: &Payload) -> Result<(), String> {
    match payload {
        Payload::Blank => Ok(()),
        Payload::Membership(bytes) => Membership::decode(bytes).map(drop).map_err(|error| error.to_string()),
        Payload::Command(bytes) => {
            let entry = CommandEntry::decode(bytes).map_err(|error| error.to_string())?;
            let decoded = |command: &Bytes| Command::decode(command).map(drop).map_err(|error| error.to_string());
            entry.commands.iter().try_for_each(|(_, command)| decoded(command))
        }
    }
}

impl Report {
    fn counts(&self) -> [(&'static str, &'static str, u64); 5] {
        let Self { checked, pages, log_entries, .. } = self;
        [
            ("pages", "pages", pages.map_or(0, |pages| pages.used_pages + pages.free_pages)),
            ("changes", "changes", checked.changes),
            ("keys", "keys", checked.live_keys),
            ("values", "pieces of long values", checked.pieces),
            ("logEntries", "log entries", *log_entries),
        ]
    }
}

impl Render for Report {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        for damage in &self.damage {
            writeln!(out, "{damage}")?;
        }
        if self.damage.is_empty() {
            let Self { checked, log_entries, .. } = self;
            let (changes, keys) = (checked.changes, checked.live_keys);
            writeln!(out, "no damage found (changes: {changes}, keys: {keys}, log entries: {log_entries})")?;
        }
        Ok(())
    }

    fn records(&self) -> Vec<Record> {
        let damage = self.damage.iter().map(|damage| Record::new().with("damage", damage.as_str()));
        let counts = self
            .counts()
            .into_iter()
            .fold(Record::new(), |record, (_, label, count)| record.with(label.replace(' ', "_"), count));
        damage.chain([counts]).collect()
    }

    fn fields(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        for damage in &self.damage {
            writeln!(out, "\"Damage\" : {}", Quoted(damage.as_bytes()))?;
        }
        for (name, _, count) in self.counts() {
            let (first, rest) = name.split_at(1);
            writeln!(out, "\"{}{rest}\" : {count}", first.to_uppercase())?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let damage: Vec<_> = self.damage.iter().map(|damage| JsonString(damage).to_string()).collect();
        let counts: String = self.counts().iter().map(|(name, _, count)| format!(",\"{name}\":{count}")).collect();
        Ok(writeln!(out, "{{\"damage\":[{}]{counts}}}", damage.join(","))?)
    }

    fn table(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let damage = self.damage.iter().map(|damage| vec!["damage".to_owned(), damage.clone()]);
        let counts = self.counts().map(|(_, label, count)| vec![label.to_owned(), count.to_string()]);
        let rows: Vec<_> = damage.chain(counts).collect();
        out.write_all(draw_table(&["what", "value"], &rows, style).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_cli::{Format, render};

    use super::*;

    #[test]
    fn damage_is_shown_in_every_format_but_protobuf() {
        let mut report = Report { log_entries: 7, ..Report::default() };
        let mut out = Vec::new();
        render(&report, Format::Simple, Style::default(), &mut out).unwrap();
        report.damage = vec!["read revision 5.0: \"bad\"".to_owned()];
        for format in [Format::Simple, Format::Fields, Format::Json, Format::JsonLines, Format::Table] {
            render(&report, format, Style::default(), &mut out).unwrap();
        }
        expect![[r#"
            no damage found (changes: 0, keys: 0, log entries: 7)
            read revision 5.0: "bad"
            "Damage" : "read revision 5.0: \"bad\""
            "Pages" : 0
            "Changes" : 0
            "Keys" : 0
            "Values" : 0
            "LogEntries" : 7
            {"damage":["read revision 5.0: \"bad\""],"pages":0,"changes":0,"keys":0,"values":0,"logEntries":7}
            {"damage":"read revision 5.0: \"bad\""}
            {"pages":0,"changes":0,"keys":0,"pieces_of_long_values":0,"log_entries":7}
            ┌───────────────────────┬──────────────────────────┐
            │         WHAT          │          VALUE           │
            ├───────────────────────┼──────────────────────────┤
            │                damage │ read revision 5.0: "bad" │
            │                 pages │                        0 │
            │               changes │                        0 │
            │                  keys │                        0 │
            │ pieces of long values │                        0 │
            │           log entries │                        7 │
            └───────────────────────┴──────────────────────────┘
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }
}
