//! `kvutl rescue`: bring what can be read of a damaged directory into a new one.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use kv_cli::{
    CliError, ExitStatus, JsonString, Progress, Quoted, Record, Render, RenderError, Style, Value, draw_table,
    is_interactive,
};
use kv_log::{Entry, Salvaged};
use kv_store::{DirLock, Lost, Membership, OpenError, Storage, StorageOptions, Store, StoreOptions, Survey};

use crate::global::{Context, required_flag};
use crate::offline::{self, OfflineError};

/// Bring what can be read of a damaged directory into a new one
///
/// Reads every page of the store and every batch of the log, whatever state they are in, and brings each change that
/// passes its checksum into a new data directory; then it applies the log's entries that follow. Prints which revisions are
/// missing. Where something is missing it asks first, or wants --yes. The damaged directory is not written to.
///
/// The new directory passes kvutl check and begins a cluster of its own. Keys keep their revisions. A key whose newest change
/// is missing shows the one before it, and one whose deletion is missing is there again: look at what was
/// written about the missing revisions before the directory is used.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct RescueArgs {
    /// Damaged data directory
    #[arg(value_name = "DIRECTORY")]
    arguments: Vec<PathBuf>,

    /// Directory to bring everything into, which must be new or empty
    #[arg(long, value_name = "DIRECTORY")]
    to: Option<PathBuf>,

    /// Go on where something is missing
    #[arg(long, short)]
    yes: bool,
}

const EXAMPLES: &str = "\
Examples:
  See what is damaged, and bring the rest into a new directory:
    $ kvutl check --data-dir default.kvd
    $ kvutl rescue default.kvd --to rescued.kvd
    $ kvd --data-dir rescued.kvd
";

pub(crate) fn run(args: &RescueArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let directory = match args.arguments.as_slice() {
        [] => context.directory(),
        [directory] => directory.clone(),
        _ => return Err(CliError::arguments("rescue command needs 1 argument")),
    };
    let to = args.to.as_deref().ok_or_else(|| required_flag("to"))?;
    check_target(&directory, to)?;
    let _unchanging = DirLock::hold(&directory).map_err(OfflineError::from)?;
    let found = Found::look(&directory)?;
    context.out.print(&found.report)?;
    if !found.report.is_whole() {
        confirm(args, context)?;
    }
    let unfinished = with_ending(to, ".unfinished");
    let brought = found.bring_to(&unfinished).and_then(|given_up| {
        let renamed = fs::rename(&unfinished, to);
        renamed.map_err(|source| OpenError::Io { action: "rename", path: unfinished.clone(), source })?;
        Ok(given_up)
    });
    let given_up = brought.inspect_err(|_| {
        // Not to be taken for a store.
        let _ = fs::remove_dir_all(&unfinished);
    })?;
    for what in given_up {
        context.note(&format!("warning: {what}"));
    }
    context
        .note(&format!("rescued into {}; `kvutl check` and `kvutl get` work on it before a server does", to.display()));
    Ok(())
}

