//! What a client may not do without end: kvd stops it where etcd 3.7.1 does, and in the same words.

use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::{RangeRequest, WatchCreateRequest, WatchRequest};
use prost::Message as _;

use crate::harness::http2::{END_STREAM, Frame, RawConnection, kind};
use crate::harness::{Kind, Server};

/// More pings than any server forgives.
const PINGS: usize = 10;

/// What goes on beside the pings.
#[derive(Debug, Clone, Copy)]
enum Beside {
    /// No call is open.
    Nothing,
    /// A watcher waits for an event that does not come.
    QuietWatch,
    /// A call is answered between each two.
    Calls,
    /// As before, and a watcher waits.
    QuietWatchAndCalls,
}

/// Sends pings one at a time; returns after how many the server has enough, and what it says.
fn pings_until_cut_off(kind: Kind, beside: Beside) -> Option<(usize, u32, Vec<u8>)> {
    let server = Server::start(kind);
    let mut connection = RawConnection::open(&server);
    if matches!(beside, Beside::QuietWatch | Beside::QuietWatchAndCalls) {
        let create = WatchCreateRequest { key: "quiet".into(), ..WatchCreateRequest::default() };
        let create = WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
        connection.send(&[Frame::call(1, "/etcdserverpb.Watch/Watch"), Frame::message(1, 0, &create.encode_to_vec())]);
        connection.read_one_of(&[kind::DATA]).expect("the watcher is created");
        // The first ping takes note of what was said before.
        connection.send(&[Frame::ping()]);
        connection.read_one_of(&[kind::PING]).expect("the server answers");
    }
    for ping in 0..PINGS {
        if matches!(beside, Beside::Calls | Beside::QuietWatchAndCalls) {
            let stream = 2 * ping as u32 + 3;
            let range = RangeRequest { key: "a".into(), ..RangeRequest::default() }.encode_to_vec();
            let call = Frame::call(stream, "/etcdserverpb.KV/Range");
            connection.send(&[call, Frame::message(stream, END_STREAM, &range)]);
            loop {
                let frame = connection.read_one_of(&[kind::HEADERS]).expect("the call is answered");
                if frame.flags & END_STREAM != 0 {
                    break;
                }
            }
        }
        connection.send(&[Frame::ping()]);
        let answer = connection.read_one_of(&[kind::PING, kind::GOAWAY]).expect("the server answers");
        let goaway = if answer.kind == kind::GOAWAY { Some(answer) } else { cut_off(&mut connection) };
        if let Some(goaway) = goaway {
            assert!(connection.read_one_of(&[kind::PING]).is_none(), "{kind}: the connection ends");
            return Some((ping + 1, goaway.number(4), goaway.payload[8..].to_vec()));
        }
    }
    None
}

/// etcd answers the ping that was one too many before it says so. Settings are answered, or the server has said it.
fn cut_off(connection: &mut RawConnection) -> Option<Frame> {
    connection.send(&[Frame::new(kind::SETTINGS, 0, 0, &[])]);
    connection.read_one_of(&[kind::SETTINGS, kind::GOAWAY]).filter(|frame| frame.kind == kind::GOAWAY)
}

#[test]
fn a_client_that_pings_too_often_is_cut_off_as_etcd_does() {
    for beside in [Beside::Nothing, Beside::QuietWatch, Beside::Calls, Beside::QuietWatchAndCalls] {
        let (theirs, ours) = (pings_until_cut_off(Kind::Etcd37, beside), pings_until_cut_off(Kind::Kvd, beside));
        assert_eq!(theirs, ours, "{beside:?}");
        println!("{beside:?}: {ours:?}");
    }
}

/// The setting that says how many streams may be open, and the error of one more.
const SETTINGS_MAX_CONCURRENT_STREAMS: u16 = 3;
const REFUSED_STREAM: u32 = 7;

#[test]
fn streams_over_the_limit_are_refused_and_the_others_served() {
    for kind in [Kind::Etcd37, Kind::Kvd] {
        let server = Server::start_with(kind, &["--max-concurrent-streams=3"]);
        let mut connection = RawConnection::open(&server);
        assert_eq!(connection.setting(SETTINGS_MAX_CONCURRENT_STREAMS), Some(3), "{kind}");
        for stream in [1, 3, 5, 7] {
            connection.send(&[Frame::call(stream, "/etcdserverpb.Watch/Watch")]);
        }
        let refused = connection.read_one_of(&[kind::RST_STREAM]).expect("one is refused");
        assert_eq!((refused.stream, refused.number(0)), (7, REFUSED_STREAM), "{kind}");
        // One of the others is still there.
        let create = WatchCreateRequest { key: "a".into(), ..WatchCreateRequest::default() };
        let create = WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
        connection.send(&[Frame::message(3, 0, &create.encode_to_vec())]);
        assert_eq!(connection.read_one_of(&[kind::DATA]).expect("the watcher is created").stream, 3, "{kind}");
    }
}
