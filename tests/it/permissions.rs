//! Every method, called by nobody, with a wrong token, and by users who may nothing, a part, enough or everything:
//! kvd answers with the code and the text of etcd 3.7.1. Passwords and tokens are in no log.

use std::future::Future;
use std::pin::Pin;

use kv_proto::authpb::{Permission, UserAddOptions, permission::Type};
use kv_proto::etcdserverpb::alarm_request::AlarmAction;
use kv_proto::etcdserverpb::request_op::Request as Op;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::{
    AlarmRequest, AuthDisableRequest, AuthEnableRequest, AuthRoleAddRequest, AuthRoleDeleteRequest, AuthRoleGetRequest,
    AuthRoleGrantPermissionRequest, AuthRoleListRequest, AuthRoleRevokePermissionRequest, AuthStatusRequest,
    AuthUserAddRequest, AuthUserChangePasswordRequest, AuthUserDeleteRequest, AuthUserGetRequest,
    AuthUserGrantRoleRequest, AuthUserListRequest, AuthUserRevokeRoleRequest, AuthenticateRequest, CompactionRequest,
    Compare, DefragmentRequest, DeleteRangeRequest, DowngradeRequest, HashKvRequest, HashRequest, LeaseGrantRequest,
    LeaseKeepAliveRequest, LeaseLeasesRequest, LeaseRevokeRequest, LeaseTimeToLiveRequest, MemberAddRequest,
    MemberListRequest, MemberPromoteRequest, MemberRemoveRequest, MemberUpdateRequest, MoveLeaderRequest, PutRequest,
    RangeRequest, RequestOp, SnapshotRequest, StatusRequest, TxnRequest, WatchCreateRequest, WatchRequest,
    auth_client::AuthClient, cluster_client::ClusterClient, kv_client::KvClient, lease_client::LeaseClient,
    maintenance_client::MaintenanceClient, watch_client::WatchClient,
};
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::harness::curl::curl;
use crate::harness::differences::Ledger;
use crate::harness::{Authority, Kind, Server, Subject};

/// Who calls, and the token that says so.
#[derive(Debug, Clone)]
struct Caller {
    name: &'static str,
    number: i64,
    token: Option<String>,
    /// Whether a gateway passes its calls on.
    gateway: bool,
}

/// Users with passwords that can be searched for in a log.
const USERS: &[(&str, &str)] = &[
    ("root", "password-of-root"),
    ("nothing", "password-of-nothing"),
    ("part", "password-of-part"),
    ("enough", "password-of-enough"),
];

/// What the roles of the same names allow; between them `[m, n)` is granted in two touching pieces.
const GRANTS: &[(&str, Type, &str, &str)] = &[
    ("part", Type::Read, "k", ""),
    ("part", Type::Write, "w", ""),
    ("part", Type::Readwrite, "m", "m5"),
    ("enough", Type::Readwrite, "k", "l"),
    ("enough", Type::Readwrite, "m", "m5"),
    ("enough", Type::Readwrite, "m5", "n"),
    ("enough", Type::Write, "w", ""),
];

/// The answer: a code and a text, or what a watcher was told.
type Outcome = (i32, String);

type Call = Box<dyn Fn(Channel, Caller) -> Pin<Box<dyn Future<Output = Outcome>>>>;

fn outcome<T>(result: Result<T, Status>) -> Outcome {
    match result {
        Ok(_) => (0, String::new()),
        Err(status) => (status.code() as i32, status.message().to_owned()),
    }
}

fn with<T>(caller: &Caller, message: T) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(token) = &caller.token {
        request.metadata_mut().insert("token", token.parse().expect("a token is text"));
    }
    if caller.gateway {
        request.metadata_mut().insert("grpcgateway-accept", "application/json".parse().expect("it is text"));
    }
    request
}

