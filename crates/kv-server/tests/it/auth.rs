//! Users, roles and tokens over gRPC: who may do what, and when that changes.

use kv_proto::ApiError;
use kv_proto::authpb::{Permission, UserAddOptions, permission::Type};
use kv_proto::etcdserverpb::{
    self as pb, auth_client::AuthClient, request_op::Request as Op, watch_request::RequestUnion,
};
use kv_server::Config;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::harness::{TestServer, delete, get, op, put, range, refused};

/// The least cost that bcrypt knows: these tests are not about its strength.
fn cheap(config: &mut Config) {
    config.bcrypt_cost = 4;
}

async fn add_user(auth: &mut AuthClient<Channel>, name: &str, password: &str) {
    let (name, password) = (name.to_owned(), password.to_owned());
    auth.user_add(pb::AuthUserAddRequest { name, password, ..Default::default() }).await.unwrap();
}

async fn grant_role(auth: &mut AuthClient<Channel>, user: &str, role: &str) {
    auth.user_grant_role(pb::AuthUserGrantRoleRequest { user: user.to_owned(), role: role.to_owned() }).await.unwrap();
}

fn grant(kind: Type, key: &str, end: &str) -> pb::AuthRoleGrantPermissionRequest {
    pb::AuthRoleGrantPermissionRequest {
        name: "ab".to_owned(),
        perm: Some(Permission { perm_type: kind as i32, key: key.to_owned().into(), range_end: end.to_owned().into() }),
    }
}

/// A server with root, and ann who may read and write `[a, c)` and write `w`. Authentication is on.
async fn prepared(change: impl FnOnce(&mut Config)) -> TestServer {
    let server = TestServer::start_with(|config| {
        cheap(config);
        change(config);
    })
    .await;
    let mut auth = server.auth().await;
    add_user(&mut auth, "root", "r").await;
    add_user(&mut auth, "ann", "secret").await;
    auth.role_add(pb::AuthRoleAddRequest { name: "ab".to_owned() }).await.unwrap();
    auth.role_grant_permission(grant(Type::Readwrite, "a", "b")).await.unwrap();
    auth.role_grant_permission(grant(Type::Readwrite, "b", "c")).await.unwrap();
    auth.role_grant_permission(grant(Type::Write, "w", "")).await.unwrap();
    grant_role(&mut auth, "root", "root").await;
    grant_role(&mut auth, "ann", "ab").await;
    auth.auth_enable(pb::AuthEnableRequest {}).await.unwrap();
    server
}

async fn login(server: &TestServer, name: &str, password: &str) -> Result<String, Status> {
    let request = pb::AuthenticateRequest { name: name.to_owned(), password: password.to_owned() };
    server.auth().await.authenticate(request).await.map(|response| response.into_inner().token)
}

fn with<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("token", token.parse().unwrap());
    request
}

#[tokio::test]
async fn a_token_is_given_for_a_password_and_says_who_asks() {
    let server = prepared(|_| {}).await;
    let mut kv = server.kv().await;
    refused(kv.put(put("a", "1")).await, ApiError::UserEmpty);
    refused(kv.range(get("a")).await, ApiError::UserEmpty);
    refused(kv.put(with("nonsense", put("a", "1"))).await, ApiError::InvalidAuthToken);
    refused(kv.range(with("x.99999999", get("a"))).await, ApiError::InvalidAuthToken);
    refused(login(&server, "ann", "wrong").await, ApiError::AuthFailed);
    refused(login(&server, "nobody", "secret").await, ApiError::AuthFailed);

    let ann = login(&server, "ann", "secret").await.unwrap();
    kv.put(with(&ann, put("a", "1"))).await.unwrap();
    assert_eq!(kv.range(with(&ann, get("a"))).await.unwrap().into_inner().kvs.len(), 1);
    let mut bearer = Request::new(get("a"));
    bearer.metadata_mut().insert("authorization", format!("Bearer {ann}").parse().unwrap());
    kv.range(bearer).await.unwrap();
    refused(kv.put(with(&ann, put("z", "1"))).await, ApiError::PermissionDenied);
    server.stop().await;
}

