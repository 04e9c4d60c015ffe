//! What arrives at the services: messages of every method, sent to a server in this process.
//!
//! The first byte of an input chooses the method, the rest is the message. Whatever it says, there is an answer or an error
//! in time, no thread of the server panics, and the server goes on.

use std::cell::RefCell;
use std::panic;
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use kv_proto::authpb::{Permission, UserAddOptions};
use kv_proto::etcdserverpb as pb;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::{v3electionpb, v3lockpb};
use kv_server::{Config, Listeners, ServiceManager, Url, serve};
use prost::Message;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// No call takes this long, except those that may wait for other clients.
const WITHIN: Duration = Duration::from_secs(30);

/// How long calls that may wait for others, and streams that may say nothing, are given.
const MOMENT: Duration = Duration::from_millis(20);

/// Inputs for one server. What has been done to it (alarms, users, a full lease table) is then over.
const INPUTS_MAX: u32 = 300;

/// A method, whether its calls end by themselves, and a message.
type Seed = (&'static str, bool, Vec<u8>);

fn methods() -> Vec<Seed> {
    let put = pb::PutRequest { key: "k".into(), value: "v".into(), prev_kv: true, ..Default::default() };
    let range = pb::RangeRequest { key: "a".into(), range_end: "z".into(), limit: 3, ..Default::default() };
    let delete = pb::DeleteRangeRequest { key: "k".into(), range_end: "m".into(), prev_kv: true };
    let op = |request| pb::RequestOp { request: Some(request) };
    let txn = pb::TxnRequest {
        compare: vec![pb::Compare { key: "k".into(), ..Default::default() }],
        success: vec![op(pb::request_op::Request::RequestPut(put.clone()))],
        failure: vec![op(pb::request_op::Request::RequestRange(range.clone()))],
    };
    let create = pb::WatchCreateRequest { key: "k".into(), start_revision: 1, ..Default::default() };
    let create = pb::WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
    let user = pb::AuthUserAddRequest {
        name: "ann".into(),
        password: "p".into(),
        options: Some(UserAddOptions { no_password: false }),
        hashed_password: String::new(),
    };
    let grant = pb::AuthRoleGrantPermissionRequest {
        name: "r".into(),
        perm: Some(Permission { perm_type: 2, key: "a".into(), range_end: "b".into() }),
    };
    let urls = vec!["http://localhost:2380".to_owned()];
    let leader = v3electionpb::LeaderKey { name: "e".into(), key: "e/1".into(), rev: 2, lease: 1 };
    let (name, role) = ("ann".to_owned(), "r".to_owned());
    vec![
        ("/etcdserverpb.KV/Range", true, range.encode_to_vec()),
        ("/etcdserverpb.KV/Put", true, put.encode_to_vec()),
        ("/etcdserverpb.KV/Txn", true, txn.encode_to_vec()),
        ("/etcdserverpb.KV/DeleteRange", true, delete.encode_to_vec()),
        ("/etcdserverpb.KV/RangeStream", true, range.encode_to_vec()),
        ("/etcdserverpb.KV/Compact", true, pb::CompactionRequest { revision: 2, physical: true }.encode_to_vec()),
        ("/etcdserverpb.Watch/Watch", false, create.encode_to_vec()),
        ("/etcdserverpb.Lease/LeaseGrant", true, pb::LeaseGrantRequest { ttl: 9, id: 1 }.encode_to_vec()),
        ("/etcdserverpb.Lease/LeaseRevoke", true, pb::LeaseRevokeRequest { id: 1 }.encode_to_vec()),
        ("/etcdserverpb.Lease/LeaseKeepAlive", false, pb::LeaseKeepAliveRequest { id: 1 }.encode_to_vec()),
        ("/etcdserverpb.Lease/LeaseTimeToLive", true, pb::LeaseTimeToLiveRequest { id: 1, keys: true }.encode_to_vec()),
        ("/etcdserverpb.Lease/LeaseLeases", true, Vec::new()),
        (
            "/etcdserverpb.Cluster/MemberAdd",
            true,
            pb::MemberAddRequest { peer_ur_ls: urls.clone(), is_learner: true }.encode_to_vec(),
        ),
        ("/etcdserverpb.Cluster/MemberRemove", true, pb::MemberRemoveRequest { id: 1 }.encode_to_vec()),
        (
            "/etcdserverpb.Cluster/MemberUpdate",
            true,
            pb::MemberUpdateRequest { id: 0x8e9e_05c5_2164_694d, peer_ur_ls: urls }.encode_to_vec(),
        ),
        ("/etcdserverpb.Cluster/MemberList", true, pb::MemberListRequest { linearizable: true }.encode_to_vec()),
        ("/etcdserverpb.Cluster/MemberPromote", true, pb::MemberPromoteRequest { id: 1 }.encode_to_vec()),
        (
            "/etcdserverpb.Maintenance/Alarm",
            true,
            pb::AlarmRequest { action: 1, member_id: 1, alarm: 1 }.encode_to_vec(),
        ),
        ("/etcdserverpb.Maintenance/Status", true, Vec::new()),
        ("/etcdserverpb.Maintenance/Defragment", true, Vec::new()),
        ("/etcdserverpb.Maintenance/Hash", true, Vec::new()),
        ("/etcdserverpb.Maintenance/HashKV", true, pb::HashKvRequest { revision: 2 }.encode_to_vec()),
        ("/etcdserverpb.Maintenance/Snapshot", true, Vec::new()),
        ("/etcdserverpb.Maintenance/MoveLeader", true, pb::MoveLeaderRequest { target_id: 1 }.encode_to_vec()),
        (
            "/etcdserverpb.Maintenance/Downgrade",
            true,
            pb::DowngradeRequest { action: 1, version: "3.6".into() }.encode_to_vec(),
        ),
        (
            "/etcdserverpb.Auth/Authenticate",
            true,
            pb::AuthenticateRequest { name: name.clone(), password: "p".into() }.encode_to_vec(),
        ),
        ("/etcdserverpb.Auth/AuthEnable", true, Vec::new()),
        ("/etcdserverpb.Auth/AuthDisable", true, Vec::new()),
        ("/etcdserverpb.Auth/AuthStatus", true, Vec::new()),
        ("/etcdserverpb.Auth/UserAdd", true, user.encode_to_vec()),
        ("/etcdserverpb.Auth/UserGet", true, pb::AuthUserGetRequest { name: name.clone() }.encode_to_vec()),
        ("/etcdserverpb.Auth/UserList", true, Vec::new()),
        ("/etcdserverpb.Auth/UserDelete", true, pb::AuthUserDeleteRequest { name: name.clone() }.encode_to_vec()),
        (
            "/etcdserverpb.Auth/UserChangePassword",
            true,
            pb::AuthUserChangePasswordRequest { name: name.clone(), ..Default::default() }.encode_to_vec(),
        ),
        (
            "/etcdserverpb.Auth/UserGrantRole",
            true,
            pb::AuthUserGrantRoleRequest { user: name.clone(), role: role.clone() }.encode_to_vec(),
        ),
        (
            "/etcdserverpb.Auth/UserRevokeRole",
            true,
            pb::AuthUserRevokeRoleRequest { name, role: role.clone() }.encode_to_vec(),
        ),
        ("/etcdserverpb.Auth/RoleAdd", true, pb::AuthRoleAddRequest { name: role.clone() }.encode_to_vec()),
        ("/etcdserverpb.Auth/RoleGet", true, pb::AuthRoleGetRequest { role: role.clone() }.encode_to_vec()),
        ("/etcdserverpb.Auth/RoleList", true, Vec::new()),
        ("/etcdserverpb.Auth/RoleDelete", true, pb::AuthRoleDeleteRequest { role: role.clone() }.encode_to_vec()),
        ("/etcdserverpb.Auth/RoleGrantPermission", true, grant.encode_to_vec()),
        (
            "/etcdserverpb.Auth/RoleRevokePermission",
            true,
            pb::AuthRoleRevokePermissionRequest { role, key: "a".into(), range_end: "b".into() }.encode_to_vec(),
        ),
        ("/v3lockpb.Lock/Lock", false, v3lockpb::LockRequest { name: "l".into(), lease: 0 }.encode_to_vec()),
        ("/v3lockpb.Lock/Unlock", true, v3lockpb::UnlockRequest { key: "l/1".into() }.encode_to_vec()),
        (
            "/v3electionpb.Election/Campaign",
            false,
            v3electionpb::CampaignRequest { name: "e".into(), lease: 0, value: "v".into() }.encode_to_vec(),
        ),
        (
            "/v3electionpb.Election/Proclaim",
            true,
            v3electionpb::ProclaimRequest { leader: Some(leader.clone()), value: "w".into() }.encode_to_vec(),
        ),
        ("/v3electionpb.Election/Leader", true, v3electionpb::LeaderRequest { name: "e".into() }.encode_to_vec()),
        ("/v3electionpb.Election/Observe", false, v3electionpb::LeaderRequest { name: "e".into() }.encode_to_vec()),
        ("/v3electionpb.Election/Resign", true, v3electionpb::ResignRequest { leader: Some(leader) }.encode_to_vec()),
        ("/grpc.health.v1.Health/Check", true, Vec::new()),
    ]
}

pub(crate) fn calls() -> Vec<Vec<u8>> {
    let methods = methods().into_iter().enumerate();
    methods.map(|(number, (_, _, message))| [&[number as u8][..], &message].concat()).collect()
}

pub(crate) fn call(input: &[u8]) {
    thread_local! {
        static SERVICE: RefCell<Option<Service>> = const { RefCell::new(None) };
    }
    let Some((number, message)) = input.split_first() else { return };
    SERVICE.with_borrow_mut(|service| {
        if service.as_ref().is_none_or(|service| service.inputs == INPUTS_MAX)
            && let Some(old) = service.replace(Service::start())
        {
            old.stop();
        }
        let service = service.as_mut().expect("it was started just now");
        service.inputs += 1;
        service.call(usize::from(*number), message);
    });
}

/// A server, and a client of it.
struct Service {
    runtime: Runtime,
    channel: Channel,
    methods: Vec<Seed>,
    running: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    inputs: u32,
    _directory: TempDir,
}

/// Panics of threads that are not the test's own.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Service {
    fn start() -> Self {
        watch_for_panics();
        let runtime = Builder::new_current_thread().enable_all().build().expect("start a runtime");
        let directory = tempfile::tempdir().expect("make a directory");
        let config = Config {
            data_dir: Some(directory.path().join("data")),
            listen_client_urls: vec![Url::parse("http://127.0.0.1:0").expect("a constant")],
            advertise_client_urls: Vec::new(),
            unsafe_no_fsync: true,
            // Passwords are not what this is about.
            bcrypt_cost: 4,
            ..Config::default()
        };
        let (stop, stopped) = oneshot::channel();
        let (channel, running) = runtime.block_on(async {
            let listeners = Listeners::bind(&config).expect("port 0 is free");
            let url = listeners.client_urls()[0].clone();
            let running = tokio::spawn(async move {
                let manager = ServiceManager::new(None);
                let ended = serve(config, listeners, &manager, async { drop(stopped.await) }).await;
                ended.expect("the server goes on until it is stopped");
            });
            (Endpoint::from_shared(url).expect("our own URL").connect_lazy(), running)
        });
        Self { runtime, channel, methods: methods(), running, stop, inputs: 0, _directory: directory }
    }

    fn call(&self, number: usize, message: &[u8]) {
        let (path, ends, _) = &self.methods[number % self.methods.len()];
        let message = Bytes::copy_from_slice(message);
        let limit = if *ends { WITHIN } else { MOMENT };
        let answered =
            self.runtime.block_on(async { timeout(limit, exchange(self.channel.clone(), path, message)).await });
        assert!(answered.is_ok() || !ends, "{path}: no answer within {WITHIN:?}");
        assert!(!self.running.is_finished(), "{path}: the server has ended");
        let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(panics.is_empty(), "{path}: {panics:?}");
    }

    fn stop(self) {
        drop((self.stop, self.channel));
        let ended = self.runtime.block_on(async { timeout(WITHIN, self.running).await });
        ended.expect("the server stops in time").expect("the server ends well");
    }
}

/// Sends a message, and reads all that comes.
async fn exchange(channel: Channel, path: &'static str, message: Bytes) -> Result<(), Status> {
    let mut client = Grpc::new(channel).max_decoding_message_size(usize::MAX);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = http::uri::PathAndQuery::from_static(path);
    let request = Request::new(tokio_stream::iter([message]));
    let mut answers = client.streaming(request, path, Plain).await?.into_inner();
    while answers.message().await?.is_some() {}
    Ok(())
}

fn watch_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let test = thread::current().id();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() != test {
                PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(info.to_string());
            }
            before(info);
        }));
    });
}

/// Messages as they are.
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = ();
    type Error = Status;

    /// What it says does not matter here.
    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        buffer.advance(buffer.remaining());
        Ok(Some(()))
    }
}