/// Makes a named call of a method that answers once; the request may depend on the caller.
macro_rules! call {
    ($name:expr, $client:ident.$method:ident, $request:expr) => {
        (
            $name,
            Box::new(|channel: Channel, caller: Caller| {
                Box::pin(async move {
                    let request: fn(&Caller) -> _ = $request;
                    outcome($client::new(channel).$method(with(&caller, request(&caller))).await)
                }) as Pin<Box<dyn Future<Output = Outcome>>>
            }) as Call,
        )
    };
}

fn put(key: &'static str) -> PutRequest {
    PutRequest { key: key.into(), value: "v".into(), ..PutRequest::default() }
}

fn range(key: &'static str, range_end: &'static str) -> RangeRequest {
    RangeRequest { key: key.into(), range_end: range_end.into(), ..RangeRequest::default() }
}

fn delete(key: &'static str, range_end: &'static str) -> DeleteRangeRequest {
    DeleteRangeRequest { key: key.into(), range_end: range_end.into(), ..DeleteRangeRequest::default() }
}

fn read(key: &'static str) -> RequestOp {
    RequestOp { request: Some(Op::RequestRange(range(key, ""))) }
}

fn write(key: &'static str) -> RequestOp {
    RequestOp { request: Some(Op::RequestPut(put(key))) }
}

fn txn(success: Vec<RequestOp>, failure: Vec<RequestOp>) -> TxnRequest {
    TxnRequest { compare: Vec::new(), success, failure }
}

fn nested(inner: TxnRequest) -> RequestOp {
    RequestOp { request: Some(Op::RequestTxn(inner)) }
}

/// The lease that was made for a caller, with a key attached.
fn lease(caller: &Caller) -> i64 {
    1000 + caller.number
}

fn granted(role: &str, kind: Type, key: &'static str, range_end: &'static str) -> AuthRoleGrantPermissionRequest {
    let permission = Permission { perm_type: kind as i32, key: key.into(), range_end: range_end.into() };
    AuthRoleGrantPermissionRequest { name: role.to_owned(), perm: Some(permission) }
}

fn watch(key: &'static str, range_end: &'static str) -> Call {
    Box::new(move |channel, caller| {
        Box::pin(async move {
            let create =
                WatchCreateRequest { key: key.into(), range_end: range_end.into(), ..WatchCreateRequest::default() };
            let requests =
                tokio_stream::iter([WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) }]);
            let requests = tokio_stream::StreamExt::chain(requests, tokio_stream::pending());
            let mut stream = match WatchClient::new(channel).watch(with(&caller, requests)).await {
                Ok(stream) => stream.into_inner(),
                Err(status) => return outcome::<()>(Err(status)),
            };
            match stream.message().await {
                Ok(Some(first)) => {
                    (0, format!("created {} canceled {} {}", first.created, first.canceled, first.cancel_reason))
                }
                Ok(None) => (0, "ended".to_owned()),
                Err(status) => outcome::<()>(Err(status)),
            }
        })
    })
}

