//! The server as its clients see it: in-process, on port 0, over gRPC and HTTP.

mod alarms;
mod auth;
mod cluster;
mod contest;
mod harness;
mod http;
mod kv;
mod lease;
mod lifecycle;
mod maintenance;
mod process;
mod snapshot;
mod tls;
mod transport;
mod watch;
