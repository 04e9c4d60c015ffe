//! Why TLS cannot be served.

use std::path::PathBuf;

use tokio_rustls::rustls;
use tokio_rustls::rustls::server::VerifierBuilderError;

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("open {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The key belongs to another certificate.
    #[error("tls: private key does not match public key")]
    KeyMismatch,
    /// The options contradict each other.
    #[error("{0}")]
    Options(String),
    /// The system has no certificates of authorities, and no file names any.
    #[error("--client-cert-auth without --trusted-ca-file trusts the system's authorities, and there are none")]
    NoAuthorities,
    /// rustls refuses what was made of the files.
    #[error("tls")]
    Unusable(#[from] rustls::Error),
    /// The same, for what clients are judged by.
    #[error("tls: judge clients")]
    Authorities(#[from] VerifierBuilderError),
    /// A certificate cannot be made.
    #[error("make a certificate")]
    SelfSigned(#[source] rcgen::Error),
    /// What was made cannot be kept.
    #[error("write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}
