//! Keys in the files that OpenSSL writes, as the cryptography here wants them.
//!
//! A private key is PKCS#8 (`PRIVATE KEY`), or in the older form of its kind (`RSA PRIVATE KEY`, `EC PRIVATE KEY`); a public one
//! is `PUBLIC KEY` or `RSA PUBLIC KEY`. Of the surrounding ASN.1 only as much is read as leads to the key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair};

/// What OpenSSL puts before an elliptic curve's key, and says nothing new.
const EC_PARAMETERS: &str = "EC PARAMETERS";

const TAG_INTEGER: u8 = 0x02;
const TAG_BIT_STRING: u8 = 0x03;
const TAG_OCTET_STRING: u8 = 0x04;
const TAG_SEQUENCE: u8 = 0x30;
const TAG_PUBLIC_KEY: u8 = 0xa1;

/// The kinds of keys, by the identifier that a public key carries (OID, encoded).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Rsa,
    Elliptic,
    Ed25519,
}

impl Kind {
    fn identifier(self) -> &'static [u8] {
        match self {
            Kind::Rsa => &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1],
            Kind::Elliptic => &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1],
            Kind::Ed25519 => &[0x06, 3, 0x2b, 0x65, 0x70],
        }
    }
}

/// Reads an RSA key of at least 2048 bits.
pub(super) fn rsa(file: &[u8]) -> Result<RsaKeyPair, String> {
    let (label, der) = pem(file)?;
    let read = match label.as_str() {
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der),
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
        other => return Err(format!("{other} is no private key")),
    };
    read.map_err(|why| format!("the private key cannot be used: {why}"))
}

/// Reads a key on the curve of an algorithm.
pub(super) fn elliptic(file: &[u8], algorithm: &'static EcdsaSigningAlgorithm) -> Result<EcdsaKeyPair, String> {
    let (label, der) = pem(file)?;
    let random = SystemRandom::new();
    let read = match label.as_str() {
        "PRIVATE KEY" => EcdsaKeyPair::from_pkcs8(algorithm, &der, &random),
        "EC PRIVATE KEY" => {
            let (private, public) = sec1(&der).ok_or("the private key does not hold its public key")?;
            EcdsaKeyPair::from_private_key_and_public_key(algorithm, private, public, &random)
        }
        other => return Err(format!("{other} is no private key")),
    };
    read.map_err(|why| format!("the private key cannot be used: {why}"))
}

/// Reads an Ed25519 key.
pub(super) fn ed25519(file: &[u8]) -> Result<Ed25519KeyPair, String> {
    let (label, der) = pem(file)?;
    if label != "PRIVATE KEY" {
        return Err(format!("{label} is no private key"));
    }
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|why| format!("the private key cannot be used: {why}"))
}

/// Reads a public key: for RSA its numbers, else its point.
pub(super) fn public(file: &[u8], kind: Kind) -> Result<Vec<u8>, String> {
    let (label, der) = pem(file)?;
    match (label.as_str(), kind) {
        ("RSA PUBLIC KEY", Kind::Rsa) => Ok(der),
        ("PUBLIC KEY", _) => {
            let key = subject_public_key(&der, kind).ok_or("the public key is not one of this kind")?;
            Ok(key.to_vec())
        }
        (other, _) => Err(format!("{other} is no public key")),
    }
}

/// Returns the label and the content of the first block that says something.
fn pem(file: &[u8]) -> Result<(String, Vec<u8>), String> {
    let text = std::str::from_utf8(file).map_err(|_| "a key file is not text")?;
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|line| line.strip_suffix("-----")) else {
            continue;
        };
        let end = format!("-----END {label}-----");
        let encoded: String = lines.by_ref().take_while(|line| *line != end).collect();
        if label == EC_PARAMETERS {
            continue;
        }
        let content = STANDARD.decode(encoded).map_err(|_| format!("{label} in a key file is damaged"))?;
        return Ok((label.to_owned(), content));
    }
    Err("a key file holds no key".to_owned())
}

/// Returns the private and the public part of an elliptic curve's key in its older form.
fn sec1(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, _) = element(der, TAG_SEQUENCE)?;
    let (_, rest) = element(key, TAG_INTEGER)?;
    let (private, mut rest) = element(rest, TAG_OCTET_STRING)?;
    // The curve may stand between.
    while *rest.first()? != TAG_PUBLIC_KEY {
        let (_, after) = element(rest, *rest.first()?)?;
        rest = after;
    }
    let (public, _) = element(rest, TAG_PUBLIC_KEY)?;
    Some((private, bits(public)?))
}

fn subject_public_key(der: &[u8], kind: Kind) -> Option<&[u8]> {
    let (key, _) = element(der, TAG_SEQUENCE)?;
    let (algorithm, rest) = element(key, TAG_SEQUENCE)?;
    if algorithm.starts_with(kind.identifier()) { bits(rest) } else { None }
}

/// Returns the content of a bit string of whole bytes.
fn bits(der: &[u8]) -> Option<&[u8]> {
    match element(der, TAG_BIT_STRING)?.0 {
        [0, bytes @ ..] => Some(bytes),
        _ => None,
    }
}

/// Returns the content of an element, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // Two bytes of length are enough for every key.
        0x81 | 0x82 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    if found == tag { rest.split_at_checked(length) } else { None }
}

/// Returns the public half of a key pair.
pub(super) fn public_half(pair: &impl KeyPair<PublicKey: AsRef<[u8]>>) -> Vec<u8> {
    pair.public_key().as_ref().to_vec()
}
