//! Bringing what can be read of a damaged store into a new one.
//!
//! Every record carries a checksum with its own key, so a row that passes is one that was written, wherever it stands. So
//! all leaf pages are looked at, not only those that a tree leads to. What may be taken from a page depends on what was
//! compacted: a change that no compaction has deleted counts wherever it is found; one that a compaction may have
//! deleted counts only on a page that is in use, for on a free one it may be a key that was deleted long ago.
//!
//! What is missing is known because revisions, and the changes in each, are numbered without gaps, and because
//! each change names the one of its key before it. The new store remembers the gaps, so that opening and checking it
//! do not take them for new damage.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};

use crate::auth;
use crate::leases::Leases;
use crate::lmdb_file::{NamedRow, PageUse, Salvage};
use crate::record::{ApartValue, Record, parse_row};
use crate::revision::{FIRST_REVISION, LogPosition, NEVER_COMPACTED, Point};
use crate::schema::{
    Gap, REV, Table, VALUE, gaps, meta, number, parse_compact_cursor, parse_log_position, parse_membership,
    parse_number, parse_rev_key, parse_value_key, row_checksum,
};
use crate::storage::{Storage, Transaction, directory};
use crate::storage_error::{OpenError, StorageError};

/// How many bytes of records are written in one transaction.
const WRITE_BYTES_MAX: usize = 8 << 20;

/// Tables that are brought over together, or not at all if a row of them cannot be. Members and alarms belong to a cluster,
/// and the new store begins one.
const LEASES: [Table; 1] = [Table::Lease];
const AUTHORITY: [Table; 3] = [Table::Auth, Table::AuthUser, Table::AuthRole];

/// What is left of a damaged store.
#[derive(Debug)]
pub struct Survey {
    sources: Vec<Source>,
    /// The good records, in order.
    records: Vec<Place>,
    pieces: BTreeMap<(Point, u32), Vec<Place>>,
    rows: BTreeMap<(&'static str, Vec<u8>), Vec<u8>>,
    state: State,
    gaps: Vec<Gap>,
    lost: Vec<Lost>,
    problems: Vec<String>,
}

/// What the store knew about itself, as far as that can be read.
#[derive(Debug, Clone, Default)]
struct State {
    applied: Option<LogPosition>,
    revision: Option<i64>,
    compact_revision: Option<i64>,
    deleted_to: i64,
    membership: Option<(LogPosition, Bytes)>,
    member_id: Option<u64>,
}

/// A store file that is read.
struct Source {
    path: PathBuf,
    salvage: Salvage,
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Source").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Where a row was found. The best place comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: Point,
    page_use: PageUse,
    source: usize,
    page: u64,
    node: u16,
}

/// Changes that are missing: all from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lost {
    /// The first.
    pub first: Point,
    /// The last; its sub-revision is `i64::MAX` where whole revisions are missing.
    pub last: Point,
}

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last } = self;
        match (last.sub == i64::MAX, first.major == last.major) {
            (true, true) => write!(formatter, "revision {}", first.major),
            (true, false) => write!(formatter, "revisions {} to {}", first.major, last.major),
            (false, _) if first == last => write!(formatter, "revision {first}"),
            (false, _) => write!(formatter, "revisions {first} to {last}"),
        }
    }
}

