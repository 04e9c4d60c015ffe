//! What the log says of slow requests and of changes of users and roles: the words, and the fields that operators look for,
//! are etcd 3.7.1's.

use std::collections::BTreeSet;
use std::os::unix::net::UnixDatagram;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use kv_proto::authpb::{Permission, permission::Type};
use kv_proto::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use kv_proto::etcdserverpb::range_request::{SortOrder, SortTarget};
use kv_proto::etcdserverpb::request_op::Request as Op;
use kv_proto::etcdserverpb::{
    AuthEnableRequest, AuthRoleAddRequest, AuthRoleDeleteRequest, AuthRoleGrantPermissionRequest,
    AuthRoleRevokePermissionRequest, AuthUserAddRequest, AuthUserChangePasswordRequest, AuthUserDeleteRequest,
    AuthUserGrantRoleRequest, AuthUserRevokeRoleRequest, CompactionRequest, Compare, DeleteRangeRequest,
    LeaseGrantRequest, LeaseRevokeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest, auth_client::AuthClient,
    kv_client::KvClient, lease_client::LeaseClient,
};
use serde_json::Value;

use crate::harness::{Kind, Server};

/// So short that every request is slow.
const THRESHOLDS: [&str; 2] = ["--warning-apply-duration=1ns", "--warning-unary-request-duration=1ns"];

fn put(key: &'static str, value: &'static str) -> PutRequest {
    PutRequest { key: key.into(), value: value.into(), ..PutRequest::default() }
}

fn range(key: &'static str, range_end: &'static str) -> RangeRequest {
    RangeRequest { key: key.into(), range_end: range_end.into(), ..RangeRequest::default() }
}

fn op(request: Op) -> RequestOp {
    RequestOp { request: Some(request) }
}

async fn use_keys(server: &Server) {
    let (mut kv, mut lease) = (KvClient::new(server.channel()), LeaseClient::new(server.channel()));
    lease.lease_grant(LeaseGrantRequest { id: 7, ttl: 100 }).await.expect("grant");
    kv.put(put("a", "b\"c")).await.expect("put");
    kv.put(PutRequest { lease: 7, prev_kv: true, ..put("k\"\u{fc}\n", "v") }).await.expect("put");
    kv.put(PutRequest { ignore_lease: true, ..put("a", "x") }).await.expect("put");
    kv.put(put("", "x")).await.expect_err("there is no key");
    let sorted = RangeRequest {
        limit: 5,
        revision: 2,
        sort_order: SortOrder::Descend as i32,
        sort_target: SortTarget::Version as i32,
        min_mod_revision: 1,
        max_create_revision: 9,
        ..range("a", "z")
    };
    kv.range(sorted).await.expect("range");
    kv.range(RangeRequest { serializable: true, keys_only: true, ..range("a", "") }).await.expect("range");
    kv.range(RangeRequest { count_only: true, ..range("\0\u{fc}\u{85}", "\0") }).await.expect("range");
    kv.range(RangeRequest { revision: 99, ..range("a", "") }).await.expect_err("a future revision");
    let read = |key| op(Op::RequestRange(range(key, "")));
    let reads = TxnRequest { success: vec![read("a"), read("b")], ..TxnRequest::default() };
    kv.txn(reads.clone()).await.expect("txn");
    let compare = |target, union| Compare {
        result: CompareResult::Greater as i32,
        target: target as i32,
        key: "q".into(),
        target_union: Some(union),
        ..Compare::default()
    };
    let writes = TxnRequest {
        compare: vec![
            compare(CompareTarget::Version, TargetUnion::Version(3)),
            compare(CompareTarget::Mod, TargetUnion::ModRevision(0)),
            compare(CompareTarget::Value, TargetUnion::Value("secret".into())),
            compare(CompareTarget::Lease, TargetUnion::Lease(7)),
        ],
        success: vec![op(Op::RequestPut(put("a", "b"))), read("a"), op(Op::RequestTxn(reads))],
        failure: vec![op(Op::RequestDeleteRange(DeleteRangeRequest { key: "z".into(), ..Default::default() }))],
    };
    kv.txn(writes).await.expect("txn");
    kv.delete_range(DeleteRangeRequest { prev_kv: true, key: "a".into(), ..Default::default() }).await.expect("delete");
    kv.compact(CompactionRequest { revision: 3, physical: false }).await.expect("compact");
    lease.lease_revoke(LeaseRevokeRequest { id: 7 }).await.expect("revoke");
}