#[tokio::test]
async fn every_way_to_read_or_write_a_key_needs_its_permission() {
    let server = prepared(|_| {}).await;
    let ann = login(&server, "ann", "secret").await.unwrap();
    let ann = ann.as_str();
    let mut kv = server.kv().await;
    kv.range(with(ann, range("a", "c"))).await.unwrap();
    refused(kv.range(with(ann, range("a", "d"))).await, ApiError::PermissionDenied);
    refused(kv.range_stream(with(ann, range("a", "\0"))).await.map(drop), ApiError::PermissionDenied);
    refused(kv.range(with(ann, get("w"))).await, ApiError::PermissionDenied);
    kv.put(with(ann, put("w", "1"))).await.unwrap();
    let reads_too = pb::PutRequest { prev_kv: true, ..put("w", "1") };
    refused(kv.put(with(ann, reads_too)).await, ApiError::PermissionDenied);
    kv.delete_range(with(ann, delete("w", ""))).await.unwrap();
    refused(kv.delete_range(with(ann, delete("a", "z"))).await, ApiError::PermissionDenied);
    refused(kv.compact(with(ann, pb::CompactionRequest::default())).await, ApiError::PermissionDenied);

    let txn = |success: Vec<pb::RequestOp>, failure: Vec<pb::RequestOp>| pb::TxnRequest {
        success,
        failure,
        ..pb::TxnRequest::default()
    };
    let read = |key: &str| op(Op::RequestRange(get(key)));
    kv.txn(with(ann, txn(vec![read("a")], vec![op(Op::RequestPut(put("w", "1")))]))).await.unwrap();
    refused(kv.txn(with(ann, txn(vec![read("a")], vec![read("w")]))).await, ApiError::PermissionDenied);
    let nested = op(Op::RequestTxn(txn(vec![], vec![op(Op::RequestPut(put("z", "1")))])));
    refused(kv.txn(with(ann, txn(vec![nested], vec![]))).await, ApiError::PermissionDenied);

    let mut cluster = server.cluster().await;
    cluster.member_list(with(ann, pb::MemberListRequest { linearizable: true })).await.unwrap();
    refused(cluster.member_list(pb::MemberListRequest::default()).await, ApiError::UserEmpty);
    refused(cluster.member_remove(with(ann, pb::MemberRemoveRequest { id: 1 })).await, ApiError::PermissionDenied);
    let mut maintenance = server.maintenance().await;
    maintenance.status(with(ann, pb::StatusRequest {})).await.unwrap();
    refused(maintenance.status(pb::StatusRequest {}).await, ApiError::UserEmpty);
    refused(maintenance.defragment(with(ann, pb::DefragmentRequest {})).await, ApiError::PermissionDenied);
    server.stop().await;
}

