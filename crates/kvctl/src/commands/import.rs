//! `kvctl import`: write what `export` printed.

mod entry;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead, BufReader, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use clap::ValueHint;
use kv_cli::{CliError, ExitStatus, Outcome, OwnOutcome, Quoted, Record, parse_int};
use kv_client::{Client, Error};
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::response_op::Response;
use kv_proto::etcdserverpb::{PutRequest, RangeRequest, RequestOp, TxnRequest};
use kv_proto::mvccpb::KeyValue;

use self::entry::Entry;
use crate::guard::Guard;
use crate::session::{Context, Session, failure};

const EXAMPLES: &str = "\
Examples:
  Say what would be done, then do it:
    $ kvctl import keys.jsonl --dry-run
    $ kvctl import keys.jsonl

  Add keys, but overwrite none:
    $ kvctl import keys.jsonl --if-absent

  Write from a program:
    $ jq -nc '{key: \"/app/color\", value: \"green\"}' | kvctl import
";

const LONG_ABOUT: &str = "\
Write keys and values from lines of JSON

Reads what `kvctl export` prints: objects with `key` and `value`, on a line each. A file is read to its end before anything \
is written, so that one with a malformed line changes nothing. Keys that have their value already are left alone, others \
are written in transactions of up to --max-txn-ops keys; a key that is there keeps its lease, a new one has none.

With --if-absent or --if-unchanged, the first key that is not as expected ends the import with status 11; what came \
before its transaction is written. With --dry-run, nothing is written, and every key that would be is printed.";

/// Bytes of keys and values in one transaction; servers limit a request to 1.5 MiB unless told otherwise.
const BATCH_BYTES: usize = 512 * 1024;

/// How often a transaction is tried whose keys others keep changing.
const ATTEMPTS_MAX: usize = 10;

/// Write keys and values from lines of JSON
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl import [OPTIONS] [FILE]", after_long_help = EXAMPLES, long_about = LONG_ABOUT)]
pub(crate) struct ImportArgs {
    /// File to read [default: standard input]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,

    /// Print what would be written instead of writing it
    #[arg(long)]
    dry_run: bool,

    /// Refuse keys that are there with another value
    #[arg(long)]
    if_absent: bool,

    /// Refuse keys whose revision is not the `mod_revision` of their line
    #[arg(long)]
    if_unchanged: bool,

    /// Greatest number of keys in one transaction
    #[arg(long, value_name = "COUNT", default_value = "128", value_parser = batch_keys)]
    max_txn_ops: usize,
}

fn batch_keys(text: &str) -> Result<usize, String> {
    let count = parse_int(text, 10)?;
    usize::try_from(count).ok().filter(|&count| count > 0).ok_or_else(|| "must be at least 1".to_owned())
}

/// What became of the keys.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    created: usize,
    changed: usize,
    unchanged: usize,
}

impl Tally {
    fn outcome(self, dry_run: bool) -> OwnOutcome {
        let Tally { created, changed, unchanged } = self;
        let would = if dry_run { "would have " } else { "" };
        let line = format!("{would}created {created}, {would}changed {changed}, unchanged {unchanged}");
        let record = Record::new()
            .with("dry_run", dry_run)
            .with("created", created)
            .with("changed", changed)
            .with("unchanged", unchanged);
        OwnOutcome(Outcome { line, record })
    }
}

pub(crate) async fn run(context: &Context, args: &ImportArgs) -> Result<(), CliError> {
    if args.if_absent && args.if_unchanged {
        return Err(CliError::arguments("--if-absent and --if-unchanged contradict each other"));
    }
    let input = open(args.file.as_deref())?;
    let Session { client, mut output } = context.session().await?;
    let mut import = Import { context, args, client, pretended: Pretended::default() };
    let mut tally = Tally::default();
    let mut batches = Batches::new(input, args.max_txn_ops);
    let written = loop {
        let batch = match batches.next() {
            Ok(batch) if batch.is_empty() => break Ok(()),
            Ok(batch) => batch,
            Err(error) => break Err(error),
        };
        match import.batch(&batch).await {
            Ok(changes) => {
                tally.unchanged += batch.len() - changes.len();
                let created = changes.iter().filter(|change| change.creates()).count();
                tally.created += created;
                tally.changed += changes.len() - created;
                if args.dry_run {
                    changes.iter().try_for_each(|change| output.print(&change.outcome()))?;
                }
            }
            Err(error) => break Err(error),
        }
    };
    let before = tally.created + tally.changed;
    written.map_err(|error| match (args.dry_run, before) {
        (true, _) | (_, 0) => error,
        _ => error.with_hint(format!("{before} keys have been written before")),
    })?;
    output.print(&tally.outcome(args.dry_run))?;
    Ok(output.flush()?)
}