/// Calls in the order in which they are made; what one does the next ones find.
fn calls() -> Vec<(&'static str, Call)> {
    vec![
        call!("Range of a key", KvClient.range, |_| range("k", "")),
        call!("Range of another key", KvClient.range, |_| range("w", "")),
        call!("Range over touching permissions", KvClient.range, |_| range("m", "n")),
        call!("Range from a key on", KvClient.range, |_| range("k", "\0")),
        call!("Range of no key", KvClient.range, |_| range("", "")),
        call!("Range of a future revision", KvClient.range, |_| RangeRequest { revision: 99_999, ..range("k", "") }),
        call!("serializable Range", KvClient.range, |_| RangeRequest { serializable: true, ..range("k", "") }),
        call!("Put", KvClient.put, |_| put("k")),
        call!("Put where only writing is allowed", KvClient.put, |_| put("w")),
        call!("Put with the old value", KvClient.put, |_| PutRequest { prev_kv: true, ..put("w") }),
        call!("Put without a key", KvClient.put, |_| put("")),
        call!("Put with a lease", KvClient.put, |caller| PutRequest { lease: lease(caller), ..put("k") }),
        call!("Put with another's lease", KvClient.put, |_| PutRequest { lease: 2000, ..put("k") }),
        call!("Put with no such lease", KvClient.put, |_| PutRequest { lease: 1, ..put("k") }),
        call!("Put that is too large", KvClient.put, |_| PutRequest { value: vec![0; 1_600_000].into(), ..put("k") }),
        call!("DeleteRange", KvClient.delete_range, |_| delete("w", "")),
        call!("DeleteRange with the old values", KvClient.delete_range, |_| DeleteRangeRequest {
            prev_kv: true,
            ..delete("w", "")
        }),
        call!("DeleteRange over touching permissions", KvClient.delete_range, |_| delete("m", "n")),
        call!("Txn that only reads", KvClient.txn, |_| txn(vec![read("k")], vec![])),
        call!("Txn that may read another key", KvClient.txn, |_| txn(vec![read("k")], vec![read("w")])),
        call!("Txn that writes", KvClient.txn, |_| txn(vec![write("w")], vec![])),
        call!("Txn that may write another key", KvClient.txn, |_| txn(vec![write("w")], vec![write("z")])),
        call!("Txn in a Txn", KvClient.txn, |_| txn(vec![nested(txn(vec![], vec![write("z")]))], vec![])),
        call!("Txn that compares a range", KvClient.txn, |_| TxnRequest {
            compare: vec![Compare { key: "m".into(), range_end: "n".into(), ..Compare::default() }],
            ..txn(vec![write("w")], vec![])
        }),
        call!("Txn that writes a key twice", KvClient.txn, |_| txn(vec![write("z"), write("z")], vec![])),
        ("Watch of a key", watch("k", "")),
        ("Watch of another key", watch("w", "")),
        ("Watch over touching permissions", watch("m", "n")),
        ("Watch of an empty range", watch("k", "a")),
        call!("LeaseGrant", LeaseClient.lease_grant, |caller| LeaseGrantRequest { ttl: 600, id: 3000 + caller.number }),
        call!("LeaseGrant of a lease that exists", LeaseClient.lease_grant, |_| LeaseGrantRequest {
            ttl: 600,
            id: 2000
        }),
        call!("LeaseTimeToLive", LeaseClient.lease_time_to_live, |_| LeaseTimeToLiveRequest { id: 2000, keys: false }),
        call!("LeaseTimeToLive with keys", LeaseClient.lease_time_to_live, |_| LeaseTimeToLiveRequest {
            id: 2000,
            keys: true
        }),
        call!("LeaseLeases", LeaseClient.lease_leases, |_| LeaseLeasesRequest {}),
        (
            "LeaseKeepAlive",
            Box::new(|channel, caller| {
                Box::pin(async move {
                    let requests = tokio_stream::iter([LeaseKeepAliveRequest { id: 2000 }]);
                    match LeaseClient::new(channel).lease_keep_alive(with(&caller, requests)).await {
                        Ok(stream) => outcome(stream.into_inner().message().await),
                        Err(status) => outcome::<()>(Err(status)),
                    }
                })
            }),
        ),
        call!("LeaseRevoke", LeaseClient.lease_revoke, |caller| LeaseRevokeRequest { id: lease(caller) }),
        call!("LeaseRevoke of another's", LeaseClient.lease_revoke, |_| LeaseRevokeRequest { id: 2000 }),
        call!("LeaseRevoke of none", LeaseClient.lease_revoke, |_| LeaseRevokeRequest { id: 1 }),
        call!("MemberList", ClusterClient.member_list, |_| MemberListRequest { linearizable: true }),
        call!("MemberAdd of nonsense", ClusterClient.member_add, |_| MemberAddRequest {
            peer_ur_ls: vec!["nonsense".to_owned()],
            is_learner: false
        }),
        call!("MemberAdd of a known URL", ClusterClient.member_add, |_| MemberAddRequest {
            peer_ur_ls: vec!["http://localhost:2380".to_owned()],
            is_learner: false
        }),
        call!("MemberRemove", ClusterClient.member_remove, |_| MemberRemoveRequest { id: 1 }),
        call!("MemberUpdate", ClusterClient.member_update, |_| MemberUpdateRequest {
            id: 1,
            peer_ur_ls: vec!["http://localhost:9".to_owned()]
        }),
        call!("MemberPromote", ClusterClient.member_promote, |_| MemberPromoteRequest { id: 1 }),
        call!("Alarm, asked for", MaintenanceClient.alarm, |_| AlarmRequest::default()),
        call!("Alarm, taken back", MaintenanceClient.alarm, |_| AlarmRequest {
            action: AlarmAction::Deactivate as i32,
            ..AlarmRequest::default()
        }),
        call!("Status", MaintenanceClient.status, |_| StatusRequest {}),
        call!("Defragment", MaintenanceClient.defragment, |_| DefragmentRequest {}),
        call!("Hash", MaintenanceClient.hash, |_| HashRequest {}),
        call!("HashKV", MaintenanceClient.hash_kv, |_| HashKvRequest { revision: 0 }),
        call!("MoveLeader", MaintenanceClient.move_leader, |_| MoveLeaderRequest { target_id: 1 }),
        (
            "Snapshot",
            Box::new(|channel, caller| {
                Box::pin(async move {
                    match MaintenanceClient::new(channel).snapshot(with(&caller, SnapshotRequest {})).await {
                        Ok(stream) => outcome(stream.into_inner().message().await),
                        Err(status) => outcome::<()>(Err(status)),
                    }
                })
            }),
        ),
        call!("Downgrade to nonsense", MaintenanceClient.downgrade, |_| DowngradeRequest {
            version: "nonsense".to_owned(),
            ..DowngradeRequest::default()
        }),
        call!("AuthStatus", AuthClient.auth_status, |_| AuthStatusRequest {}),
        call!("AuthEnable", AuthClient.auth_enable, |_| AuthEnableRequest {}),
        call!("Authenticate", AuthClient.authenticate, |_| AuthenticateRequest {
            name: "part".to_owned(),
            password: "password-of-part".to_owned()
        }),
        call!("Authenticate with a wrong password", AuthClient.authenticate, |_| AuthenticateRequest {
            name: "part".to_owned(),
            password: "password-that-is-wrong".to_owned()
        }),
        call!("Authenticate as nobody", AuthClient.authenticate, |_| AuthenticateRequest {
            name: "nobody".to_owned(),
            password: "password-that-is-wrong".to_owned()
        }),
        call!("Authenticate without a password", AuthClient.authenticate, |_| AuthenticateRequest {
            name: "certificate".to_owned(),
            password: String::new()
        }),
        call!("UserAdd of one that exists", AuthClient.user_add, |_| AuthUserAddRequest {
            name: "root".to_owned(),
            password: "password-never-used".to_owned(),
            ..AuthUserAddRequest::default()
        }),
        call!("UserAdd without a name", AuthClient.user_add, |_| AuthUserAddRequest::default()),
        call!("UserAdd with a long password", AuthClient.user_add, |_| AuthUserAddRequest {
            name: "long".to_owned(),
            password: "password-that-is-long".repeat(4),
            ..AuthUserAddRequest::default()
        }),
        call!("UserGet of oneself", AuthClient.user_get, |caller| AuthUserGetRequest { name: caller.name.to_owned() }),
        call!("UserGet of root", AuthClient.user_get, |_| AuthUserGetRequest { name: "root".to_owned() }),
        call!("UserGet of nobody", AuthClient.user_get, |_| AuthUserGetRequest { name: "nobody".to_owned() }),
        call!("UserList", AuthClient.user_list, |_| AuthUserListRequest {}),
        call!("UserDelete of root", AuthClient.user_delete, |_| AuthUserDeleteRequest { name: "root".to_owned() }),
        call!("UserDelete of nobody", AuthClient.user_delete, |_| AuthUserDeleteRequest { name: "nobody".to_owned() }),
        call!("UserChangePassword of nobody", AuthClient.user_change_password, |_| AuthUserChangePasswordRequest {
            name: "nobody".to_owned(),
            password: "password-never-used".to_owned(),
            ..AuthUserChangePasswordRequest::default()
        }),
        call!("UserChangePassword to nonsense", AuthClient.user_change_password, |_| AuthUserChangePasswordRequest {
            name: "part".to_owned(),
            hashed_password: "not base64!".to_owned(),
            ..AuthUserChangePasswordRequest::default()
        }),
        call!("UserGrantRole to nobody", AuthClient.user_grant_role, |_| AuthUserGrantRoleRequest {
            user: "nobody".to_owned(),
            role: "part".to_owned()
        }),
        call!("UserGrantRole of none", AuthClient.user_grant_role, |_| AuthUserGrantRoleRequest {
            user: "part".to_owned(),
            role: "none".to_owned()
        }),
        call!("UserGrantRole again", AuthClient.user_grant_role, |_| AuthUserGrantRoleRequest {
            user: "part".to_owned(),
            role: "part".to_owned()
        }),
        call!("UserRevokeRole of root", AuthClient.user_revoke_role, |_| AuthUserRevokeRoleRequest {
            name: "root".to_owned(),
            role: "root".to_owned()
        }),
        call!("UserRevokeRole not granted", AuthClient.user_revoke_role, |_| AuthUserRevokeRoleRequest {
            name: "part".to_owned(),
            role: "enough".to_owned()
        }),
        call!("RoleAdd of one that exists", AuthClient.role_add, |_| AuthRoleAddRequest { name: "part".to_owned() }),
        call!("RoleAdd without a name", AuthClient.role_add, |_| AuthRoleAddRequest::default()),
        call!("RoleGet of one's own", AuthClient.role_get, |caller| AuthRoleGetRequest {
            role: caller.name.to_owned()
        }),
        call!("RoleGet of another's", AuthClient.role_get, |_| AuthRoleGetRequest { role: "other".to_owned() }),
        call!("RoleGet of none", AuthClient.role_get, |_| AuthRoleGetRequest { role: "none".to_owned() }),
        call!("RoleList", AuthClient.role_list, |_| AuthRoleListRequest {}),
        call!("RoleDelete of root", AuthClient.role_delete, |_| AuthRoleDeleteRequest { role: "root".to_owned() }),
        call!("RoleDelete of none", AuthClient.role_delete, |_| AuthRoleDeleteRequest { role: "none".to_owned() }),
        call!("RoleGrantPermission of none", AuthClient.role_grant_permission, |_| AuthRoleGrantPermissionRequest {
            name: "part".to_owned(),
            perm: None
        }),
        call!("RoleGrantPermission on nonsense", AuthClient.role_grant_permission, |_| granted(
            "part",
            Type::Read,
            "b",
            "a"
        )),
        call!("RoleGrantPermission to no role", AuthClient.role_grant_permission, |_| granted(
            "none",
            Type::Read,
            "a",
            ""
        )),
        call!("RoleRevokePermission of a part", AuthClient.role_revoke_permission, |_| {
            AuthRoleRevokePermissionRequest { role: "enough".to_owned(), key: "k".into(), range_end: "k5".into() }
        }),
        call!("Compact", KvClient.compact, |_| CompactionRequest { revision: 2, physical: false }),
        call!("Compact in the future", KvClient.compact, |_| CompactionRequest { revision: 99_999, physical: false }),
        // A change of users or roles, whose effect on everybody comes after it.
        call!("RoleAdd", AuthClient.role_add, |caller| AuthRoleAddRequest { name: format!("new-{}", caller.number) }),
        call!("Put after a change of roles", KvClient.put, |_| put("k")),
    ]
}