#[tokio::test]
async fn a_watcher_is_judged_when_it_is_made() {
    let server = prepared(|_| {}).await;
    let ann = login(&server, "ann", "secret").await.unwrap();
    let create = |key: &str| pb::WatchRequest {
        request_union: Some(RequestUnion::CreateRequest(pb::WatchCreateRequest {
            key: key.to_owned().into(),
            ..pb::WatchCreateRequest::default()
        })),
    };
    let first = async |token: Option<&str>, key: &str| {
        let requests = tokio_stream::iter([create(key)]);
        let request = match token {
            Some(token) => with(token, requests),
            None => Request::new(requests),
        };
        let mut stream = server.watch().await.watch(request).await.unwrap().into_inner();
        stream.message().await.unwrap().unwrap()
    };
    let allowed = first(Some(&ann), "a").await;
    assert!(allowed.created && !allowed.canceled);
    for (token, key, reason) in [
        (Some(ann.as_str()), "w", "rpc error: code = PermissionDenied desc = etcdserver: permission denied"),
        (Some("x.1"), "a", "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token"),
        (None, "a", "rpc error: code = InvalidArgument desc = etcdserver: user name is empty"),
    ] {
        let refused = first(token, key).await;
        assert!(refused.created && refused.canceled && refused.watch_id == -1);
        assert_eq!(refused.cancel_reason, reason);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_changes_users_and_roles_takes_effect_at_once() {
    let server = prepared(|_| {}).await;
    let (root, ann) = (login(&server, "root", "r").await.unwrap(), login(&server, "ann", "secret").await.unwrap());
    let mut auth = server.auth().await;
    let mut kv = server.kv().await;

    let revoke = pb::AuthRoleRevokePermissionRequest { role: "ab".to_owned(), key: "a".into(), range_end: "b".into() };
    refused(auth.role_revoke_permission(with(&ann, revoke.clone())).await, ApiError::PermissionDenied);
    auth.role_revoke_permission(with(&root, revoke.clone())).await.unwrap();
    refused(auth.role_revoke_permission(with(&root, revoke)).await, ApiError::PermissionNotGranted);
    refused(kv.put(with(&ann, put("a", "1"))).await, ApiError::PermissionDenied);
    kv.put(with(&ann, put("b", "1"))).await.unwrap();

    let (name, password) = ("ann".to_owned(), "changed".to_owned());
    let change = pb::AuthUserChangePasswordRequest { name, password, ..Default::default() };
    auth.user_change_password(with(&root, change)).await.unwrap();
    refused(kv.put(with(&ann, put("b", "1"))).await, ApiError::InvalidAuthToken);
    refused(login(&server, "ann", "secret").await, ApiError::AuthFailed);
    let ann = login(&server, "ann", "changed").await.unwrap();
    auth.user_delete(with(&root, pb::AuthUserDeleteRequest { name: "ann".to_owned() })).await.unwrap();
    refused(kv.range(with(&ann, get("b"))).await, ApiError::InvalidAuthToken);

    refused(
        auth.user_delete(with(&root, pb::AuthUserDeleteRequest { name: "root".to_owned() })).await,
        ApiError::InvalidAuthMgmt,
    );
    auth.auth_disable(with(&root, pb::AuthDisableRequest {})).await.unwrap();
    kv.put(put("z", "1")).await.unwrap();
    let state = auth.auth_status(pb::AuthStatusRequest {}).await.unwrap().into_inner();
    assert_eq!((state.enabled, state.auth_revision), (false, 13));
    server.stop().await;
}

#[tokio::test]
async fn users_see_themselves_and_administrators_everybody() {
    let server = prepared(|_| {}).await;
    let (root, ann) = (login(&server, "root", "r").await.unwrap(), login(&server, "ann", "secret").await.unwrap());
    let mut auth = server.auth().await;
    let user = |name: &str| pb::AuthUserGetRequest { name: name.to_owned() };
    let role = |role: &str| pb::AuthRoleGetRequest { role: role.to_owned() };
    assert_eq!(auth.user_get(with(&ann, user("ann"))).await.unwrap().into_inner().roles, ["ab"]);
    refused(auth.user_get(with(&ann, user("root"))).await, ApiError::PermissionDenied);
    refused(auth.user_get(with(&root, user("nobody"))).await, ApiError::UserNotFound);
    assert_eq!(auth.role_get(with(&ann, role("ab"))).await.unwrap().into_inner().perm.len(), 3);
    refused(auth.role_get(with(&ann, role("root"))).await, ApiError::PermissionDenied);
    refused(auth.role_get(with(&root, role("root"))).await, ApiError::RoleNotFound);
    refused(auth.user_list(with(&ann, pb::AuthUserListRequest {})).await, ApiError::PermissionDenied);
    assert_eq!(
        auth.user_list(with(&root, pb::AuthUserListRequest {})).await.unwrap().into_inner().users,
        ["ann", "root"]
    );
    assert_eq!(auth.role_list(with(&root, pb::AuthRoleListRequest {})).await.unwrap().into_inner().roles, ["ab"]);
    let nothing = pb::AuthRoleGrantPermissionRequest { name: "ab".to_owned(), perm: None };
    refused(auth.role_grant_permission(with(&root, nothing.clone())).await, ApiError::PermissionNotGiven);
    refused(auth.role_grant_permission(with(&ann, nothing)).await, ApiError::PermissionDenied);
    server.stop().await;
}

#[tokio::test]
async fn a_user_without_a_password_cannot_log_in() {
    let server = TestServer::start_with(cheap).await;
    let mut auth = server.auth().await;
    refused(login(&server, "ann", "x").await, ApiError::AuthNotEnabled);
    let huge = pb::AuthRoleAddRequest { name: "x".repeat(1_600_000) };
    refused(auth.role_add(huge).await, ApiError::RequestTooLarge);
    refused(auth.auth_enable(pb::AuthEnableRequest {}).await, ApiError::RootUserNotFound);
    add_user(&mut auth, "root", "r").await;
    refused(auth.auth_enable(pb::AuthEnableRequest {}).await, ApiError::RootRoleNotFound);
    grant_role(&mut auth, "root", "root").await;
    let options = Some(UserAddOptions { no_password: true });
    auth.user_add(pb::AuthUserAddRequest { name: "cert".to_owned(), options, ..Default::default() }).await.unwrap();
    auth.auth_enable(pb::AuthEnableRequest {}).await.unwrap();
    let refusal = login(&server, "cert", "").await.unwrap_err();
    assert_eq!(refusal.code(), Code::Unknown);
    assert_eq!(refusal.message(), "auth: authentication failed, password was given for no password user");
    server.stop().await;
}

#[tokio::test]
async fn a_signed_token_counts_for_the_auth_revision_it_was_made_for() {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/keys");
    let server =
        prepared(|config| config.auth_token = format!("jwt,sign-method=EdDSA,priv-key={keys}/ed25519.pem")).await;
    let (root, ann) = (login(&server, "root", "r").await.unwrap(), login(&server, "ann", "secret").await.unwrap());
    let mut kv = server.kv().await;
    kv.put(with(&ann, put("a", "1"))).await.unwrap();
    server.auth().await.role_add(with(&root, pb::AuthRoleAddRequest { name: "x".to_owned() })).await.unwrap();
    refused(kv.put(with(&ann, put("a", "1"))).await, ApiError::AuthOldRevision);
    refused(kv.range(with(&ann, get("a"))).await, ApiError::AuthOldRevision);
    let ann = login(&server, "ann", "secret").await.unwrap();
    kv.range(with(&ann, get("a"))).await.unwrap();
    // An administrator's calls do not look at the revision.
    server.auth().await.role_add(with(&root, pb::AuthRoleAddRequest { name: "y".to_owned() })).await.unwrap();

    // Such a token outlives the process that made it.
    let directory = server.stop().await;
    let server = TestServer::start_in(directory, |config| {
        cheap(config);
        config.auth_token = format!("jwt,sign-method=EdDSA,pub-key={keys}/ed25519.pub.pem");
    })
    .await;
    server.auth().await.role_add(with(&root, pb::AuthRoleAddRequest { name: "z".to_owned() })).await.unwrap();
    let refusal = login(&server, "ann", "secret").await.unwrap_err();
    assert_eq!(refusal.message(), "auth: token signing attempted with verify-only key");
    server.stop().await;
}

/// The server revokes a lease itself, as nobody else's request: authentication must not stop it.
#[tokio::test]
async fn leases_expire_where_authentication_is_on() {
    let server = prepared(|_| {}).await;
    let root = login(&server, "root", "r").await.unwrap();
    let mut lease = server.lease().await;
    lease.lease_grant(with(&root, pb::LeaseGrantRequest { id: 7, ttl: 1 })).await.unwrap();
    let mut kv = server.kv().await;
    kv.put(with(&root, pb::PutRequest { lease: 7, ..put("a", "1") })).await.unwrap();

    let watch = pb::WatchCreateRequest { key: "a".into(), ..Default::default() };
    let watch = pb::WatchRequest { request_union: Some(RequestUnion::CreateRequest(watch)) };
    let open = tokio_stream::StreamExt::chain(tokio_stream::once(watch), tokio_stream::pending());
    let mut told = server.watch().await.watch(with(&root, open)).await.unwrap().into_inner();
    assert!(told.message().await.unwrap().unwrap().created);
    let event = told.message().await.unwrap().unwrap().events.remove(0);
    assert_eq!(event.r#type, kv_proto::mvccpb::event::EventType::Delete as i32);
}
