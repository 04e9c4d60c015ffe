//! Sockets to accept connections on: TCP and Unix.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use kv_proto::url::{Scheme, Url};
use socket2::{Domain, Protocol, Socket, Type};

use crate::config::Config;

/// Connections that may wait to be accepted. Linux cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// Everything a server listens on.
#[derive(Debug)]
pub struct Listeners {
    pub(crate) clients: Vec<Listener>,
    /// For HTTP alone; then those for clients are for gRPC alone.
    pub(crate) http: Vec<Listener>,
    pub(crate) metrics: Vec<Listener>,
}

impl Listeners {
    /// Binds what the configuration names.
    pub fn bind(config: &Config) -> Result<Self, BindError> {
        Ok(Self {
            clients: Listener::bind_all(&config.listen_client_urls, config.socket_reuse_port)?,
            http: Listener::bind_all(&config.listen_client_http_urls, config.socket_reuse_port)?,
            metrics: Listener::bind_all(&config.listen_metrics_urls, config.socket_reuse_port)?,
        })
    }

    /// Returns where clients are really served: port 0 has become a port.
    pub fn client_urls(&self) -> Vec<String> {
        urls_of(&self.clients)
    }

    /// Returns where HTTP is really served, if not there.
    pub fn http_urls(&self) -> Vec<String> {
        urls_of(&self.http)
    }

    /// Returns where metrics are really served.
    pub fn metrics_urls(&self) -> Vec<String> {
        urls_of(&self.metrics)
    }
}

fn urls_of(listeners: &[Listener]) -> Vec<String> {
    listeners.iter().flat_map(|listener| &listener.urls).map(ToString::to_string).collect()
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("listen on {url}")]
pub struct BindError {
    url: String,
    source: io::Error,
}

/// One bound socket.
#[derive(Debug)]
pub(crate) struct Listener {
    /// Several where an address serves both with TLS and without.
    pub(crate) urls: Vec<Url>,
    pub(crate) socket: Bound,
}

/// A socket that is listened on.
#[derive(Debug)]
pub(crate) enum Bound {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener, SocketFile),
}

impl Listener {
    fn bind_all(urls: &[Url], reuse_port: bool) -> Result<Vec<Self>, BindError> {
        let mut listeners: Vec<(&str, Self)> = Vec::new();
        for url in urls {
            match listeners.iter_mut().find(|(asked, _)| *asked == url.address) {
                Some((_, same)) => {
                    let address = same.urls[0].address.clone();
                    same.urls.push(Url::new(url.scheme, address));
                }
                None => listeners.push((&url.address, Self::bind(url, reuse_port)?)),
            }
        }
        Ok(listeners.into_iter().map(|(_, listener)| listener).collect())
    }

    fn bind(url: &Url, reuse_port: bool) -> Result<Self, BindError> {
        let bound = match url.host_port() {
            Some((host, port)) => bind_tcp(url.scheme, host, port, reuse_port),
            None => bind_unix(url),
        };
        bound.map_err(|source| BindError { url: url.to_string(), source })
    }
}

fn bind_tcp(scheme: Scheme, host: &str, port: &str, reuse_port: bool) -> io::Result<Listener> {
    let port: u16 =
        port.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the port is not a number"))?;
    let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    // `localhost` has two addresses, and most clients try the older one.
    let address = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    let address = *address.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the host has no address"))?;
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the connections of the process before.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(reuse_port)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let listener = std::net::TcpListener::from(socket);
    let port = listener.local_addr()?.port();
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    Ok(Listener { urls: vec![Url::new(scheme, format!("{host}:{port}"))], socket: Bound::Tcp(listener) })
}

fn bind_unix(url: &Url) -> io::Result<Listener> {
    let path = Path::new(&url.address);
    // A socket outlives its process. One that nobody answers on is in the way; one in use is not ours to take.
    if std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
        && std::os::unix::net::UnixStream::connect(path).is_err()
    {
        std::fs::remove_file(path)?;
    }
    let listener = std::os::unix::net::UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    Ok(Listener { urls: vec![url.clone()], socket: Bound::Unix(listener, SocketFile(path.to_owned())) })
}

/// The name of a socket, which goes away with the listener.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(url: &str) -> Result<Listener, BindError> {
        Listener::bind(&Url::parse(url).unwrap(), false)
    }

    #[test]
    fn port_zero_becomes_a_port() {
        let listener = bind("http://127.0.0.1:0").unwrap();
        let url = &listener.urls[0];
        assert_ne!(url.host_port().unwrap().1, "0");
        let error = bind(url.as_str()).unwrap_err();
        assert_eq!(error.to_string(), format!("listen on {url}"));
    }

    #[test]
    fn a_port_can_be_shared_if_both_say_so() {
        let first = Listener::bind(&Url::parse("http://127.0.0.1:0").unwrap(), true).unwrap();
        assert!(Listener::bind(&first.urls[0], true).is_ok());
        assert!(Listener::bind(&first.urls[0], false).is_err());
    }

    #[test]
    fn one_address_is_one_socket_with_tls_and_without() {
        let urls = Url::parse_list("http://127.0.0.1:0,https://127.0.0.1:0").unwrap();
        let listeners = Listener::bind_all(&urls, false).unwrap();
        let [both] = listeners.as_slice() else { panic!("{listeners:?}") };
        let [plain, secure] = both.urls.as_slice() else { panic!("{both:?}") };
        assert_eq!(plain.address, secure.address);
        assert_eq!((plain.is_secure(), secure.is_secure()), (false, true));
    }

    #[test]
    fn a_dead_socket_is_replaced_and_a_live_one_or_a_file_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kvd.sock");
        let url = format!("unix://{}", path.display());
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let listener = bind(&url).unwrap();
        assert!(bind(&url).is_err());
        drop(listener);
        assert!(!path.exists());
        std::fs::write(&path, "precious").unwrap();
        assert!(bind(&url).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }
}
