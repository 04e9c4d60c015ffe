//! Alarms: conditions of a member that stop writing until somebody takes them back.

use std::fmt;

use bytes::Bytes;

use crate::schema;
use crate::storage_error::StorageError;

/// What an alarm is about: the number that the API has for it. Numbers it has no name for can be raised too, and stop
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmKind(pub i32);

impl AlarmKind {
    /// The store has outgrown its quota.
    pub const NO_SPACE: Self = Self(1);
    /// What a member holds is damaged.
    pub const CORRUPT: Self = Self(2);
}

impl fmt::Display for AlarmKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NO_SPACE => formatter.write_str("NOSPACE"),
            Self::CORRUPT => formatter.write_str("CORRUPT"),
            Self(number) => number.fmt(formatter),
        }
    }
}

/// An alarm of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alarm {
    /// What it is about.
    pub kind: AlarmKind,
    /// The member it is about.
    pub member_id: u64,
}

/// What is done to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmChange {
    /// It is raised. Nothing changes if it was raised before.
    Raise(Alarm),
    /// It is taken back. Nothing changes if it was not raised.
    Clear(Alarm),
}

impl Alarm {
    /// Returns the key of the alarm's row, whose value is empty: the kind in 4 bytes, the member in 8.
    pub(crate) fn row_key(self) -> [u8; 12] {
        let mut key = [0; 12];
        key[..4].copy_from_slice(&self.kind.0.to_be_bytes());
        key[4..].copy_from_slice(&self.member_id.to_be_bytes());
        key
    }

    /// Reads the key of a row.
    pub(crate) fn parse_row_key(key: &[u8]) -> Result<Self, StorageError> {
        let parts = key.split_first_chunk::<4>().and_then(|(kind, rest)| Some((kind, rest.try_into().ok()?)));
        let Some((kind, member)) = parts else {
            let detail = format!("{} is not a key of it", schema::hex(key));
            return Err(StorageError::corrupted("read table alarm", detail));
        };
        Ok(Self { kind: AlarmKind(i32::from_be_bytes(*kind)), member_id: u64::from_be_bytes(member) })
    }
}

/// The value of a row: all there is to say is in its key.
pub(crate) const ROW_VALUE: Bytes = Bytes::new();

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_layout_of_rows_is_pinned() {
        let no_space = Alarm { kind: AlarmKind::NO_SPACE, member_id: 7 };
        expect!["000000010000000000000007"].assert_eq(&schema::hex(&no_space.row_key()));
        let strange = Alarm { kind: AlarmKind(-5), member_id: u64::MAX };
        assert_eq!(Alarm::parse_row_key(&strange.row_key()).unwrap(), strange);
        let error = Alarm::parse_row_key(b"short").unwrap_err();
        expect!["read table alarm: 73686f7274 is not a key of it"].assert_eq(&error.to_string());
    }
}
