//! Certificates for `--auto-tls`: good for encryption, and for nobody to know who the server is.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use kv_proto::url::Url;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};

use super::error::TlsError;

/// Where etcd keeps them too, so that scripts find them.
const DIRECTORY: &str = "fixtures/client";

const DAYS_PER_YEAR: u32 = 365;

/// Returns the files of a certificate and its key in a data directory, which are made if they are not there.
pub(super) fn files(data_dir: &Path, urls: &[Url], years: u32) -> Result<(PathBuf, PathBuf), TlsError> {
    let directory = data_dir.join(DIRECTORY);
    let (certificate_file, key_file) = (directory.join("cert.pem"), directory.join("key.pem"));
    if certificate_file.exists() && key_file.exists() {
        return Ok((certificate_file, key_file));
    }
    let (certificate, key) = make(urls, years).map_err(TlsError::SelfSigned)?;
    let create = DirBuilder::new().recursive(true).mode(0o700).create(&directory);
    create.map_err(|source| TlsError::Write { path: directory, source })?;
    write(&key_file, &key)?;
    write(&certificate_file, &certificate)?;
    tracing::warn!(
        cert_file = %certificate_file.display(),
        validity_years = years,
        "automatically generate certificates"
    );
    Ok((certificate_file, key_file))
}

/// A certificate cannot say a year of five digits.
const YEARS_MAX: u32 = 1000;

/// Makes a certificate for the hosts of URLs, and its key.
fn make(urls: &[Url], years: u32) -> Result<(String, String), rcgen::Error> {
    let hosts: BTreeSet<_> = urls.iter().filter_map(|url| url.host_port()).map(|(host, _)| host.to_owned()).collect();
    let mut params = CertificateParams::new(hosts.into_iter().collect::<Vec<_>>())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "kvd");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let validity =
        std::time::Duration::from_secs(u64::from(DAYS_PER_YEAR * 24 * 60 * 60) * u64::from(years.min(YEARS_MAX)));
    let now = SystemTime::now();
    params.not_before = now.into();
    params.not_after = (now + validity).into();
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// Writes a file that nobody else may read; it has its name when it is whole.
fn write(path: &Path, text: &str) -> Result<(), TlsError> {
    let partial = path.with_extension("partial");
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(|source| TlsError::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::certificate::Certificate;
    use super::*;
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;

    #[test]
    fn a_certificate_is_made_once_for_all_hosts() {
        let directory = tempfile::tempdir().unwrap();
        let urls = Url::parse_list("https://127.0.0.1:1,https://localhost:2,https://[::1]:3,unixs://x").unwrap();
        let (certificate_file, key_file) = files(directory.path(), &urls, 1).unwrap();
        let certificate = CertificateDer::from_pem_file(&certificate_file).unwrap();
        let certificate = Certificate::read(&certificate).unwrap();
        assert_eq!(certificate.dns_names, ["localhost"]);
        assert_eq!(certificate.ip_addresses.len(), 2);
        assert_eq!(fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
        let first = fs::read(&key_file).unwrap();
        files(directory.path(), &urls, 1).unwrap();
        assert_eq!(fs::read(&key_file).unwrap(), first);
    }
}