/// Opens the input; a file must be well-formed to its end.
fn open(file: Option<&Path>) -> Result<Box<dyn BufRead>, CliError> {
    let Some(name) = file.filter(|name| name.as_os_str() != "-") else {
        return Ok(Box::new(BufReader::new(io::stdin())));
    };
    let failed = |error: io::Error| CliError::new(ExitStatus::Io, format_args!("read {}: {error}", name.display()));
    let mut file = File::open(name).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_file() {
        let mut lines = Batches::new(Box::new(BufReader::new(&mut file)), usize::MAX);
        while !lines.next()?.is_empty() {}
        drop(lines);
        file.rewind().map_err(failed)?;
    }
    Ok(Box::new(BufReader::new(file)))
}

/// Entries in pieces of the size of a transaction, in which no key occurs twice.
struct Batches<'a> {
    input: Box<dyn BufRead + 'a>,
    keys_max: usize,
    line: usize,
    /// Read, but not fit for the batch before.
    waiting: Option<Entry>,
}

impl<'a> Batches<'a> {
    fn new(input: Box<dyn BufRead + 'a>, keys_max: usize) -> Batches<'a> {
        Batches { input, keys_max, line: 0, waiting: None }
    }

    /// Returns the next entries, none at the end.
    fn next(&mut self) -> Result<Vec<Entry>, CliError> {
        let mut batch = Vec::new();
        let mut keys = HashSet::new();
        let mut bytes = 0;
        while let Some(entry) = self.entry()? {
            bytes += entry.size();
            let fits = batch.is_empty() || (bytes <= BATCH_BYTES && batch.len() < self.keys_max);
            if !fits || !keys.insert(entry.key.clone()) {
                self.waiting = Some(entry);
                break;
            }
            batch.push(entry);
        }
        Ok(batch)
    }

    fn entry(&mut self) -> Result<Option<Entry>, CliError> {
        if let Some(entry) = self.waiting.take() {
            return Ok(Some(entry));
        }
        let mut text = Vec::new();
        loop {
            text.clear();
            self.line += 1;
            let read = self.input.read_until(b'\n', &mut text);
            let length =
                read.map_err(|error| CliError::new(ExitStatus::Io, format_args!("read the input: {error}")))?;
            if length == 0 {
                return Ok(None);
            }
            if !text.trim_ascii().is_empty() {
                let entry = Entry::parse(&text).map_err(|reason| {
                    CliError::new(ExitStatus::BadInput, format_args!("line {}: {reason}", self.line))
                        .with_hint("a line looks like {\"key\":\"/app/color\",\"value\":\"green\"}")
                })?;
                return Ok(Some(Entry { line: self.line, ..entry }));
            }
        }
    }
}

/// What a key is before it is written.
#[derive(Debug)]
enum Before {
    Absent,
    Present(KeyValue),
    /// What an earlier line makes of it, where nothing is really written.
    Pretended,
}

/// A key that is to be written, and how it is.
#[derive(Debug)]
struct Change<'a> {
    entry: &'a Entry,
    before: Before,
}

impl Change<'_> {
    fn outcome(&self) -> OwnOutcome {
        let action = if self.creates() { "create" } else { "change" };
        let line = format!("{action} {}", Quoted(&self.entry.key));
        let record = Record::new().with("action", action).with("key", self.entry.key.clone());
        OwnOutcome(Outcome { line, record })
    }

    fn creates(&self) -> bool {
        matches!(self.before, Before::Absent)
    }

    fn guard(&self) -> Guard {
        let revision = if let Before::Present(before) = &self.before { before.mod_revision } else { 0 };
        Guard { revision: Some(revision), value: None }
    }

    fn put(&self) -> PutRequest {
        PutRequest {
            key: self.entry.key.clone(),
            value: self.entry.value.clone(),
            ignore_lease: !self.creates(),
            ..PutRequest::default()
        }
    }
}

struct Import<'a> {
    context: &'a Context,
    args: &'a ImportArgs,
    client: Client,
    pretended: Pretended,
}

/// What a dry run would have written: hashes of values by those of their keys, so that a large input does not take its size in memory.
#[derive(Debug, Default)]
struct Pretended {
    hasher: RandomState,
    values: HashMap<u64, u64>,
}

impl Pretended {
    fn note(&mut self, entry: &Entry) {
        self.values.insert(self.hasher.hash_one(&entry.key), self.hasher.hash_one(&entry.value));
    }

    /// Says whether the key has the entry's value by now; nothing if it would not have been written.
    fn is_unchanged(&self, entry: &Entry) -> Option<bool> {
        let value = self.values.get(&self.hasher.hash_one(&entry.key))?;
        Some(*value == self.hasher.hash_one(&entry.value))
    }
}

