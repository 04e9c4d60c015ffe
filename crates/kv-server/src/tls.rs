//! TLS on the listeners: certificates from files that may change at any time, and who a client is.
//!
//! rustls does the cryptography and judges a client's certificate; what etcd's options ask of it beyond that is judged in
//! `verifier`. The files are read again when a client begins a handshake, which costs some microseconds of the
//! hundreds that it takes. So a new certificate needs no restart and no signal, and a client that comes after a revocation
//! is refused.

mod certificate;
mod der;
mod error;
mod files;
mod first_byte;
mod handshake;
mod options;
mod rejection;
mod revocation;
mod self_signed;
mod suites;
mod verifier;

pub use error::TlsError;
pub(crate) use files::Tls;
pub(crate) use first_byte::Begun;
pub use options::TlsOptions;
