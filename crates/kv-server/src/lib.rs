//! The server: gRPC services and HTTP over a store that consensus drives.
//!
//! A request comes in on a `listener`, is served by the thread that has the fewest connections (`acceptor`, `workers`,
//! `connection`), and goes through `front` to one of the services. Those turn it into the store's terms (`convert`),
//! ask the `engine`, and turn what it says into an answer or an error of the API (`status`).
//!
//! [`serve()`] runs a server inside a process, on sockets that are bound already; [`main()`] is the whole of `kvd`.

// The process: what it is told, how it logs, when it ends.
mod compatible_flags;
mod config;
mod config_file;
mod feature_gates;
mod flag;
mod flag_table;
mod flags;
#[cfg(test)]
mod manual;
mod process;
mod retention;
mod throwaway;
mod values;
mod version;

// From a socket to a service.
mod acceptor;
mod access;
mod authority;
mod connection;
mod deadline;
mod frames;
mod front;
mod hpack;
mod http2;
mod listener;
mod methods;
mod origin;
mod path;
mod pings;
mod read_through;
mod router;
mod serve;
mod slow;
mod successor;
mod tls;
mod unread;
mod workers;

// The services, and what they turn requests into.
mod convert;
mod gateway;
mod http;
mod intervals;
mod quota;
mod random;
mod service;
mod status;

// What they ask.
mod admission;
mod auth;
mod auto_compaction;
mod ballast;
mod ballasts;
mod compaction_report;
mod corruption;
mod defragment;
mod engine;
mod engine_error;
mod failure;
mod lease;
mod loggable;
mod room_watch;
mod startup;
mod wal_dir;

// What others are told.
mod checks;
mod counters;
mod durations;
mod exposition;
mod journal;
mod log_archive;
mod log_file;
mod logging;
mod metrics;
mod notify;
mod page;
mod process_metrics;
mod timestamp;
mod trace;

pub use config::{ClusterState, Config, GRPC_OVERHEAD_BYTES, MetricsDetail};
pub use engine_error::EngineError;
pub use feature_gates::FeatureGates;
pub use kv_proto::url::{Scheme, Url};
pub use listener::{BindError, Listeners};
pub use logging::{LogConfig, LogFormat, LogLevel, LogOutput};
pub use notify::ServiceManager;
pub use process::main;
pub use serve::{ServeError, serve};
pub use tls::{TlsError, TlsOptions};
pub use trace::TraceOptions;