/// A server with users, roles and leases, authentication on, and the callers.
async fn prepare(server: &Server) -> Vec<Caller> {
    let channel = server.channel();
    let mut auth = AuthClient::new(channel.clone());
    for (name, password) in USERS {
        let request = AuthUserAddRequest {
            name: (*name).to_owned(),
            password: (*password).to_owned(),
            ..AuthUserAddRequest::default()
        };
        auth.user_add(request).await.expect("add a user");
    }
    let options = Some(UserAddOptions { no_password: true });
    let certificate = AuthUserAddRequest { name: "certificate".to_owned(), options, ..AuthUserAddRequest::default() };
    auth.user_add(certificate).await.expect("add a user");
    for role in ["root", "part", "enough", "other"] {
        auth.role_add(AuthRoleAddRequest { name: role.to_owned() }).await.expect("add a role");
    }
    for (role, kind, key, range_end) in GRANTS {
        auth.role_grant_permission(granted(role, *kind, key, range_end)).await.expect("grant a permission");
    }
    for name in ["root", "part", "enough"] {
        let grant = AuthUserGrantRoleRequest { user: name.to_owned(), role: name.to_owned() };
        auth.user_grant_role(grant).await.expect("grant a role");
    }
    let (mut leases, mut kv) = (LeaseClient::new(channel.clone()), KvClient::new(channel.clone()));
    for id in (1000..1007).chain([2000]) {
        leases.lease_grant(LeaseGrantRequest { ttl: 600, id }).await.expect("grant a lease");
        let key = if id == 2000 { "another's".to_owned() } else { format!("k{id}") };
        let attach = PutRequest { key: key.into(), lease: id, ..PutRequest::default() };
        kv.put(attach).await.expect("attach a key");
    }
    auth.auth_enable(AuthEnableRequest {}).await.expect("enable authentication");

    let mut callers = vec![
        Caller { name: "nobody known", number: 0, token: None, gateway: false },
        Caller { name: "a wrong token", number: 1, token: Some("nonsense".to_owned()), gateway: false },
        Caller { name: "an unknown token", number: 2, token: Some("abcdefghijklmnop.1".to_owned()), gateway: false },
    ];
    // Root last: what it may do changes what the others would find.
    for (name, password) in USERS[1..].iter().chain(&USERS[..1]) {
        let request = AuthenticateRequest { name: (*name).to_owned(), password: (*password).to_owned() };
        let token = auth.authenticate(request).await.expect("authenticate").into_inner().token;
        callers.push(Caller { name, number: callers.len() as i64, token: Some(token), gateway: false });
    }
    callers
}