impl Survey {
    /// Reads everything that can be read of the store files in a data directory. `progress` is told of bytes read.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the directory is none of ours, holds no store file, or the operating system refuses.
    pub fn of(directory: &Path, progress: &mut dyn FnMut(u64)) -> Result<Self, OpenError> {
        directory::check_directory(directory)?;
        let mut survey = Self {
            sources: Vec::new(),
            records: Vec::new(),
            pieces: BTreeMap::new(),
            rows: BTreeMap::new(),
            state: State { deleted_to: NEVER_COMPACTED, ..State::default() },
            gaps: Vec::new(),
            lost: Vec::new(),
            problems: Vec::new(),
        };
        let mut files = directory::store_files(directory)?;
        match directory::read_current(directory) {
            // The others are left-overs.
            Ok(current) if files.contains(&current) => files = vec![current],
            Ok(current) => survey.problems.push(format!("{} is missing, and CURRENT names it", current.file_name())),
            Err(OpenError::Empty { .. }) => survey.problems.push("CURRENT is missing".to_owned()),
            Err(error) => survey.problems.push(error.to_string()),
        }
        if files.is_empty() {
            return Err(OpenError::Empty { path: directory.to_owned() });
        }
        for file in files.into_iter().rev() {
            survey.add(directory.join(file.file_name()))?;
        }
        survey.look_at_pages(progress);
        Ok(survey)
    }

    /// Opens a file and takes its small rows, unless a newer file has given them.
    fn add(&mut self, path: PathBuf) -> Result<(), OpenError> {
        let mut rows = BTreeMap::new();
        let mut take = |row: NamedRow| {
            if let Some(table) = Table::ALL.into_iter().find(|table| table.name() == row.table) {
                rows.insert((table.name(), row.key), row.value);
            }
        };
        let salvage = Salvage::open(&path, &[REV, VALUE], &mut take)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.problems.extend(salvage.problems.iter().map(|problem| format!("{name}: {problem}")));
        if self.rows.is_empty() {
            self.rows = rows;
            self.check_rows(&name);
            self.read_state(&name);
        }
        self.sources.push(Source { path, salvage });
        Ok(())
    }

    fn meta_row(&self, key: &[u8]) -> Option<&[u8]> {
        self.rows.get(&(Table::Meta.name(), key.to_vec())).map(Vec::as_slice)
    }

    fn check_rows(&mut self, name: &str) {
        let stored = self.meta_row(meta::ROWS_CHECKSUM).and_then(|row| parse_number("rows_checksum", row).ok());
        if stored.is_none() && self.problems.is_empty() {
            // A file that no release which knows it has written to.
            return;
        }
        let tables = Table::ALL.map(|table| (table.name(), table));
        let checksum = self.rows.iter().fold(0u64, |checksum, ((table, key), value)| {
            let table = tables.iter().find(|known| known.0 == *table).expect("only small tables are here").1;
            checksum.wrapping_add(row_checksum(table, key, value))
        });
        if stored != Some(checksum as i64) {
            self.problems.push(format!(
                "{name}: rows of small tables were changed or lost; look at leases, users, roles and whether authentication is on, before the new directory is used"
            ));
            // A clock that goes backwards is worse than none.
            self.rows.retain(|(table, _), _| *table != Table::Time.name());
        }
    }

    fn read_state(&mut self, name: &str) {
        let mut problems = Vec::new();
        let mut note = |error: StorageError| problems.push(format!("{name}: {error}"));
        let mut state = State { deleted_to: NEVER_COMPACTED, ..State::default() };
        let mut numbers =
            [meta::REVISION, meta::COMPACT_REVISION, meta::COMPACT_FINISHED, meta::MEMBER_ID].map(|key| {
                let row = self.meta_row(key)?;
                parse_number(&String::from_utf8_lossy(key), row).map_err(&mut note).ok()
            });
        state.revision = numbers[0].take();
        state.compact_revision = numbers[1];
        state.member_id = numbers[3].map(|id| id as u64);
        let cursor = self.meta_row(meta::COMPACT_CURSOR);
        let cursor = cursor.and_then(|row| parse_compact_cursor("compact_cursor", row).map_err(&mut note).ok());
        let deleting = cursor.map_or(NEVER_COMPACTED, |cursor| cursor.target);
        state.deleted_to = numbers[2].unwrap_or(NEVER_COMPACTED).max(deleting);
        state.applied =
            self.meta_row(meta::APPLIED).and_then(|row| parse_log_position("applied", row).map_err(&mut note).ok());
        state.membership = self.meta_row(meta::MEMBERSHIP).and_then(|row| {
            let (at, encoded) = parse_membership(row).map_err(&mut note).ok()?;
            Some((at, Bytes::copy_from_slice(encoded)))
        });
        if state.revision.is_none() {
            problems.push(format!("{name}: what the store knew about itself cannot be read"));
        }
        self.problems.extend(problems);
        self.state = state;
    }

