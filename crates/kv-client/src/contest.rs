//! Locks and elections: candidates stand in line under a name, and the first of them has it.
//!
//! A candidate is a key, the name, a slash and its lease in hexadecimal, attached to that lease. Whose key was created
//! first is first in line. Everybody waits for the one just before.

use std::collections::VecDeque;

use bytes::Bytes;
use kv_proto::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use kv_proto::etcdserverpb::range_request::{SortOrder, SortTarget};
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::response_op::Response;
use kv_proto::etcdserverpb::{
    Compare, PutRequest, RangeRequest, RangeResponse, RequestOp, ResponseHeader, TxnRequest, WatchCreateRequest,
};
use kv_proto::mvccpb::KeyValue;
use kv_proto::mvccpb::event::EventType;

use crate::{Client, Deadline, Error, WatchSession};

/// A name that one candidate has at a time.
#[derive(Debug, Clone)]
pub struct Contest {
    client: Client,
    prefix: Vec<u8>,
}

/// One that stands in line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its key.
    pub key: Bytes,
    /// The revision that created the key, which decides the order.
    pub create_revision: i64,
    /// The revision at which it was found to be in line.
    pub revision: i64,
}

impl Client {
    /// Returns the contest for a name.
    pub fn contest(&self, name: &[u8]) -> Contest {
        Contest { client: self.clone(), prefix: [name, b"/"].concat() }
    }
}

impl Contest {
    /// Puts a candidate in line with a value; one that stands there already keeps its place and its value.
    ///
    /// # Errors
    ///
    /// As for every call; among others, if there is no such lease.
    pub async fn enter(&self, lease: i64, value: &[u8]) -> Result<Candidate, Error> {
        let key = Bytes::from([&self.prefix[..], format!("{lease:x}").as_bytes()].concat());
        let put = PutRequest { key: key.clone(), value: Bytes::copy_from_slice(value), lease, ..PutRequest::default() };
        let get = RangeRequest { key: key.clone(), ..RangeRequest::default() };
        let request = TxnRequest {
            compare: vec![created_at(&key, 0)],
            success: vec![operation(Request::RequestPut(put))],
            failure: vec![operation(Request::RequestRange(get))],
        };
        let answer = self.client.txn(request, Deadline::NEVER).await?;
        let revision = answer.header.unwrap_or_default().revision;
        let earlier = answer.responses.into_iter().find_map(|response| match response.response {
            Some(Response::ResponseRange(found)) => found.kvs.into_iter().next(),
            _ => None,
        });
        let create_revision = earlier.map_or(revision, |kv| kv.create_revision);
        Ok(Candidate { key, create_revision, revision })
    }

    /// Waits until nobody is in line before the candidate. Returns the revision at which that was so, or nothing if the
    /// candidate's own key is gone.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn wait_for_turn(&self, candidate: &Candidate) -> Result<Option<i64>, Error> {
        let mut revision = candidate.revision;
        while let Some((before, found_at)) = self.last_before(candidate.create_revision).await? {
            self.wait_for_deletion(&[&before, &candidate.key], found_at).await?;
            let own = self.get(&candidate.key).await?;
            if own.kvs.first().is_none_or(|kv| kv.create_revision != candidate.create_revision) {
                return Ok(None);
            }
            revision = own.header.unwrap_or_default().revision;
        }
        Ok(Some(revision))
    }

    /// Returns a key as it is now.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn get(&self, key: &Bytes) -> Result<RangeResponse, Error> {
        self.client.range(RangeRequest { key: key.clone(), ..RangeRequest::default() }, Deadline::NEVER).await
    }

    /// Begins to follow who is first in line, and with which value.
    pub fn observe(&self) -> Observer {
        Observer { contest: self.clone(), session: None, leader: None, ready: VecDeque::new() }
    }

    async fn last_before(&self, create_revision: i64) -> Result<Option<(Bytes, i64)>, Error> {
        let request = RangeRequest {
            max_create_revision: create_revision - 1,
            sort_order: SortOrder::Descend as i32,
            ..self.one_of_all()
        };
        let found = self.client.range(request, Deadline::NEVER).await?;
        let revision = found.header.unwrap_or_default().revision;
        Ok(found.kvs.into_iter().next().map(|kv| (kv.key, revision)))
    }

    /// Waits until one of the keys is deleted after a revision.
    async fn wait_for_deletion(&self, keys: &[&Bytes], after: i64) -> Result<(), Error> {
        let mut session = self.client.watch();
        for key in keys {
            session.create(watch(Bytes::clone(key), Bytes::new(), after + 1));
        }
        loop {
            let (_, answer) = session.next().await?;
            let deleted = answer.events.iter().any(|event| event.r#type() == EventType::Delete);
            // A watch that the server ended, because of a compaction say, calls for another look.
            if deleted || answer.canceled || answer.compact_revision != 0 {
                return Ok(());
            }
        }
    }

    /// Asks for one candidate, in the order of their creation.
    fn one_of_all(&self) -> RangeRequest {
        RangeRequest {
            key: Bytes::copy_from_slice(&self.prefix),
            range_end: self.range_end(),
            limit: 1,
            sort_target: SortTarget::Create as i32,
            sort_order: SortOrder::Ascend as i32,
            ..RangeRequest::default()
        }
    }

    fn range_end(&self) -> Bytes {
        let mut end = self.prefix.clone();
        *end.last_mut().expect("it ends with a slash") += 1;
        end.into()
    }
}

