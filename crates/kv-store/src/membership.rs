//! Who takes part in the consensus, as the log and the checkpoint carry it.
//!
//! The layout is a version byte, then lists of member ids: how many sets of voters there are (one, or two while
//! the cluster changes from one to the other), each set, and the learners. A list is its length as a varint
//! and the ids, 8 bytes each, little endian, ascending.

use bytes::{BufMut, Bytes, BytesMut};

use crate::kv::{put_varint, varint};

/// The layout that this release writes.
const VERSION: u8 = 1;

/// How many sets of voters a membership can have. Two are in force while a cluster changes from one to the other.
const VOTER_SETS_MAX: u64 = 2;

/// The members that take part in the consensus. Names and addresses are in the store's member table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Membership {
    /// Sets of voters. A decision needs a majority of each.
    pub voters: Vec<Vec<u64>>,
    /// Members that follow without a vote.
    pub learners: Vec<u64>,
}

/// Why bytes are not a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MembershipError {
    /// The bytes end too early, or too late.
    #[error("the membership has a wrong length")]
    Length,
    /// A later release wrote them.
    #[error("the membership has format {found}; this release reads {VERSION}")]
    UnknownVersion {
        /// The version found.
        found: u8,
    },
}

impl Membership {
    /// Returns the only voter, if there is just one and no change is under way. Learners do not matter: they
    /// have no say.
    pub fn sole_voter(&self) -> Option<u64> {
        match self.voters.as_slice() {
            [voters] if voters.len() == 1 => voters.first().copied(),
            _ => None,
        }
    }

    /// Returns the bytes that stand for the membership.
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::new();
        out.put_u8(VERSION);
        put_varint(&mut out, self.voters.len() as u64);
        for list in self.voters.iter().chain(std::iter::once(&self.learners)) {
            put_varint(&mut out, list.len() as u64);
            for id in list {
                out.put_u64_le(*id);
            }
        }
        out.freeze()
    }

    /// Reads a membership.
    ///
    /// # Errors
    ///
    /// [`MembershipError`] for bytes that this release cannot have written.
    pub fn decode(encoded: &[u8]) -> Result<Self, MembershipError> {
        let &version = encoded.first().ok_or(MembershipError::Length)?;
        if version != VERSION {
            return Err(MembershipError::UnknownVersion { found: version });
        }
        let (sets, mut at) = varint(encoded, 1).ok_or(MembershipError::Length)?;
        if sets > VOTER_SETS_MAX {
            return Err(MembershipError::Length);
        }
        let mut lists = Vec::new();
        for _ in 0..=sets {
            let (length, start) = varint(encoded, at).ok_or(MembershipError::Length)?;
            let end = usize::try_from(length)
                .ok()
                .and_then(|length| length.checked_mul(8))
                .and_then(|bytes| start.checked_add(bytes))
                .ok_or(MembershipError::Length)?;
            let ids = encoded.get(start..end).ok_or(MembershipError::Length)?;
            let (ids, _) = ids.as_chunks::<8>();
            lists.push(ids.iter().map(|id| u64::from_le_bytes(*id)).collect());
            at = end;
        }
        if at != encoded.len() {
            return Err(MembershipError::Length);
        }
        let learners = lists.pop().unwrap_or_default();
        Ok(Self { voters: lists, learners })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_layout_is_pinned() {
        let membership = Membership { voters: vec![vec![1, 2], vec![0x8e9e_05c5_2164_694d]], learners: vec![3] };
        let encoded = membership.encode();
        let hex: String = encoded.iter().map(|byte| format!("{byte:02x}")).collect();
        expect!["01020201000000000000000200000000000000014d696421c5059e8e010300000000000000"].assert_eq(&hex);
        assert_eq!(Membership::decode(&encoded), Ok(membership));
    }

    #[test]
    fn one_voter_of_one_set_is_the_sole_one() {
        let of = |voters: &[&[u64]]| Membership {
            voters: voters.iter().map(|set| set.to_vec()).collect(),
            learners: vec![9],
        };
        assert_eq!(of(&[&[4]]).sole_voter(), Some(4));
        assert_eq!(of(&[&[4, 5]]).sole_voter(), None);
        assert_eq!(of(&[&[4], &[4, 5]]).sole_voter(), None);
        assert_eq!(of(&[]).sole_voter(), None);
    }

    #[test]
    fn bytes_cut_anywhere_are_an_error() {
        let encoded = Membership { voters: vec![vec![1, 2]], learners: vec![3] }.encode();
        for length in 0..encoded.len() {
            assert_eq!(Membership::decode(&encoded[..length]), Err(MembershipError::Length));
        }
        assert_eq!(Membership::decode(&[2]), Err(MembershipError::UnknownVersion { found: 2 }));
    }

    proptest! {
        #[test]
        fn memberships_come_back(
            voters in prop::collection::vec(prop::collection::vec(any::<u64>(), 0..9), 0..=2),
            learners: Vec<u64>,
        ) {
            let membership = Membership { voters, learners };
            prop_assert_eq!(Membership::decode(&membership.encode()), Ok(membership));
        }

        #[test]
        fn any_bytes_are_a_membership_or_an_error(bytes: Vec<u8>) {
            let mut bytes = bytes;
            if let Some(version) = bytes.first_mut() {
                *version &= 1;
            }
            let _ = Membership::decode(&bytes);
        }
    }
}
