//! A snapshot as a stream: the copy of the store in chunks, then its SHA-256, as etcd sends its own file.
//!
//! The copy is whole before the first chunk is sent. From then on the client may take its time: what is held for it is a file
//! without a name and one piece of it in memory. A client that goes away drops the stream, and both with it.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::{Stream, stream};
use kv_proto::ApiError;
use kv_proto::etcdserverpb::SnapshotResponse;
use kv_store::{Snapshot, StorageError, StorageErrorKind};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

use crate::engine::Engine;
use crate::status::{chain, status};
use crate::version::API_STORAGE_VERSION;

/// Snapshots that may be on their way at once. Each takes as much disk as the store uses; one more is refused.
pub(super) const SNAPSHOTS_MAX: usize = 4;

/// Bytes of a message, etcd's number.
const CHUNK_BYTES: usize = 32 << 10;

/// Bytes that are read and hashed at a time, which takes a millisecond on a thread where that delays nobody.
const PIECE_BYTES: usize = 1 << 20;

/// A stream under way.
struct Streaming {
    engine: Arc<Engine>,
    source: Source,
    /// Read and not sent yet.
    piece: Bytes,
    total_bytes: u64,
    sent_bytes: u64,
    began: Instant,
    _permit: OwnedSemaphorePermit,
}

/// The copy, with the digest of what was read of it.
struct Source {
    file: File,
    hasher: Sha256,
}

/// Takes a snapshot and begins to send it.
pub(super) async fn start(
    engine: Arc<Engine>,
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
    let first = Streaming {
        engine,
        source: Source { file, hasher: Sha256::new() },
        piece: Bytes::new(),
        total_bytes: length_bytes,
        sent_bytes: 0,
        began,
        _permit: permit,
    };
    Ok(stream::try_unfold(Some(first), |streaming| async move {
        match streaming {
            Some(streaming) => streaming.next_chunk().await.map(Some),
            None => Ok(None),
        }
    }))
}

fn refused(error: &StorageError) -> Status {
    tracing::error!(error = %error, "snapshot failed");
    let text = format!("etcdserver: {}", chain(error));
    match error.kind() {
        StorageErrorKind::NoSpace => Status::resource_exhausted(text),
        _ => Status::unknown(text),
    }
}

impl Streaming {
    /// Returns the next message, and the rest of the stream unless it was the last.
    async fn next_chunk(mut self) -> Result<(SnapshotResponse, Option<Self>), Status> {
        if self.sent_bytes == self.total_bytes {
            return Ok((self.last_message(), None));
        }
        if self.piece.is_empty() {
            (self.source, self.piece) = self.source.next_piece(self.total_bytes - self.sent_bytes).await?;
        }
        let blob = self.piece.split_to(CHUNK_BYTES.min(self.piece.len()));
        self.sent_bytes += blob.len() as u64;
        let message = SnapshotResponse {
            header: None,
            remaining_bytes: self.total_bytes - self.sent_bytes,
            blob,
            version: API_STORAGE_VERSION.to_owned(),
        };
        Ok((message, Some(self)))
    }

    fn last_message(self) -> SnapshotResponse {
        let digest = self.source.hasher.finalize();
        let (total_bytes, took) = (self.total_bytes, self.began.elapsed());
        tracing::info!(total_bytes, checksum_size = digest.len(), "sending database sha256 checksum to client");
        tracing::info!(
            total_bytes,
            took = format!("{took:?}"),
            storage_version = API_STORAGE_VERSION,
            "successfully sent database snapshot to client"
        );
        self.engine.metrics.snapshot_duration.observe(took);
        SnapshotResponse {
            header: None,
            remaining_bytes: 0,
            blob: Bytes::copy_from_slice(&digest),
            version: API_STORAGE_VERSION.to_owned(),
        }
    }
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
        let read = read.await.map_err(|_| Status::internal("etcdserver: the request failed inside the server"))?;
        read.map_err(|error| Status::unknown(format!("etcdserver: read the snapshot: {error}")))
    }
}