#[tokio::test]
async fn every_method_says_what_etcd_says_to_every_caller() {
    let (theirs, ours) = (Server::start(Kind::Etcd37), Server::start_with(Kind::Kvd, &["--log-level=debug"]));
    let (their_callers, our_callers) = (prepare(&theirs).await, prepare(&ours).await);
    let mut ledger = Ledger::new("permissions", Kind::Etcd37);
    let mut compared = 0;
    for (name, call) in calls() {
        for (their_caller, our_caller) in their_callers.iter().zip(&our_callers) {
            let their_answer = call(theirs.channel(), their_caller.clone()).await;
            let our_answer = call(ours.channel(), our_caller.clone()).await;
            ledger.compare(&format!("{name} as {}", our_caller.name), &their_answer, &our_answer);
            compared += 1;
        }
    }

    // With authentication off again nobody is asked, and a token means nothing.
    for (server, callers) in [(&theirs, &their_callers), (&ours, &our_callers)] {
        let root = callers.last().expect("root is the last");
        AuthClient::new(server.channel()).auth_disable(with(root, AuthDisableRequest {})).await.expect("disable");
    }
    for (name, call) in calls().into_iter().filter(|(name, _)| *name != "AuthEnable") {
        let (their_caller, our_caller) = (&their_callers[1], &our_callers[1]);
        let their_answer = call(theirs.channel(), their_caller.clone()).await;
        let our_answer = call(ours.channel(), our_caller.clone()).await;
        ledger.compare(&format!("{name} with authentication off"), &their_answer, &our_answer);
        compared += 1;
    }

    let log = ours.log();
    assert!(log.contains("enabled authentication"), "the log is the one of these calls");
    let tokens = our_callers.iter().filter_map(|caller| caller.token.as_deref());
    for secret in tokens.chain(["password-", "$2a$"]) {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
    }
    ledger.finish();
    println!("{compared} answers compared");
}