/// Refuses to write where something is.
fn check_target(directory: &Path, to: &Path) -> Result<(), CliError> {
    let refused = |why: &str| {
        CliError::new(ExitStatus::Failure, format_args!("{} {why}", to.display()))
            .with_hint("name a directory that is new or empty, outside the damaged one")
    };
    if let Ok(mut entries) = fs::read_dir(to)
        && entries.next().is_some()
    {
        return Err(refused("is not empty"));
    }
    if to.exists() && !to.is_dir() {
        return Err(refused("is not a directory"));
    }
    if fs::exists(with_ending(to, ".unfinished")).unwrap_or(false) {
        return Err(refused("has a directory beside it that another rescue left unfinished"));
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let (Ok(parent), Ok(directory)) = (parent.canonicalize(), directory.canonicalize())
        && parent.starts_with(directory)
    {
        return Err(refused("is inside the damaged directory"));
    }
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let path = path.components().as_path();
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn confirm(args: &RescueArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let refused = || {
        CliError::new(ExitStatus::Damaged, "not everything can be rescued; nothing was written")
            .with_hint("--yes brings over what can be")
    };
    if args.yes {
        return Ok(());
    }
    if !is_interactive() {
        return Err(refused());
    }
    let goes_on = kv_cli::confirm(context.err, "Go on without what is missing?")?;
    if goes_on { Ok(()) } else { Err(refused()) }
}

/// What can be brought over.
struct Found {
    survey: Survey,
    entries: Vec<Entry>,
    report: Report,
}

impl Found {
    fn look(directory: &Path) -> Result<Self, OfflineError> {
        let file = Storage::file_in_use(directory).ok().and_then(|file| file.metadata().ok());
        // Where it is not even known which file to read, neither is how long that takes.
        let progress = Progress::bytes("reading", file.map_or(0, |file| file.len()));
        let mut survey = Survey::of(directory, &mut |bytes| progress.set(bytes))?;
        let mut problems = survey.problems().to_vec();
        let log = LogLeft::read(directory, &survey)?;
        problems.extend(log.problem.clone());
        let mut lost_entries = Vec::new();
        let next = survey.applied().map_or(0, |applied| applied.index + 1);
        if survey.is_ahead() && log.problem.is_none() && log.entries.first().is_some_and(|at| at.position.index == next)
        {
            // An older state of the tables is whole, and the log has everything since.
            survey.give_up_newer();
        }
        let mut entries = Vec::new();
        if survey.is_ahead() && survey.records() > 0 {
            if let Some(last) = log.entries.last() {
                problems.push(format!(
                    "the log's entries up to {} are not applied: it is not known after which of them the store was written",
                    offline::position(last.position)
                ));
            }
        } else {
            let mut expected = next;
            for entry in log.entries {
                let index = entry.position.index;
                if index != expected {
                    lost_entries.push((expected, index - 1));
                    expected = index;
                }
                expected += 1;
                if lost_entries.is_empty() {
                    entries.push(entry);
                }
            }
            if let (Some((first, _)), true) = (lost_entries.first(), expected > next) {
                let (first, last) = (*first, expected - 1);
                problems
                    .push(format!("the log's entries {first} to {last} are not applied: not all of them can be read"));
            }
        }
        if !survey.lost().is_empty() && !entries.is_empty() {
            problems.push(
                "the log's entries are applied to what is left, so the revisions they make may differ".to_owned(),
            );
        }
        let report = Report {
            records: survey.records(),
            revision: survey.revision(),
            entries: entries.len() as u64,
            lost: survey.lost().to_vec(),
            problems,
        };
        Ok(Self { survey, entries, report })
    }

    fn bring_to(&self, to: &Path) -> Result<Vec<String>, OfflineError> {
        let lock = Arc::new(DirLock::create(to)?);
        let progress = Progress::bytes("writing", 0);
        let storage = Storage::open_or_create(Arc::clone(&lock), &StorageOptions::default())?;
        let given_up = self.survey.write_to(&storage, &mut |bytes| progress.set(bytes))?;
        // LMDB opens a file once in a process.
        drop(storage);
        let store = Store::open(lock, StoreOptions::default())?;
        for entry in &self.entries {
            offline::apply(&store, entry)?;
            if store.backlog_bytes() >= offline::CHECKPOINT_BYTES {
                store.checkpoint_all()?;
            }
        }
        store.checkpoint_all()?;
        store.storage().forget_cluster()?;
        Ok(given_up)
    }
}

/// What is left of the log behind what the tables have.
struct LogLeft {
    entries: Vec<Entry>,
    problem: Option<String>,
}

impl LogLeft {
    fn read(directory: &Path, survey: &Survey) -> Result<Self, OfflineError> {
        let from = survey.applied().map_or(0, |applied| applied.index + 1);
        let read = || {
            let Some(log) = offline::open_log(directory)? else { return Ok(None) };
            let entries = log.entries(from).collect::<Result<Vec<_>, _>>().map_err(OfflineError::ReadLog)?;
            Ok::<_, OfflineError>(Some((entries, log.recovery().clone())))
        };
        let (mut entries, committed, problem) = match read() {
            Ok(Some((entries, recovery))) => {
                let behind = recovery.last.map_or(0, |last| last.index + 1);
                let ends_early = survey.applied().is_some() && behind < from;
                let early =
                    ends_early.then(|| format!("the log ends before entry {behind}, and later ones were stored"));
                let torn = recovery.torn.map(|torn| {
                    let (segment, offset) = (torn.segment, torn.offset);
                    format!("log segment {segment}: what stands last, at offset {offset}, is damaged; it may never have been answered")
                });
                (entries, recovery.committed, early.or(torn))
            }
            Ok(None) => {
                let missing = survey.applied().is_some() || survey.records() > 0;
                (Vec::new(), None, missing.then(|| "the log is missing".to_owned()))
            }
            Err(error) if error.is_damage() => {
                let log = directory.join(offline::LOG);
                let left = Salvaged::read(&log, from);
                let left = left.map_err(|source| OpenError::Io { action: "read", path: log, source })?;
                (left.entries.into_values().collect(), left.committed, Some(error.to_string()))
            }
            Err(error) => return Err(error),
        };
        let membership = survey.membership().and_then(|encoded| Membership::decode(encoded).ok());
        if membership.is_some_and(|membership| !offline::is_sole_voter(&membership, survey.member_id())) {
            // In a cluster only what is known to be committed counts.
            entries.retain(|entry| Some(entry.position) <= committed);
        }
        Ok(Self { entries, problem })
    }
}

/// What was found, and what is missing.
#[derive(Debug, Default)]
struct Report {
    records: u64,
    revision: i64,
    entries: u64,
    lost: Vec<Lost>,
    problems: Vec<String>,
}

impl Report {
    fn is_whole(&self) -> bool {
        self.lost.is_empty() && self.problems.is_empty()
    }

    fn counts(&self) -> [(&'static str, &'static str, i128); 3] {
        [
            ("changes", "changes", self.records.into()),
            ("logEntries", "log entries", self.entries.into()),
            ("revision", "newest revision in the tables", self.revision.into()),
        ]
    }
}

impl Render for Report {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        for problem in &self.problems {
            writeln!(out, "damaged: {problem}")?;
        }
        for lost in &self.lost {
            writeln!(out, "missing: {lost}")?;
        }
        let Self { records, entries, .. } = self;
        let missing = if self.is_whole() { "nothing is missing " } else { "" };
        writeln!(out, "{missing}(changes: {records}, log entries: {entries})")
    }

    fn records(&self) -> Vec<Record> {
        let problems = self.problems.iter().map(|problem| Record::new().with("damaged", problem.as_str()));
        let lost = self.lost.iter().map(|lost| Record::new().with("missing", lost_record(lost)));
        let counts = self.counts().into_iter().fold(Record::new(), |record, (_, label, count)| {
            record.with(label.replace(' ', "_"), Value::Number(count))
        });
        problems.chain(lost).chain([counts]).collect()
    }

    fn fields(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        for problem in &self.problems {
            writeln!(out, "\"Damaged\" : {}", Quoted(problem.as_bytes()))?;
        }
        for lost in &self.lost {
            writeln!(out, "\"Missing\" : \"{lost}\"")?;
        }
        for (name, _, count) in self.counts() {
            let (first, rest) = name.split_at(1);
            writeln!(out, "\"{}{rest}\" : {count}", first.to_uppercase())?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let problems: Vec<_> = self.problems.iter().map(|problem| JsonString(problem).to_string()).collect();
        let lost: Vec<_> = self.lost.iter().map(lost_json).collect();
        let counts: String = self.counts().iter().map(|(name, _, count)| format!(",\"{name}\":{count}")).collect();
        Ok(writeln!(out, "{{\"damaged\":[{}],\"missing\":[{}]{counts}}}", problems.join(","), lost.join(","))?)
    }

    fn table(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let problems = self.problems.iter().map(|problem| vec!["damaged".to_owned(), problem.clone()]);
        let lost = self.lost.iter().map(|lost| vec!["missing".to_owned(), lost.to_string()]);
        let counts = self.counts().map(|(_, label, count)| vec![label.to_owned(), count.to_string()]);
        let rows: Vec<_> = problems.chain(lost).chain(counts).collect();
        out.write_all(draw_table(&["what", "value"], &rows, style).as_bytes())
    }
}

fn lost_record(lost: &Lost) -> Record {
    let Lost { first, last } = lost;
    let record = Record::new().with("first", first.major).with("last", last.major);
    if last.sub == i64::MAX {
        return record;
    }
    record.with("first_sub", first.sub).with("last_sub", last.sub)
}

/// Sub-revisions are left out where whole revisions are missing.
fn lost_json(lost: &Lost) -> String {
    let Lost { first, last } = lost;
    if last.sub == i64::MAX {
        return format!("{{\"first\":{},\"last\":{}}}", first.major, last.major);
    }
    let (major, sub) = (first.major, first.sub);
    format!("{{\"first\":{major},\"firstSub\":{sub},\"last\":{},\"lastSub\":{}}}", last.major, last.sub)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_cli::{Format, render};
    use kv_store::Point;

    use super::*;

    #[test]
    fn what_is_missing_is_shown_in_every_format_but_protobuf() {
        let lost = |first: (i64, i64), last: (i64, i64)| Lost {
            first: Point::new(first.0, first.1),
            last: Point::new(last.0, last.1),
        };
        let report = Report {
            records: 7,
            revision: 20,
            entries: 2,
            lost: vec![
                lost((3, 0), (5, i64::MAX)),
                lost((7, 0), (7, i64::MAX)),
                lost((9, 1), (9, 1)),
                lost((9, 3), (9, 4)),
            ],
            problems: vec!["page 5 is \"bad\"".to_owned()],
        };
        let mut out = Vec::new();
        for format in [Format::Simple, Format::Fields, Format::Json, Format::JsonLines, Format::Table] {
            render(&report, format, Style::default(), &mut out).unwrap();
        }
        render(&Report::default(), Format::Simple, Style::default(), &mut out).unwrap();
        expect![[r#"
            damaged: page 5 is "bad"
            missing: revisions 3 to 5
            missing: revision 7
            missing: revision 9.1
            missing: revisions 9.3 to 9.4
            (changes: 7, log entries: 2)
            "Damaged" : "page 5 is \"bad\""
            "Missing" : "revisions 3 to 5"
            "Missing" : "revision 7"
            "Missing" : "revision 9.1"
            "Missing" : "revisions 9.3 to 9.4"
            "Changes" : 7
            "LogEntries" : 2
            "Revision" : 20
            {"damaged":["page 5 is \"bad\""],"missing":[{"first":3,"last":5},{"first":7,"last":7},{"first":9,"firstSub":1,"last":9,"lastSub":1},{"first":9,"firstSub":3,"last":9,"lastSub":4}],"changes":7,"logEntries":2,"revision":20}
            {"damaged":"page 5 is \"bad\""}
            {"missing":{"first":3,"last":5}}
            {"missing":{"first":7,"last":7}}
            {"missing":{"first":9,"last":9,"first_sub":1,"last_sub":1}}
            {"missing":{"first":9,"last":9,"first_sub":3,"last_sub":4}}
            {"changes":7,"log_entries":2,"newest_revision_in_the_tables":20}
            ┌───────────────────────────────┬──────────────────────┐
            │             WHAT              │        VALUE         │
            ├───────────────────────────────┼──────────────────────┤
            │                       damaged │      page 5 is "bad" │
            │                       missing │     revisions 3 to 5 │
            │                       missing │           revision 7 │
            │                       missing │         revision 9.1 │
            │                       missing │ revisions 9.3 to 9.4 │
            │                       changes │                    7 │
            │                   log entries │                    2 │
            │ newest revision in the tables │                   20 │
            └───────────────────────────────┴──────────────────────┘
            nothing is missing (changes: 0, log entries: 0)
        "#]].assert_eq(&String::from_utf8(out).unwrap());
    }
}
