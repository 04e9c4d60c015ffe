//! A wire between a client and a server that can be cut, or fail for good as when the server dies or hangs.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Takes connections on an address of its own and passes what they say to a server and back, until it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    wire: Arc<Wire>,
}

/// How a wire fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Connections break and new ones are not served, as when a process is killed.
    Broken,
    /// Nothing is passed any more, and new connections hear nothing, as when a process is stopped.
    Silent,
}

#[derive(Debug, Default)]
struct Wire {
    connections: Mutex<Vec<TcpStream>>,
    failure: Mutex<Option<Failure>>,
    /// After how many bytes from the server it fails, and how.
    plan: Mutex<Option<(usize, Failure)>>,
}

impl Proxy {
    /// Begins to pass connections to `server`.
    pub(crate) fn start(server: SocketAddr) -> Proxy {
        Proxy::with(server, Wire::default())
    }

    /// The same until the server has said so many bytes.
    pub(crate) fn failing(server: SocketAddr, after_bytes: usize, failure: Failure) -> Proxy {
        Proxy::with(server, Wire { plan: Mutex::new(Some((after_bytes, failure))), ..Wire::default() })
    }

    fn with(server: SocketAddr, wire: Wire) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("listen on a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let wire = Arc::new(wire);
        let alive = Arc::downgrade(&wire);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Some(wire)) = (client, alive.upgrade()) else { return };
                match wire.failure() {
                    Some(Failure::Broken) => continue,
                    Some(Failure::Silent) => {
                        wire.keep([client]);
                        continue;
                    }
                    None => {}
                }
                // A server that is not there is a client that is cut off.
                let Ok(server) = TcpStream::connect(server) else { continue };
                wire.keep([copy(&client), copy(&server)]);
                pass(copy(&client), copy(&server), &wire, false);
                pass(server, client, &wire, true);
            }
        });
        Proxy { address, wire }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts all connections; new ones are taken.
    pub(crate) fn cut(&self) {
        self.wire.cut();
    }

    /// Has it fail from now on.
    pub(crate) fn fail(&self, failure: Failure) {
        self.wire.fail(failure);
    }
}

impl Wire {
    fn failure(&self) -> Option<Failure> {
        *self.failure.lock().expect(UNPOISONED)
    }

    fn fail(&self, failure: Failure) {
        *self.failure.lock().expect(UNPOISONED) = Some(failure);
        if failure == Failure::Broken {
            self.cut();
        }
    }

    /// Notes that the server has said something.
    fn heard(&self, bytes: usize) {
        let mut plan = self.plan.lock().expect(UNPOISONED);
        match &mut *plan {
            Some((left, _)) if *left > bytes => *left -= bytes,
            Some((_, failure)) => {
                self.fail(*failure);
                *plan = None;
            }
            None => {}
        }
    }

    fn keep(&self, streams: impl IntoIterator<Item = TcpStream>) {
        self.connections.lock().expect(UNPOISONED).extend(streams);
    }

    fn cut(&self) {
        for connection in self.connections.lock().expect(UNPOISONED).drain(..) {
            // It may have ended by itself.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

const UNPOISONED: &str = "no test panics with it";

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

fn pass(mut from: TcpStream, mut to: TcpStream, wire: &Arc<Wire>, is_from_server: bool) {
    // Who passes nothing more keeps no wire.
    let wire = Arc::downgrade(wire);
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let Some(wire) = wire.upgrade() else { return };
            if is_from_server {
                wire.heard(length);
            }
            if wire.failure() == Some(Failure::Silent) {
                return;
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
