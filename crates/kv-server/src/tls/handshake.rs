//! The beginning of an encrypted connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::Certificate;
use super::files::Tls;
use super::rejection;

/// A client that has not shown who it is by then holds a connection for nothing.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

impl Tls {
    /// Makes the handshake. Returns also whom the client's certificate names, if that is to say who the client is. A client
    /// that is turned away stands in the log, and its connection is closed.
    pub(crate) async fn accept<S>(&self, stream: S, remote: &str) -> Option<(TlsStream<S>, Option<Arc<str>>)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut server_name = String::new();
        let shaken = tokio::time::timeout(HANDSHAKE_TIMEOUT, self.shake_hands(stream, &mut server_name)).await;
        let shaken = shaken.unwrap_or_else(|_| {
            let text = format!("the handshake took longer than {HANDSHAKE_TIMEOUT:?}");
            Err(io::Error::new(io::ErrorKind::TimedOut, text))
        });
        let stream = shaken.inspect_err(|error| rejection::log(remote, &server_name, error)).ok()?;
        let common_name = if self.options.client_cert_auth { common_name(&stream) } else { None };
        Some((stream, common_name))
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

/// Returns whom the client's certificate names. One without a name makes its client somebody who may nothing.
fn common_name<S>(stream: &TlsStream<S>) -> Option<Arc<str>> {
    let (_, connection) = stream.get_ref();
    let certificate = Certificate::read(connection.peer_certificates()?.first()?)?;
    Some(certificate.common_name.into())
}
