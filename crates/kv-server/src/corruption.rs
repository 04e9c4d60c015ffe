//! Looking for damage without being asked: at the start, from time to time, and in what compactions come across.
//!
//! Whoever is alone has nobody to compare hashes with, but making one reads every record with its checksum. At the start
//! damage keeps the server from serving; later it raises the alarm CORRUPT, which stops every change.

use std::sync::Arc;
use std::time::Duration;

use kv_store::{Alarm, AlarmChange, AlarmKind, Command, ReadError, StorageErrorKind};

use crate::engine::Engine;
use crate::startup::EngineError;
use crate::status::chain;

/// Reads the whole store before it is served.
pub(crate) async fn check_at_start(engine: &Engine) -> Result<(), EngineError> {
    let local_member_id = format!("{:x}", engine.identity.member_id);
    tracing::info!(local_member_id, "starting initial corruption check");
    match read_all(engine).await {
        Ok(()) => {
            tracing::info!(local_member_id, "initial corruption checking passed; no corruption");
            Ok(())
        }
        Err(error) => {
            tracing::error!(error, "checkInitialHashKV failed");
            Err(EngineError::Damaged(error))
        }
    }
}

/// Reads the whole store every `interval`, for ever.
pub(crate) async fn run(engine: Arc<Engine>, interval: Duration) {
    tracing::info!(interval = format!("{interval:?}"), "enabled corruption checking");
    loop {
        tokio::time::sleep(interval).await;
        let Err(error) = read_all(&engine).await else {
            tracing::info!(number_of_peers_checked = 0, "finished peer corruption check");
            continue;
        };
        raise(&engine, &error).await;
    }
}

/// Raises the alarm for what compactions find, for ever.
pub(crate) async fn follow_compactions(engine: Arc<Engine>) {
    let mut damage = engine.damage();
    loop {
        let found = damage.borrow_and_update().clone();
        if let Some(error) = found {
            raise(&engine, &error).await;
        }
        if damage.changed().await.is_err() {
            return;
        }
    }
}

async fn raise(engine: &Engine, error: &str) {
    let alarm = Alarm { kind: AlarmKind::CORRUPT, member_id: engine.identity.member_id };
    if engine.store.alarms().contains(&alarm) {
        return;
    }
    tracing::error!(error, "the store is damaged; raising the alarm that stops every change");
    if let Err(error) = engine.propose(&Command::Alarm(AlarmChange::Raise(alarm))).await {
        tracing::warn!(error = error.message(), "cannot raise the alarm");
    }
}

/// Reads every record; an error says which one is damaged.
async fn read_all(engine: &Engine) -> Result<(), String> {
    let hashed = engine.blocking(|store| store.hash_kv(0)).await.map_err(|status| status.message().to_owned())?;
    match hashed {
        Err(ReadError::Storage(error)) if error.kind() == StorageErrorKind::Corrupted => Err(chain(&error)),
        // Too many readers, say, is no damage; a compaction in between neither.
        Ok(_) | Err(_) => Ok(()),
    }
}
