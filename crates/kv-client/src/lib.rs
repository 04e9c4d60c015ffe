//! A client of the etcd v3 API: connections, endpoints, credentials, and errors that say which step failed.
//!
//! A [`Client`] knows several endpoints and uses one at a time; when that fails it goes on to the next. Calls take a
//! [`Deadline`] and wait for a connection until then, as etcd's own client does. When time runs out, the error carries
//! a [`ConnectError`] for each endpoint: whether the name, the connection, TLS or HTTP/2 was the trouble.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use kv_client::{Client, Deadline, Options};
//! use kv_proto::etcdserverpb::PutRequest;
//!
//! # async fn example() -> Result<(), kv_client::Error> {
//! let client = Client::connect(["127.0.0.1:2379"], Options::default()).await?;
//! let request = PutRequest { key: "foo".into(), value: "bar".into(), ..PutRequest::default() };
//! client.put(request, Deadline::after(Duration::from_secs(5))).await?;
//! # Ok(())
//! # }
//! ```

mod options;

mod calls;
mod client;
mod contest;
mod lease;
mod page;
mod watch;

mod dial;
mod discovery;
mod endpoint;
mod error;
mod greeting;
mod moment;
mod place;
mod tls;

pub use crate::calls::{RangeStream, SnapshotStream};
pub use crate::client::Client;
pub use crate::contest::{Candidate, Contest, Observer};
pub use crate::dial::{ConnectError, Step};
pub use crate::discovery::{DiscoveryError, discover};
pub use crate::endpoint::{Endpoint, EndpointError};
pub use crate::error::Error;
pub use crate::lease::KeepAlive;
pub use crate::options::{Credentials, Deadline, Options};
pub use crate::tls::{TlsError, TlsOptions};
pub use crate::watch::{WatchKey, WatchSession};
