//! Looking for damage without being asked: from time to time, and in what compactions come across. It raises the alarm
//! CORRUPT, which stops every change; at the start it keeps the server from serving, see `startup.rs`.

use std::sync::Arc;
use std::time::Duration;

use kv_store::{Alarm, AlarmChange, AlarmKind, Command, StorageErrorKind, Store};

use crate::engine::Engine;
use crate::status::chain;

/// Reads the whole store every `interval`, for ever.
pub(crate) async fn run(engine: Arc<Engine>, interval: Duration) {
    tracing::info!(interval = format!("{interval:?}"), "enabled corruption checking");
    loop {
        tokio::time::sleep(interval).await;
        match engine.blocking(Store::verify).await {
            Ok(Err(error)) if error.kind() != StorageErrorKind::Corrupted => {
                tracing::warn!(error = chain(&error), "cannot look for damage");
            }
            Ok(Err(error)) => raise(&engine, &chain(&error)).await,
            Ok(Ok(())) => tracing::info!(number_of_peers_checked = 0, "finished peer corruption check"),
            Err(error) => tracing::warn!(error = error.message(), "cannot look for damage"),
        }
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
