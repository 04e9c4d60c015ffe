//! The list of revoked certificates that `--client-crl-file` names.
//!
//! As in etcd, every certificate that a client shows is looked up by its serial number alone. The list's signature and its
//! dates are not looked at: a list that is out of date refuses less than a newer one, and more than none.

use std::collections::HashSet;

use tokio_rustls::rustls::pki_types::CertificateRevocationListDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::certificate::number;
use super::der::{Elements, INTEGER, SEQUENCE};

/// How the lines of a file in PEM begin, whatever it holds.
const PEM_BEGIN: &[u8] = b"-----BEGIN ";

/// Serial numbers of certificates that are no longer good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Revoked(HashSet<Vec<u8>>);

impl Revoked {
    /// Reads a file: one list in DER, or any number of them in PEM.
    pub(super) fn read(file: &[u8]) -> Result<Self, String> {
        let mut revoked = Self::default();
        if !file.windows(PEM_BEGIN.len()).any(|window| window == PEM_BEGIN) {
            revoked.add(file)?;
            return Ok(revoked);
        }
        let mut lists = 0;
        for list in CertificateRevocationListDer::pem_slice_iter(file) {
            revoked.add(&list.map_err(|error| error.to_string())?)?;
            lists += 1;
        }
        if lists == 0 { Err("there is no revocation list in it".to_owned()) } else { Ok(revoked) }
    }

    /// Says whether the certificate of a serial number was revoked.
    pub(super) fn contains(&self, serial: &[u8]) -> bool {
        self.0.contains(serial)
    }

    fn add(&mut self, der: &[u8]) -> Result<(), String> {
        self.add_list(der).ok_or_else(|| "this is no revocation list".to_owned())
    }

    fn add_list(&mut self, der: &[u8]) -> Option<()> {
        let mut list = Elements::of(der).enter(SEQUENCE)?.enter(SEQUENCE)?;
        list.content_if(INTEGER);
        let (_signature_algorithm, _issuer) = (list.content_of(SEQUENCE)?, list.content_of(SEQUENCE)?);
        let _this_update = list.next()?;
        // The next update may stand here; then the certificates, if there are any.
        let Some((_, entries)) = list.find(|(tag, _)| *tag == SEQUENCE) else { return Some(()) };
        let mut entries = Elements::of(entries);
        for (_, entry) in entries.by_ref() {
            self.0.insert(number(Elements::of(entry).content_of(INTEGER)?).to_vec());
        }
        // A list that is cut must not pass for a short one.
        entries.at_end().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{
        CertificateParams, CertificateRevocationListParams, IsCa, Issuer, KeyIdMethod, KeyPair, RevokedCertParams,
        SerialNumber, date_time_ymd,
    };

    use super::*;

    fn list(serials: &[&[u8]]) -> rcgen::CertificateRevocationList {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = Issuer::new(params, KeyPair::generate().unwrap());
        let revoked = |serial: &&[u8]| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(2025, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&issuer).unwrap()
    }

    #[test]
    fn lists_in_both_forms() {
        let (first, second, empty) = (list(&[&[1], &[0x80, 2]]), list(&[&[3]]), list(&[]));
        let revoked = Revoked::read(first.der()).unwrap();
        assert!(revoked.contains(&[1]) && revoked.contains(&[0x80, 2]) && !revoked.contains(&[3]));
        let both = format!("two lists\n{}{}", first.pem().unwrap(), second.pem().unwrap());
        let revoked = Revoked::read(both.as_bytes()).unwrap();
        assert!(revoked.contains(&[1]) && revoked.contains(&[3]));
        assert_eq!(Revoked::read(empty.der()).unwrap(), Revoked::default());
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for nonsense in [&b""[..], b"serial 5", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(Revoked::read(nonsense).is_err());
        }
        let whole = list(&[&[1], &[2]]);
        for length in 0..whole.der().len() {
            assert!(Revoked::read(&whole.der()[..length]).is_err(), "{length}");
        }
    }
}
