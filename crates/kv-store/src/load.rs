//! What a store reads when it opens: the index is built from the records, members, users, roles, alarms and clock from
//! their tables.

use bytes::Bytes;

use crate::alarms::Alarms;
use crate::auth::{self, AuthState};
use crate::command::Member;
use crate::key_index::{KeyIndex, KeyIndexBuilder, Version};
use crate::leases::Leases;
use crate::revision::{FIRST_REVISION, LogPosition, Point};
use crate::schema::{self, Gap, Table};
use crate::storage::{Meta, Storage, StorageReader};
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
    let meta = reader.meta()?;
    let index = load_index(&reader, &meta)?;
    let mut leases = Leases::load(&reader)?;
    leases.attach_all(&index, meta.revision);
    Ok(Loaded {
        index,
        leases,
        members: load_members(&reader)?,
        auth: auth::load(&reader, Err)?,
        alarms: Alarms::load(&reader)?,
        membership: reader.membership()?.map(|(at, encoded)| (at, Bytes::copy_from_slice(encoded))),
        last_time: load_last_time(&reader)?,
        meta,
    })
}

fn load_index(reader: &StorageReader, meta: &Meta) -> Result<KeyIndex, StorageError> {
    let mut builder = KeyIndexBuilder::new();
    let (deleted_to, gaps) = (reader.deleted_to()?, reader.gaps()?);
    let mut last = Point::new(deleted_to.max(FIRST_REVISION), i64::MAX);
    let mut before = None;
    for head in reader.heads(Point::new(0, 0), i64::MAX)? {
        let head = head?;
        let damaged =
            |detail| Err(StorageError::corrupted(format!("read revision {} from table rev", head.at), detail));
        if head.at.major > meta.revision {
            return damaged(format!("it is newer than the newest revision, {}", meta.revision));
        }
        if before.is_some_and(|before| before >= head.at) {
            return damaged("there is another change at the same place".to_owned());
        }
        if head.at.major > deleted_to && !head.at.follows(last) && !is_known(&gaps, last, head.at) {
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
        (before, last) = (Some(head.at), last.max(head.at));
        let version = if head.tombstone {
            Version::tombstone(head.at)
        } else {
            Version { modified: head.at, created: head.create_revision, version: head.version, lease: head.lease }
        };
        builder.add(head.key, version);
    }
    let end = Point::new(meta.revision.saturating_add(1), 0);
    if meta.revision > deleted_to && last.major < meta.revision && !is_known(&gaps, last, end) {
        let action = format!("read revision {} from table rev", meta.revision);
        return Err(StorageError::corrupted(action, "it is the newest, and its changes are missing"));
    }
    Ok(builder.finish())
}

/// Says whether damage is known to have taken what was between two changes.
pub(crate) fn is_known(gaps: &[Gap], after: Point, before: Point) -> bool {
    gaps.iter().any(|gap| gap.before == before && gap.after <= after)
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
