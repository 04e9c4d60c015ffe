//! The calls of the API, each a method of [`Client`].

use kv_proto::etcdserverpb::{
    AlarmRequest, AlarmResponse, AuthDisableRequest, AuthDisableResponse, AuthEnableRequest, AuthEnableResponse,
    AuthRoleAddRequest, AuthRoleAddResponse, AuthRoleDeleteRequest, AuthRoleDeleteResponse, AuthRoleGetRequest,
    AuthRoleGetResponse, AuthRoleGrantPermissionRequest, AuthRoleGrantPermissionResponse, AuthRoleListRequest,
    AuthRoleListResponse, AuthRoleRevokePermissionRequest, AuthRoleRevokePermissionResponse, AuthStatusRequest,
    AuthStatusResponse, AuthUserAddRequest, AuthUserAddResponse, AuthUserChangePasswordRequest,
    AuthUserChangePasswordResponse, AuthUserDeleteRequest, AuthUserDeleteResponse, AuthUserGetRequest,
    AuthUserGetResponse, AuthUserGrantRoleRequest, AuthUserGrantRoleResponse, AuthUserListRequest,
    AuthUserListResponse, AuthUserRevokeRoleRequest, AuthUserRevokeRoleResponse, AuthenticateRequest,
    AuthenticateResponse, CompactionRequest, CompactionResponse, DefragmentRequest, DefragmentResponse,
    DeleteRangeRequest, DeleteRangeResponse, DowngradeRequest, DowngradeResponse, HashKvRequest, HashKvResponse,
    LeaseGrantRequest, LeaseGrantResponse, LeaseLeasesRequest, LeaseLeasesResponse, LeaseRevokeRequest,
    LeaseRevokeResponse, LeaseTimeToLiveRequest, LeaseTimeToLiveResponse, MemberAddRequest, MemberAddResponse,
    MemberListRequest, MemberListResponse, MemberPromoteRequest, MemberPromoteResponse, MemberRemoveRequest,
    MemberRemoveResponse, MemberUpdateRequest, MemberUpdateResponse, MoveLeaderRequest, MoveLeaderResponse, PutRequest,
    PutResponse, RangeRequest, RangeResponse, RangeStreamResponse, SnapshotRequest, SnapshotResponse, StatusRequest,
    StatusResponse, TxnRequest, TxnResponse, auth_client::AuthClient, cluster_client::ClusterClient,
    kv_client::KvClient, lease_client::LeaseClient, maintenance_client::MaintenanceClient,
};
use tonic::Streaming;

use crate::client::Retry;
use crate::{Client, Deadline, Error};

