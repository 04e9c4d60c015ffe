//! A wire between a client and a server that can be cut.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Takes connections on an address of its own and passes what they say to a server and back, until it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    /// Begins to pass connections to `server`.
    pub(crate) fn start(server: SocketAddr) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("listen on a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let connections: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let alive = Arc::downgrade(&connections);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Some(connections)) = (client, alive.upgrade()) else { return };
                // A server that is not there is a client that is cut off.
                let Ok(server) = TcpStream::connect(server) else { continue };
                let both = [copy(&client), copy(&server)];
                connections.lock().expect("no test panics with it").extend(both);
                pass(copy(&client), copy(&server));
                pass(server, client);
            }
        });
        Proxy { address, connections }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts all connections; new ones are taken.
    pub(crate) fn cut(&self) {
        for connection in self.connections.lock().expect("no test panics with it").drain(..) {
            // It may have ended by itself.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        // Has the listener notice that nobody wants it any more.
        let _ = TcpStream::connect(self.address);
    }
}

fn copy(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("there is room for another file")
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
