//! The server: gRPC services and HTTP over a store that consensus drives.
//!
//! A request comes in on a [`listener`], is served by the thread that has the fewest connections (`workers`,
//! `connection`), and goes through `front` to one of the services. Those turn it into the store's terms (`convert`),
//! ask the `engine`, and turn what it says into an answer or an error of the API (`status`).
//!
//! [`serve()`] runs a server inside a process, on sockets that are bound already; [`main()`] is the whole of `kvd`.

mod authority;
mod config;
mod connection;
mod convert;
mod engine;
mod exposition;
mod flags;
mod frames;
mod front;
mod hpack;
mod http;
mod ids;
mod intervals;
mod listener;
mod logging;
mod machine;
mod methods;
mod metrics;
mod notify;
mod process;
mod serve;
mod service;
mod sha1;
mod status;
mod url;
mod values;
mod version;
mod workers;

pub use config::{ClusterState, Config, GRPC_OVERHEAD_BYTES, MetricsDetail};
pub use engine::EngineError;
pub use listener::{BindError, Listeners};
pub use logging::{LogConfig, LogFormat, LogLevel, LogOutput};
pub use notify::ServiceManager;
pub use process::main;
pub use serve::{ServeError, serve};
pub use url::{Scheme, Url};
