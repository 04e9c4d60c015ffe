//! Looking for damage: everything in the tables that must be so, whether or not anybody reads it.
//!
//! Reading checks what it reads. This reads all of it, and checks what no single read can see: that each change
//! names the change of its key before it, that generations count up, that no revision is missing, that every piece of
//! a value belongs to one. What a compaction deletes is allowed to be missing, and nothing else.

use std::collections::BTreeSet;

use bytes::{Bytes, BytesMut};

use crate::alarm::Alarm;
use crate::auth;
use crate::command::Member;
use crate::key_index::{KeyIndex, Version};
use crate::lease::{LEASE_TTL_MAX, Lease};
use crate::membership::Membership;
use crate::record::{Row, parse_row};
use crate::revision::{FIRST_REVISION, NEVER_COMPACTED, Point};
use crate::schema::{self, Table, parse_number, parse_rev_key, parse_value_key};
use crate::storage::{BigTable, Kept, Meta, Storage, StorageReader};
use crate::storage_error::StorageError;

/// What a check looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// Changes of keys, tombstones included.
    pub changes: u64,
    /// Keys that are live at the newest revision.
    pub live_keys: u64,
    /// Pieces of values that are kept apart.
    pub pieces: u64,
    /// Rows of the small tables.
    pub small_rows: u64,
}

impl Storage {
    /// Reads everything and compares it with what must be so. `found` is told of each damage; `progress` how many bytes
    /// of rows have been read.
    ///
    /// Holds one read transaction until it is done, and takes about 150 bytes of memory for each key.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the tables cannot be read at all; damage is no error.
    pub fn check(&self, found: &mut dyn FnMut(String), progress: &mut dyn FnMut(u64)) -> Result<Checked, StorageError> {
        let reader = self.read()?;
        let mut check = Check { reader: &reader, found, progress, bytes: 0, checked: Checked::default() };
        match check.meta() {
            Ok(kept) => check.changes(&kept),
            // Without them it is not known which changes must be there.
            Err(error) => check.note(&error),
        }
        check.pieces();
        check.times();
        check.leases();
        check.members();
        check.auth();
        check.alarms();
        Ok(check.checked)
    }
}

/// A check under way.
struct Check<'a> {
    reader: &'a StorageReader,
    found: &'a mut dyn FnMut(String),
    progress: &'a mut dyn FnMut(u64),
    bytes: u64,
    checked: Checked,
}

