//! A snapshot as a stream: the copy of the store in chunks, then its SHA-256, as etcd sends its own file.
//!
//! The copy is whole before the first chunk is sent. From then on the client may take its time: what is held for it is a file
//! without a name and one piece of it in memory. A client that goes away ends the task that reads it, and so does one that takes
//! nothing for long: it would keep the disk that its copy takes, and one of the few places, for good.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{Stream, stream};
use kv_proto::ApiError;
use kv_proto::etcdserverpb::SnapshotResponse;
use kv_store::{Snapshot, StorageError, StorageErrorKind};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tonic::Status;

use crate::engine::{Engine, request_failed};
use crate::metrics::Metrics;
use crate::status::{chain, status};
use crate::version::API_STORAGE_VERSION;

/// Snapshots that may be on their way at once. Each takes as much disk as the store uses; one more is refused.
pub(super) const SNAPSHOTS_MAX: usize = 4;

/// Bytes of a message, etcd's number.
const CHUNK_BYTES: usize = 32 << 10;

/// Bytes that are read and hashed at a time, which takes a millisecond on a thread where that delays nobody.
const PIECE_BYTES: usize = 1 << 20;

/// Messages that are made before the client takes them.
const MESSAGES_AHEAD: usize = 4;

/// A snapshot on its way.
struct Sending {
    metrics: Arc<Metrics>,
    source: Source,
    total_bytes: u64,
    began: Instant,
}

/// The copy, with the digest of what was read of it.
struct Source {
    file: File,
    hasher: Sha256,
}

/// Takes a snapshot and begins to send it.
pub(super) async fn start(
    engine: &Engine,
    snapshots: &Arc<Semaphore>,
) -> Result<impl Stream<Item = Result<SnapshotResponse, Status>> + Send + use<>, Status> {
    let permit = Arc::clone(snapshots).try_acquire_owned().map_err(|_| status(ApiError::TooManyRequests))?;
    let began = Instant::now();
    // The copy goes on where the client goes away, and so counts until it is done.
    let taken = engine.blocking(move |store| {
        let snapshot = store.checkpoint_all().and_then(|()| store.storage().snapshot());
        (snapshot, permit)
    });
    let (snapshot, permit) = taken.await?;
    let Snapshot { file, length_bytes } = snapshot.map_err(|error| refused(&error))?;
    tracing::info!(
        total_bytes = length_bytes,
        storage_version = API_STORAGE_VERSION,
        took = format!("{:?}", began.elapsed()),
        "sending database snapshot to client"
    );
    let source = Source { file, hasher: Sha256::new() };
    let sending = Sending { metrics: Arc::clone(&engine.metrics), source, total_bytes: length_bytes, began };
    Ok(stream(sending, engine.config.snapshot_stall_timeout, permit))
}