macro_rules! calls {
    ($($(#[doc = $doc:literal])* $retry:ident $name:ident = $service:ident, $request:ty => $response:ty;)*) => {
        impl Client {
            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                ///
                /// [`Error::Api`] if the server refuses, [`Error::DeadlineExceeded`] if it cannot be reached in time.
                pub async fn $name(&self, request: $request, deadline: Deadline) -> Result<$response, Error> {
                    let receive_max = self.receive_max();
                    let rpc = move |channel, request| async move {
                        $service::new(channel).max_decoding_message_size(receive_max).$name(request).await
                    };
                    self.call(stringify!($name), Retry::$retry, request, deadline, rpc).await
                }
            )*
        }
    };
}

calls! {
    /// Reads the keys of a range.
    Always range = KvClient, RangeRequest => RangeResponse;
    /// Writes one key.
    Unsent put = KvClient, PutRequest => PutResponse;
    /// Deletes the keys of a range.
    Unsent delete_range = KvClient, DeleteRangeRequest => DeleteRangeResponse;
    /// Runs a transaction.
    Unsent txn = KvClient, TxnRequest => TxnResponse;
    /// Drops the history before a revision.
    Unsent compact = KvClient, CompactionRequest => CompactionResponse;
    /// Grants a lease.
    Unsent lease_grant = LeaseClient, LeaseGrantRequest => LeaseGrantResponse;
    /// Ends a lease, and deletes its keys.
    Unsent lease_revoke = LeaseClient, LeaseRevokeRequest => LeaseRevokeResponse;
    /// Returns how much time a lease has left, and its keys if they are asked for.
    Always lease_time_to_live = LeaseClient, LeaseTimeToLiveRequest => LeaseTimeToLiveResponse;
    /// Lists the leases.
    Always lease_leases = LeaseClient, LeaseLeasesRequest => LeaseLeasesResponse;
    /// Lists the members of the cluster.
    Always member_list = ClusterClient, MemberListRequest => MemberListResponse;
    /// Adds a member to the cluster.
    Unsent member_add = ClusterClient, MemberAddRequest => MemberAddResponse;
    /// Removes a member from the cluster.
    Unsent member_remove = ClusterClient, MemberRemoveRequest => MemberRemoveResponse;
    /// Changes where a member listens for others.
    Unsent member_update = ClusterClient, MemberUpdateRequest => MemberUpdateResponse;
    /// Makes a learner a member that votes.
    Unsent member_promote = ClusterClient, MemberPromoteRequest => MemberPromoteResponse;
    /// Makes another member the leader; the leader must be asked.
    Unsent move_leader = MaintenanceClient, MoveLeaderRequest => MoveLeaderResponse;
    /// Checks, begins or ends the way back to an older release.
    Unsent downgrade = MaintenanceClient, DowngradeRequest => DowngradeResponse;
    /// Lists, raises or clears alarms.
    Unsent alarm = MaintenanceClient, AlarmRequest => AlarmResponse;
    /// Returns the state of the member that answers.
    Always status = MaintenanceClient, StatusRequest => StatusResponse;
    /// Gives free pages back, on the member that answers.
    Unsent defragment = MaintenanceClient, DefragmentRequest => DefragmentResponse;
    /// Returns a digest of the store of the member that answers.
    Always hash_kv = MaintenanceClient, HashKvRequest => HashKvResponse;
    /// Exchanges a password for a token.
    Always authenticate = AuthClient, AuthenticateRequest => AuthenticateResponse;
    /// Turns authentication on.
    Unsent auth_enable = AuthClient, AuthEnableRequest => AuthEnableResponse;
    /// Turns authentication off.
    Unsent auth_disable = AuthClient, AuthDisableRequest => AuthDisableResponse;
    /// Says whether authentication is on.
    Always auth_status = AuthClient, AuthStatusRequest => AuthStatusResponse;
    /// Makes a user.
    Unsent user_add = AuthClient, AuthUserAddRequest => AuthUserAddResponse;
    /// Returns the roles of a user.
    Always user_get = AuthClient, AuthUserGetRequest => AuthUserGetResponse;
    /// Lists the users.
    Always user_list = AuthClient, AuthUserListRequest => AuthUserListResponse;
    /// Removes a user.
    Unsent user_delete = AuthClient, AuthUserDeleteRequest => AuthUserDeleteResponse;
    /// Gives a user another password.
    Unsent user_change_password = AuthClient, AuthUserChangePasswordRequest => AuthUserChangePasswordResponse;
    /// Gives a user a role.
    Unsent user_grant_role = AuthClient, AuthUserGrantRoleRequest => AuthUserGrantRoleResponse;
    /// Takes a role from a user.
    Unsent user_revoke_role = AuthClient, AuthUserRevokeRoleRequest => AuthUserRevokeRoleResponse;
    /// Makes a role.
    Unsent role_add = AuthClient, AuthRoleAddRequest => AuthRoleAddResponse;
    /// Returns the permissions of a role.
    Always role_get = AuthClient, AuthRoleGetRequest => AuthRoleGetResponse;
    /// Lists the roles.
    Always role_list = AuthClient, AuthRoleListRequest => AuthRoleListResponse;
    /// Removes a role, from every user too.
    Unsent role_delete = AuthClient, AuthRoleDeleteRequest => AuthRoleDeleteResponse;
    /// Gives a role a permission.
    Unsent role_grant_permission = AuthClient, AuthRoleGrantPermissionRequest => AuthRoleGrantPermissionResponse;
    /// Takes a permission from a role.
    Unsent role_revoke_permission = AuthClient, AuthRoleRevokePermissionRequest => AuthRoleRevokePermissionResponse;
}

impl Client {
    /// Runs a transaction that only reads, so that it may be sent again.
    ///
    /// # Errors
    ///
    /// As for other reads.
    pub async fn read_txn(&self, request: TxnRequest, deadline: Deadline) -> Result<TxnResponse, Error> {
        let receive_max = self.receive_max();
        let rpc = move |channel, request| async move {
            KvClient::new(channel).max_decoding_message_size(receive_max).txn(request).await
        };
        self.call("txn", Retry::Always, request, deadline, rpc).await
    }

    /// Reads the keys of a range in chunks. The deadline is for the stream to begin; every chunk has one of its own.
    ///
    /// # Errors
    ///
    /// As for other reads; a server before etcd 3.7 does not know the call.
    pub async fn range_stream(&self, request: RangeRequest, deadline: Deadline) -> Result<RangeStream, Error> {
        let receive_max = self.receive_max();
        let rpc = move |channel, request| async move {
            KvClient::new(channel).max_decoding_message_size(receive_max).range_stream(request).await
        };
        // A call with a deadline tells the server, which would end the stream then.
        let call = Box::pin(self.call("range_stream", Retry::Always, request, Deadline::NEVER, rpc));
        let chunks = deadline.limit(call).await.unwrap_or_else(|| Err(self.deadline_exceeded()))?;
        Ok(RangeStream { client: self.clone(), endpoint: self.current(), chunks })
    }

    /// Fetches a snapshot of the store of the member that answers, in chunks.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] if the server refuses, [`Error::DeadlineExceeded`] if it cannot be reached in time.
    pub async fn snapshot(&self, request: SnapshotRequest, deadline: Deadline) -> Result<SnapshotStream, Error> {
        let receive_max = self.receive_max();
        let rpc = move |channel, request| async move {
            MaintenanceClient::new(channel).max_decoding_message_size(receive_max).snapshot(request).await
        };
        let chunks = self.call("snapshot", Retry::Always, request, deadline, rpc).await?;
        Ok(SnapshotStream { chunks, deadline })
    }
}

/// The answer of [`Client::snapshot`].
#[derive(Debug)]
pub struct SnapshotStream {
    chunks: Streaming<SnapshotResponse>,
    deadline: Deadline,
}

impl SnapshotStream {
    /// Returns the next chunk, or nothing at the end. The last one holds the digest of the others.
    ///
    /// # Errors
    ///
    /// Fails if the server ends the stream with an error, or time runs out.
    pub async fn next(&mut self) -> Result<Option<SnapshotResponse>, Error> {
        match self.deadline.limit(self.chunks.message()).await {
            None => Err(Error::DeadlineExceeded { failures: Vec::new() }),
            Some(chunk) => chunk.map_err(|status| Error::from_status(&status)),
        }
    }
}

/// The answer of [`Client::range_stream`].
#[derive(Debug)]
pub struct RangeStream {
    client: Client,
    /// The endpoint that serves it.
    endpoint: usize,
    chunks: Streaming<RangeStreamResponse>,
}

impl RangeStream {
    /// Returns the next chunk, or nothing at the end.
    ///
    /// # Errors
    ///
    /// Fails if the server ends the stream with an error, or time runs out.
    pub async fn next(&mut self, deadline: Deadline) -> Result<Option<RangeResponse>, Error> {
        let chunk = self.client.unless_lost(self.endpoint, Retry::Always, self.chunks.message());
        let Some(chunk) = deadline.limit(chunk).await else {
            return Err(Error::DeadlineExceeded { failures: Vec::new() });
        };
        match chunk {
            None => Err(Error::Broken { reason: "the server hangs".to_owned(), of_change: false }),
            Some(Ok(chunk)) => Ok(chunk.map(|chunk| chunk.range_response.unwrap_or_default())),
            Some(Err(status)) => Err(Error::from_status(&status)),
        }
    }
}
