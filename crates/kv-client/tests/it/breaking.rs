//! Servers that cannot be reached, speak something else, or break off.
//!
//! What decides whether a call may be sent again is whether the server can have executed it. So these servers are plain
//! sockets that send exactly the bytes of the case.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kv_client::{Client, Deadline, Error, Options, Step};
use kv_proto::etcdserverpb::{PutRequest, RangeRequest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The first frame of a server of HTTP/2: settings, of which there are none.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A key that can be found in the bytes of a request.
const KEY: &str = "key-of-the-request";

/// Serves connections by sending `greeting`, reading until the request has come, and closing. Returns the address, and
/// the number of requests that came.
async fn breaking_server(greeting: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    answering_server(greeting, None).await
}

/// Serves like [`breaking_server`]; with a farewell it sends that in place of closing.
async fn answering_server(greeting: &'static [u8], farewell: Option<&'static [u8]>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut received = Vec::new();
            if stream.write_all(greeting).await.is_err() {
                continue;
            }
            while stream.read_buf(&mut received).await.is_ok_and(|length| length > 0) {
                if received.windows(KEY.len()).any(|window| window == KEY.as_bytes()) {
                    counter.fetch_add(1, Ordering::SeqCst);
                    break;
                }
            }
            if let Some(farewell) = farewell {
                stream.write_all(farewell).await.unwrap();
                open.push(stream);
            }
        }
    });
    (address, requests)
}

/// Serves one connection until a request has come, and does nothing more. Returns the address, and the number of requests.
async fn hanging_server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(SETTINGS).await.unwrap();
        let mut received = Vec::new();
        while !received.windows(KEY.len()).any(|window| window == KEY.as_bytes()) {
            stream.read_buf(&mut received).await.unwrap();
        }
        counter.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await;
        drop((listener, stream));
    });
    (address, requests)
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// An address where nobody listens.
async fn dead_address() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

async fn client(endpoints: &[String]) -> Client {
    Client::connect(endpoints, Options::default()).await.unwrap()
}

async fn patient_for(endpoints: &[String], dial_timeout: Duration) -> Client {
    Client::connect(endpoints, Options { dial_timeout, ..Options::default() }).await.unwrap()
}

fn put() -> PutRequest {
    PutRequest { key: KEY.into(), ..PutRequest::default() }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_millis(300))
}

/// Returns the step that the client blames after a call ran out of time.
async fn blamed_step(endpoint: String) -> Step {
    match client(&[endpoint]).await.put(put(), soon()).await {
        Err(Error::DeadlineExceeded { failures }) => failures[0].step,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_step_that_fails_is_named() {
    assert_eq!(blamed_step(dead_address().await).await, Step::Connect);
    assert_eq!(blamed_step(format!("unix://{}", "/no/such/socket")).await, Step::Connect);
    let (http1, _) = breaking_server(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert_eq!(blamed_step(http1.clone()).await, Step::Http2);
    assert_eq!(blamed_step(format!("https://{http1}")).await, Step::Tls);
}

/// What accepts connections and says nothing is no server, whatever it may do with a request later.
#[tokio::test]
async fn a_server_that_says_nothing_is_told_from_one_that_is_slow() {
    let (silent, requests) = breaking_server(b"").await;
    for (endpoint, step) in [(silent.clone(), Step::Greeting), (format!("https://{silent}"), Step::Tls)] {
        let client = patient_for(&[endpoint], Duration::from_secs(1)).await;
        let result = client.put(put(), Deadline::after(Duration::from_millis(1500))).await;
        let Err(Error::DeadlineExceeded { failures }) = result else { panic!("{result:?}") };
        assert_eq!(failures[0].step, step);
        assert!(failures[0].reason.ends_with("no answer within 1s"), "{}", failures[0]);
    }
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

/// A process that is stopped still has its connections, and the system goes on to accept new ones for it.
#[tokio::test]
async fn a_read_goes_elsewhere_when_its_server_hangs_and_a_change_does_not() {
    let (hanging, asked) = hanging_server().await;
    let (other, requests) = breaking_server(SETTINGS).await;
    let client = client(&[hanging.clone(), other.clone()]).await;
    let result = client.put(put(), Deadline::after(Duration::from_secs(1))).await;
    assert!(matches!(&result, Err(Error::DeadlineExceeded { failures }) if failures.is_empty()), "{result:?}");
    assert_eq!((asked.load(Ordering::SeqCst), requests.load(Ordering::SeqCst)), (1, 0));

    let (hanging, asked) = hanging_server().await;
    let client = patient_for(&[hanging, other], Duration::from_secs(1)).await;
    let request = RangeRequest { key: KEY.into(), ..RangeRequest::default() };
    tokio::select! {
        result = client.range(request, Deadline::NEVER) => panic!("{result:?}"),
        () = until(|| requests.load(Ordering::SeqCst) > 0) => {}
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// A server of gRPC resets a call whose time is over, and its clock may be the faster one.
#[tokio::test]
async fn a_call_that_the_server_gives_up_has_run_out_of_time() {
    const RESET_AS_CANCELLED: &[u8] = &[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8];
    let (address, requests) = answering_server(SETTINGS, Some(RESET_AS_CANCELLED)).await;
    let client = client(&[address]).await;
    let result = client
        .range(RangeRequest { key: KEY.into(), ..RangeRequest::default() }, Deadline::after(Duration::from_secs(600)))
        .await;
    assert!(matches!(&result, Err(Error::DeadlineExceeded { failures }) if failures.is_empty()), "{result:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_put_that_may_have_been_executed_is_not_sent_again() {
    let (address, requests) = breaking_server(SETTINGS).await;
    let error = client(&[address]).await.put(put(), soon()).await.unwrap_err();
    assert!(matches!(error, Error::Broken { of_change: true, .. }), "{error:?}");
    assert!(
        error.to_string().starts_with("rpc error: code = Unavailable desc = error reading from server: "),
        "{error}"
    );
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_read_is_sent_again() {
    let (address, requests) = breaking_server(SETTINGS).await;
    let request = RangeRequest { key: KEY.into(), ..RangeRequest::default() };
    let result = client(&[address]).await.range(request, soon()).await;
    assert!(result.is_err());
    assert!(requests.load(Ordering::SeqCst) > 1);
}

#[tokio::test]
async fn a_put_to_a_server_that_never_spoke_http2_goes_to_the_next_endpoint() {
    let (silent, _) = breaking_server(b"").await;
    let (address, requests) = breaking_server(SETTINGS).await;
    let client = patient_for(&[dead_address().await, silent, address], Duration::from_millis(200)).await;
    let result = client.put(put(), Deadline::NEVER).await;
    // The last server breaks off too, but it is the only one that can have executed the put.
    assert!(matches!(result, Err(Error::Broken { of_change: true, .. })), "{result:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_request_that_is_too_large_is_not_sent() {
    let (address, requests) = breaking_server(SETTINGS).await;
    let options = Options { max_request_bytes: 10, ..Options::default() };
    let client = Client::connect([address], options).await.unwrap();
    let error = client.put(put(), soon()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "rpc error: code = ResourceExhausted desc = trying to send message larger than max (20 vs. 10)"
    );
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}