/// Sends from a task of its own, because a stream that nobody reads from is never asked to go on.
fn stream(
    sending: Sending,
    stall_timeout: Duration,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<SnapshotResponse, Status>> + Send + use<> {
    let (messages, waiting) = mpsc::channel(MESSAGES_AHEAD);
    tokio::spawn(async move {
        let out = Out { messages, stall_timeout };
        let total_bytes = sending.total_bytes;
        // Let go of before the client sees the end of the stream, so that it may ask again at once.
        if let Err(Stalled) = sending.run(out, permit).await {
            tracing::warn!(
                total_bytes,
                timeout = format!("{stall_timeout:?}"),
                "gave up a snapshot that its client does not take"
            );
        }
    });
    stream::try_unfold(Some(waiting), move |waiting| async move {
        let Some(mut waiting) = waiting else { return Ok(None) };
        match waiting.recv().await {
            Some(Message::Chunk(message)) => Ok(Some((message, Some(waiting)))),
            Some(Message::Digest(message)) => Ok(Some((message, None))),
            Some(Message::Failed(status)) => Err(status),
            None => Err(Status::aborted(format!(
                "etcdserver: the snapshot was given up, because nothing of it was taken for {stall_timeout:?}"
            ))),
        }
    })
}

/// What the stream is told.
enum Message {
    Chunk(SnapshotResponse),
    /// The last one.
    Digest(SnapshotResponse),
    Failed(Status),
}

/// The client takes nothing.
struct Stalled;

/// Where messages go.
struct Out {
    messages: mpsc::Sender<Message>,
    stall_timeout: Duration,
}

impl Out {
    /// Sends a message once there is room for it; returns whether anybody is still there.
    async fn send(&self, message: Message) -> Result<bool, Stalled> {
        let sent = self.messages.send(message);
        if self.stall_timeout.is_zero() {
            return Ok(sent.await.is_ok());
        }
        match tokio::time::timeout(self.stall_timeout, sent).await {
            Ok(sent) => Ok(sent.is_ok()),
            Err(_) => Err(Stalled),
        }
    }
}

fn refused(error: &StorageError) -> Status {
    tracing::error!(error = %error, "snapshot failed");
    let text = format!("etcdserver: {}", chain(error));
    match error.kind() {
        StorageErrorKind::NoSpace => Status::resource_exhausted(text),
        _ => Status::unknown(text),
    }
}

impl Sending {
    async fn run(mut self, out: Out, permit: OwnedSemaphorePermit) -> Result<(), Stalled> {
        let mut left_bytes = self.total_bytes;
        while left_bytes > 0 {
            let mut piece = match self.source.next_piece(left_bytes).await {
                Ok((source, piece)) => {
                    self.source = source;
                    piece
                }
                Err(status) => return out.send(Message::Failed(status)).await.map(drop),
            };
            while !piece.is_empty() {
                let blob = piece.split_to(CHUNK_BYTES.min(piece.len()));
                left_bytes -= blob.len() as u64;
                if !out.send(Message::Chunk(message(left_bytes, blob))).await? {
                    return Ok(());
                }
            }
        }
        let metrics = Arc::clone(&self.metrics);
        let (total_bytes, began) = (self.total_bytes, self.began);
        let digest = self.source.hasher.finalize();
        // Who has the end of it may ask for the next one.
        drop((self.source.file, permit));
        tracing::info!(total_bytes, checksum_size = digest.len(), "sending database sha256 checksum to client");
        if out.send(Message::Digest(message(0, Bytes::copy_from_slice(&digest)))).await? {
            let took = began.elapsed();
            tracing::info!(
                total_bytes,
                took = format!("{took:?}"),
                storage_version = API_STORAGE_VERSION,
                "successfully sent database snapshot to client"
            );
            metrics.snapshot_duration.observe(took);
        }
        Ok(())
    }
}

fn message(remaining_bytes: u64, blob: Bytes) -> SnapshotResponse {
    SnapshotResponse { header: None, remaining_bytes, blob, version: API_STORAGE_VERSION.to_owned() }
}

impl Source {
    /// Reads and hashes a piece.
    async fn next_piece(mut self, left_bytes: u64) -> Result<(Self, Bytes), Status> {
        let length = left_bytes.min(PIECE_BYTES as u64) as usize;
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; length];
            self.file.read_exact(&mut piece)?;
            self.hasher.update(&piece);
            Ok::<_, std::io::Error>((self, Bytes::from(piece)))
        });
        let read = read.await.map_err(|_| request_failed())?;
        read.map_err(|error| Status::unknown(format!("etcdserver: read the snapshot: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use futures_util::StreamExt as _;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(600);
    const CHUNKS: usize = 40;

    /// A stream of some chunks and its place.
    fn begin() -> (impl Stream<Item = Result<SnapshotResponse, Status>>, Arc<Semaphore>) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![7; CHUNKS * CHUNK_BYTES]).unwrap();
        file.rewind().unwrap();
        let sending = Sending {
            metrics: Arc::default(),
            source: Source { file, hasher: Sha256::new() },
            total_bytes: (CHUNKS * CHUNK_BYTES) as u64,
            began: Instant::now(),
        };
        let places = Arc::new(Semaphore::new(1));
        let permit = Arc::clone(&places).try_acquire_owned().unwrap();
        (stream(sending, TIMEOUT, permit), places)
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_gets_everything() {
        let (messages, places) = begin();
        let mut messages = std::pin::pin!(messages);
        for left in (0..CHUNKS).rev() {
            tokio::time::sleep(TIMEOUT.mul_f64(0.99)).await;
            let message = messages.next().await.unwrap().unwrap();
            assert_eq!(message.remaining_bytes, (left * CHUNK_BYTES) as u64);
        }
        assert_eq!(messages.next().await.unwrap().unwrap().blob.len(), 32);
        assert!(messages.next().await.is_none());
        assert_eq!(places.available_permits(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_loses_its_place_and_is_told() {
        let (messages, places) = begin();
        let mut messages = std::pin::pin!(messages);
        messages.next().await.unwrap().unwrap();
        tokio::time::sleep(TIMEOUT / 2).await;
        assert_eq!(places.available_permits(), 0);
        tokio::time::sleep(TIMEOUT).await;
        assert_eq!(places.available_permits(), 1);
        let mut taken = 0;
        let error = loop {
            match messages.next().await.expect("no end without a word") {
                Ok(_) => taken += 1,
                Err(error) => break error,
            }
        };
        assert!(taken <= MESSAGES_AHEAD + 1, "{taken}");
        assert_eq!(error.code(), tonic::Code::Aborted);
        assert!(error.message().ends_with("nothing of it was taken for 600s"), "{error}");
    }
}
