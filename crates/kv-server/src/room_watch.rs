//! Looks whether the disk is full, and has the ballast given back or taken again.

use std::sync::Arc;
use std::time::Duration;

use crate::ballast::Ballast;
use crate::engine::Engine;

/// How often it is looked whether the disk is full.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Keeps the room, for ever.
pub(crate) async fn run(engine: Arc<Engine>, ballast: Arc<Ballast>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let full = engine.out_of_room().is_some();
        if ballast.is_due(full) {
            let ballast = Arc::clone(&ballast);
            // Tried again in a second.
            let _ = engine.blocking(move |_| ballast.keep(full)).await;
        }
    }
}
