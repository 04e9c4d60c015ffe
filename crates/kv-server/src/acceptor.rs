//! Accepts connections and hands each to the thread that will serve it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::auth::CommonName;
use crate::connection::{self, Options};
use crate::front::Front;
use crate::listener::{Bound, SocketFile};
use crate::origin::{Origin, Scope};
use crate::successor::Successor;
use crate::tls::{Begun, Tls};
use crate::workers::Workers;

/// How long accepting rests when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Takes connections from one listener and hands them to threads.
pub(crate) struct Acceptor {
    pub(crate) front: Arc<Front>,
    pub(crate) workers: Arc<Workers>,
    pub(crate) options: Options,
    pub(crate) security: Security,
    pub(crate) draining: watch::Receiver<bool>,
    pub(crate) room: Arc<Semaphore>,
    pub(crate) alive: mpsc::Sender<()>,
    pub(crate) scope: Scope,
}

/// Whether connections are encrypted.
#[derive(Debug, Clone)]
pub(crate) enum Security {
    None,
    Tls(Arc<Tls>),
    /// As the client likes.
    Either(Arc<Tls>),
}

impl Acceptor {
    /// Accepts until the listener is dropped with this task.
    pub(crate) async fn run(self, listener: AsyncListener) {
        while let Ok(room) = Arc::clone(&self.room).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, remote)) => self.hand_over(stream, remote, room),
                // The client was gone before it was accepted.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::warn!(error = %error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn hand_over(&self, stream: Stream, remote: Option<SocketAddr>, room: OwnedSemaphorePermit) {
        let (front, mut draining, alive) = (Arc::clone(&self.front), self.draining.clone(), self.alive.clone());
        let (options, security) = (self.options, self.security.clone());
        let local = self.front.traces().then(|| stream.local_addr()).flatten();
        let mut origin = Origin {
            scope: self.scope,
            remote,
            local,
            encrypted: false,
            common_name: None,
            successor: Successor::default(),
        };
        self.workers.spawn(move || async move {
            let _held = (room, alive);
            let socket = match Socket::new(stream) {
                Ok(socket) => socket,
                Err(error) => return tracing::warn!(error = %error, "cannot serve a connection"),
            };
            let (tls, begun) = match (security, socket) {
                (Security::None, Socket::Tcp(stream)) => {
                    return connection::run(stream, front, origin, options, draining).await;
                }
                (Security::None, Socket::Unix(stream)) => {
                    return connection::run(stream, front, origin, options, draining).await;
                }
                (Security::Tls(tls), socket) => (tls, socket.boxed()),
                (Security::Either(tls), socket) => match until(&mut draining, Begun::wait(socket.boxed())).await {
                    Some(Ok(begun)) if begun.with_tls() => (tls, Box::new(begun) as Box<dyn Duplex>),
                    Some(Ok(begun)) => return connection::run(begun, front, origin, options, draining).await,
                    Some(Err(_)) | None => return,
                },
            };
            let remote = remote.map(|address| address.to_string()).unwrap_or_default();
            if let Some(Some((stream, common_name))) = until(&mut draining, tls.accept(begun, &remote)).await {
                origin.encrypted = true;
                origin.common_name = common_name.map(CommonName);
                connection::run(stream, front, origin, options, draining).await;
            }
        });
    }
}

/// Does something unless the server stops meanwhile.
async fn until<T>(draining: &mut watch::Receiver<bool>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        // An error means that the server is gone.
        _ = draining.wait_for(|draining| *draining) => None,
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

/// The same on the runtime of the thread that serves it.
enum Socket {
    Tcp(tokio::net::TcpStream),
    Unix(tokio::net::UnixStream),
}

impl Stream {
    fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }
}

/// Bytes in both directions.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Socket {
    fn new(stream: Stream) -> io::Result<Self> {
        Ok(match stream {
            Stream::Tcp(stream) => Self::Tcp(tokio::net::TcpStream::from_std(stream)?),
            Stream::Unix(stream) => Self::Unix(tokio::net::UnixStream::from_std(stream)?),
        })
    }

    /// Under encryption a call through a pointer does not count, and HTTP is compiled once for both.
    fn boxed(self) -> Box<dyn Duplex> {
        match self {
            Self::Tcp(stream) => Box::new(stream),
            Self::Unix(stream) => Box::new(stream),
        }
    }
}

impl AsyncListener {
    pub(crate) fn new(socket: Bound) -> io::Result<Self> {
        Ok(match socket {
            Bound::Tcp(listener) => Self::Tcp(tokio::net::TcpListener::from_std(listener)?),
            Bound::Unix(listener, file) => Self::Unix(tokio::net::UnixListener::from_std(listener)?, file),
        })
    }

    async fn accept(&self) -> io::Result<(Stream, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, remote) = listener.accept().await?;
                // An answer that waits for the acknowledgement of the one before costs 40 ms.
                stream.set_nodelay(true)?;
                Ok((Stream::Tcp(stream.into_std()?), Some(remote)))
            }
            Self::Unix(listener, _) => Ok((Stream::Unix(listener.accept().await?.0.into_std()?), None)),
        }
    }
}