    /// Finds every row of the big tables, keeps the good ones, and finds out which are missing.
    fn look_at_pages(&mut self, progress: &mut dyn FnMut(u64)) {
        let deleted_to = self.state.deleted_to;
        let newest = self.state.revision.unwrap_or(i64::MAX);
        let mut found: Vec<Place> = Vec::new();
        let mut damaged = BTreeSet::new();
        let mut pieces: BTreeMap<(Point, u32), Vec<Place>> = BTreeMap::new();
        let mut bytes = 0;
        let mut unnamed = 0u64;
        for (source, Source { salvage, .. }) in self.sources.iter().enumerate() {
            for page in 2..salvage.pages() {
                let page_use = salvage.page_use(page);
                salvage.rows(page, |node, key, data| {
                    let place = |at| Place { at, page_use, source, page, node };
                    if let Ok((at, _)) = parse_rev_key(key) {
                        if parse_row(key, data).is_ok() {
                            found.push(place(at));
                        } else if page_use != PageUse::Free {
                            damaged.insert(at);
                            // Its key may be what is damaged.
                            unnamed += u64::from(at.major <= deleted_to || !is_possible(at, newest));
                        }
                    } else if salvage.is_of(page, REV) {
                        unnamed += 1;
                    } else if let Ok(at) = parse_value_key(key) {
                        let piece = u32::from_be_bytes(key[16..].try_into().expect("a key of a value has 20 bytes"));
                        pieces.entry((at, piece)).or_default().push(place(at));
                    }
                    bytes += data.len() as u64;
                });
                progress(bytes);
            }
        }
        if unnamed > 0 {
            // Where a compaction has deleted changes, numbers are missing anyway.
            self.problems.push(format!(
                "{unnamed} changes in use cannot be read; what their revisions were is not known for certain"
            ));
        }
        for places in pieces.values_mut() {
            places.sort_unstable();
        }
        self.pieces = pieces;
        found.sort_unstable();
        let mut good: Vec<Place> = Vec::new();
        for place in found {
            let counts = place.at.major > deleted_to || place.page_use != PageUse::Free;
            if !counts || good.last().is_some_and(|last| last.at == place.at) {
                continue;
            }
            if self.record(place).is_some() {
                good.push(place);
            } else {
                damaged.insert(place.at);
            }
        }
        damaged.retain(|at| good.binary_search_by_key(at, |place| place.at).is_err());
        self.records = good;
        self.find_lost(damaged);
    }

    /// Reads a record again, with its value.
    fn record(&self, place: Place) -> Option<Record> {
        let (key, data) = self.sources[place.source].salvage.row(place.page, place.node)?;
        let row = parse_row(&key, &data).ok()?;
        let Some(apart) = row.apart else { return Some(row.record()) };
        let put = |out: &mut BytesMut| self.put_value(place.at, apart, out);
        row.record_with(apart, put).ok()
    }

    /// Appends a value that is kept apart, of the best pieces there are.
    fn put_value(&self, at: Point, expected: ApartValue, out: &mut BytesMut) -> Result<(), StorageError> {
        let begin = out.len();
        let damaged = || StorageError::corrupted(format!("read the value of revision {at}"), "a piece is missing");
        // A piece is on several pages where an older state of a page is still there; they hold the same.
        for choice in 0..3 {
            out.truncate(begin);
            for (_, places) in self.pieces.range((at, 0)..=(at, u32::MAX)) {
                if out.len() - begin >= expected.length {
                    break;
                }
                let place = places.get(choice).or(places.first()).ok_or_else(damaged)?;
                let (_, piece) = self.sources[place.source].salvage.row(place.page, place.node).ok_or_else(damaged)?;
                out.extend_from_slice(&piece);
            }
            let value = &out[begin..];
            if value.len() == expected.length && crc32c::crc32c(value) == expected.checksum {
                return Ok(());
            }
        }
        Err(damaged())
    }

