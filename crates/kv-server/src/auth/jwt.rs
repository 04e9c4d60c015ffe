//! Signed tokens (JWT): the token itself says whose it is and for which auth revision it was made.
//!
//! A token is three parts in base64: what signs it, what it says, and the signature over both. Nothing of it is
//! believed before the signature was checked, and with no algorithm but the one this server was told to use: a token does not
//! choose how it is checked.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair, UnparsedPublicKey};
use ring::{hmac, rsa};
use serde_json::{Value, json};

use super::keys::{self, Kind};

/// How long a token lives unless set otherwise.
pub(super) const TTL: Duration = Duration::from_secs(300);

/// What etcd says where both keys are given and are not one pair.
const KEYS_DIFFER: &str = "auth: public and private keys don't match";

/// What etcd says where there is no key at all.
const NO_KEY: &str = "auth: missing key data";

/// How tokens are signed.
#[derive(Debug, Clone, Copy)]
enum Method {
    Hmac(hmac::Algorithm),
    Rsa(&'static dyn signature::RsaEncoding, &'static dyn signature::VerificationAlgorithm),
    Elliptic(&'static signature::EcdsaSigningAlgorithm, &'static dyn signature::VerificationAlgorithm),
    Ed25519,
}

impl Method {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "HS256" => Self::Hmac(hmac::HMAC_SHA256),
            "HS384" => Self::Hmac(hmac::HMAC_SHA384),
            "HS512" => Self::Hmac(hmac::HMAC_SHA512),
            "RS256" => Self::Rsa(&signature::RSA_PKCS1_SHA256, &signature::RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Self::Rsa(&signature::RSA_PKCS1_SHA384, &signature::RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Self::Rsa(&signature::RSA_PKCS1_SHA512, &signature::RSA_PKCS1_2048_8192_SHA512),
            "PS256" => Self::Rsa(&signature::RSA_PSS_SHA256, &signature::RSA_PSS_2048_8192_SHA256),
            "PS384" => Self::Rsa(&signature::RSA_PSS_SHA384, &signature::RSA_PSS_2048_8192_SHA384),
            "PS512" => Self::Rsa(&signature::RSA_PSS_SHA512, &signature::RSA_PSS_2048_8192_SHA512),
            "ES256" => Self::Elliptic(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &signature::ECDSA_P256_SHA256_FIXED),
            "ES384" => Self::Elliptic(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, &signature::ECDSA_P384_SHA384_FIXED),
            "EdDSA" => Self::Ed25519,
            _ => return None,
        })
    }
}

