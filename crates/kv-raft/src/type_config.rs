//! The types openraft works with, and how they become kv-log's and kv-store's and back.

use std::collections::BTreeSet;
use std::fmt;
use std::io;

use bytes::Bytes;
use kv_store::{LogPosition, Membership};
use openraft::alias::{CommittedLeaderIdOf, EntryOf, LogIdOf, VoteOf};
use openraft::impls::leader_id_std::LeaderId;
use openraft::raft::responder::Responder;
use openraft::vote::RaftLeaderId;
use openraft::{EntryPayload, LogId, OptionalSend, RaftTypeConfig};
use openraft_rt_tokio::TokioRuntime;

/// openraft's type parameters. Members are known by their id alone; their names and addresses are in
/// the store's member table. A term has one leader at most, so the term is what clients are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TypeConfig;

impl RaftTypeConfig for TypeConfig {
    type D = Commands;
    type R = ();
    type NodeId = u64;
    type Node = ();
    type Term = u64;
    type LeaderId = LeaderId<u64, u64>;
    type Vote = openraft::impls::Vote<Self::LeaderId>;
    type Payload = EntryPayload<Commands, u64, ()>;
    type Entry = openraft::Entry<<Self::LeaderId as RaftLeaderId>::Committed, Self::Payload>;
    type AsyncRuntime = TokioRuntime;
    type Responder<T>
        = Completion<T>
    where
        T: OptionalSend + 'static;
    type Batch<T>
        = openraft::impls::InlineBatch<T>
    where
        T: OptionalSend + 'static;
    type ErrorSource = openraft::impls::BoxedErrorSource;
}

/// The encoded commands of one entry. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Commands(pub(crate) Bytes);

impl fmt::Debug for Commands {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Commands {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bytes of commands", self.0.len())
    }
}

/// Runs a function once: with the result when openraft has one, or with none when openraft
/// ends without.
pub(crate) struct Completion<T>(Option<Box<dyn FnOnce(Option<T>) + Send>>);

impl<T> Completion<T> {
    pub(crate) fn new(done: impl FnOnce(Option<T>) + Send + 'static) -> Self {
        Self(Some(Box::new(done)))
    }
}

impl<T: OptionalSend + 'static> Responder<TypeConfig, T> for Completion<T> {
    fn on_complete(mut self, result: T) {
        if let Some(done) = self.0.take() {
            done(Some(result));
        }
    }
}

impl<T> Drop for Completion<T> {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done(None);
        }
    }
}

pub(crate) fn log_id(position: LogPosition) -> LogIdOf<TypeConfig> {
    LogId::new(CommittedLeaderIdOf::<TypeConfig>::new(position.term), position.index)
}

pub(crate) fn position(log_id: &LogIdOf<TypeConfig>) -> LogPosition {
    LogPosition { term: log_id.committed_leader_id().term, index: log_id.index() }
}

pub(crate) fn to_log_position(log_id: &LogIdOf<TypeConfig>) -> kv_log::Position {
    let LogPosition { term, index } = position(log_id);
    kv_log::Position { term, index }
}

pub(crate) fn from_log_position(position: kv_log::Position) -> LogIdOf<TypeConfig> {
    log_id(LogPosition { term: position.term, index: position.index })
}

pub(crate) fn to_log_vote(vote: &VoteOf<TypeConfig>) -> kv_log::Vote {
    kv_log::Vote { term: vote.leader_id.term, node: vote.leader_id.voted_for, committed: vote.committed }
}

pub(crate) fn from_log_vote(vote: kv_log::Vote) -> VoteOf<TypeConfig> {
    let kv_log::Vote { term, node, committed } = vote;
    if committed { VoteOf::<TypeConfig>::new_committed(term, node) } else { VoteOf::<TypeConfig>::new(term, node) }
}

pub(crate) fn to_log_entry(entry: EntryOf<TypeConfig>) -> kv_log::Entry {
    let payload = match entry.payload {
        EntryPayload::Blank => kv_log::Payload::Blank,
        EntryPayload::Normal(Commands(bytes)) => kv_log::Payload::Command(bytes),
        EntryPayload::Membership(membership) => kv_log::Payload::Membership(to_membership(&membership).encode()),
    };
    kv_log::Entry { position: to_log_position(&entry.log_id), payload }
}

/// # Errors
///
/// For a membership that no release up to this one has written.
pub(crate) fn from_log_entry(entry: kv_log::Entry) -> io::Result<EntryOf<TypeConfig>> {
    let log_id = from_log_position(entry.position);
    let payload = match entry.payload {
        kv_log::Payload::Blank => EntryPayload::Blank,
        kv_log::Payload::Command(bytes) => EntryPayload::Normal(Commands(bytes)),
        kv_log::Payload::Membership(bytes) => EntryPayload::Membership(decode_membership(&bytes)?),
    };
    Ok(EntryOf::<TypeConfig> { log_id, payload })
}

pub(crate) fn to_membership(membership: &openraft::Membership<u64, ()>) -> Membership {
    Membership {
        voters: membership.get_joint_config().iter().map(|set| set.iter().copied().collect()).collect(),
        learners: membership.learner_ids().collect(),
    }
}

pub(crate) fn decode_membership(encoded: &[u8]) -> io::Result<openraft::Membership<u64, ()>> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let Membership { voters, learners } = Membership::decode(encoded)
        .map_err(|error| invalid(Box::<dyn std::error::Error + Send + Sync>::from(error)))?;
    let nodes: BTreeSet<_> = voters.iter().flatten().copied().chain(learners).collect();
    let voters = voters.into_iter().map(BTreeSet::from_iter).collect();
    openraft::Membership::new(voters, nodes).map_err(|error| invalid(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_survive_the_way_into_the_log_and_back() {
        let joint = openraft::Membership::new_with_defaults(
            vec![BTreeSet::from([1, 2]), BTreeSet::from([2, 3])],
            BTreeSet::from([1, 2, 3, 9]),
        );
        for payload in [
            EntryPayload::Blank,
            EntryPayload::Normal(Commands(Bytes::from_static(b"commands"))),
            EntryPayload::Membership(joint),
        ] {
            let entry = EntryOf::<TypeConfig> { log_id: log_id(LogPosition { term: 3, index: 7 }), payload };
            let back = from_log_entry(to_log_entry(entry.clone())).expect("it was just written");
            assert_eq!(back, entry);
        }
    }

    #[test]
    fn votes_survive_the_way_into_the_log_and_back() {
        for committed in [false, true] {
            let vote = kv_log::Vote { term: 4, node: 2, committed };
            assert_eq!(to_log_vote(&from_log_vote(vote)), vote);
        }
    }

    #[test]
    fn a_dropped_completion_says_so_and_a_used_one_does_not() {
        let (sender, receiver) = std::sync::mpsc::channel();
        for result in [Some(5), None] {
            let sender = sender.clone();
            let completion = Completion::new(move |result| sender.send(result).expect("the test listens"));
            match result {
                Some(result) => completion.on_complete(result),
                None => drop(completion),
            }
            assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [result]);
        }
    }
}