impl Check<'_> {
    fn note(&mut self, damage: &dyn std::fmt::Display) {
        (self.found)(damage.to_string());
    }

    fn meta(&mut self) -> Result<Kept, StorageError> {
        let Meta { revision, compact_revision, compact_finished, .. } = self.reader.meta()?;
        let deleting = self.reader.compact_cursor()?.map_or(NEVER_COMPACTED, |cursor| cursor.target);
        if revision < FIRST_REVISION {
            self.note(&format!("table meta: the newest revision is {revision}"));
        }
        if compact_revision > revision {
            self.note(&format!("table meta: revision {compact_revision} is compacted and {revision} is the newest"));
        }
        for (name, at) in [("compact_finished", compact_finished), ("compact_cursor", deleting)] {
            if at > compact_revision {
                self.note(&format!(
                    "table meta: {name} is at revision {at}, and the compact revision is {compact_revision}"
                ));
            }
        }
        if let Some((at, encoded)) = self.reader.membership()?
            && let Err(error) = Membership::decode(encoded)
        {
            self.note(&format!("table meta: the membership of log entry {at}: {error}"));
        }
        self.reader.kept()
    }

    /// Checks every change, alone and with the one before it.
    fn changes(&mut self, kept: &Kept) {
        let rows = match self.reader.raw_rows(BigTable::Rev) {
            Ok(rows) => rows,
            Err(error) => return self.note(&error),
        };
        let mut keys = KeyIndex::new();
        // Whose rows are damaged, so that whatever refers to them is not reported too.
        let mut damaged = BTreeSet::new();
        let mut last = kept.start();
        for row in rows {
            let (key, bytes) = match row {
                Ok(row) => row,
                Err(error) => return self.note(&error),
            };
            self.advance(key.len() + bytes.len());
            self.checked.changes += 1;
            let at = match parse_rev_key(key) {
                Ok((at, _)) => at,
                Err(error) => {
                    self.note(&error);
                    continue;
                }
            };
            if at.major > kept.revision {
                self.note(&format!("revision {at}: it is newer than the newest revision, {}", kept.revision));
            }
            if kept.misses_between(last, at) {
                self.note(&format!("revision {at}: the change before it, after {}, is missing", shown(last)));
            }
            last = last.max(at);
            match parse_row(key, bytes) {
                Ok(row) => self.change(&row, &mut keys, &damaged, kept),
                Err(error) => {
                    damaged.insert(at);
                    self.note(&error);
                }
            }
        }
        if kept.misses_newest(last) {
            self.note(&format!("revision {}: it is the newest, and its changes are missing", kept.revision));
        }
        self.checked.live_keys = keys.live_len();
    }

    fn change(&mut self, row: &Row<'_>, keys: &mut KeyIndex, damaged: &BTreeSet<Point>, kept: &Kept) {
        let head = row.head();
        let known = keys.newest(head.key);
        let version = if head.tombstone {
            Version::tombstone(head.at)
        } else {
            Version { modified: head.at, created: head.create_revision, version: head.version, lease: head.lease }
        };
        if head.key.is_empty() || (!head.tombstone && head.version < 1) {
            return self.note(&format!("revision {}: it is not a change of a key", head.at));
        }
        if !head.tombstone && row.pair.mod_revision != head.at.major {
            self.note(&format!("revision {}: the pair says it was written at {}", head.at, row.pair.mod_revision));
        }
        let before = Before { known, named: head.previous, damaged, deleted_to: kept.deleted_to };
        // Behind a gap nobody knows what was before.
        if let Err(detail) = before.judge(&version)
            && !kept.gaps.iter().any(|gap| gap.after < head.at)
        {
            self.note(&format!("revision {}: {detail}", head.at));
        }
        if let Some(apart) = row.apart {
            match self.reader.put_value(row.at, apart, &mut BytesMut::new()) {
                Ok(()) => self.advance(apart.length),
                Err(error) => self.note(&error),
            }
        }
        if known.is_none_or(|known| known.modified < head.at) && u32::try_from(head.at.sub).is_ok() {
            keys.restore(head.key, version);
        }
    }

    /// Checks that every piece of a value belongs to a change.
    fn pieces(&mut self) {
        let rows = match self.reader.raw_rows(BigTable::Value) {
            Ok(rows) => rows,
            Err(error) => return self.note(&error),
        };
        let mut last = None;
        for row in rows {
            let at = row.and_then(|(key, _)| parse_value_key(key));
            let at = match at {
                Ok(at) => at,
                Err(error) => return self.note(&error),
            };
            self.checked.pieces += 1;
            if last == Some(at) {
                continue;
            }
            last = Some(at);
            // A damaged row was reported where it is.
            if let Ok(row) = self.reader.row_at(at)
                && row.is_none_or(|row| row.apart.is_none())
            {
                self.note(&format!("table value: a value at revision {at} belongs to no change"));
            }
        }
    }

    fn times(&mut self) {
        let rows = match self.reader.rows(Table::Time, &[]) {
            Ok(rows) => rows,
            Err(error) => return self.note(&error),
        };
        let mut last = i64::MIN;
        for row in rows {
            let parsed =
                row.and_then(|(key, value)| Ok((parse_number("revision of time", key)?, parse_number("time", value)?)));
            let (revision, clock) = match parsed {
                Ok(parsed) => parsed,
                Err(error) => return self.note(&error),
            };
            self.checked.small_rows += 1;
            if clock < last {
                self.note(&format!("table time: the clock goes backwards at revision {revision}"));
            }
            last = clock;
        }
    }

    fn leases(&mut self) {
        let rows = match self.reader.rows(Table::Lease, &[]) {
            Ok(rows) => rows,
            Err(error) => return self.note(&error),
        };
        for row in rows {
            let parsed = row.and_then(|(key, value)| schema::parse_lease(key, value));
            self.checked.small_rows += 1;
            match parsed {
                Err(error) => self.note(&error),
                Ok(Lease { id, granted_ttl, remaining_ttl }) => {
                    if id == 0 || granted_ttl > LEASE_TTL_MAX || remaining_ttl > granted_ttl {
                        self.note(&format!(
                            "table lease: lease {id:x} was granted for {granted_ttl} s and has {remaining_ttl} s left"
                        ));
                    }
                }
            }
        }
    }

    fn members(&mut self) {
        let rows = match self.reader.rows(Table::Member, &[]) {
            Ok(rows) => rows,
            Err(error) => return self.note(&error),
        };
        for row in rows {
            let (key, value) = match row {
                Ok(row) => row,
                Err(error) => return self.note(&error),
            };
            self.checked.small_rows += 1;
            if let Err(error) = Member::decode(&Bytes::copy_from_slice(value)) {
                self.note(&format!("table member: row {}: {error}", schema::hex(key)));
            }
        }
    }

    fn auth(&mut self) {
        let mut damages = Vec::new();
        let loaded = auth::load(self.reader, |damage| {
            damages.push(damage);
            Ok(())
        });
        match loaded {
            Ok(state) => self.checked.small_rows += (state.users().count() + state.roles().count()) as u64,
            Err(error) => damages.push(error),
        }
        for damage in damages {
            self.note(&damage);
        }
    }

    fn alarms(&mut self) {
        let rows = match self.reader.rows(Table::Alarm, &[]) {
            Ok(rows) => rows,
            Err(error) => return self.note(&error),
        };
        for row in rows {
            let key = match row {
                Ok((key, _)) => key,
                Err(error) => return self.note(&error),
            };
            self.checked.small_rows += 1;
            if let Err(error) = Alarm::parse_row_key(key) {
                self.note(&error);
            }
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        (self.progress)(self.bytes);
    }
}

