//! Every byte layout in the LMDB file: the tables, their keys, and the rows of `meta`.
//!
//! | table | key | value |
//! |---|---|---|
//! | `rev` | revision 8 B, sub-revision 8 B, type 1 B | one change: [`record`](crate::record) |
//! | `value` | revision 8 B, sub-revision 8 B, piece 4 B | a piece of a value too long for its row in `rev` |
//! | `time` | revision 8 B | the clock when it was made |
//! | `meta` | a name | a number or a position, see [`meta`] |
//! | `alarm` | kind 4 B, member 8 B | nothing: [`Alarm`](crate::Alarm) |
//! | `lease` | id 8 B | granted and remaining time to live in seconds, 8 B each: [`lease`](crate::lease) |
//! | `auth`, `auth_user`, `auth_role`, `member` | what the module of that name says | |
//!
//! Numbers are big-endian, so that LMDB's order of keys is the order of revisions. A later release may add
//! tables and rows of `meta` without a new format version; it may not change what is described here.
//!
//! Keys of users are never keys of LMDB, which allows 511 bytes.
//!
//! # Why long values are apart
//!
//! An index is rebuilt from `rev` alone when the store opens. Measured on two cores of a shared EPYC machine,
//! 43-byte keys, checkpoints of 4000 puts:
//!
//! | | written, CPU | file | read one | scan, warm / cold |
//! |---|---|---|---|---|
//! | 1M × 256 B, in the row | 0.9 µs | 375 B | 1.1 µs | 0.08 / 0.56 s |
//! | 1M × 256 B, apart | 0.6 µs | 391 B | 1.9 µs | 0.03 / 0.23 s |
//! | 200k × 2 KiB, in the row (LMDB gives each a page of its own) | 9.8 µs | 4133 B | 1.2 µs | 0.01 / 1.15 s |
//! | 200k × 2 KiB, apart, in pieces of 4080 B | 4.0 µs | 4229 B | 1.7 µs | 0.005 / 0.24 s |
//! | 200k × 2 KiB, cut in pieces that share pages | 2.7 µs | 2750 B | 1.5 µs | 0.04 / 0.79 s |
//!
//! So a value of up to [`VALUE_IN_ROW_BYTES_MAX`] stays in its row, where one search finds it; a longer one is
//! cut as [`pieces`] says and kept in `value`, where pieces share pages and a scan of `rev` never sees them.

use std::iter;

use crate::lease::Lease;
use crate::revision::{LogPosition, Point};
use crate::storage_error::StorageError;

/// The format described here.
pub const FORMAT_VERSION: u64 = 1;

/// The longest value that is kept in its row of `rev`.
pub const VALUE_IN_ROW_BYTES_MAX: usize = 512;

/// The longest piece of a value: with LMDB's page header it is one page of 4 KiB.
pub const PIECE_BYTES_MAX: usize = 4080;

/// The longest piece of which two share a page.
const HALF_PAGE_PIECE_BYTES_MAX: usize = 2000;

/// The longest piece of which three share a page.
const THIRD_PAGE_PIECE_BYTES_MAX: usize = 1330;

/// The table of changes.
pub(crate) const REV: &str = "rev";

/// The table of long values.
pub(crate) const VALUE: &str = "value";

/// A table of small rows that a log entry may write or delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Revision to clock.
    Time,
    /// What the store knows about itself.
    Meta,
    /// Granted leases.
    Lease,
    /// Whether authentication is on, and its revision.
    Auth,
    /// Users.
    AuthUser,
    /// Roles.
    AuthRole,
    /// Members of the cluster.
    Member,
    /// Raised alarms.
    Alarm,
}

impl Table {
    /// Every table, in the order in which they are hashed.
    pub const ALL: [Self; 8] =
        [Self::Time, Self::Meta, Self::Lease, Self::Auth, Self::AuthUser, Self::AuthRole, Self::Member, Self::Alarm];

    /// Returns the name the table has in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Meta => "meta",
            Self::Lease => "lease",
            Self::Auth => "auth",
            Self::AuthUser => "auth_user",
            Self::AuthRole => "auth_role",
            Self::Member => "member",
            Self::Alarm => "alarm",
        }
    }
}

