//! Cipher suites and versions of TLS by the names that etcd takes, which are Go's.

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ProtocolVersion, SupportedCipherSuite, SupportedProtocolVersion};

/// Suites that Go knows and rustls does not have, because they are weak or too rare.
const LEFT_OUT: &[&str] = &[
    "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_RC4_128_SHA",
];

/// Returns the versions between two, of which the later may be empty for the newest there is.
pub(super) fn versions(min: &str, max: &str) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let (least, most) = (version(min)?, version(max)?);
    let number = |version: Option<ProtocolVersion>, otherwise| u16::from(version.unwrap_or(otherwise));
    // An empty minimum leaves the choice to the library, whose oldest is 1.2.
    let (least, most) = (number(least, ProtocolVersion::TLSv1_2), number(most, ProtocolVersion::TLSv1_3));
    if least > most {
        return Err(format!("min version ({min}) is greater than max version ({max})"));
    }
    Ok([&TLS12, &TLS13].into_iter().filter(|version| (least..=most).contains(&u16::from(version.version))).collect())
}

fn version(name: &str) -> Result<Option<ProtocolVersion>, String> {
    match name {
        "" => Ok(None),
        "TLS1.2" => Ok(Some(ProtocolVersion::TLSv1_2)),
        "TLS1.3" => Ok(Some(ProtocolVersion::TLSv1_3)),
        _ => Err(format!("unexpected TLS version {name:?} (must be one of: TLS1.2, TLS1.3)")),
    }
}

/// What came of a list of names.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) suites: Vec<SupportedCipherSuite>,
    /// Names that are known and not offered.
    pub(super) left_out: Vec<String>,
}

/// Chooses suites by name; no names stand for all. As in Go, those of TLS 1.3 are not to be chosen: they are always there.
pub(super) fn choose(names: &[String]) -> Result<Chosen, String> {
    let offered = ring::default_provider().cipher_suites;
    if names.is_empty() {
        return Ok(Chosen { suites: offered, left_out: Vec::new() });
    }
    let mut left_out = Vec::new();
    for name in names {
        if offered.iter().any(|suite| is_called(*suite, name)) {
            continue;
        }
        if !LEFT_OUT.contains(&name.as_str()) {
            return Err(format!("unexpected TLS cipher suite {name:?}"));
        }
        left_out.push(name.clone());
    }
    let chosen =
        |suite: &SupportedCipherSuite| suite.tls13().is_some() || names.iter().any(|name| is_called(*suite, name));
    Ok(Chosen { suites: offered.into_iter().filter(chosen).collect(), left_out })
}

/// Returns what the handshakes use.
pub(super) fn provider(names: &[String]) -> Result<CryptoProvider, String> {
    Ok(CryptoProvider { cipher_suites: choose(names)?.suites, ..ring::default_provider() })
}

/// Compares a suite's name with one that was typed.
fn is_called(suite: SupportedCipherSuite, name: &str) -> bool {
    let own = suite.suite().as_str().unwrap_or_default();
    match own.strip_prefix("TLS13_") {
        Some(rest) => name.strip_prefix("TLS_") == Some(rest),
        // Go left out the end of two names once, and still takes them.
        None => own == name || own.strip_suffix("_SHA256").filter(|own| own.ends_with("POLY1305")) == Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_a_range() {
        let between = |min, max| {
            let versions = versions(min, max)?;
            Ok::<_, String>(versions.iter().map(|version| version.version.as_str().unwrap()).collect::<Vec<_>>())
        };
        assert_eq!(between("TLS1.2", "").unwrap(), ["TLSv1_2", "TLSv1_3"]);
        assert_eq!(between("", "TLS1.2").unwrap(), ["TLSv1_2"]);
        assert_eq!(between("TLS1.3", "TLS1.3").unwrap(), ["TLSv1_3"]);
        assert_eq!(
            between("TLS1.3", "TLS1.2").unwrap_err(),
            "min version (TLS1.3) is greater than max version (TLS1.2)"
        );
        assert_eq!(
            between("TLS1.1", "").unwrap_err(),
            "unexpected TLS version \"TLS1.1\" (must be one of: TLS1.2, TLS1.3)"
        );
    }

    #[test]
    fn suites_are_chosen_by_gos_names() {
        let chosen = |names: &[&str]| choose(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        let of_tls12 = |chosen: &Chosen| chosen.suites.iter().filter(|suite| suite.tls13().is_none()).count();
        assert_eq!(of_tls12(&chosen(&[]).unwrap()), 6);
        let two = chosen(&["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"]).unwrap();
        assert_eq!((of_tls12(&two), two.suites.len(), two.left_out.len()), (2, 5, 0));
        let weak = chosen(&["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_AES_128_GCM_SHA256"]).unwrap();
        assert_eq!((of_tls12(&weak), weak.left_out.as_slice()), (0, &["TLS_RSA_WITH_AES_128_CBC_SHA".to_owned()][..]));
        assert_eq!(chosen(&["TLS_ROT13"]).unwrap_err(), "unexpected TLS cipher suite \"TLS_ROT13\"");
        assert!(LEFT_OUT.is_sorted());
    }
}
