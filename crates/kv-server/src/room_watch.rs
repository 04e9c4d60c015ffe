//! Looks whether the disk is full, and has the ballast given back or taken again.

use std::sync::Arc;
use std::time::Duration;

use crate::ballasts::Ballasts;
use crate::engine::Engine;

/// How often it is looked whether the disk is full.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Keeps the room, for ever.
pub(crate) async fn run(engine: Arc<Engine>, ballasts: Arc<Ballasts>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let full = engine.full_disks();
        if ballasts.is_due(full) {
            let ballasts = Arc::clone(&ballasts);
            // Tried again in a second.
            let _ = engine.blocking(move |_| ballasts.keep(full)).await;
        }
    }
}