/// The rows of `meta`. Values are 8-byte numbers where nothing else is said.
pub mod meta {
    /// Which layouts the file has: [`FORMAT_VERSION`](super::FORMAT_VERSION).
    pub const FORMAT_VERSION: &[u8] = b"format_version";
    /// The last log entry whose effects the file holds: term and index, 8 bytes each. Absent before the first.
    pub const APPLIED: &[u8] = b"applied";
    /// The newest revision the file holds.
    pub const REVISION: &[u8] = b"revision";
    /// The revision below which reads are refused.
    pub const COMPACT_REVISION: &[u8] = b"compact_revision";
    /// The revision up to which superseded changes have been deleted.
    pub const COMPACT_FINISHED: &[u8] = b"compact_finished";
    /// A compaction under way: its revision, then the revision and sub-revision to go on from, 8 bytes each.
    pub const COMPACT_CURSOR: &[u8] = b"compact_cursor";
    /// The cluster's membership as consensus encodes it, behind the position of the entry it came with.
    pub const MEMBERSHIP: &[u8] = b"membership";
    /// The cluster's id.
    pub const CLUSTER_ID: &[u8] = b"cluster_id";
    /// Where changes are missing since the store was rescued from damage: for each gap the points before and behind it, 8 bytes
    /// for each number. Absent in any other store.
    pub const LOST: &[u8] = b"lost";
    /// What all other rows of the small tables come to: the sum of their checksums, so that none of them can change or be lost
    /// unnoticed. Absent in a file that no release which knows it has written to.
    pub const ROWS_CHECKSUM: &[u8] = b"rows_checksum";
    /// This member's id.
    pub const MEMBER_ID: &[u8] = b"member_id";

    /// The rows that may differ between members that agree.
    pub(crate) const OF_THIS_MEMBER: [&[u8]; 5] = [APPLIED, COMPACT_FINISHED, COMPACT_CURSOR, MEMBER_ID, ROWS_CHECKSUM];
}

/// The last byte of a key of `rev`: what the change was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeType {
    /// The key was written.
    Put = b'p' as isize,
    /// The key was deleted.
    Tombstone = b't' as isize,
}

/// A key of `rev`.
pub(crate) type RevKey = [u8; 17];

pub(crate) fn rev_key(at: Point, change: ChangeType) -> RevKey {
    let mut key = [0; 17];
    key[..16].copy_from_slice(&point_key(at));
    key[16] = change as u8;
    key
}

pub(crate) fn parse_rev_key(key: &[u8]) -> Result<(Point, ChangeType), StorageError> {
    let change = match (key.len(), key.last()) {
        (17, Some(b'p')) => ChangeType::Put,
        (17, Some(b't')) => ChangeType::Tombstone,
        _ => return Err(StorageError::corrupted("read table rev", format!("{} is not a key of it", hex(key)))),
    };
    Ok((Point::new(read_number(&key[..8]), read_number(&key[8..16])), change))
}

/// The first key of `rev` and `value` that can belong to a point: no type, no piece.
pub(crate) fn point_key(at: Point) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&at.major.to_be_bytes());
    key[8..].copy_from_slice(&at.sub.to_be_bytes());
    key
}

/// A key of `value`.
pub(crate) fn value_key(at: Point, piece: u32) -> [u8; 20] {
    let mut key = [0; 20];
    key[..16].copy_from_slice(&point_key(at));
    key[16..].copy_from_slice(&piece.to_be_bytes());
    key
}

/// Returns the point that a piece of a value belongs to.
pub(crate) fn parse_value_key(key: &[u8]) -> Result<Point, StorageError> {
    if key.len() != 20 {
        return Err(StorageError::corrupted("read table value", format!("{} is not a key of it", hex(key))));
    }
    Ok(Point::new(read_number(&key[..8]), read_number(&key[8..16])))
}

/// The tables that every file of format 1 has.
pub(crate) const TABLES_OF_FORMAT_1: [&str; 10] =
    [REV, VALUE, "time", "meta", "lease", "auth", "auth_user", "auth_role", "member", "alarm"];

/// Returns what a row of a small table adds to [`meta::ROWS_CHECKSUM`].
pub(crate) fn row_checksum(table: Table, key: &[u8], value: &[u8]) -> u64 {
    if table == Table::Meta && key == meta::ROWS_CHECKSUM {
        return 0;
    }
    let checksum = crc32c::crc32c_append(crc32c::crc32c(table.name().as_bytes()), &(key.len() as u64).to_be_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(checksum, key), value).into()
}

