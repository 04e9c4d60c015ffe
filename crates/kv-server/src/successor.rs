//! What goes on with a connection when HTTP is done with it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use parking_lot::Mutex;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Set by the request that ends HTTP on a connection, and run in its place by whoever serves the connection, so that it counts as
/// one until the end.
#[derive(Clone, Default)]
pub(crate) struct Successor(Arc<Mutex<Option<Work>>>);

impl Successor {
    pub(crate) fn set(&self, work: Work) {
        *self.0.lock() = Some(work);
    }

    pub(crate) fn take(&self) -> Option<Work> {
        self.0.lock().take()
    }
}

impl std::fmt::Debug for Successor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Successor")
    }
}
