//! Clients that stop reading, send garbage, open streams without end, or vanish: each costs only itself. While they are
//! there, others are answered; when they are gone, nothing of them is left; and the server's memory stays bounded.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::watch_client::WatchClient;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::{
    LeaseKeepAliveRequest, PutRequest, RangeRequest, WatchCreateRequest, WatchRequest, WatchResponse,
};
use prost::Message as _;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::harness::http2::{END_STREAM, Frame, RawConnection, kind};
use crate::harness::{Kind, Random, Server};

/// How long anything may take that others wait for. Other suites run on the same cores.
const WITHIN: Duration = Duration::from_secs(60);

/// How much memory the server may take more than before, whatever these clients do.
const GROWTH_MAX_MB: u64 = 400;

/// How often something that takes a moment is looked for.
const POLL_EVERY: Duration = Duration::from_millis(20);

const WATCH: &str = "/etcdserverpb.Watch/Watch";
const KEEP_ALIVE: &str = "/etcdserverpb.Lease/LeaseKeepAlive";
const RANGE: &str = "/etcdserverpb.KV/Range";

/// A server, and a client of it that behaves.
struct Subject {
    server: Server,
    runtime: Runtime,
    resident_before: u64,
}

impl Subject {
    fn new() -> Subject {
        let server = Server::start(Kind::Kvd);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let subject = Subject { resident_before: 0, server, runtime };
        subject.check_served("at first");
        Subject { resident_before: subject.resident_mb(), ..subject }
    }

    /// Somebody else puts a key and reads it.
    fn check_served(&self, when: &str) {
        let began = Instant::now();
        self.runtime.block_on(async {
            let mut client = KvClient::new(self.server.channel());
            let put = PutRequest { key: "polite".into(), value: when.to_owned().into(), ..PutRequest::default() };
            let served = async {
                client.put(put).await.unwrap_or_else(|status| panic!("{when}: {status}"));
                let range = RangeRequest { key: "polite".into(), ..RangeRequest::default() };
                let answer = client.range(range).await.unwrap_or_else(|status| panic!("{when}: {status}"));
                assert_eq!(answer.into_inner().kvs[0].value, when);
            };
            let served = tokio::time::timeout(WITHIN, served).await;
            served.unwrap_or_else(|_| panic!("{when}: others are not answered within {WITHIN:?}"));
        });
        println!("{when}: others are answered in {:?}", began.elapsed());
    }

    fn resident_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.pid())).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
    }

    /// Returns a number of the metrics.
    fn metric(&self, name: &str) -> u64 {
        let page = self.server.http_get("/metrics");
        let value = page.lines().find_map(|line| line.strip_prefix(name)).and_then(|rest| rest.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {page}"))
    }

    fn wait_until(&self, what: &str, holds: impl Fn(&Subject) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < WITHIN, "{what}: not within {WITHIN:?}");
            std::thread::sleep(POLL_EVERY);
        }
    }

    /// All others are gone: nothing of theirs is left, and the memory was bounded.
    fn finish(mut self, peak_mb: u64) {
        self.wait_until("nothing is watched", |subject| subject.metric("etcd_debugging_mvcc_watcher_total") == 0);
        self.wait_until("no stream is open", |subject| subject.metric("etcd_debugging_mvcc_watch_stream_total") == 0);
        self.check_served("afterwards");
        self.server.check_alive();
        let (before, after) = (self.resident_before, self.resident_mb());
        println!("memory: {before} MB before, {peak_mb} MB at most, {after} MB after");
        assert!(peak_mb < before + GROWTH_MAX_MB, "{before} MB before, {peak_mb} MB at most");
        assert!(!self.server.log().contains("panic"), "{}", self.server.log());
    }
}

fn everything() -> WatchRequest {
    let create = WatchCreateRequest { key: "\0".into(), range_end: "\0".into(), ..WatchCreateRequest::default() };
    WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) }
}

fn watch_everything() -> Vec<u8> {
    everything().encode_to_vec()
}