/// Cuts a long value so that its pieces fill pages well.
///
/// A reader joins whatever pieces there are up to the length it knows, so this rule is not part of the format.
pub(crate) fn pieces(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = value;
    iter::from_fn(move || {
        let length = match rest.len() {
            0 => return None,
            more if more > PIECE_BYTES_MAX => PIECE_BYTES_MAX,
            tail if tail > HALF_PAGE_PIECE_BYTES_MAX && tail <= 2 * THIRD_PAGE_PIECE_BYTES_MAX => tail.div_ceil(2),
            tail => tail,
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        Some(piece)
    })
}

/// Returns the key of `time` for a revision.
pub fn time_key(revision: i64) -> [u8; 8] {
    revision.to_be_bytes()
}

/// Returns a number as rows of `meta` and `time` hold it.
pub fn number(number: i64) -> [u8; 8] {
    number.to_be_bytes()
}

/// Reads a number from a row; `row` names it in the error.
pub fn parse_number(row: &str, value: &[u8]) -> Result<i64, StorageError> {
    let bytes = value.try_into().map_err(|_| bad_row(row, value))?;
    Ok(i64::from_be_bytes(bytes))
}

pub(crate) fn log_position(position: LogPosition) -> [u8; 16] {
    let mut value = [0; 16];
    value[..8].copy_from_slice(&position.term.to_be_bytes());
    value[8..].copy_from_slice(&position.index.to_be_bytes());
    value
}

pub(crate) fn parse_log_position(row: &str, value: &[u8]) -> Result<LogPosition, StorageError> {
    if value.len() != 16 {
        return Err(bad_row(row, value));
    }
    Ok(LogPosition { term: read_number(&value[..8]) as u64, index: read_number(&value[8..]) as u64 })
}

pub(crate) fn parse_membership(value: &[u8]) -> Result<(LogPosition, &[u8]), StorageError> {
    let (position, membership) = value.split_at_checked(16).ok_or_else(|| bad_row("membership", value))?;
    Ok((parse_log_position("membership", position)?, membership))
}

/// A place where changes are missing that damage took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gap {
    /// The last change before it, or the revision up to which changes may have been deleted.
    pub(crate) after: Point,
    /// The first change behind it.
    pub(crate) before: Point,
}

pub(crate) fn gaps(gaps: &[Gap]) -> Vec<u8> {
    gaps.iter().flat_map(|gap| [point_key(gap.after), point_key(gap.before)]).flatten().collect()
}

pub(crate) fn parse_gaps(row: &str, value: &[u8]) -> Result<Vec<Gap>, StorageError> {
    if !value.len().is_multiple_of(32) {
        return Err(bad_row(row, value));
    }
    let point = |bytes: &[u8]| Point::new(read_number(&bytes[..8]), read_number(&bytes[8..16]));
    Ok(value.chunks_exact(32).map(|gap| Gap { after: point(gap), before: point(&gap[16..]) }).collect())
}

/// How far a compaction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CompactCursor {
    /// The revision compacted at.
    pub(crate) target: i64,
    /// The first change not looked at yet.
    pub(crate) next: Point,
}

pub(crate) fn compact_cursor(cursor: CompactCursor) -> [u8; 24] {
    let mut value = [0; 24];
    value[..8].copy_from_slice(&number(cursor.target));
    value[8..].copy_from_slice(&point_key(cursor.next));
    value
}

pub(crate) fn parse_compact_cursor(row: &str, value: &[u8]) -> Result<CompactCursor, StorageError> {
    if value.len() != 24 {
        return Err(bad_row(row, value));
    }
    let next = Point::new(read_number(&value[8..16]), read_number(&value[16..]));
    Ok(CompactCursor { target: read_number(&value[..8]), next })
}

/// The key and the value of a row of `lease`.
pub(crate) fn lease_row(lease: Lease) -> ([u8; 8], [u8; 16]) {
    let mut value = [0; 16];
    value[..8].copy_from_slice(&number(lease.granted_ttl));
    value[8..].copy_from_slice(&number(lease.remaining_ttl));
    (number(lease.id), value)
}

pub(crate) fn parse_lease(key: &[u8], value: &[u8]) -> Result<Lease, StorageError> {
    if key.len() != 8 || value.len() != 16 {
        return Err(StorageError::corrupted(
            format!("read row {} of table lease", hex(key)),
            format!("unexpected {}", hex(value)),
        ));
    }
    let (granted_ttl, remaining_ttl) = (read_number(&value[..8]), read_number(&value[8..]));
    Ok(Lease { id: read_number(key), granted_ttl, remaining_ttl })
}

fn bad_row(row: &str, value: &[u8]) -> StorageError {
    StorageError::corrupted(format!("read row {row} of table meta"), format!("unexpected {}", hex(value)))
}