impl Import<'_> {
    /// Writes the keys of a batch that do not have their values yet, all at once; returns them. Where a connection breaks before the
    /// answer, another look tells whether they were written.
    async fn batch<'e>(&mut self, batch: &'e [Entry]) -> Result<Vec<Change<'e>>, CliError> {
        let mut unanswered = None;
        for _ in 0..ATTEMPTS_MAX {
            let changes = self.look(batch).await?;
            if let Some(written) = unanswered.take().filter(|_| changes.is_empty()) {
                return Ok(written);
            }
            for change in &changes {
                self.check(change)?;
            }
            if self.args.dry_run {
                for change in &changes {
                    self.pretended.note(change.entry);
                }
                return Ok(changes);
            }
            if changes.is_empty() {
                return Ok(changes);
            }
            match self.write(&changes).await {
                Ok(true) => return Ok(changes),
                Ok(false) => {}
                Err(Error::Broken { .. }) => unanswered = Some(changes),
                Err(error) if error.is_refusal() => return Err(failure(&error).with_hint(place(&changes))),
                Err(error) => return Err(failure(&error)),
            }
        }
        Err(CliError::new(ExitStatus::CompareFailed, "somebody else keeps changing the same keys"))
    }

    /// Finds out how the keys are.
    async fn look<'e>(&self, batch: &'e [Entry]) -> Result<Vec<Change<'e>>, CliError> {
        let look = |entry: &Entry| {
            let range = RangeRequest { key: entry.key.clone(), ..RangeRequest::default() };
            RequestOp { request: Some(Request::RequestRange(range)) }
        };
        let transaction = TxnRequest { success: batch.iter().map(look).collect(), ..TxnRequest::default() };
        let answer = self.client.read_txn(transaction, self.context.deadline()).await;
        let answer = answer.map_err(|error| failure(&error))?;
        let found = answer.responses.into_iter().map(|answer| match answer.response {
            Some(Response::ResponseRange(range)) => range.kvs.into_iter().next(),
            _ => None,
        });
        let change = |(entry, found): (&'e Entry, Option<KeyValue>)| {
            let before = match (self.pretended.is_unchanged(entry), found) {
                (Some(true), _) => return None,
                (Some(false), _) => Before::Pretended,
                (None, Some(found)) if found.value == entry.value => return None,
                (None, Some(found)) => Before::Present(found),
                (None, None) => Before::Absent,
            };
            Some(Change { entry, before })
        };
        Ok(batch.iter().zip(found).filter_map(change).collect())
    }

    /// Refuses a change that the options forbid.
    fn check(&self, change: &Change<'_>) -> Result<(), CliError> {
        let key = Quoted(&change.entry.key);
        let reason = match &change.before {
            Before::Present(before) if self.args.if_absent => {
                format!("{key} is there, since revision {}", before.create_revision)
            }
            Before::Present(before) if self.args.if_unchanged && before.mod_revision != change.entry.mod_revision => {
                format!("{key} was changed at revision {}", before.mod_revision)
            }
            Before::Absent if self.args.if_unchanged && change.entry.mod_revision != 0 => {
                format!("{key} is not there any more")
            }
            Before::Pretended if self.args.if_absent || self.args.if_unchanged => {
                format!("{key} is written by an earlier line")
            }
            _ => return Ok(()),
        };
        Err(CliError::new(ExitStatus::CompareFailed, format_args!("line {}: {reason}", change.entry.line)))
    }

    /// Writes keys if all still are as they were found; says whether.
    async fn write(&self, changes: &[Change<'_>]) -> Result<bool, Error> {
        let put = |change: &Change<'_>| RequestOp { request: Some(Request::RequestPut(change.put())) };
        let transaction = TxnRequest {
            compare: changes.iter().flat_map(|change| change.guard().compares(&change.entry.key)).collect(),
            success: changes.iter().map(put).collect(),
            failure: Vec::new(),
        };
        Ok(self.client.txn(transaction, self.context.deadline()).await?.succeeded)
    }
}

/// Says which lines a transaction is of.
fn place(changes: &[Change<'_>]) -> String {
    match changes {
        [only] => format!("it was the key {} of line {}", Quoted(&only.entry.key), only.entry.line),
        [first, .., last] => {
            let (first_key, last_key) = (Quoted(&first.entry.key), Quoted(&last.entry.key));
            format!(
                "it was one of the keys from {first_key} of line {} to {last_key} of line {}",
                first.entry.line, last.entry.line
            )
        }
        [] => "it was no key".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(text: &'static str, keys_max: usize) -> Result<Vec<Vec<String>>, CliError> {
        let mut batches = Batches::new(Box::new(text.as_bytes()), keys_max);
        let mut all = Vec::new();
        loop {
            let batch = batches.next()?;
            if batch.is_empty() {
                return Ok(all);
            }
            all.push(batch.iter().map(|entry| String::from_utf8_lossy(&entry.key).into_owned()).collect());
        }
    }

    #[test]
    fn a_batch_has_a_size_and_no_key_twice() {
        let text = "{\"key\":\"a\",\"value\":\"\"}\n\n{\"key\":\"b\",\"value\":\"\"}\n{\"key\":\"c\",\"value\":\"\"}\n\
                    {\"key\":\"c\",\"value\":\"x\"}";
        assert_eq!(batches(text, 2).unwrap(), [vec!["a", "b"], vec!["c"], vec!["c"]]);
        assert_eq!(batches("", 2).unwrap(), Vec::<Vec<String>>::new());
    }

    #[test]
    fn a_malformed_line_is_named() {
        let error = batches("{\"key\":\"a\",\"value\":\"\"}\nx\n", 9).unwrap_err();
        assert_eq!(error.status, ExitStatus::BadInput);
        assert!(error.message.unwrap().starts_with("line 2: not JSON"));
    }
}
