//! The beginning of an encrypted connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;

use super::files::Tls;
use super::rejection;

/// A client that has not shown who it is by then holds a connection for nothing.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

impl Tls {
    /// Makes the handshake. A client that is turned away stands in the log, and its connection is closed.
    pub(crate) async fn accept<S>(&self, stream: S, remote: &str) -> Option<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut server_name = String::new();
        let shaken = tokio::time::timeout(HANDSHAKE_TIMEOUT, self.shake_hands(stream, &mut server_name)).await;
        let shaken = shaken.unwrap_or_else(|_| {
            let text = format!("the handshake took longer than {HANDSHAKE_TIMEOUT:?}");
            Err(io::Error::new(io::ErrorKind::TimedOut, text))
        });
        shaken.inspect_err(|error| rejection::log(remote, &server_name, error)).ok()
    }

    async fn shake_hands<S>(&self, stream: S, server_name: &mut String) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        // The files are looked at only when a client has begun: whoever connects and says nothing costs nothing.
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        begun.client_hello().server_name().unwrap_or_default().clone_into(server_name);
        begun.into_stream(self.current()).await
    }
}