async fn change_users(server: &Server) {
    let mut auth = AuthClient::new(server.channel());
    let (name, role) = ("ann", "writer");
    auth.role_add(AuthRoleAddRequest { name: role.into() }).await.expect("role");
    for name in ["root", name] {
        let password = "password".to_owned();
        let add = AuthUserAddRequest { name: name.into(), password, ..AuthUserAddRequest::default() };
        auth.user_add(add).await.expect("user");
    }
    let perm = Some(Permission { perm_type: Type::Readwrite as i32, key: "a".into(), range_end: "z".into() });
    auth.role_grant_permission(AuthRoleGrantPermissionRequest { name: role.into(), perm }).await.expect("grant");
    for (user, role) in [("ann", role), ("root", "root"), ("root", "root")] {
        auth.user_grant_role(AuthUserGrantRoleRequest { user: user.into(), role: role.into() }).await.expect("grant");
    }
    let change = AuthUserChangePasswordRequest { name: name.into(), password: "word".into(), ..Default::default() };
    auth.user_change_password(change).await.expect("password");
    let revoke = AuthRoleRevokePermissionRequest { role: role.into(), key: "a".into(), range_end: "z".into() };
    auth.role_revoke_permission(revoke).await.expect("revoke");
    auth.user_revoke_role(AuthUserRevokeRoleRequest { name: name.into(), role: role.into() }).await.expect("revoke");
    auth.role_delete(AuthRoleDeleteRequest { role: role.into() }).await.expect("delete");
    auth.user_delete(AuthUserDeleteRequest { name: name.into() }).await.expect("delete");
    auth.auth_enable(AuthEnableRequest {}).await.expect("enable");
}