/// The last change that was there; behind a compaction only its revision is known.
fn shown(last: Point) -> String {
    if last.sub == i64::MAX { last.major.to_string() } else { last.to_string() }
}

/// What is known about the change of a key before another one.
struct Before<'a> {
    /// The one that was found.
    known: Option<Version>,
    /// The one that the change names.
    named: Option<Point>,
    damaged: &'a BTreeSet<Point>,
    deleted_to: i64,
}

impl Before<'_> {
    /// Says what is wrong with a version that comes after it.
    fn judge(&self, version: &Version) -> Result<(), String> {
        let begins = version.version == 1 && version.created == version.modified.major;
        match (self.named, self.known) {
            (Some(named), _) if self.damaged.contains(&named) => Ok(()),
            (None, Some(known)) => {
                Err(format!("it names no change of its key before it, and {} is one", known.modified))
            }
            (None, None) if version.is_tombstone() => Err("it deletes a key that was never written".to_owned()),
            (None, None) if !begins => {
                Err("it is the first change of its key and does not begin a generation".to_owned())
            }
            (None, None) => Ok(()),
            (Some(named), Some(known)) if named != known.modified => {
                Err(format!("it names {named} as the change of its key before it, and {} is", known.modified))
            }
            (Some(_), Some(known)) => {
                let right = match (known.is_tombstone(), version.is_tombstone()) {
                    (true, true) => false,
                    (true, false) => begins,
                    (false, true) => true,
                    (false, false) => version.version == known.version + 1 && version.created == known.created,
                };
                if right { Ok(()) } else { Err(format!("it does not continue the key's change at {}", known.modified)) }
            }
            (Some(named), None) if named.major > self.deleted_to => {
                Err(format!("the change of its key before it, {named}, is missing"))
            }
            (Some(_), None) => {
                let right =
                    version.is_tombstone() || (version.version == 1) == (version.created == version.modified.major);
                if right { Ok(()) } else { Err("it neither begins a generation nor continues one".to_owned()) }
            }
        }
    }
}