/// Who calls with a certificate: what is said of them, the certificate's common name, the place among the callers of whom a
/// token is sent too, and whether a gateway passes it on.
const CERTIFIED: &[(&str, &str, Option<usize>, bool)] = &[
    ("a certificate without a name", "", None, false),
    ("a stranger's certificate", "stranger", None, false),
    ("the certificate of nothing", "nothing", None, false),
    ("the certificate of part", "part", None, false),
    ("the certificate of enough", "enough", None, false),
    ("the certificate of root, through a gateway", "root", None, true),
    ("the certificate of root and a wrong token", "root", Some(1), false),
    ("the certificate of root and the token of part", "root", Some(4), false),
    ("the certificate of root", "root", None, false),
];

#[tokio::test]
async fn a_certificate_says_who_a_client_is() {
    let authority = Authority::with_server();
    for (_, common_name, ..) in CERTIFIED {
        authority.sign(&format!("client{common_name}"), &Subject { common_name, ..Subject::default() });
    }
    let trusted = authority.argument("ca.pem");
    let flags = ["--client-cert-auth", "--trusted-ca-file", &trusted];
    let start = |kind| Server::start_secure(kind, &authority, &flags);
    let (theirs, ours) = (start(Kind::Etcd37), start(Kind::Kvd));
    let (their_callers, our_callers) = (prepare(&theirs).await, prepare(&ours).await);
    let mut ledger = Ledger::new("certificates", Kind::Etcd37);
    let certified = |server: &Server, callers: &[Caller], index: usize| {
        let (_, common_name, token, gateway) = CERTIFIED[index];
        let token = token.and_then(|token| callers[token].token.clone());
        // Leases were made for as many as there are others.
        let number = index.min(6) as i64;
        let caller = Caller { name: common_name, number, token, gateway };
        (authority.channel(server.address(), &format!("client{common_name}")), caller)
    };
    for (name, call) in calls() {
        for (index, (who, ..)) in CERTIFIED.iter().enumerate() {
            let (their_channel, their_caller) = certified(&theirs, &their_callers, index);
            let (our_channel, our_caller) = certified(&ours, &our_callers, index);
            let their_answer = call(their_channel, their_caller).await;
            let our_answer = call(our_channel, our_caller).await;
            ledger.compare(&format!("{name} with {who}"), &their_answer, &our_answer);
        }
    }
    // The gateway takes nobody's certificate for a name, and says so.
    for who in ["client", "clientroot"] {
        let ask = |server: &Server| {
            let url = format!("https://{}/v3/kv/range", server.address());
            let [ca, certificate, key] =
                ["ca.pem", &format!("{who}.pem"), &format!("{who}.key")].map(|file| authority.argument(file));
            let format = "\n%{http_code} %{content_type}";
            let mut answer = curl(&[
                "--cacert",
                &ca,
                "--cert",
                &certificate,
                "--key",
                &key,
                "--data",
                r#"{"key":"aw=="}"#,
                "-w",
                format,
                &url,
            ]);
            // etcd puts spaces behind commas or not, by accident.
            answer.stdout = answer.stdout.replace(", ", ",");
            answer
        };
        ledger.compare(&format!("gateway with {who}"), &ask(&theirs), &ask(&ours));
    }
    ledger.finish();
}
