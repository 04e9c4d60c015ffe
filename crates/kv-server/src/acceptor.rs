//! Accepts connections and hands each to the thread that will serve it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::connection::{self, Options};
use crate::front::Front;
use crate::http::Scope;
use crate::listener::{Bound, SocketFile};
use crate::workers::Workers;

/// How long accepting rests when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Takes connections from one listener and hands them to threads.
pub(crate) struct Acceptor {
    pub(crate) front: Arc<Front>,
    pub(crate) workers: Arc<Workers>,
    pub(crate) options: Options,
    pub(crate) draining: watch::Receiver<bool>,
    pub(crate) room: Arc<Semaphore>,
    pub(crate) alive: mpsc::Sender<()>,
    pub(crate) scope: Scope,
}

impl Acceptor {
    /// Accepts until the listener is dropped with this task.
    pub(crate) async fn run(self, listener: AsyncListener) {
        while let Ok(room) = Arc::clone(&self.room).acquire_owned().await {
            match listener.accept().await {
                Ok(stream) => self.hand_over(stream, room),
                // The client was gone before it was accepted.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::warn!(error = %error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn hand_over(&self, stream: Stream, room: OwnedSemaphorePermit) {
        let (front, draining, alive) = (Arc::clone(&self.front), self.draining.clone(), self.alive.clone());
        let (scope, options) = (self.scope, self.options);
        self.workers.spawn(move || async move {
            let _held = (room, alive);
            let refused = |error: io::Error| tracing::warn!(error = %error, "cannot serve a connection");
            match stream {
                Stream::Tcp(stream) => match tokio::net::TcpStream::from_std(stream) {
                    Ok(stream) => connection::run(stream, front, scope, options, draining).await,
                    Err(error) => refused(error),
                },
                Stream::Unix(stream) => match tokio::net::UnixStream::from_std(stream) {
                    Ok(stream) => connection::run(stream, front, scope, options, draining).await,
                    Err(error) => refused(error),
                },
            }
        });
    }
}

/// A listening socket on the runtime of whoever accepts.
pub(crate) enum AsyncListener {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener, #[expect(dead_code, reason = "removes the file when dropped")] SocketFile),
}

/// A connection between two runtimes.
enum Stream {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream),
}

impl AsyncListener {
    pub(crate) fn new(socket: Bound) -> io::Result<Self> {
        Ok(match socket {
            Bound::Tcp(listener) => Self::Tcp(tokio::net::TcpListener::from_std(listener)?),
            Bound::Unix(listener, file) => Self::Unix(tokio::net::UnixListener::from_std(listener)?, file),
        })
    }

    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // An answer that waits for the acknowledgement of the one before costs 40 ms.
                stream.set_nodelay(true)?;
                stream.into_std().map(Stream::Tcp)
            }
            Self::Unix(listener, _) => listener.accept().await?.0.into_std().map(Stream::Unix),
        }
    }
}
