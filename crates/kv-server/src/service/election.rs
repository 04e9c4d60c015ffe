//! The service Election: as a lock, but whoever has the name says something with it, and everybody can see who has it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};
use kv_proto::v3electionpb::{self as pb, election_server::Election};
use kv_store::{EventQuery, KeyRange, Op, Put, ReadError};
use tonic::{Request, Response, Status};

use super::contest::{Changes, Contest, Turn, delete, unknown};
use crate::auth::Credentials;
use crate::convert::key_value;
use crate::engine::Engine;
use crate::status::read_status;

/// What etcd says of a candidate that has not the name, or has it no more.
const NOT_LEADER: &str = "election: not leader";

pub(crate) struct ElectionService {
    engine: Arc<Engine>,
}

impl ElectionService {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    fn contest<T>(&self, request: &Request<T>, name: &[u8]) -> Result<Contest, Status> {
        Contest::new(&self.engine, self.engine.auth.credentials(request), name)
    }
}

#[tonic::async_trait]
impl Election for ElectionService {
    type ObserveStream = Pin<Box<dyn Stream<Item = Result<pb::LeaderResponse, Status>> + Send>>;

    async fn campaign(&self, request: Request<pb::CampaignRequest>) -> Result<Response<pb::CampaignResponse>, Status> {
        let contest = self.contest(&request, &request.get_ref().name)?;
        let pb::CampaignRequest { name, lease, value } = request.into_inner();
        let entry = contest.enter(lease, value.clone()).await?;
        if entry.earlier_value.as_ref().is_some_and(|earlier| *earlier != value) {
            let put = Put { key: entry.key.clone(), value, lease: entry.lease, ..Put::default() };
            let (done, _) = contest.run_if_created_at(&entry.key, entry.create_revision, Op::Put(put)).await?;
            if !done {
                return Err(Status::unknown(NOT_LEADER));
            }
        }
        if let Turn::Lost = contest.wait_for_turn(&entry).await? {
            return Err(Status::unknown(NOT_LEADER));
        }
        let leader = pb::LeaderKey { name, key: entry.key, rev: entry.create_revision, lease: entry.lease };
        Ok(Response::new(pb::CampaignResponse { header: Some(entry.header), leader: Some(leader) }))
    }

    async fn proclaim(&self, request: Request<pb::ProclaimRequest>) -> Result<Response<pb::ProclaimResponse>, Status> {
        let leader = leader(request.get_ref().leader.as_ref())?;
        let contest = self.contest(&request, &leader.name)?;
        let lease = contest.lease(leader.lease).await?;
        let put = Put { key: leader.key.clone(), value: request.into_inner().value, lease, ..Put::default() };
        match contest.run_if_created_at(&leader.key, leader.rev, Op::Put(put)).await? {
            (true, header) => Ok(Response::new(pb::ProclaimResponse { header: Some(header) })),
            (false, _) => Err(Status::unknown(NOT_LEADER)),
        }
    }

    async fn leader(&self, request: Request<pb::LeaderRequest>) -> Result<Response<pb::LeaderResponse>, Status> {
        let contest = self.contest(&request, &request.get_ref().name)?;
        let (first, revision) = contest.first().await?;
        let first = first.ok_or_else(|| Status::unknown("election: no leader"))?;
        let header = Some(self.engine.header(revision));
        Ok(Response::new(pb::LeaderResponse { header, kv: Some(key_value(first)) }))
    }

    async fn observe(&self, request: Request<pb::LeaderRequest>) -> Result<Response<Self::ObserveStream>, Status> {
        // Read at once, and judged with each reading: authentication may be turned on while the stream is open.
        let credentials = Credentials::of(&request);
        let contest = Contest::new(&self.engine, credentials, &request.get_ref().name)?;
        let mut changes = Changes::new(&self.engine);
        changes.watch(contest.candidates());
        let engine = Arc::clone(&self.engine);
        let observer = Observer { engine, contest, changes, leader: None, waiting: VecDeque::new() };
        let leaders = stream::try_unfold(observer, |mut observer| async move {
            let leader = observer.next().await?;
            Ok(Some((leader, observer)))
        });
        Ok(Response::new(Box::pin(leaders)))
    }

    async fn resign(&self, request: Request<pb::ResignRequest>) -> Result<Response<pb::ResignResponse>, Status> {
        let leader = leader(request.get_ref().leader.as_ref())?;
        let contest = self.contest(&request, &leader.name)?;
        let (_, header) = contest.run_if_created_at(&leader.key, leader.rev, delete(&leader.key)).await?;
        Ok(Response::new(pb::ResignResponse { header: Some(header) }))
    }
}

fn leader(leader: Option<&pb::LeaderKey>) -> Result<pb::LeaderKey, Status> {
    leader.cloned().ok_or_else(|| Status::unknown("\"leader\" field must be provided"))
}

/// Follows who is first in line, and what it says.
struct Observer {
    engine: Arc<Engine>,
    contest: Contest,
    changes: Changes,
    /// The leader's key, and the first revision that was not looked at.
    leader: Option<(Bytes, i64)>,
    waiting: VecDeque<pb::LeaderResponse>,
}

impl Observer {
    /// Waits for the next leader, or for what the leader says next.
    async fn next(&mut self) -> Result<pb::LeaderResponse, Status> {
        loop {
            if let Some(response) = self.waiting.pop_front() {
                return Ok(response);
            }
            let found = match self.leader.take() {
                None => self.look().await?,
                Some((key, next)) => self.follow(key, next).await?,
            };
            if !found {
                self.changes.next().await;
            }
        }
    }

    /// Looks who is first; says whether there is anybody.
    async fn look(&mut self) -> Result<bool, Status> {
        let (first, revision) = self.contest.first().await?;
        let Some(first) = first else { return Ok(false) };
        self.leader = Some((first.key.clone(), revision + 1));
        let header = Some(self.engine.header(revision));
        self.waiting.push_back(pb::LeaderResponse { header, kv: Some(key_value(first)) });
        Ok(true)
    }

    /// Reads what became of the leader's key; says whether anything did.
    async fn follow(&mut self, key: Bytes, next: i64) -> Result<bool, Status> {
        if next > self.engine.store.revision() {
            self.leader = Some((key, next));
            return Ok(false);
        }
        // Permission is asked for the candidates, as when the leader was looked up.
        self.contest.check_readable()?;
        let range = KeyRange::Key(key.clone());
        let query = EventQuery { range, from: next, no_put: false, no_delete: false, prev_kv: false };
        let batch = match self.engine.blocking(move |store| store.events(&query)).await.map_err(unknown)? {
            Ok(batch) => batch,
            // Too far behind to see everything: the newest leader is what matters.
            Err(ReadError::Compacted { .. }) => return Ok(true),
            Err(error) => return Err(unknown(read_status(&error))),
        };
        let was = self.waiting.len();
        for event in batch.events {
            if event.deleted {
                return Ok(true);
            }
            let header = Some(self.engine.header(event.kv.mod_revision));
            self.waiting.push_back(pb::LeaderResponse { header, kv: Some(key_value(event.kv)) });
        }
        self.leader = Some((key, batch.next));
        Ok(self.waiting.len() > was || batch.next <= self.engine.store.revision())
    }
}
