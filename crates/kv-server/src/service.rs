//! The gRPC services, one file each. Protobuf types stop here.

pub(crate) mod auth;
mod auth_log;
pub(crate) mod cluster;
mod contest;
mod downgrade;
pub(crate) mod election;
pub(crate) mod kv;
pub(crate) mod lease;
pub(crate) mod lock;
pub(crate) mod maintenance;
mod parts;
mod range_stream;
pub(crate) mod reflection;
mod snapshot;
pub(crate) mod watch;
