//! The service Cluster: who the members are. This release runs one.

use std::sync::Arc;

use kv_proto::ApiError;
use kv_proto::etcdserverpb::{self as pb, cluster_server::Cluster};
use kv_proto::url::Url;
use kv_store::{Command, Member};
use tonic::{Request, Response, Status};

use crate::engine::Engine;
use crate::status::status;

/// What is said of changes that need other members.
const ONE_MEMBER: &str = "this release of kvd runs one member";

pub(crate) struct ClusterService {
    engine: Arc<Engine>,
}

impl ClusterService {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    fn members(&self) -> Vec<pb::Member> {
        self.engine.store.members().into_iter().map(convert).collect()
    }

    fn find(&self, id: u64) -> Result<Member, Status> {
        let found = self.engine.store.members().into_iter().find(|member| member.id == id);
        found.ok_or_else(|| status(ApiError::MemberNotFound))
    }

    /// Refuses a peer URL that a member other than `id` has.
    fn check_distinct(&self, id: Option<u64>, urls: &[String]) -> Result<(), Status> {
        let taken = self
            .engine
            .store
            .members()
            .into_iter()
            .any(|member| Some(member.id) != id && member.peer_urls.iter().any(|url| urls.contains(url)));
        if taken { Err(status(ApiError::PeerUrlExists)) } else { Ok(()) }
    }
}

#[tonic::async_trait]
impl Cluster for ClusterService {
    async fn member_add(
        &self,
        request: Request<pb::MemberAddRequest>,
    ) -> Result<Response<pb::MemberAddResponse>, Status> {
        let credentials = self.engine.auth.credentials(&request);
        let urls = request.into_inner().peer_ur_ls;
        let urls: Vec<_> = urls
            .iter()
            .map(|url| Url::parse(url).map(|url| url.to_string()))
            .collect::<Result<_, _>>()
            .map_err(|_| status(ApiError::BadMemberUrls))?;
        if urls.is_empty() {
            return Err(status(ApiError::BadMemberUrls));
        }
        self.engine.auth.admin_with(&credentials)?;
        self.check_distinct(None, &urls)?;
        Err(Status::failed_precondition(format!("etcdserver: {ONE_MEMBER}; a member cannot be added")))
    }

    async fn member_remove(
        &self,
        request: Request<pb::MemberRemoveRequest>,
    ) -> Result<Response<pb::MemberRemoveResponse>, Status> {
        self.engine.auth.admin(&request)?;
        self.find(request.into_inner().id)?;
        // As in etcd: without its only member a cluster has no quorum.
        Err(status(ApiError::NotEnoughStartedMembers))
    }

    async fn member_update(
        &self,
        request: Request<pb::MemberUpdateRequest>,
    ) -> Result<Response<pb::MemberUpdateResponse>, Status> {
        self.engine.auth.admin(&request)?;
        let request = request.into_inner();
        let member = self.find(request.id)?;
        self.check_distinct(Some(request.id), &request.peer_ur_ls)?;
        let change = Command::SetMember(Member { peer_urls: request.peer_ur_ls, ..member });
        self.engine.propose(&change).await?;
        let header = Some(self.engine.header(0));
        Ok(Response::new(pb::MemberUpdateResponse { header, members: self.members() }))
    }

    async fn member_list(
        &self,
        request: Request<pb::MemberListRequest>,
    ) -> Result<Response<pb::MemberListResponse>, Status> {
        if request.get_ref().linearizable {
            self.engine.linearizable().await?;
        }
        self.engine.auth.known(&request)?;
        let header = Some(self.engine.header(0));
        Ok(Response::new(pb::MemberListResponse { header, members: self.members() }))
    }

    async fn member_promote(
        &self,
        request: Request<pb::MemberPromoteRequest>,
    ) -> Result<Response<pb::MemberPromoteResponse>, Status> {
        self.engine.auth.admin(&request)?;
        let member = self.find(request.into_inner().id)?;
        if !member.learner {
            return Err(status(ApiError::MemberNotLearner));
        }
        Err(Status::failed_precondition(format!("etcdserver: {ONE_MEMBER}; a learner cannot be promoted")))
    }
}

fn convert(member: Member) -> pb::Member {
    pb::Member {
        id: member.id,
        name: member.name,
        peer_ur_ls: member.peer_urls,
        client_ur_ls: member.client_urls,
        is_learner: member.learner,
    }
}