/// A private key.
enum Signer {
    Rsa(RsaKeyPair, &'static dyn signature::RsaEncoding),
    Elliptic(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// What signatures are checked with.
enum Checker {
    Secret(hmac::Key),
    Public(UnparsedPublicKey<Vec<u8>>),
}

/// Signs tokens and checks them.
pub(super) struct Jwt {
    method: String,
    /// None where only a public key is known.
    signer: Option<Signer>,
    checker: Checker,
    ttl: Duration,
}

impl std::fmt::Debug for Jwt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Jwt").field("method", &self.method).field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

impl Jwt {
    /// Reads the keys. For HMAC the private one is a secret of any bytes, and there is no public one.
    pub(super) fn new(
        method: &str,
        private: Option<&[u8]>,
        public: Option<&[u8]>,
        ttl: Duration,
    ) -> Result<Self, String> {
        let kind = Method::of(method).ok_or_else(|| {
            format!(
                "sign-method {method:?} is not one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, \
                 ES384, EdDSA"
            )
        })?;
        let private = private.filter(|key| !key.is_empty());
        let (signer, key, algorithm): (_, Option<Vec<u8>>, &'static dyn signature::VerificationAlgorithm) = match kind {
            Method::Hmac(algorithm) => {
                let secret = hmac::Key::new(algorithm, private.ok_or(NO_KEY)?);
                return Ok(Self { method: method.to_owned(), signer: None, checker: Checker::Secret(secret), ttl });
            }
            Method::Rsa(encoding, algorithm) => {
                let pair = private.map(keys::rsa).transpose()?;
                let half = pair.as_ref().map(keys::public_half);
                (pair.map(|pair| Signer::Rsa(pair, encoding)), half, algorithm)
            }
            Method::Elliptic(signing, algorithm) => {
                let pair = private.map(|key| keys::elliptic(key, signing)).transpose()?;
                let half = pair.as_ref().map(keys::public_half);
                (pair.map(Signer::Elliptic), half, algorithm)
            }
            Method::Ed25519 => {
                let pair = private.map(keys::ed25519).transpose()?;
                let half = pair.as_ref().map(keys::public_half);
                (pair.map(Signer::Ed25519), half, &signature::ED25519)
            }
        };
        let key_kind = match kind {
            Method::Rsa(..) | Method::Hmac(_) => Kind::Rsa,
            Method::Elliptic(..) => Kind::Elliptic,
            Method::Ed25519 => Kind::Ed25519,
        };
        let public = public.map(|key| keys::public(key, key_kind)).transpose()?;
        let key = match (key, public) {
            (Some(half), Some(public)) if half != public => return Err(KEYS_DIFFER.to_owned()),
            (Some(half), _) => half,
            (None, Some(public)) => public,
            (None, None) => return Err(NO_KEY.to_owned()),
        };
        let checker = Checker::Public(UnparsedPublicKey::new(algorithm, key));
        Ok(Self { method: method.to_owned(), signer, checker, ttl })
    }

    /// Makes a token. `now` is in seconds since the Unix epoch. None where tokens can only be checked.
    pub(super) fn sign(&self, user: &str, auth_revision: u64, now: u64) -> Option<String> {
        let header = json!({ "alg": self.method, "typ": "JWT" }).to_string();
        let claims =
            json!({ "exp": now + self.ttl.as_secs(), "revision": auth_revision, "username": user }).to_string();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let random = SystemRandom::new();
        let signature = match (&self.signer, &self.checker) {
            (None, Checker::Secret(key)) => hmac::sign(key, signed.as_bytes()).as_ref().to_vec(),
            (None, Checker::Public(_)) => return None,
            (Some(Signer::Rsa(pair, encoding)), _) => {
                let mut signature = vec![0; rsa_bytes(pair)];
                pair.sign(*encoding, &random, signed.as_bytes(), &mut signature).ok()?;
                signature
            }
            (Some(Signer::Elliptic(pair)), _) => pair.sign(&random, signed.as_bytes()).ok()?.as_ref().to_vec(),
            (Some(Signer::Ed25519(pair)), _) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Returns whose a token is and the auth revision it was made for. `now` is in seconds since the Unix epoch.
    pub(super) fn verify(&self, token: &str, now: u64) -> Option<(String, u64)> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        match &self.checker {
            Checker::Secret(key) => hmac::verify(key, signed.as_bytes(), &signature).ok()?,
            Checker::Public(key) => key.verify(signed.as_bytes(), &signature).ok()?,
        }
        let header = parse(header)?;
        // Extensions that must be understood are not.
        if header.get("alg")?.as_str()? != self.method || header.get("crit").is_some() {
            return None;
        }
        let claims = parse(claims)?;
        let now = now as f64;
        if claims.get("exp").is_some_and(|end| end.as_f64().is_none_or(|end| now >= end))
            || claims.get("nbf").is_some_and(|begin| begin.as_f64().is_none_or(|begin| now < begin))
        {
            return None;
        }
        let revision = claims.get("revision")?.as_f64().filter(|revision| *revision >= 0.0)?;
        Some((claims.get("username")?.as_str()?.to_owned(), revision as u64))
    }
}

fn parse(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn rsa_bytes(pair: &RsaKeyPair) -> usize {
    let public: &rsa::PublicKey = pair.public();
    public.modulus_len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    /// A key as OpenSSL writes it; see the files' own first lines in `tests/data/keys/README.md`.
    macro_rules! key {
        ($name:literal) => {
            Some(include_bytes!(concat!("../../tests/data/keys/", $name)).as_slice())
        };
    }

    fn jwt(method: &str, private: Option<&[u8]>, public: Option<&[u8]>) -> Jwt {
        Jwt::new(method, private, public, Duration::from_secs(60)).unwrap_or_else(|why| panic!("{method}: {why}"))
    }

    const SECRET: Option<&[u8]> = Some(b"a secret of any bytes");

    #[test]
    fn what_one_key_signs_its_public_half_confirms() {
        for (method, private, public) in [
            ("RS256", key!("rsa.pem"), key!("rsa.pub.pem")),
            ("RS384", key!("rsa.pem"), key!("rsa.pub.pem")),
            ("RS512", key!("rsa.pkcs1.pem"), key!("rsa.pkcs1.pub.pem")),
            ("PS256", key!("rsa.pem"), key!("rsa.pub.pem")),
            ("PS384", key!("rsa.pem"), key!("rsa.pub.pem")),
            ("PS512", key!("rsa.pem"), key!("rsa.pub.pem")),
            ("ES256", key!("p256.pem"), key!("p256.pub.pem")),
            ("ES256", key!("p256.sec1.pem"), key!("p256.pub.pem")),
            ("ES384", key!("p384.pem"), key!("p384.pub.pem")),
            ("EdDSA", key!("ed25519.pem"), key!("ed25519.pub.pem")),
        ] {
            let token = jwt(method, private, None).sign("ann", 7, NOW).unwrap();
            let checks_only = jwt(method, None, public);
            for jwt in [jwt(method, private, public), jwt(method, private, None)] {
                assert_eq!(jwt.verify(&token, NOW), Some(("ann".to_owned(), 7)), "{method}");
            }
            assert_eq!(checks_only.verify(&token, NOW), Some(("ann".to_owned(), 7)), "{method}");
            assert_eq!(checks_only.sign("ann", 7, NOW), None);
            assert_eq!(checks_only.verify(&token, NOW + 60), None, "the token has expired");
        }
    }

    #[test]
    fn a_secret_signs_and_confirms() {
        for method in ["HS256", "HS384", "HS512"] {
            let token = jwt(method, SECRET, None).sign("ann", 7, NOW).unwrap();
            assert_eq!(jwt(method, SECRET, None).verify(&token, NOW), Some(("ann".to_owned(), 7)));
            assert_eq!(jwt(method, Some(b"another"), None).verify(&token, NOW), None);
        }
    }

    #[test]
    fn a_token_that_was_changed_or_names_another_method_is_refused() {
        let ours = jwt("HS256", SECRET, None);
        let token = ours.sign("ann", 7, NOW).unwrap();
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(ours.verify(&String::from_utf8(changed).unwrap(), NOW), None, "byte {at}");
        }
        assert_eq!(ours.verify(&jwt("HS384", SECRET, None).sign("ann", 7, NOW).unwrap(), NOW), None);

        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let claims = token.split('.').nth(1).unwrap();
        assert_eq!(ours.verify(&format!("{none}.{claims}."), NOW), None);
        // A public key is no secret: as one for HMAC it must open nothing.
        let public = jwt("RS256", None, key!("rsa.pub.pem"));
        let forged = jwt("HS256", key!("rsa.pub.pem"), None).sign("root", 7, NOW).unwrap();
        assert_eq!(public.verify(&forged, NOW), None);
        for nonsense in ["", ".", "..", "...", "a.b.c"] {
            assert_eq!(ours.verify(nonsense, NOW), None);
        }
    }

    #[test]
    fn claims_are_needed_and_judged() {
        let ours = jwt("HS256", SECRET, None);
        let Checker::Secret(key) = &ours.checker else { panic!() };
        let verify = |header: &str, claims: &str| {
            let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
            let signature = URL_SAFE_NO_PAD.encode(hmac::sign(key, signed.as_bytes()));
            ours.verify(&format!("{signed}.{signature}"), NOW)
        };
        let header = r#"{"alg":"HS256"}"#;
        assert!(verify(header, r#"{"username":"u","revision":1}"#).is_some());
        assert!(verify(header, r#"{"username":"u","revision":1.0,"nbf":1700000000,"exp":1700000000.5}"#).is_some());
        for claims in [
            "{}",
            r#"{"username":"u"}"#,
            r#"{"username":1,"revision":1}"#,
            r#"{"username":"u","revision":"1"}"#,
            r#"{"username":"u","revision":1,"exp":1700000000}"#,
            r#"{"username":"u","revision":1,"exp":"soon"}"#,
            r#"{"username":"u","revision":1,"nbf":1700000001}"#,
        ] {
            assert_eq!(verify(header, claims), None, "{claims}");
        }
        assert_eq!(verify(r#"{"alg":"HS256","crit":["x"]}"#, r#"{"username":"u","revision":1}"#), None);
    }

    #[test]
    fn keys_that_cannot_be_used_are_refused_at_the_start() {
        let refused = |method: &str, private, public| Jwt::new(method, private, public, TTL).unwrap_err();
        assert_eq!(refused("RS256", None, None), NO_KEY);
        assert_eq!(refused("HS256", None, key!("rsa.pub.pem")), NO_KEY);
        assert_eq!(refused("ES256", key!("p256.pem"), key!("other-p256.pub.pem")), KEYS_DIFFER);
        assert_eq!(refused("RS256", key!("rsa.pub.pem"), None), "PUBLIC KEY is no private key");
        assert_eq!(refused("RS256", None, key!("rsa.pem")), "PRIVATE KEY is no public key");
        assert_eq!(refused("RS256", None, key!("p256.pub.pem")), "the public key is not one of this kind");
        assert_eq!(refused("ES256", Some(b"x"), None), "a key file holds no key");
        assert!(refused("ES384", key!("p256.pem"), None).starts_with("the private key cannot be used"));
        for method in ["", "none", "ES512", "rs256"] {
            assert!(refused(method, SECRET, None).starts_with("sign-method"), "{method}");
        }
    }
}
