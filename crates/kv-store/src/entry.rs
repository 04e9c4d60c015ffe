//! How commands travel together in one entry of the log.
//!
//! An entry is a version byte, the clock (milliseconds since the Unix epoch, 8 bytes, little endian),
//! and the commands one after the other: the id of the member that proposed it and the number of the
//! request there (8 bytes each, little endian), the length as a varint, and the command's own bytes
//! ([`Command::encode`](crate::Command::encode)). The clock is the proposer's, so that every member
//! applies the entry alike.

use bytes::{BufMut, Bytes, BytesMut};

use crate::kv::{put_varint, varint, varint_len};

/// The layout that this release writes.
const VERSION: u8 = 1;

const HEADER_BYTES: usize = 1 + 8;
const ID_BYTES: usize = 8 + 8;

/// Tells a request from every other one, so that whoever waits for its outcome finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId {
    /// The member that the client asked.
    pub member: u64,
    /// The number that the member gave the request.
    pub request: u64,
}

/// The commands of one log entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandEntry {
    /// When the entry was proposed, in milliseconds since the Unix epoch.
    pub clock: u64,
    /// The commands in the order they are applied, each still encoded.
    pub commands: Vec<(CommandId, Bytes)>,
}

/// Why bytes from the log are not an entry of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The bytes end too early.
    #[error("the log entry ends inside {what}")]
    Truncated {
        /// What was being read.
        what: &'static str,
    },
    /// A later release wrote the entry.
    #[error("the log entry has format {found}; this release reads {VERSION}")]
    UnknownVersion {
        /// The version found.
        found: u8,
    },
}

impl CommandEntry {
    /// Returns the entry as it is written into the log, in a buffer of its own.
    ///
    /// The copy is on purpose: a command that came in over the network is a slice of a large receive buffer,
    /// which would stay in memory as long as the entry does.
    pub fn encode(&self) -> Bytes {
        let commands = self.commands.iter().map(|(_, command)| Self::encoded_len(command.len()));
        let mut out = BytesMut::with_capacity(HEADER_BYTES + commands.sum::<usize>());
        out.put_u8(VERSION);
        out.put_u64_le(self.clock);
        for (id, command) in &self.commands {
            out.put_u64_le(id.member);
            out.put_u64_le(id.request);
            put_varint(&mut out, command.len() as u64);
            out.put_slice(command);
        }
        out.freeze()
    }

    /// Returns how many bytes a command of `length` bytes adds to an entry.
    pub fn encoded_len(length: usize) -> usize {
        ID_BYTES + varint_len(length as u64) + length
    }

    /// Reads an entry; the commands share its buffer.
    ///
    /// # Errors
    ///
    /// [`EntryError`] for bytes that this release cannot have written.
    pub fn decode(encoded: &Bytes) -> Result<Self, EntryError> {
        let (&version, _) = encoded.split_first().ok_or(EntryError::Truncated { what: "its version" })?;
        if version != VERSION {
            return Err(EntryError::UnknownVersion { found: version });
        }
        let clock = number(encoded, 1, "its clock")?;
        let mut commands = Vec::new();
        let mut at = HEADER_BYTES;
        while at < encoded.len() {
            let member = number(encoded, at, "a member id")?;
            let request = number(encoded, at + 8, "a request number")?;
            let (length, start) =
                varint(encoded, at + ID_BYTES).ok_or(EntryError::Truncated { what: "the length of a command" })?;
            let end = usize::try_from(length)
                .ok()
                .and_then(|length| start.checked_add(length))
                .filter(|end| *end <= encoded.len())
                .ok_or(EntryError::Truncated { what: "a command" })?;
            commands.push((CommandId { member, request }, encoded.slice(start..end)));
            at = end;
        }
        Ok(Self { clock, commands })
    }
}

fn number(bytes: &[u8], at: usize, what: &'static str) -> Result<u64, EntryError> {
    let bytes = bytes.get(at..at + 8).ok_or(EntryError::Truncated { what })?;
    Ok(u64::from_le_bytes(bytes.try_into().expect("the slice has eight bytes")))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    fn sample() -> CommandEntry {
        CommandEntry {
            clock: 1_700_000_000_123,
            commands: vec![
                (CommandId { member: 0x8e9e_05c5_2164_694d, request: 7 }, Bytes::from_static(b"first")),
                (CommandId { member: 1, request: u64::MAX }, Bytes::from(vec![b'x'; 130])),
                (CommandId { member: 1, request: 0 }, Bytes::new()),
            ],
        }
    }

    #[test]
    fn the_layout_is_pinned() {
        let encoded = sample().encode();
        let lines = encoded.chunks(32).map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        expect![[r#"
            017b68e5cf8b0100004d696421c5059e8e070000000000000005666972737401
            00000000000000ffffffffffffffff8201787878787878787878787878787878
            7878787878787878787878787878787878787878787878787878787878787878
            7878787878787878787878787878787878787878787878787878787878787878
            7878787878787878787878787878787878787878787878787878787878787878
            7878787878787878787878787878787878787801000000000000000000000000
            00000000
        "#]]
        .assert_eq(&lines.map(|line| line + "\n").collect::<String>());
        assert_eq!(CommandEntry::decode(&encoded), Ok(sample()));
    }

    #[test]
    fn bytes_cut_anywhere_are_an_error_or_a_shorter_entry() {
        let entry = sample();
        let encoded = entry.encode();
        for length in 0..encoded.len() {
            match CommandEntry::decode(&encoded.slice(..length)) {
                Ok(read) => assert!(entry.commands.starts_with(&read.commands), "cut at {length}"),
                Err(EntryError::Truncated { .. }) => {}
                Err(error) => panic!("cut at {length}: {error}"),
            }
        }
    }

    #[test]
    fn a_later_format_is_named() {
        let error = CommandEntry::decode(&Bytes::from_static(&[2, 0, 0])).expect_err("format 2 is unknown");
        assert_eq!(error.to_string(), "the log entry has format 2; this release reads 1");
    }

    proptest! {
        #[test]
        fn entries_come_back(
            clock: u64,
            commands in prop::collection::vec((any::<u64>(), any::<u64>(), prop::collection::vec(any::<u8>(), 0..300)), 0..20),
        ) {
            let commands = commands
                .into_iter()
                .map(|(member, request, bytes)| (CommandId { member, request }, Bytes::from(bytes)))
                .collect();
            let entry = CommandEntry { clock, commands };
            let encoded = entry.encode();
            prop_assert_eq!(encoded.len(), HEADER_BYTES
                + entry.commands.iter().map(|(_, bytes)| CommandEntry::encoded_len(bytes.len())).sum::<usize>());
            prop_assert_eq!(CommandEntry::decode(&encoded), Ok(entry));
        }

        #[test]
        fn any_bytes_are_an_entry_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut bytes = bytes;
            if let Some(version) = bytes.first_mut() {
                *version &= 1;
            }
            if let Ok(entry) = CommandEntry::decode(&Bytes::from(bytes)) {
                prop_assert_eq!(CommandEntry::decode(&entry.encode()), Ok(entry));
            }
        }
    }
}