/// Follows an election, see [`Contest::observe`].
#[derive(Debug)]
pub struct Observer {
    contest: Contest,
    session: Option<WatchSession>,
    /// The key of the leader that is followed.
    leader: Option<Bytes>,
    /// What it said, not returned yet.
    ready: VecDeque<RangeResponse>,
}

impl Observer {
    /// Waits for the next leader, or the next value of the present one. Leaders that follow each other very fast may be
    /// passed over.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn next(&mut self) -> Result<RangeResponse, Error> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Ok(ready);
            }
            let Some(session) = &mut self.session else {
                self.look().await?;
                continue;
            };
            let (_, answer) = session.next().await?;
            let ended = answer.canceled || answer.compact_revision != 0;
            let puts = answer.events.iter().take_while(|event| event.r#type() == EventType::Put);
            let puts: Vec<_> = puts.filter_map(|event| event.kv.clone()).collect();
            // The leader has gone, or somebody has come where nobody was: look again.
            if ended || puts.len() < answer.events.len() || (self.leader.is_none() && !puts.is_empty()) {
                self.session = None;
            }
            if self.leader.is_some() {
                self.ready.extend(puts.into_iter().map(|kv| said(answer.header, kv)));
            }
        }
    }

    /// Finds out who is first, and watches it, or everybody if nobody is there.
    async fn look(&mut self) -> Result<(), Error> {
        let found = self.contest.client.range(self.contest.one_of_all(), Deadline::NEVER).await?;
        let mut session = self.contest.client.watch();
        let next = found.header.unwrap_or_default().revision + 1;
        self.leader = found.kvs.first().map(|kv| kv.key.clone());
        session.create(match &self.leader {
            Some(key) => watch(key.clone(), Bytes::new(), next),
            None => watch(Bytes::copy_from_slice(&self.contest.prefix), self.contest.range_end(), next),
        });
        self.session = Some(session);
        self.ready.extend(found.kvs.into_iter().next().map(|kv| said(found.header, kv)));
        Ok(())
    }
}

/// What a leader says: like etcd's library, without a count of the keys, which would be that of all candidates.
fn said(header: Option<ResponseHeader>, leader: KeyValue) -> RangeResponse {
    RangeResponse { header, kvs: vec![leader], more: false, count: 0 }
}

fn watch(key: Bytes, range_end: Bytes, start_revision: i64) -> WatchCreateRequest {
    WatchCreateRequest { key, range_end, start_revision, ..WatchCreateRequest::default() }
}

fn operation(request: Request) -> RequestOp {
    RequestOp { request: Some(request) }
}

fn created_at(key: &Bytes, revision: i64) -> Compare {
    Compare {
        key: key.clone(),
        result: CompareResult::Equal as i32,
        target: CompareTarget::Create as i32,
        target_union: Some(TargetUnion::CreateRevision(revision)),
        ..Compare::default()
    }
}
