//! The service Lease: grants, renewals, and what is left of each.

use std::cell::OnceCell;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};
use kv_proto::etcdserverpb::{self as pb, lease_server::Lease};
use kv_store::{Access, Answer, Caller, Command};
use tonic::{Request, Response, Status, Streaming};

use crate::auth::Credentials;
use crate::engine::Engine;
use crate::quota::LEASE_COST;
use crate::random::random_number;
use crate::status::mismatch;
use crate::trace::{self, Parent};

pub(crate) struct LeaseService {
    engine: Arc<Engine>,
}

impl LeaseService {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    fn header(&self) -> pb::ResponseHeader {
        self.engine.header(self.engine.store.revision())
    }
}

#[tonic::async_trait]
impl Lease for LeaseService {
    type LeaseKeepAliveStream = Pin<Box<dyn Stream<Item = Result<pb::LeaseKeepAliveResponse, Status>> + Send>>;

    async fn lease_grant(
        &self,
        request: Request<pb::LeaseGrantRequest>,
    ) -> Result<Response<pb::LeaseGrantResponse>, Status> {
        let mut span = trace::part(&request, "lease_grant", |span, request| {
            span.number("id", request.id).number("ttl", request.ttl);
        });
        self.engine.admit(LEASE_COST).await?;
        let caller = self.engine.auth.known(&request)?;
        let request = request.into_inner();
        let (id, ttl) = trace::proposing(&mut span, grant(&self.engine, &caller, request.id, request.ttl)).await?;
        Ok(Response::new(pb::LeaseGrantResponse { header: Some(self.header()), id, ttl, error: String::new() }))
    }

    async fn lease_revoke(
        &self,
        request: Request<pb::LeaseRevokeRequest>,
    ) -> Result<Response<pb::LeaseRevokeResponse>, Status> {
        let mut span = trace::part(&request, "lease_revoke", |span, request| {
            span.number("id", request.id);
        });
        let caller = self.engine.auth.known(&request)?;
        let command = Command::LeaseRevoke { id: request.into_inner().id };
        match trace::proposing(&mut span, self.engine.propose_for(&caller, &command)).await? {
            Answer::LeaseRevoke => Ok(Response::new(pb::LeaseRevokeResponse { header: Some(self.header()) })),
            other => Err(mismatch(&other)),
        }
    }

    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<pb::LeaseKeepAliveRequest>>,
    ) -> Result<Response<Self::LeaseKeepAliveStream>, Status> {
        // Read at once, and judged with each request: authentication may be turned on while the stream is open.
        let credentials = Credentials::of(&request);
        // One after the other: the next request is read when the answer to the one before is on its way.
        let parent = request.extensions().get::<Parent>().cloned();
        let start = (Arc::clone(&self.engine), credentials, parent, request.into_inner());
        let answers = stream::try_unfold(start, |(engine, credentials, parent, mut requests)| async move {
            let Some(pb::LeaseKeepAliveRequest { id }) = requests.message().await? else { return Ok(None) };
            let _span = parent.as_ref().map(|parent| parent.part("lease_renew").with_number("id", id));
            // Looked up before: nobody may take from the answer that the lease was alive at a later revision.
            let header = Some(engine.header(engine.store.revision()));
            let permit = engine.auth.permit_present(&credentials, |state, caller| {
                state.permit_leases(caller, [id], &|id| keys_of(&engine, id), Access::Write)
            })?;
            engine.auth.confirm(&permit)?;
            let ttl = engine.lessor.renew(engine.proposer(), id).await?;
            Ok(Some((pb::LeaseKeepAliveResponse { header, id, ttl }, (engine, credentials, parent, requests))))
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn lease_time_to_live(
        &self,
        request: Request<pb::LeaseTimeToLiveRequest>,
    ) -> Result<Response<pb::LeaseTimeToLiveResponse>, Status> {
        let credentials = self.engine.auth.credentials(&request);
        let pb::LeaseTimeToLiveRequest { id, keys } = request.into_inner();
        self.engine.linearizable().await?;
        // What is judged is what is answered, and a lease may have very many.
        let attached = OnceCell::new();
        let attached = || attached.get_or_init(|| self.engine.store.lease_keys(id)).clone();
        let permit = self.engine.auth.permit_present(&credentials, |state, caller| {
            let named = keys.then_some(id);
            state.permit_leases(caller, named, &|_| attached().unwrap_or_default(), Access::Read)
        })?;
        // The lease may end at any moment: without its keys it is gone.
        let attached = if keys { attached() } else { Some(Vec::new()) };
        self.engine.auth.confirm(&permit)?;
        let header = Some(self.header());
        let answer = match (self.engine.lessor.remaining(id), attached) {
            (Some((ttl, granted_ttl)), Some(keys)) => {
                pb::LeaseTimeToLiveResponse { header, id, ttl, granted_ttl, keys }
            }
            _ => pb::LeaseTimeToLiveResponse { header, id, ttl: -1, ..Default::default() },
        };
        Ok(Response::new(answer))
    }

    async fn lease_leases(
        &self,
        request: Request<pb::LeaseLeasesRequest>,
    ) -> Result<Response<pb::LeaseLeasesResponse>, Status> {
        let credentials = self.engine.auth.credentials(&request);
        let leases = self.engine.lessor.by_deadline();
        let permit = self.engine.auth.permit_present(&credentials, |state, caller| {
            state.permit_leases(caller, leases.iter().copied(), &|id| keys_of(&self.engine, id), Access::Read)
        })?;
        self.engine.auth.confirm(&permit)?;
        let leases = leases.into_iter().map(|id| pb::LeaseStatus { id }).collect();
        Ok(Response::new(pb::LeaseLeasesResponse { header: Some(self.header()), leases }))
    }
}

/// Returns the keys attached to a lease, none if it does not exist.
fn keys_of(engine: &Engine, id: i64) -> Vec<Bytes> {
    engine.store.lease_keys(id).unwrap_or_default()
}

/// Grants a lease; zero stands for an id that nobody has. Returns the id and the time to live.
pub(super) async fn grant(engine: &Engine, caller: &Caller, id: i64, ttl: i64) -> Result<(i64, i64), Status> {
    let id = if id == 0 { free_id(engine)? } else { id };
    let ttl = ttl.max(engine.config.lease_ttl_min());
    match engine.propose_for(caller, &Command::LeaseGrant { id, ttl }).await? {
        Answer::LeaseGrant => Ok((id, ttl)),
        other => Err(mismatch(&other)),
    }
}

/// Draws a positive id that no lease has.
fn free_id(engine: &Engine) -> Result<i64, Status> {
    loop {
        let drawn = random_number().map_err(|error| Status::unknown(format!("etcdserver: random number: {error}")))?;
        let id = (drawn >> 1) as i64;
        if id != 0 && engine.store.lease(id).is_none() {
            return Ok(id);
        }
    }
}