/// The lines of a log.
fn lines(server: &Server) -> Vec<Value> {
    server.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Values that do not depend on the run, of the fields with these names.
fn fields(line: &Value, names: &[&str]) -> Vec<String> {
    let text = |name: &&str| match &line[*name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    // Go puts one blank between fields or two, by the build.
    names.iter().map(|name| text(name).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test]
async fn slow_requests_are_told_as_etcd_tells_them() {
    let mut told = Vec::new();
    for kind in [Kind::Etcd37, Kind::Kvd] {
        let server = Server::start_with(kind, &THRESHOLDS);
        use_keys(&server).await;
        let lines = lines(&server);
        let calls: Vec<_> = lines.iter().filter(|line| line["msg"] == "request stats").collect();
        for line in &calls {
            assert!(fields(line, &["remote"])[0].starts_with("127.0.0.1:"), "{kind}: {line}");
            assert!(line["start time"].is_string() && line["time spent"].is_string(), "{kind}: {line}");
        }
        let names = ["level", "response type", "request count", "response count", "request content"];
        // What was refused before it was looked at is told of no more.
        let calls: Vec<_> =
            calls.iter().map(|line| fields(line, &names)).filter(|call| call[4] != "value_size:1").collect();
        let mut applied = Vec::new();
        for line in lines.iter().filter(|line| line["msg"] == "apply request took too long") {
            assert!(line["took"].is_string() && fields(line, &["expected-duration"]) == ["1ns"], "{kind}: {line}");
            let [level, prefix, request] = fields(line, &["level", "prefix", "request"]).try_into().expect("three");
            // The header holds ids.
            let request = match request.split_once(['}', '>']) {
                Some((header, request)) if header.starts_with("header:") => request.trim().to_owned(),
                _ => request,
            };
            let reads = if prefix.is_empty() { String::new() } else { fields(line, &["response"]).remove(0) };
            let reads = reads.split_once(" size:").map_or(String::new(), |(counts, _)| counts.to_owned());
            // Both have reads and writes of their own when they start and when their health is asked for.
            if !request.starts_with("cluster_") && request != "limit:1 keys_only:true" {
                applied.push([level, prefix, request, reads]);
            }
        }
        let metrics = server.http_get("/metrics");
        let slow = metrics.lines().find_map(|line| line.strip_prefix("etcd_server_slow_apply_total "));
        assert!(slow.and_then(|count| count.parse().ok()) >= Some(applied.len()), "{kind}: {slow:?}");
        told.push((calls, applied));
    }
    let [theirs, ours] = told.try_into().expect("two servers");
    assert_eq!(theirs.0, ours.0);
    assert_eq!(theirs.1, ours.1);
    println!("{} calls, {} applied", ours.0.len(), ours.1.len());
}

#[tokio::test]
async fn changes_of_users_and_roles_are_told_as_etcd_tells_them() {
    let mut told = Vec::new();
    for kind in [Kind::Etcd37, Kind::Kvd] {
        let server = Server::start(kind);
        change_users(&server).await;
        let names =
            ["level", "msg", "user-name", "user-roles", "role-name", "added-role-name", "permission-name", "key"];
        let more = ["range-end", "old-user-roles", "new-user-roles", "revoked-role-name", "duplicate-role-name"];
        let names: Vec<_> = names.into_iter().chain(more).collect();
        let changes = lines(&server)
            .iter()
            .filter(|line| {
                ["user", "role", "authentication"].iter().any(|word| {
                    line["msg"].as_str().is_some_and(|message| message.split(' ').any(|part| part == *word))
                })
            })
            .map(|line| fields(line, &names))
            .collect::<Vec<_>>();
        told.push(changes);
    }
    assert_eq!(told[0], told[1]);
    assert!(told[1].len() >= 12, "{told:?}");
}

/// Says at its end that nobody needs to listen any more.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The lines are caught where systemd would take them, in a mount namespace of the server.
#[test]
fn the_journal_gets_what_it_gets_from_etcd() {
    let [theirs, ours] = [Kind::Etcd37, Kind::Kvd].map(|kind| {
        let directory = tempfile::tempdir().expect("make a directory");
        let journal = UnixDatagram::bind(directory.path().join("socket")).expect("listen");
        journal.set_read_timeout(Some(Duration::from_millis(100))).expect("set a time limit");
        let (done, heard) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let mount = format!(
            "mount -t tmpfs tmpfs /run && mkdir /run/systemd && ln -s '{}' /run/systemd/journal && exec \"$@\"",
            directory.path().display()
        );
        let wrapper = ["unshare", "-rm", "sh", "-c", &mount, "sh"].map(str::to_owned);
        let said = thread::scope(|scope| {
            // A journal that does not listen stops who writes.
            scope.spawn(|| {
                let mut datagram = vec![0; 1 << 16];
                while !done.load(Ordering::Relaxed) {
                    if let Ok(length) = journal.recv(&mut datagram) {
                        heard
                            .lock()
                            .expect("nobody panics")
                            .push(String::from_utf8_lossy(&datagram[..length]).into_owned());
                    }
                }
            });
            // Also where the server does not start.
            let _done = Done(&done);
            let mut server = Server::start_under(&wrapper, kind, &["--log-outputs=systemd/journal"]);
            server.stop();
            server.log()
        });
        assert!(!said.contains("\"msg\""), "{kind}: {said}");
        let heard = heard.into_inner().expect("nobody panics");
        let ready =
            heard.iter().find(|line| line.contains("\"msg\":\"ready to serve client requests\"")).expect("a line");
        // The message ends with a line in etcd, and so is written otherwise.
        let fields: BTreeSet<_> =
            ready.lines().filter(|line| !line.contains("MESSAGE") && line.contains('=')).collect();
        let names: BTreeSet<_> =
            fields.iter().map(|field| field.split('=').next().unwrap_or_default().to_owned()).collect();
        assert!(ready.contains("MESSAGE") && fields.contains("PRIORITY=6"), "{kind}: {ready}");
        assert!(ready.contains("SYSLOG_IDENTIFIER=etcd-3.7\n") || ready.contains("SYSLOG_IDENTIFIER=kvd-under-test\n"));
        names
    });
    assert_eq!(ours, theirs);
}