fn read_number(bytes: &[u8]) -> i64 {
    i64::from_be_bytes(bytes.try_into().expect("callers pass eight bytes"))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_have_their_layout() {
        let at = Point::new(0x0102, 3);
        expect!["0000000000000102000000000000000370"].assert_eq(&hex(&rev_key(at, ChangeType::Put)));
        expect!["0000000000000102000000000000000374"].assert_eq(&hex(&rev_key(at, ChangeType::Tombstone)));
        expect!["0000000000000102000000000000000300000007"].assert_eq(&hex(&value_key(at, 7)));
        expect!["0000000000000102"].assert_eq(&hex(&time_key(at.major)));
    }

    #[test]
    fn rows_of_meta_have_their_layout() {
        expect!["0000000000000005"].assert_eq(&hex(&number(5)));
        expect!["ffffffffffffffff"].assert_eq(&hex(&number(-1)));
        expect!["00000000000000020000000000000009"].assert_eq(&hex(&log_position(LogPosition { term: 2, index: 9 })));
        let cursor = CompactCursor { target: 8, next: Point::new(6, 1) };
        expect!["000000000000000800000000000000060000000000000001"].assert_eq(&hex(&compact_cursor(cursor)));
    }

    #[test]
    fn rows_of_leases_have_their_layout() {
        let lease = Lease { id: 0x7587, granted_ttl: 600, remaining_ttl: 299 };
        let (key, value) = lease_row(lease);
        expect!["0000000000007587"].assert_eq(&hex(&key));
        expect!["0000000000000258000000000000012b"].assert_eq(&hex(&value));
        assert_eq!(parse_lease(&key, &value).unwrap(), lease);
        let error = parse_lease(b"12", &value[1..3]).unwrap_err();
        expect!["read row 3132 of table lease: unexpected 0000"].assert_eq(&error.to_string());
    }

    #[test]
    fn table_names_stay() {
        let names: Vec<_> = Table::ALL.into_iter().map(Table::name).collect();
        expect!["time meta lease auth auth_user auth_role member alarm"].assert_eq(&names.join(" "));
    }

    #[test]
    fn keys_and_rows_are_read_back() {
        let at = Point::new(i64::MAX, 77);
        assert_eq!(parse_rev_key(&rev_key(at, ChangeType::Put)).unwrap(), (at, ChangeType::Put));
        assert_eq!(parse_rev_key(&rev_key(at, ChangeType::Tombstone)).unwrap(), (at, ChangeType::Tombstone));
        assert_eq!(parse_number("x", &number(-7)).unwrap(), -7);
        let position = LogPosition { term: u64::MAX, index: 1 };
        assert_eq!(parse_log_position("x", &log_position(position)).unwrap(), position);
        let cursor = CompactCursor { target: 8, next: Point::new(6, 1) };
        assert_eq!(parse_compact_cursor("x", &compact_cursor(cursor)).unwrap(), cursor);
    }

    #[test]
    fn rows_of_another_length_are_refused() {
        let error = parse_number("revision", b"123").unwrap_err();
        expect!["read row revision of table meta: unexpected 313233"].assert_eq(&error.to_string());
        assert!(parse_log_position("applied", b"123").is_err());
        assert!(parse_compact_cursor("compact_cursor", b"").is_err());
        assert!(parse_rev_key(b"0123456789abcdefx").is_err());
        assert!(parse_rev_key(b"short").is_err());
    }

    #[test]
    fn pieces_fill_pages() {
        let lengths = |length: usize| pieces(&vec![0; length]).map(<[u8]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(600), [600]);
        assert_eq!(lengths(2000), [2000]);
        assert_eq!(lengths(2048), [1024, 1024]);
        assert_eq!(lengths(2661), [2661]);
        assert_eq!(lengths(4080), [4080]);
        assert_eq!(lengths(10_000), [4080, 4080, 1840]);
    }

    proptest! {
        #[test]
        fn pieces_join_to_the_value(value in proptest::collection::vec(any::<u8>(), 0..20_000)) {
            let joined: Vec<u8> = pieces(&value).flatten().copied().collect();
            prop_assert_eq!(joined, value);
        }

        #[test]
        fn keys_sort_as_points_do(a in (0..i64::MAX, 0..i64::MAX), b in (0..i64::MAX, 0..i64::MAX)) {
            let (a, b) = (Point::new(a.0, a.1), Point::new(b.0, b.1));
            prop_assert_eq!(rev_key(a, ChangeType::Put).cmp(&rev_key(b, ChangeType::Put)), a.cmp(&b));
        }
    }
}