    /// Finds out which changes are missing.
    fn find_lost(&mut self, damaged: BTreeSet<Point>) {
        let State { deleted_to, revision, .. } = self.state;
        let newest = self.records.last().map_or(FIRST_REVISION, |last| last.at.major);
        let end = revision.unwrap_or(newest).max(newest);
        // A damaged key can say anything.
        let mut lost: BTreeSet<_> = damaged.into_iter().filter(|at| is_possible(*at, end)).collect();
        let mut gaps = BTreeSet::new();
        let mut ranges = Vec::new();
        let mut last = Point::new(deleted_to.max(FIRST_REVISION), i64::MAX);
        let mut gap = |after: Point, before: Point| {
            gaps.insert(Gap { after, before });
            let first_whole = after.major + 1;
            if after.major == before.major {
                ranges.push((Point::new(after.major, after.sub + 1), Point::new(before.major, before.sub - 1)));
                return;
            }
            if first_whole < before.major {
                ranges.push((Point::new(first_whole, 0), Point::new(before.major - 1, i64::MAX)));
            }
            if before.sub > 0 {
                ranges.push((Point::new(before.major, 0), Point::new(before.major, before.sub - 1)));
            }
        };
        for place in &self.records {
            if place.at.major > deleted_to && !place.at.follows(last) {
                gap(last, place.at);
            }
            last = last.max(place.at);
        }
        if last.major < end {
            gap(last, Point::new(end + 1, 0));
        }
        // The last changes of a revision leave no gap, but later ones name them.
        for record in self.records.iter().filter_map(|place| self.record(*place)) {
            let Some(previous) = record.previous.filter(|previous| previous.major > deleted_to) else { continue };
            if self.records.binary_search_by_key(&previous, |place| place.at).is_err() {
                lost.insert(previous);
            }
        }
        lost.retain(|at| !ranges.iter().any(|(first, last)| first <= at && at <= last));
        gaps.extend(
            lost.iter()
                .map(|at| Gap { after: Point::new(at.major, at.sub - 1), before: Point::new(at.major, at.sub + 1) }),
        );
        self.gaps = gaps.into_iter().collect();
        let ranges = ranges.into_iter().chain(lost.into_iter().map(|at| (at, at)));
        let mut lost: Vec<_> = ranges.map(|(first, last)| Lost { first, last }).collect();
        lost.sort_unstable();
        self.lost = lost;
    }

    /// Returns how many changes can be brought over.
    pub fn records(&self) -> u64 {
        self.records.len() as u64
    }

    /// Returns which changes are missing, in order.
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// Returns what is damaged besides, a line each.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Returns the last log entry whose changes the store had, if that can be read.
    pub fn applied(&self) -> Option<LogPosition> {
        self.state.applied
    }

    /// Returns the revision the store had, or the newest that was found.
    pub fn revision(&self) -> i64 {
        let newest = self.records.last().map_or(FIRST_REVISION, |last| last.at.major);
        self.state.revision.unwrap_or(newest).max(newest)
    }

    /// Says whether changes were found that are newer than what the store knew about itself, so that it is not known
    /// which entries of the log come after them.
    pub fn is_ahead(&self) -> bool {
        let newest = self.records.last().map_or(FIRST_REVISION, |last| last.at.major);
        self.state.revision.is_none_or(|revision| newest > revision)
    }

    /// Gives up what is newer than the store knew, because the log has it too.
    pub fn give_up_newer(&mut self) {
        let Some(revision) = self.state.revision else { return };
        self.records.retain(|place| place.at.major <= revision);
        self.find_lost(self.lost.iter().filter(|lost| lost.first == lost.last).map(|lost| lost.first).collect());
        self.lost.retain(|lost| lost.first.major <= revision);
    }

