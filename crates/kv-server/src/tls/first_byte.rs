//! Tells TLS from HTTP by the first byte, where one address serves both.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};

use super::handshake::HANDSHAKE_TIMEOUT;
use crate::read_through::{ReadThrough, Reading};

/// What a handshake begins with: no request of HTTP does.
const HANDSHAKE_RECORD: u8 = 0x16;

/// Gives back the byte that was looked at.
#[derive(Debug)]
pub(crate) struct FirstByte(Option<u8>);

/// A connection of which the first byte has been looked at.
pub(crate) type Begun<S> = ReadThrough<S, FirstByte>;

impl<S: AsyncRead + Unpin> Begun<S> {
    /// Waits for the first byte.
    pub(crate) async fn wait(mut stream: S) -> io::Result<Self> {
        let first = tokio::time::timeout(HANDSHAKE_TIMEOUT, stream.read_u8()).await;
        let first = first.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Ok(Self::new(stream, FirstByte(Some(first))))
    }

    /// Says whether the client begins a handshake.
    pub(crate) fn with_tls(&self) -> bool {
        self.reading().0 == Some(HANDSHAKE_RECORD)
    }
}

impl Reading for FirstByte {
    fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() > 0
            && let Some(first) = self.0.take()
        {
            buffer.put_slice(&[first]);
            return Poll::Ready(Ok(()));
        }
        Pin::new(stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_byte_tells_and_is_not_lost() {
        for (bytes, with_tls) in [(&b"GET / HTTP/1.1"[..], false), (b"PRI * HTTP/2.0", false), (b"\x16\x03\x01", true)]
        {
            let (mut client, server) = tokio::io::duplex(64);
            client.write_all(bytes).await.unwrap();
            drop(client);
            let mut begun = Begun::wait(server).await.unwrap();
            assert_eq!(begun.with_tls(), with_tls);
            let mut read = Vec::new();
            begun.read_to_end(&mut read).await.unwrap();
            assert_eq!(read, bytes);
        }
        let (_client, server) = tokio::io::duplex(64);
        assert_eq!(Begun::wait(server).await.err().unwrap().kind(), io::ErrorKind::TimedOut);
    }
}
