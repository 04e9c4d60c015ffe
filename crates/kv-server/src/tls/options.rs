//! What can be said about TLS on the command line, and what makes no sense.

use std::path::{Path, PathBuf};

use kv_proto::url::Url;

use super::suites;
use crate::logging::Notice;

/// TLS between clients and the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsOptions {
    /// File with the server's certificate, followed by intermediate ones, in PEM.
    pub cert_file: Option<PathBuf>,
    /// File with the certificate's private key, in PEM.
    pub key_file: Option<PathBuf>,
    /// Clients must show a certificate, and the common name in it says who they are.
    pub client_cert_auth: bool,
    /// File with the certificates of the authorities whose clients are let in. With it, clients must show a certificate.
    pub trusted_ca_file: Option<PathBuf>,
    /// File with certificates of clients that are no longer good.
    pub crl_file: Option<PathBuf>,
    /// A client's certificate must be for one of these names, unless there are none.
    pub allowed_hostnames: Vec<String>,
    /// A client's certificate must have one of these common names, unless there are none.
    pub allowed_common_names: Vec<String>,
    /// The oldest version spoken: `TLS1.2`, `TLS1.3`, or nothing for 1.2.
    pub min_version: String,
    /// The newest version spoken, or nothing for the newest there is.
    pub max_version: String,
    /// Suites of TLS 1.2 by Go's names; all there are if it is empty.
    pub cipher_suites: Vec<String>,
    /// Make a certificate where none is given.
    pub auto_tls: bool,
    /// How many years such a certificate is good for.
    pub self_signed_cert_validity: u32,
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self {
            cert_file: None,
            key_file: None,
            client_cert_auth: false,
            trusted_ca_file: None,
            crl_file: None,
            allowed_hostnames: Vec::new(),
            allowed_common_names: Vec::new(),
            min_version: "TLS1.2".to_owned(),
            max_version: String::new(),
            cipher_suites: Vec::new(),
            auto_tls: false,
            self_signed_cert_validity: 1,
        }
    }
}

impl TlsOptions {
    /// Says whether a certificate or a key is given.
    pub(crate) fn has_files(&self) -> bool {
        self.cert_file.is_some() || self.key_file.is_some()
    }

    /// Says whether clients must show a certificate.
    pub(super) fn wants_certificates(&self) -> bool {
        self.client_cert_auth || self.trusted_ca_file.is_some()
    }

    /// Refuses what makes no sense, and tells what deserves a warning.
    pub(crate) fn check(&self, client_urls: &[&Url], metrics_urls: &[Url]) -> Result<Vec<Notice>, String> {
        let mut notices = Vec::new();
        self.check_cipher_suites(&mut notices)?;
        if !self.allowed_common_names.is_empty() && !self.allowed_hostnames.is_empty() {
            return Err(format!(
                "AllowedCNs and AllowedHostnames are mutually exclusive (cns={:?}, hostnames={:?})",
                self.allowed_common_names, self.allowed_hostnames
            ));
        }
        if self.auto_tls && self.self_signed_cert_validity == 0 {
            return Err("selfSignedCertValidity is invalid,it should be greater than 0".to_owned());
        }
        if self.auto_tls && self.has_files() {
            notices.push(Notice::warn("ignoring client auto TLS since certs given"));
        }
        self.check_urls(client_urls, metrics_urls, &mut notices)?;
        if !self.wants_certificates() {
            for (given, flag) in [
                (self.crl_file.is_some(), "--client-crl-file"),
                (!self.allowed_hostnames.is_empty(), "--client-cert-allowed-hostname"),
            ] {
                if given {
                    let why = "clients show no certificates without --client-cert-auth or --trusted-ca-file";
                    notices.push(Notice::warn(format!("{flag} has no effect: {why}")));
                }
            }
        }
        Ok(notices)
    }

    fn check_cipher_suites(&self, notices: &mut Vec<Notice>) -> Result<(), String> {
        suites::versions(&self.min_version, &self.max_version)?;
        if self.cipher_suites.is_empty() {
            return Ok(());
        }
        if self.min_version == "TLS1.3" {
            return Err("cipher suites cannot be configured when only TLS1.3 is enabled".to_owned());
        }
        let chosen = suites::choose(&self.cipher_suites)?;
        if !chosen.left_out.is_empty() {
            notices.push(
                Notice::warn("some cipher suites of --cipher-suites are too weak and are not offered")
                    .field("cipher-suites", chosen.left_out.as_slice()),
            );
        }
        if chosen.suites.iter().all(|suite| suite.tls13().is_some()) {
            return Err(format!(
                "none of --cipher-suites {:?} is a suite of TLS 1.2 that kvd offers",
                self.cipher_suites.join(",")
            ));
        }
        Ok(())
    }

