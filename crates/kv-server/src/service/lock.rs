//! The service Lock: whoever entered a name first has it, until its key goes.

use std::sync::Arc;

use kv_proto::ApiError;
use kv_proto::v3lockpb::{self as pb, lock_server::Lock};
use kv_store::{Answer, Command, DeleteRange, KeyRange};
use tonic::{Request, Response, Status};

use super::contest::{Contest, Turn, unknown};
use crate::engine::Engine;
use crate::status::{mismatch, status};

pub(crate) struct LockService {
    engine: Arc<Engine>,
}

impl LockService {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }
}

#[tonic::async_trait]
impl Lock for LockService {
    async fn lock(&self, request: Request<pb::LockRequest>) -> Result<Response<pb::LockResponse>, Status> {
        let credentials = self.engine.auth.credentials(&request);
        let request = request.into_inner();
        let contest = Contest::new(&self.engine, credentials, &request.name)?;
        let entry = contest.enter(request.lease, bytes::Bytes::new()).await?;
        let header = match contest.wait_for_turn(&entry).await? {
            Turn::AtOnce => entry.header,
            Turn::Waited(header) => header,
            Turn::Lost => return Err(Status::unknown("mutex: session is expired")),
        };
        Ok(Response::new(pb::LockResponse { header: Some(header), key: entry.key }))
    }

    async fn unlock(&self, request: Request<pb::UnlockRequest>) -> Result<Response<pb::UnlockResponse>, Status> {
        let credentials = self.engine.auth.credentials(&request);
        let caller = self.engine.auth.caller(&credentials).map_err(unknown)?;
        let key = request.into_inner().key;
        if key.is_empty() {
            return Err(unknown(status(ApiError::EmptyKey)));
        }
        let delete = Command::DeleteRange(DeleteRange { range: KeyRange::Key(key), prev_kv: false });
        match self.engine.propose_for(&caller, &delete).await.map_err(unknown)? {
            Answer::DeleteRange(answer) => {
                Ok(Response::new(pb::UnlockResponse { header: Some(self.engine.header(answer.revision)) }))
            }
            other => Err(mismatch(&other)),
        }
    }
}
