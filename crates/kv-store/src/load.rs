//! What a store reads when it opens: the index is built from the records, members, users, roles, alarms and clock from
//! their tables.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::alarms::Alarms;
use crate::auth::{self, AuthState};
use crate::command::Member;
use crate::key_index::{KeyIndex, KeyIndexBuilder, Version};
use crate::leases::Leases;
use crate::lmdb_file::LmdbFile;
use crate::record::{Head, parse_row};
use crate::revision::{LogPosition, Point};
use crate::schema::{self, REV, Table};
use crate::storage::{Kept, Meta, Storage, StorageReader};
use crate::storage_error::{OpenError, StorageError};

/// What was read.
pub(crate) struct Loaded {
    pub(crate) meta: Meta,
    pub(crate) index: KeyIndex,
    pub(crate) leases: Leases,
    pub(crate) members: Vec<Member>,
    pub(crate) auth: AuthState,
    pub(crate) alarms: Alarms,
    pub(crate) membership: Option<(LogPosition, Bytes)>,
    pub(crate) last_time: Option<u64>,
}

/// Reads everything a store keeps in memory, from one moment of the tables.
pub(crate) fn load(storage: &Storage) -> Result<Loaded, OpenError> {
    let reader = storage.read()?;
    let mut loading = IndexLoading::new(reader.kept()?);
    for head in reader.heads(Point::new(0, 0), i64::MAX)? {
        loading.add(&head?)?;
    }
    load_with(&reader, loading.finish()?)
}

/// Reads everything but the index, which was made while the file was checked.
pub(crate) fn load_rest(storage: &Storage, index: KeyIndex) -> Result<Loaded, OpenError> {
    load_with(&storage.read()?, index)
}

fn load_with(reader: &StorageReader, index: KeyIndex) -> Result<Loaded, OpenError> {
    let meta = reader.meta()?;
    let mut leases = Leases::load(reader)?;
    leases.attach_all(&index, meta.revision);
    Ok(Loaded {
        index,
        leases,
        members: load_members(reader)?,
        auth: auth::load(reader, Err)?,
        alarms: Alarms::load(reader)?,
        membership: reader.membership()?.map(|(at, encoded)| (at, Bytes::copy_from_slice(encoded))),
        last_time: load_last_time(reader)?,
        meta,
    })
}

/// Checks the structure of a store's file and makes the index of the changes it meets, so that the file is read once.
///
/// What is wrong with a change is returned beside, since it is only worth telling of a file that can be opened.
pub(crate) fn check_and_index(file: &LmdbFile) -> Result<Result<KeyIndex, StorageError>, OpenError> {
    let mut meta = BTreeMap::new();
    let begin = |meta: &BTreeMap<Vec<u8>, Vec<u8>>| {
        Kept::read(&|key| Ok(meta.get(key).map(Vec::as_slice))).map(IndexLoading::new)
    };
    let mut loading = None;
    file.check_structure_showing(&[Table::Meta.name(), REV], &mut |table, key, row| {
        if table != REV {
            meta.insert(key.to_vec(), row.to_vec());
            return;
        }
        let index = loading.get_or_insert_with(|| begin(&meta));
        if let Ok(loading) = index
            && let Err(error) = parse_row(key, row).and_then(|row| loading.add(&row.head()))
        {
            *index = Err(error);
        }
    })?;
    Ok(loading.unwrap_or_else(|| begin(&meta)).and_then(IndexLoading::finish))
}

/// An index that is being made of the changes kept, in their order.
struct IndexLoading {
    kept: Kept,
    builder: KeyIndexBuilder,
    /// The change before, however damaged its place may be.
    before: Option<Point>,
    last: Point,
}

impl IndexLoading {
    fn new(kept: Kept) -> Self {
        let last = kept.start();
        Self { kept, builder: KeyIndexBuilder::new(), before: None, last }
    }

    /// Adds the next change.
    fn add(&mut self, head: &Head<'_>) -> Result<(), StorageError> {
        let (kept, last) = (&self.kept, self.last);
        let damaged =
            |detail| Err(StorageError::corrupted(format!("read revision {} from table rev", head.at), detail));
        if head.at.major > kept.revision {
            return damaged(format!("it is newer than the newest revision, {}", kept.revision));
        }
        if self.before.is_some_and(|before| before >= head.at) {
            return damaged("there is another change at the same place".to_owned());
        }
        if kept.misses_between(last, head.at) {
            return damaged("the change before it is missing".to_owned());
        }
        let is_possible = if head.tombstone {
            head.at.sub >= 0
        } else {
            head.at.sub >= 0 && head.version >= 1 && (1..=head.at.major).contains(&head.create_revision)
        };
        if !is_possible || u32::try_from(head.at.sub).is_err() {
            return damaged("its numbers cannot be".to_owned());
        }
        (self.before, self.last) = (Some(head.at), last.max(head.at));
        let version = if head.tombstone {
            Version::tombstone(head.at)
        } else {
            Version { modified: head.at, created: head.create_revision, version: head.version, lease: head.lease }
        };
        self.builder.add(head.key, version);
        Ok(())
    }

    fn finish(self) -> Result<KeyIndex, StorageError> {
        let Self { kept, builder, last, .. } = self;
        if kept.misses_newest(last) {
            let action = format!("read revision {} from table rev", kept.revision);
            return Err(StorageError::corrupted(action, "it is the newest, and its changes are missing"));
        }
        Ok(builder.finish())
    }
}

fn load_members(reader: &StorageReader) -> Result<Vec<Member>, StorageError> {
    let mut members = Vec::new();
    for row in reader.rows(Table::Member, &[])? {
        let (key, value) = row?;
        let member = Member::decode(&Bytes::copy_from_slice(value)).map_err(|error| {
            StorageError::corrupted(format!("read row {} of table member", schema::hex(key)), error.to_string())
        })?;
        members.push(member);
    }
    Ok(members)
}

fn load_last_time(reader: &StorageReader) -> Result<Option<u64>, StorageError> {
    match reader.row_at_or_before(Table::Time, &schema::time_key(i64::MAX))? {
        None => Ok(None),
        Some((_, value)) => Ok(Some(schema::parse_number("time", value)? as u64 / 1000)),
    }
}
