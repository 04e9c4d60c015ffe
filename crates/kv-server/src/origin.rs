//! What is known of a request before it is read: where it came in, and over what connection.

use std::net::SocketAddr;

use crate::auth::CommonName;
use crate::successor::Successor;

/// What all requests of a connection have in common.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) scope: Scope,
    /// The address of the client, unless it came over a socket of this machine.
    pub(crate) remote: Option<SocketAddr>,
    /// The address that the client came to, where somebody wants to know.
    pub(crate) local: Option<SocketAddr>,
    pub(crate) encrypted: bool,
    /// Whom the client's certificate names, where that says who it is.
    pub(crate) common_name: Option<CommonName>,
    pub(crate) successor: Successor,
}

/// Which endpoints a listener serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All of them.
    Client,
    /// gRPC, where HTTP has addresses of its own.
    Grpc,
    /// What clients ask over HTTP.
    Http,
    /// Metrics and health.
    Metrics,
}
