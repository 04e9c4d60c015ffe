//! What is said of a client that was turned away: the line that people look for in the log, in etcd's words.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error, InvalidMessage, OtherError, PeerIncompatible};

use super::certificate::Certificate;

/// Why a client's certificate was refused that rustls took for good, or did not look at.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Rejection {
    pub(super) reason: String,
    pub(super) certificate: Certificate,
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Error::InvalidCertificate(CertificateError::Other(OtherError(std::sync::Arc::new(rejection))))
    }
}

/// Logs that a client was turned away before its first request.
pub(super) fn log(remote_addr: &str, server_name: &str, error: &io::Error) {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    if let Some(Error::InvalidCertificate(CertificateError::Other(OtherError(other)))) = tls
        && let Some(Rejection { reason, certificate }) = other.downcast_ref::<Rejection>()
    {
        let ip_addresses: Vec<_> = certificate.ip_addresses.iter().map(ToString::to_string).collect();
        tracing::warn!(
            remote_addr,
            server_name,
            ip_addresses = ?ip_addresses,
            dns_names = ?certificate.dns_names,
            error = reason,
            "rejected connection on client endpoint"
        );
        return;
    }
    let text = tls.map_or_else(|| error.to_string(), text);
    if error.kind() == io::ErrorKind::UnexpectedEof {
        // Whoever only looks whether somebody listens, as load balancers do, goes away again like this.
        tracing::debug!(remote_addr, server_name, error = "EOF", "rejected connection on client endpoint");
    } else {
        tracing::warn!(remote_addr, server_name, error = text, "rejected connection on client endpoint");
    }
}

/// Says what went wrong as Go does where people know its words, and as rustls does elsewhere.
fn text(error: &Error) -> String {
    let known = match error {
        Error::NoCertificatesPresented => "tls: client didn't provide a certificate",
        Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            "tls: first record does not look like a TLS handshake"
        }
        // An authority that was made anew under its old name has another key.
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "tls: failed to verify certificate: x509: certificate signed by unknown authority"
        }
        Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
        Error::InvalidCertificate(
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. },
        ) => "tls: failed to verify certificate: x509: certificate specifies an incompatible key usage",
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::SupportedVersionsExtensionRequired
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::Tls13RequiredForQuic,
        ) => "tls: client offered only unsupported versions",
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => {
            "tls: no cipher suite supported by both client and server"
        }
        Error::AlertReceived(AlertDescription::BadCertificate) => "remote error: tls: bad certificate",
        Error::AlertReceived(AlertDescription::UnknownCA) => "remote error: tls: unknown certificate authority",
        Error::AlertReceived(AlertDescription::CertificateExpired) => "remote error: tls: expired certificate",
        Error::AlertReceived(AlertDescription::CertificateUnknown) => "remote error: tls: unknown certificate",
        other => return format!("tls: {other}"),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_people_search_for() {
        assert_eq!(text(&Error::NoCertificatesPresented), "tls: client didn't provide a certificate");
        assert_eq!(text(&Error::AlertReceived(AlertDescription::BadCertificate)), "remote error: tls: bad certificate");
        assert_eq!(text(&Error::DecryptError), "tls: cannot decrypt peer's message");
    }
}