/// Makes so many watchers on a stream, which is open as long as what is returned.
async fn watch(server: &Server, count: u32) -> (mpsc::Sender<WatchRequest>, Streaming<WatchResponse>) {
    const AT_ONCE: u32 = 100;
    let (requests, receiver) = mpsc::channel(AT_ONCE as usize);
    let mut client = WatchClient::new(server.channel());
    let mut answers = client.watch(ReceiverStream::new(receiver)).await.expect("watch").into_inner();
    for _ in 0..count / AT_ONCE {
        for _ in 0..AT_ONCE {
            requests.send(everything()).await.expect("the stream is open");
        }
        let mut created = 0;
        while created < AT_ONCE {
            let answer = answers.message().await.expect("an answer").expect("the stream goes on");
            created += u32::from(answer.created);
        }
    }
    (requests, answers)
}

/// What is no HTTP/2, what is no frame, what is no message, and what is none of each from some byte on.
#[test]
fn garbage_costs_only_its_sender() {
    let subject = Subject::new();
    let mut random = Random::new(5);
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut open = Vec::new();
    for round in 0..300 {
        let mut bytes = Vec::new();
        if !random.one_in(4) {
            bytes.extend_from_slice(preface);
            bytes.extend(Frame::new(kind::SETTINGS, 0, 0, &[]).encode());
            for _ in 0..random.below(4) {
                let path = random.pick(&[WATCH, KEEP_ALIVE, RANGE, "/nothing", "nothing", ""]);
                let stream = random.pick(&[0, 1, 2, 3, 5, u32::MAX >> 1]);
                bytes.extend(Frame::call(stream, path).encode());
                let message: Vec<u8> = (0..random.below(40)).map(|_| random.next() as u8).collect();
                bytes.extend(Frame::message(stream, random.pick(&[0, END_STREAM]), &message).encode());
            }
        }
        for _ in 0..random.below(3) {
            let (frame_kind, flags) = (random.below(12) as u8, random.next() as u8);
            let payload: Vec<u8> = (0..random.below(60)).map(|_| random.next() as u8).collect();
            bytes.extend(Frame::new(frame_kind, flags, random.below(8) as u32, &payload).encode());
        }
        // Some of it is not even that.
        for _ in 0..random.below(3) {
            if !bytes.is_empty() {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.next() as u8;
            }
        }
        bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
        let mut stream = TcpStream::connect(subject.server.endpoint()).expect("the server accepts");
        stream.set_read_timeout(Some(Duration::from_millis(1))).expect("set a time limit");
        // It may be closed already.
        let _ = stream.write_all(&bytes);
        let _ = stream.read(&mut [0; 100]);
        // Some leave at once, some stay in the middle of a word.
        if round % 3 == 0 {
            open.push(stream);
        }
    }
    let peak = subject.resident_mb();
    subject.check_served("beside garbage");
    drop(open);
    subject.finish(peak);
}

/// One client opens ten thousand streams on a connection, the next ten thousand watchers on a stream.
#[test]
fn streams_and_watchers_by_the_ten_thousand_cost_only_their_client() {
    const COUNT: u32 = 10_000;
    let subject = Subject::new();
    let mut streams = RawConnection::open(&subject.server);
    for number in 0..COUNT {
        streams.send(&[Frame::call(2 * number + 1, if number % 2 == 0 { WATCH } else { KEEP_ALIVE })]);
    }
    subject.wait_until("the streams are open", |subject| {
        subject.metric("etcd_debugging_mvcc_watch_stream_total") == u64::from(COUNT / 2)
    });
    let mut peak = subject.resident_mb();
    subject.check_served("beside ten thousand streams");

    // One that asks for watchers and reads no answer is cut off, or waits for itself.
    let mut unread = RawConnection::open(&subject.server);
    unread.send(&[Frame::call(1, WATCH)]);
    for _ in 0..COUNT {
        unread.send(&[Frame::message(1, 0, &watch_everything())]);
    }
    subject.check_served("beside watchers whose answers nobody reads");
    let watchers = subject.runtime.block_on(watch(&subject.server, COUNT));
    assert!(subject.metric("etcd_debugging_mvcc_watcher_total") >= u64::from(COUNT));
    subject.check_served("beside ten thousand watchers of one stream");
    peak = peak.max(subject.resident_mb());
    drop((streams, unread, watchers));
    // Its connection is driven by the runtime.
    subject.runtime.block_on(tokio::task::yield_now());
    subject.finish(peak);
}