    /// Returns the membership the store had, encoded.
    pub fn membership(&self) -> Option<&Bytes> {
        self.state.membership.as_ref().map(|(_, encoded)| encoded)
    }

    /// Returns the id of the member whose store it was.
    pub fn member_id(&self) -> Option<u64> {
        self.state.member_id
    }

    /// Writes everything into a new store; returns what could not be brought over besides. `progress` is told of bytes
    /// written.
    ///
    /// # Errors
    ///
    /// As [`Storage::write`].
    pub fn write_to(&self, storage: &Storage, progress: &mut dyn FnMut(u64)) -> Result<Vec<String>, StorageError> {
        let mut known: HashMap<Bytes, Point> = HashMap::new();
        let mut places = self.records.iter().peekable();
        let mut written = 0;
        while places.peek().is_some() {
            storage.write_with("write what was rescued", |txn| {
                let mut row = BytesMut::new();
                let mut bytes = 0;
                while bytes < WRITE_BYTES_MAX
                    && let Some(place) = places.next()
                {
                    let record = self.record(*place);
                    let Some(mut record) = record else {
                        let action = format!("read revision {} again", place.at);
                        return Err(StorageError::corrupted(action, "it was whole a moment ago"));
                    };
                    let key = Bytes::copy_from_slice(record.key());
                    // The chain of a key's changes leads over what is left of them.
                    match known.insert(key, record.at) {
                        Some(before) => record.previous = Some(before),
                        None => record.previous = record.previous.filter(|at| at.major <= self.state.deleted_to),
                    }
                    bytes += record.kv.len() + 64;
                    txn.put_record(&record, &mut row)?;
                }
                written += bytes as u64;
                Ok(())
            })?;
            progress(written);
        }
        storage.write_with("write what was rescued", |txn| {
            self.put_rows(&[Table::Time], txn)?;
            txn.put(Table::Meta, meta::REVISION, &number(self.revision()))?;
            for key in [meta::COMPACT_REVISION, meta::COMPACT_FINISHED, meta::COMPACT_CURSOR] {
                if let Some(row) = self.meta_row(key) {
                    txn.put(Table::Meta, key, row)?;
                }
            }
            if !self.gaps.is_empty() {
                txn.put(Table::Meta, meta::LOST, &gaps(&self.gaps))?;
            }
            Ok(())
        })?;
        let mut given_up = Vec::new();
        for (what, tables) in [("leases", &LEASES[..]), ("users and roles", &AUTHORITY)] {
            storage.write_with("write what was rescued", |txn| self.put_rows(tables, txn))?;
            let reader = storage.read()?;
            let loaded = Leases::load(&reader).map(drop).and_then(|()| auth::load(&reader, Err).map(drop));
            drop(reader);
            if let Err(error) = loaded {
                storage.write_with("write what was rescued", |txn| {
                    self.rows_of(tables).try_for_each(|(table, key, _)| txn.delete(table, key))
                })?;
                given_up.push(format!("{what} are not brought over: {error}"));
            }
        }
        Ok(given_up)
    }

    fn put_rows(&self, tables: &[Table], txn: &mut Transaction<'_>) -> Result<(), StorageError> {
        self.rows_of(tables).try_for_each(|(table, key, value)| txn.put(table, key, value))
    }

    fn rows_of<'a>(&'a self, tables: &'a [Table]) -> impl Iterator<Item = (Table, &'a [u8], &'a [u8])> {
        self.rows.iter().filter_map(move |((name, key), value)| {
            let table = tables.iter().find(|table| table.name() == *name)?;
            Some((*table, key.as_slice(), value.as_slice()))
        })
    }
}

/// Says whether a store whose newest revision is known can have a change at a point.
fn is_possible(at: Point, newest: i64) -> bool {
    (FIRST_REVISION..=newest).contains(&at.major) && u32::try_from(at.sub).is_ok()
}
