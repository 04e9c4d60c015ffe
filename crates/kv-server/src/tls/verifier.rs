//! Judges the certificate of a client: authority and dates by rustls, then what etcd's options add.

use std::sync::Arc;

use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::certificate::Certificate;
use super::rejection::Rejection;
use super::revocation::Revoked;

/// What a client's certificate must be beside valid.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Knows the authorities.
    pub(super) authorities: Arc<dyn ClientCertVerifier>,
    pub(super) revoked: Revoked,
    pub(super) allowed_hostnames: Vec<ServerName<'static>>,
    pub(super) allowed_common_names: Vec<String>,
}

impl Verifier {
    fn check(&self, end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> Result<(), Error> {
        for shown in [end_entity].into_iter().chain(intermediates) {
            let shown = read(shown)?;
            if self.revoked.contains(&shown.serial) {
                let serial: String = shown.serial.iter().map(|byte| format!("{byte:02x}")).collect();
                let reason = format!("transport: certificate serial {serial} revoked");
                return Err(Rejection { reason, certificate: read(end_entity)? }.into());
            }
        }
        if !self.is_allowed(end_entity)? {
            let reason = "client certificate authentication failed".to_owned();
            return Err(Rejection { reason, certificate: read(end_entity)? }.into());
        }
        Ok(())
    }

    fn is_allowed(&self, certificate: &CertificateDer<'_>) -> Result<bool, Error> {
        if !self.allowed_common_names.is_empty() {
            return Ok(self.allowed_common_names.contains(&read(certificate)?.common_name));
        }
        if self.allowed_hostnames.is_empty() {
            return Ok(true);
        }
        let certificate = ParsedCertificate::try_from(certificate)?;
        Ok(self.allowed_hostnames.iter().any(|name| verify_server_name(&certificate, name).is_ok()))
    }
}

fn read(certificate: &CertificateDer<'_>) -> Result<Certificate, Error> {
    Certificate::read(certificate).ok_or(Error::InvalidCertificate(tokio_rustls::rustls::CertificateError::BadEncoding))
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.authorities.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.authorities.verify_client_cert(end_entity, intermediates, now);
        let verified = verified.map_err(|error| match Certificate::read(end_entity) {
            // The usual slip: `openssl x509 -req` without extensions makes one of version 1.
            Some(certificate) if certificate.version < 3 => {
                let reason = format!("x509: certificate is of version {}, which is not supported", certificate.version);
                Rejection { reason, certificate }.into()
            }
            _ => error,
        })?;
        self.check(end_entity, intermediates)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}