/// Two hundred clients ask for a large answer and for all that happens, and never read.
#[test]
fn clients_that_stop_reading_cost_only_themselves() {
    const CLIENTS: usize = 200;
    let subject = Subject::new();
    subject.runtime.block_on(async {
        let mut client = KvClient::new(subject.server.channel());
        for number in 0..20 {
            let key = format!("large {number}");
            let put = PutRequest { key: key.into(), value: vec![b'v'; 50_000].into(), ..PutRequest::default() };
            client.put(put).await.expect("put");
        }
    });
    let range = RangeRequest { key: "\0".into(), range_end: "\0".into(), ..RangeRequest::default() }.encode_to_vec();
    let connections: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut connection = RawConnection::open(&subject.server);
            connection.send(&[Frame::call(1, RANGE), Frame::message(1, END_STREAM, &range)]);
            connection.send(&[Frame::call(3, WATCH), Frame::message(3, 0, &watch_everything())]);
            connection
        })
        .collect();
    subject.wait_until("all watch", |subject| subject.metric("etcd_debugging_mvcc_watcher_total") == CLIENTS as u64);
    let mut peak = 0;
    subject.runtime.block_on(async {
        let mut client = KvClient::new(subject.server.channel());
        for number in 0..200 {
            let key = format!("large {}", number % 20);
            let put = PutRequest { key: key.into(), value: vec![b'v'; 50_000].into(), ..PutRequest::default() };
            tokio::time::timeout(WITHIN, client.put(put)).await.expect("writers go on").expect("put");
            peak = peak.max(subject.resident_mb());
        }
    });
    subject.check_served("beside clients that do not read");
    drop(connections);
    subject.finish(peak);
}

/// Calls are cancelled, and connections end, at any moment.
#[test]
fn clients_that_vanish_leave_nothing() {
    let subject = Subject::new();
    let mut random = Random::new(11);
    let messages = [
        (WATCH, watch_everything()),
        (KEEP_ALIVE, LeaseKeepAliveRequest { id: 1 }.encode_to_vec()),
        (RANGE, RangeRequest { key: "polite".into(), ..RangeRequest::default() }.encode_to_vec()),
        (
            "/etcdserverpb.KV/Put",
            PutRequest { key: "gone".into(), value: vec![b'v'; 10_000].into(), ..PutRequest::default() }
                .encode_to_vec(),
        ),
        ("/v3lockpb.Lock/Lock", b"\x0a\x04gone".to_vec()),
    ];
    let mut open = VecDeque::new();
    for _ in 0..200 {
        let mut connection = RawConnection::open(&subject.server);
        let mut bytes = Vec::new();
        for number in 0..=random.below(20) as u32 {
            let (path, message) = random.pick(&messages);
            let stream = 2 * number + 1;
            bytes.extend(Frame::call(stream, path).encode());
            bytes.extend(Frame::message(stream, random.pick(&[0, END_STREAM]), &message).encode());
            if random.one_in(2) {
                bytes.extend(Frame::new(kind::RST_STREAM, 0, stream, &8u32.to_be_bytes()).encode());
            }
        }
        if random.one_in(2) {
            bytes.truncate(random.below(bytes.len() as u64) as usize);
        }
        connection.send_bytes(&bytes);
        // Most stay for a moment.
        open.push_back(connection);
        if open.len() > random.below(20) as usize {
            open.pop_front();
        }
    }
    let peak = subject.resident_mb();
    drop(open);
    subject.finish(peak);
}
