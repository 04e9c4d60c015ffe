//! Random operations against a plain vector, with small segments and a small cache, closed and opened again
//! in between. The log must say the same as the vector after each step, whether or not anything has reached the disk.

use kv_log::{Entry, Log, Options, Position, Reader, SyncMode, Vote};
use proptest::prelude::*;

use crate::support::{Contents, at, entry, small_options};

#[derive(Debug, Clone)]
enum Step {
    Append {
        sizes: Vec<usize>,
        term_step: u64,
    },
    /// Keeps this share of the entries, in 1/16.
    Truncate(u64),
    /// Purges this share of the entries, in 1/16.
    Purge(u64),
    /// Purges this many indexes beyond the end.
    PurgeBeyond(u64),
    Vote(u64),
    Commit,
    Reopen,
    Read {
        start: u64,
        length: u64,
        max_bytes: usize,
    },
    OpenReader,
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![6 => 0..300_usize, 2 => 3000..9000_usize, 1 => 30_000..60_000_usize];
    prop_oneof![
        12 => (prop::collection::vec(size, 0..8), 0..2_u64)
            .prop_map(|(sizes, term_step)| Step::Append { sizes, term_step }),
        2 => (0..=16_u64).prop_map(Step::Truncate),
        3 => (0..=16_u64).prop_map(Step::Purge),
        1 => (1..5_u64).prop_map(Step::PurgeBeyond),
        2 => (1..9_u64).prop_map(Step::Vote),
        2 => Just(Step::Commit),
        2 => Just(Step::Reopen),
        3 => (0..60_u64, 0..30_u64, 0..20_000_usize)
            .prop_map(|(start, length, max_bytes)| Step::Read { start, length, max_bytes }),
        1 => Just(Step::OpenReader),
    ]
}

/// The log as a vector.
#[derive(Default)]
struct Model {
    entries: Vec<Entry>,
    purged: Option<Position>,
    vote: Option<Vote>,
    term: u64,
}

impl Model {
    fn last(&self) -> Option<Position> {
        self.entries.last().map(|entry| entry.position).or(self.purged)
    }

    fn next(&self) -> u64 {
        self.last().map_or(0, |last| last.index + 1)
    }

    fn contents(&self) -> Contents {
        Contents { vote: self.vote, purged: self.purged, last: self.last(), entries: self.entries.clone() }
    }

    /// Returns the position of the entry at a share of the entries; that of the purged one for none of them.
    fn share(&self, sixteenths: u64) -> Option<Position> {
        let count = self.entries.len() * sixteenths as usize / 16;
        count.checked_sub(1).map_or(self.purged, |index| Some(self.entries[index].position))
    }
}

fn run(steps: Vec<Step>) {
    let dir = tempfile::tempdir().unwrap();
    // Without syncs it is ten times as fast, and the files are the same.
    let open = |seed| Log::open(dir.path(), Options { sync: SyncMode::Never, ..small_options(seed) }).expect("open");
    let mut log = open(0);
    let mut model = Model { term: 1, ..Model::default() };
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Append { sizes, term_step } => {
                model.term += term_step;
                let next = model.next();
                let entries: Vec<Entry> =
                    (next..).zip(sizes).map(|(index, bytes)| entry(model.term, index, bytes)).collect();
                model.entries.extend(entries.iter().cloned());
                log.append(entries, |written| written.expect("append"));
            }
            Step::Truncate(sixteenths) => {
                let last = model.share(sixteenths);
                model.entries.retain(|entry| Some(entry.position.index) <= last.map(|last| last.index));
                model.term += 1;
                log.truncate_after(last, |written| written.expect("truncate"));
            }
            Step::Purge(sixteenths) => {
                if let Some(position) = model.share(sixteenths) {
                    model.purged = Some(position);
                    model.entries.retain(|entry| entry.position.index > position.index);
                    log.purge_to(position, |written| written.expect("purge"));
                }
            }
            Step::PurgeBeyond(more) => {
                let position = at(model.term, model.next() + more);
                model.purged = Some(position);
                model.entries.clear();
                log.purge_to(position, |written| written.expect("purge"));
            }
            Step::Vote(term) => {
                let vote = crate::support::vote(term);
                model.vote = Some(vote);
                log.save_vote(vote, |written| written.expect("vote"));
            }
            Step::Commit => {
                if let Some(last) = model.last() {
                    log.note_committed(last);
                }
            }
            Step::Reopen => {
                drop(log);
                log = open(number as u64 + 1);
                assert_eq!(log.recovery().torn, None);
                assert!(log.recovery().committed.map(|at| at.index) <= model.last().map(|at| at.index));
            }
            Step::Read { start, length, max_bytes } => {
                let start = model.purged.map_or(0, |purged| purged.index + 1).saturating_sub(2) + start;
                let found = log.read(start..start + length, max_bytes).expect("read");
                let mut bytes = 0;
                let expected: Vec<&Entry> = model
                    .entries
                    .iter()
                    .filter(|entry| (start..start + length).contains(&entry.position.index))
                    .enumerate()
                    .take_while(|(number, entry)| {
                        bytes += entry.cost_bytes();
                        *number == 0 || bytes <= max_bytes
                    })
                    .map(|(_, entry)| entry)
                    .collect();
                assert_eq!(found.iter().collect::<Vec<_>>(), expected);
            }
            Step::OpenReader => {
                // Everything is on disk only when the log is closed.
                drop(log);
                let reader = Reader::open(dir.path()).expect("open for reading");
                assert_eq!(Contents::of_reader(&reader), model.contents());
                log = open(number as u64 + 1);
            }
        }
        assert_eq!(Contents::of_log(&log), model.contents());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_log_is_a_vector_that_survives(steps in prop::collection::vec(step(), 1..60)) {
        run(steps);
    }
}
