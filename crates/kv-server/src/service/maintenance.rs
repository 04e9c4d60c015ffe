//! The service Maintenance: state, digests and upkeep of the store.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use futures_util::Stream;
use kv_proto::ApiError;
use kv_proto::etcdserverpb::{self as pb, alarm_request::AlarmAction, maintenance_server::Maintenance};
use kv_store::{Alarm, AlarmChange, AlarmKind, Answer, Command};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use super::downgrade;
use super::snapshot::{self, SNAPSHOTS_MAX};
use crate::convert;
use crate::engine::Engine;
use crate::status::{chain, mismatch, read_status, status};
use crate::version::{API_SERVER_VERSION, API_STORAGE_VERSION};

pub(crate) struct MaintenanceService {
    engine: Arc<Engine>,
    /// One permit for each snapshot that may be on its way.
    snapshots: Arc<Semaphore>,
}

impl MaintenanceService {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine, snapshots: Arc::new(Semaphore::new(SNAPSHOTS_MAX)) }
    }

    fn header(&self) -> pb::ResponseHeader {
        self.engine.header(self.engine.store.revision())
    }

    async fn change_alarm(&self, change: AlarmChange) -> Result<Vec<Alarm>, Status> {
        match self.engine.propose(&Command::Alarm(change)).await? {
            Answer::Alarm(alarm) => Ok(alarm.into_iter().collect()),
            other => Err(mismatch(&other)),
        }
    }
}

/// Stands for every kind of alarm in a request.
const ANY: AlarmKind = AlarmKind(0);

#[tonic::async_trait]
impl Maintenance for MaintenanceService {
    type SnapshotStream = Pin<Box<dyn Stream<Item = Result<pb::SnapshotResponse, Status>> + Send>>;

    async fn alarm(&self, request: Request<pb::AlarmRequest>) -> Result<Response<pb::AlarmResponse>, Status> {
        if request.get_ref().action == AlarmAction::Get as i32 {
            self.engine.auth.known(&request)?;
        } else {
            self.engine.auth.admin(&request)?;
        }
        let request = request.into_inner();
        let alarm = Alarm { kind: AlarmKind(request.alarm), member_id: request.member_id };
        let alarms = match AlarmAction::try_from(request.action) {
            Ok(AlarmAction::Get) => {
                self.engine.linearizable().await?;
                let raised = self.engine.store.alarms().into_iter();
                raised.filter(|raised| alarm.kind == ANY || raised.kind == alarm.kind).collect()
            }
            Ok(AlarmAction::Activate) if alarm.kind == ANY => Vec::new(),
            Ok(AlarmAction::Activate) => self.change_alarm(AlarmChange::Raise(alarm)).await?,
            Ok(AlarmAction::Deactivate) => self.change_alarm(AlarmChange::Clear(alarm)).await?,
            Err(_) => return Err(Status::unknown("etcdserver: unknown method")),
        };
        let alarms = alarms.into_iter().map(convert::alarm).collect();
        Ok(Response::new(pb::AlarmResponse { header: Some(self.header()), alarms }))
    }

    async fn status(&self, request: Request<pb::StatusRequest>) -> Result<Response<pb::StatusResponse>, Status> {
        self.engine.auth.known(&request)?;
        let consensus = self.engine.consensus();
        let sizes = self.engine.sizes()?;
        let mut errors = Vec::new();
        if consensus.leader.is_none() {
            errors.push(ApiError::NoLeader.text().to_owned());
        }
        errors.extend(self.engine.full().map(str::to_owned));
        errors.extend(self.engine.store.alarms().into_iter().map(convert::alarm_text));
        Ok(Response::new(pb::StatusResponse {
            header: Some(self.header()),
            version: API_SERVER_VERSION.to_owned(),
            db_size: sizes.size_bytes() as i64,
            leader: consensus.leader.unwrap_or_default(),
            raft_index: consensus.committed,
            raft_term: consensus.term,
            raft_applied_index: consensus.applied,
            errors,
            db_size_in_use: sizes.used_bytes as i64,
            is_learner: consensus.is_learner,
            storage_version: API_STORAGE_VERSION.to_owned(),
            db_size_quota: self.engine.config.quota_bytes().unwrap_or(self.engine.config.quota_backend_bytes),
            downgrade_info: Some(pb::DowngradeInfo::default()),
        }))
    }

    async fn defragment(
        &self,
        request: Request<pb::DefragmentRequest>,
    ) -> Result<Response<pb::DefragmentResponse>, Status> {
        self.engine.auth.admin(&request)?;
        self.engine.defragment().await?;
        Ok(Response::new(pb::DefragmentResponse::default()))
    }

    async fn hash(&self, request: Request<pb::HashRequest>) -> Result<Response<pb::HashResponse>, Status> {
        self.engine.auth.admin(&request)?;
        let began = Instant::now();
        let hash = self.engine.blocking(|store| {
            store.checkpoint_all()?;
            store.storage().read()?.hash_all()
        });
        let hash = hash.await?.map_err(|error| Status::unknown(format!("etcdserver: {}", chain(&error))))?;
        self.engine.metrics.hash_duration.observe(began.elapsed());
        Ok(Response::new(pb::HashResponse { header: Some(self.header()), hash }))
    }

    async fn hash_kv(&self, request: Request<pb::HashKvRequest>) -> Result<Response<pb::HashKvResponse>, Status> {
        self.engine.auth.admin(&request)?;
        let began = Instant::now();
        let revision = request.into_inner().revision;
        let hashed = self.engine.blocking(move |store| store.hash_kv(revision)).await?;
        let hashed = hashed.map_err(|error| read_status(&error))?;
        self.engine.metrics.hash_revision_duration.observe(began.elapsed());
        Ok(Response::new(pb::HashKvResponse {
            header: Some(self.engine.header(hashed.revision)),
            hash: hashed.hash,
            compact_revision: hashed.compact_revision,
            hash_revision: hashed.hash_revision,
        }))
    }

    async fn snapshot(&self, request: Request<pb::SnapshotRequest>) -> Result<Response<Self::SnapshotStream>, Status> {
        self.engine.auth.admin(&request)?;
        let stream = snapshot::start(&self.engine, &self.snapshots).await?;
        Ok(Response::new(Box::pin(stream)))
    }

    async fn move_leader(
        &self,
        request: Request<pb::MoveLeaderRequest>,
    ) -> Result<Response<pb::MoveLeaderResponse>, Status> {
        self.engine.auth.admin(&request)?;
        // The only member leads; handing leadership to itself is done already, and there is nobody else.
        if request.into_inner().target_id == self.engine.identity.member_id {
            return Ok(Response::new(pb::MoveLeaderResponse::default()));
        }
        Err(status(ApiError::BadLeaderTransferee))
    }

    async fn downgrade(
        &self,
        request: Request<pb::DowngradeRequest>,
    ) -> Result<Response<pb::DowngradeResponse>, Status> {
        self.engine.auth.admin(&request)?;
        self.engine.linearizable().await?;
        let version = downgrade::judge(request.get_ref())?;
        Ok(Response::new(pb::DowngradeResponse { header: Some(self.header()), version }))
    }
}