    fn check_urls(&self, client_urls: &[&Url], metrics_urls: &[Url], notices: &mut Vec<Notice>) -> Result<(), String> {
        for url in client_urls {
            if url.is_secure() {
                if !self.has_files() && !self.auto_tls {
                    return Err(format!(
                        "TLS key/cert (--cert-file, --key-file) must be provided for client url {url} with HTTPS scheme"
                    ));
                }
                continue;
            }
            let mut ignored = |what: &str| {
                notices.push(
                    Notice::warn(format!("scheme is http or unix while {what}")).field("client-url", url.as_str()),
                );
            };
            if self.has_files() {
                ignored("key and cert files are present; ignoring key and cert files");
            }
            if self.client_cert_auth {
                ignored("--client-cert-auth is enabled; ignoring client cert auth for this URL");
            }
        }
        let is_used = client_urls.iter().any(|url| url.is_secure()) || metrics_urls.iter().any(Url::is_secure);
        if !is_used {
            return Ok(());
        }
        if !self.has_files() && !self.auto_tls {
            return Err(
                "client TLS key/cert (--cert-file, --key-file) must be provided for metrics secure url".to_owned()
            );
        }
        if self.has_files() && (self.cert_file.is_none() || self.key_file.is_none()) {
            let show = |file: &Option<PathBuf>| file.as_deref().map(Path::display).map(|file| file.to_string());
            return Err(format!(
                "KeyFile and CertFile must both be present[key: {}, cert: {}]",
                show(&self.key_file).unwrap_or_default(),
                show(&self.cert_file).unwrap_or_default()
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(options: &TlsOptions, client: &str, metrics: &str) -> Result<Vec<String>, String> {
        let metrics = if metrics.is_empty() { Vec::new() } else { Url::parse_list(metrics).unwrap() };
        let notices = options.check(&[&Url::parse(client).unwrap()], &metrics)?;
        Ok(notices.into_iter().map(|notice| notice.message).collect())
    }

    fn with_files() -> TlsOptions {
        TlsOptions { cert_file: Some("c.pem".into()), key_file: Some("k.pem".into()), ..TlsOptions::default() }
    }

    #[test]
    fn a_secure_url_needs_a_certificate_and_its_key() {
        let (plain, secure) = ("http://localhost:1", "https://localhost:1");
        assert_eq!(check(&TlsOptions::default(), plain, "").unwrap(), [""; 0]);
        assert_eq!(
            check(&TlsOptions::default(), secure, "").unwrap_err(),
            "TLS key/cert (--cert-file, --key-file) must be provided for client url https://localhost:1 with HTTPS scheme"
        );
        assert_eq!(
            check(&TlsOptions::default(), plain, secure).unwrap_err(),
            "client TLS key/cert (--cert-file, --key-file) must be provided for metrics secure url"
        );
        let half = TlsOptions { key_file: None, ..with_files() };
        assert_eq!(
            check(&half, secure, "").unwrap_err(),
            "KeyFile and CertFile must both be present[key: , cert: c.pem]"
        );
        assert_eq!(check(&with_files(), secure, "").unwrap(), [""; 0]);
        assert_eq!(check(&with_files(), "unixs://x", "").unwrap(), [""; 0]);
        assert!(check(&TlsOptions { auto_tls: true, ..TlsOptions::default() }, secure, secure).unwrap().is_empty());
    }

    #[test]
    fn what_has_no_effect_is_said() {
        let options = TlsOptions { client_cert_auth: true, auto_tls: true, ..with_files() };
        assert_eq!(
            check(&options, "http://localhost:1", "").unwrap(),
            [
                "ignoring client auto TLS since certs given",
                "scheme is http or unix while key and cert files are present; ignoring key and cert files",
                "scheme is http or unix while --client-cert-auth is enabled; ignoring client cert auth for this URL",
            ]
        );
        let options =
            TlsOptions { crl_file: Some("c".into()), allowed_hostnames: vec!["a".to_owned()], ..with_files() };
        let said = check(&options, "https://localhost:1", "").unwrap();
        assert!(said.len() == 2 && said.iter().all(|said| said.contains("has no effect")), "{said:?}");
    }

    #[test]
    fn suites_names_and_years_that_make_no_sense() {
        let refused = |change: fn(&mut TlsOptions)| {
            let mut options = with_files();
            change(&mut options);
            check(&options, "https://localhost:1", "").unwrap_err()
        };
        assert_eq!(
            refused(|options| options.cipher_suites = vec!["TLS_RSA_WITH_RC4_128_SHA".to_owned()]),
            "none of --cipher-suites \"TLS_RSA_WITH_RC4_128_SHA\" is a suite of TLS 1.2 that kvd offers"
        );
        assert_eq!(
            refused(|options| {
                options.min_version = "TLS1.3".to_owned();
                options.cipher_suites = vec!["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".to_owned()];
            }),
            "cipher suites cannot be configured when only TLS1.3 is enabled"
        );
        assert_eq!(
            refused(|options| (options.auto_tls, options.self_signed_cert_validity) = (true, 0)),
            "selfSignedCertValidity is invalid,it should be greater than 0"
        );
        assert_eq!(
            refused(|options| {
                options.allowed_hostnames = vec!["h".to_owned()];
                options.allowed_common_names = vec!["c".to_owned()];
            }),
            "AllowedCNs and AllowedHostnames are mutually exclusive (cns=[\"c\"], hostnames=[\"h\"])"
        );
        let mut weak = with_files();
        weak.cipher_suites =
            ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_RC4_128_SHA"].map(str::to_owned).to_vec();
        assert_eq!(
            check(&weak, "https://localhost:1", "").unwrap(),
            ["some cipher suites of --cipher-suites are too weak and are not offered"]
        );
    }
}
