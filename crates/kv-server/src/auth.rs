//! Who a request comes from, and whether what was said of it can be believed.
//!
//! The store judges what a caller may do; here is found out who that is. A request carries a token in its metadata, which
//! the client got for a name and a password, or comes over a connection whose client has shown a certificate. Passwords are looked at by bcrypt on threads of their own, because that takes a
//! tenth of a second on purpose.
//!
//! No token and no password is ever logged or part of an error.

mod jwt;
mod keys;
mod passwords;
mod simple;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kv_proto::ApiError;
use kv_store::{Access, AuthError, AuthState, Caller, KeyRange, PasswordHash, Store};
use tonic::{Request, Status};

use crate::config::Config;
use crate::status::{auth_status, status};
use crate::values::parse_duration;
use jwt::Jwt;
use passwords::Passwords;
use simple::SimpleTokens;

/// What etcd says of a user that has no password.
const NO_PASSWORD: &str = "auth: authentication failed, password was given for no password user";

/// What etcd says where tokens can be checked and not made.
const VERIFY_ONLY: &str = "auth: token signing attempted with verify-only key";

/// A gateway marks what it passes on with this. The certificate is the gateway's then, and not that of whoever asks.
const GATEWAY_MARK: &str = "grpcgateway-accept";

/// What a request says of who sent it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {
    token: Option<Token>,
    /// Counts only without a token.
    common_name: Option<CommonName>,
}

/// Whom the certificate names that the client of a connection has shown. It comes with each of its requests.
#[derive(Debug, Clone)]
pub(crate) struct CommonName(pub(crate) Arc<str>);

#[derive(Clone)]
struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(…)")
    }
}

impl Credentials {
    /// Reads what comes with a request.
    pub(crate) fn of<T>(request: &Request<T>) -> Self {
        let metadata = request.metadata();
        let value = metadata.get("token").or_else(|| metadata.get("authorization"));
        // What is no text is no token of ours, and is refused as any other that is unknown.
        let token = value.map(|value| value.to_str().unwrap_or_default());
        let token = token.map(|token| Token(token.strip_prefix("Bearer ").unwrap_or(token).to_owned()));
        let mut common_name = request.extensions().get::<CommonName>().filter(|_| token.is_none()).cloned();
        if common_name.is_some() && metadata.contains_key(GATEWAY_MARK) {
            tracing::warn!("ignoring common name in gRPC-gateway proxy request");
            common_name = None;
        }
        Self { token, common_name }
    }
}

/// A read that was permitted.
#[derive(Debug)]
#[must_use = "users and roles may change while something is read"]
pub(crate) struct Permit {
    /// None where nobody needs permission.
    auth_revision: Option<u64>,
}

/// Finds out callers, and hands out tokens.
#[derive(Debug)]
pub(crate) struct Auth {
    store: Arc<Store>,
    tokens: Tokens,
    passwords: Passwords,
}

/// How tokens are made and found.
#[derive(Debug)]
enum Tokens {
    /// Drawn at random, and remembered here.
    Simple(SimpleTokens),
    /// Signed.
    Jwt(Box<Jwt>),
}

impl Tokens {
    /// Reads the options of `--auth-token`, and the files they name.
    fn new(config: &Config) -> Result<Self, String> {
        let (kind, options) = config.auth_token.split_once(',').unwrap_or((&config.auth_token, ""));
        let invalid = |why: &str| format!("auth: invalid auth options: {why}");
        Ok(match kind {
            "" | "simple" => Tokens::Simple(SimpleTokens::new(Duration::from_secs(config.auth_token_ttl))),
            "jwt" => {
                let options = JwtOptions::parse(options).map_err(|why| invalid(&why))?;
                Tokens::Jwt(Box::new(options.open().map_err(|why| invalid(&why))?))
            }
            other => return Err(invalid(&format!("there are no tokens of kind {other:?}; use simple or jwt"))),
        })
    }
}

/// Says what is wrong with `--auth-token`, or with a file that it names.
pub(crate) fn check_tokens(config: &Config) -> Result<(), String> {
    Tokens::new(config).map(drop)
}

impl Auth {
    /// Reads the options of `--auth-token`, and the files they name.
    pub(crate) fn new(config: &Config, store: Arc<Store>) -> Result<Self, String> {
        let tokens = Tokens::new(config)?;
        if matches!(tokens, Tokens::Simple(_)) {
            tracing::debug!("simple token is not cryptographically signed");
        }
        Ok(Self { store, tokens, passwords: Passwords::new(config.bcrypt_cost)? })
    }

    /// Reads what a request says of its sender. Costs nothing while authentication is off.
    pub(crate) fn credentials<T>(&self, request: &Request<T>) -> Credentials {
        if self.store.is_auth_enabled() { Credentials::of(request) } else { Credentials::default() }
    }

    /// Finds out who a request comes from.
    pub(crate) fn caller(&self, credentials: &Credentials) -> Result<Caller, Status> {
        let Credentials { token, common_name } = credentials;
        if token.is_none() && common_name.is_none() {
            return Ok(Caller::Nobody);
        }
        let state = self.store.auth();
        if !state.is_enabled() {
            return Ok(Caller::Nobody);
        }
        let Some(Token(token)) = token else {
            // Whether there is such a user is for whoever judges what it may do.
            let name = common_name.as_ref().map(|CommonName(name)| name.to_string()).unwrap_or_default();
            return Ok(Caller::User { name, auth_revision: state.revision() });
        };
        let found = match &self.tokens {
            Tokens::Simple(tokens) => tokens
                .find(token, &state, Instant::now())
                .map(|name| Caller::User { name, auth_revision: state.revision() }),
            Tokens::Jwt(jwt) => {
                jwt.verify(token, unix_seconds()).map(|(name, auth_revision)| Caller::User { name, auth_revision })
            }
        };
        found.ok_or_else(|| {
            tracing::warn!("invalid auth token");
            status(ApiError::InvalidAuthToken)
        })
    }

    /// Finds out who a request comes from, and lets only administrators pass.
    pub(crate) fn admin<T>(&self, request: &Request<T>) -> Result<Caller, Status> {
        self.admin_with(&self.credentials(request))
    }

    /// The same where the request is gone already.
    pub(crate) fn admin_with(&self, credentials: &Credentials) -> Result<Caller, Status> {
        self.checked(credentials, AuthState::permit_admin)
    }

    /// Finds out who a request comes from, and lets everybody pass who is known.
    pub(crate) fn known<T>(&self, request: &Request<T>) -> Result<Caller, Status> {
        self.checked(&self.credentials(request), AuthState::permit_known)
    }

    fn checked(
        &self,
        credentials: &Credentials,
        check: impl FnOnce(&AuthState, &Caller) -> Result<(), AuthError>,
    ) -> Result<Caller, Status> {
        let caller = self.caller(credentials)?;
        check(&self.store.auth(), &caller).map_err(auth_status)?;
        Ok(caller)
    }

    /// Judges a read. What it returns is for [`confirm`](Self::confirm) when the read is done.
    pub(crate) fn permit(
        &self,
        credentials: &Credentials,
        check: impl FnOnce(&AuthState, &Caller) -> Result<(), AuthError>,
    ) -> Result<Permit, Status> {
        if !self.store.is_auth_enabled() {
            return Ok(Permit { auth_revision: None });
        }
        let caller = self.checked(credentials, check)?;
        let auth_revision = match caller {
            Caller::User { auth_revision, .. } => Some(auth_revision),
            Caller::Nobody | Caller::Server => None,
        };
        Ok(Permit { auth_revision })
    }

    /// Judges a request about leases, like [`permit`](Self::permit), but by who the caller is now: a token from before
    /// the last change of users or roles is as good as a new one. etcd lets a lease be kept alive across such changes.
    pub(crate) fn permit_present(
        &self,
        credentials: &Credentials,
        check: impl FnOnce(&AuthState, &Caller) -> Result<(), AuthError>,
    ) -> Result<Permit, Status> {
        let mut present = None;
        let permit = self.permit(credentials, |state, caller| {
            present = Some(state.revision());
            check(state, caller)
        })?;
        Ok(Permit { auth_revision: permit.auth_revision.and(present) })
    }

    /// Judges a read of a range.
    pub(crate) fn permit_range(&self, credentials: &Credentials, range: &KeyRange) -> Result<Permit, Status> {
        self.permit(credentials, |state, caller| state.permit(caller, range, Access::Read))
    }

    /// Refuses the answer of a read during which users or roles were changed: it may hold what is forbidden now.
    pub(crate) fn confirm(&self, permit: &Permit) -> Result<(), Status> {
        match permit.auth_revision {
            Some(revision) if revision != self.store.auth().revision() => Err(status(ApiError::AuthOldRevision)),
            _ => Ok(()),
        }
    }

    /// Returns what bcrypt makes of a password.
    pub(crate) async fn hash(&self, password: String) -> Result<PasswordHash, Status> {
        self.passwords.hash(password).await
    }

    /// Returns a token for a user whose password is right. `index` is the position in the log that simple tokens name.
    pub(crate) async fn authenticate(&self, name: &str, password: &str, index: u64) -> Result<String, Status> {
        loop {
            let state = self.store.auth();
            if !state.is_enabled() {
                return Err(status(ApiError::AuthNotEnabled));
            }
            let refused = |reason: &str| {
                tracing::warn!(user = name, error = reason, "invalid authentication was requested");
            };
            let Some(user) = state.user(name) else {
                refused("there is no such user");
                return Err(status(ApiError::AuthFailed));
            };
            let Some(hash) = user.password() else {
                refused(NO_PASSWORD);
                return Err(Status::unknown(NO_PASSWORD));
            };
            if !self.passwords.verify(name, password, hash).await? {
                refused("the password is wrong");
                return Err(status(ApiError::AuthFailed));
            }
            // The password may be another one by now, and the user gone.
            if self.store.auth().revision() != state.revision() {
                continue;
            }
            return match &self.tokens {
                Tokens::Simple(tokens) => tokens.assign(user, &state, index, Instant::now()),
                Tokens::Jwt(jwt) => match jwt.sign(name, state.revision(), unix_seconds()) {
                    Some(token) => Ok(token),
                    None => Err(Status::unknown(VERIFY_ONLY)),
                },
            };
        }
    }
}

/// What `--auth-token=jwt,…` says.
#[derive(Debug, Default, PartialEq, Eq)]
struct JwtOptions {
    sign_method: String,
    public_key: Option<String>,
    private_key: Option<String>,
    ttl: Option<Duration>,
}

impl JwtOptions {
    fn parse(text: &str) -> Result<Self, String> {
        let mut options = Self::default();
        let mut seen = Vec::new();
        for option in text.split(',').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').ok_or_else(|| format!("{option:?} is not name=value"))?;
            if seen.contains(&name) {
                return Err(format!("{name} is given twice"));
            }
            seen.push(name);
            match name {
                "sign-method" => value.clone_into(&mut options.sign_method),
                "pub-key" => options.public_key = Some(value.to_owned()),
                "priv-key" => options.private_key = Some(value.to_owned()),
                "ttl" => options.ttl = Some(parse_duration(value).map_err(|why| format!("ttl {value:?}: {why}"))?),
                // As etcd does, whose later releases may know more.
                other => tracing::warn!(option = other, "unknown JWT option"),
            }
        }
        Ok(options)
    }

    fn open(&self) -> Result<Jwt, String> {
        let read = |file: &Option<String>| match file.as_deref().filter(|file| !file.is_empty()) {
            None => Ok(None),
            Some(file) => std::fs::read(file).map(Some).map_err(|error| format!("read {file}: {error}")),
        };
        let (private, public) = (read(&self.private_key)?, read(&self.public_key)?);
        Jwt::new(&self.sign_method, private.as_deref(), public.as_deref(), self.ttl.unwrap_or(jwt::TTL))
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(pairs: &[(&'static str, &str)]) -> Request<()> {
        let mut request = Request::new(());
        for (name, value) in pairs {
            request.metadata_mut().append(*name, value.parse().unwrap());
        }
        request
    }

    #[test]
    fn a_certificate_counts_without_a_token_and_not_for_a_gateway() {
        let name = |pairs| {
            let mut request = request(pairs);
            request.extensions_mut().insert(CommonName("alice".into()));
            Credentials::of(&request).common_name.map(|name| name.0.to_string())
        };
        assert_eq!(name(&[]).unwrap(), "alice");
        assert_eq!(name(&[("token", "a.1")]), None);
        assert_eq!(name(&[("grpcgateway-accept", "*/*")]), None);
    }

    #[test]
    fn a_token_is_in_the_metadata_under_one_of_two_names() {
        let token = |pairs: &[(&'static str, &str)]| Credentials::of(&request(pairs)).token.map(|token| token.0);
        assert_eq!(token(&[]), None);
        assert_eq!(token(&[("token", "a.1")]).unwrap(), "a.1");
        assert_eq!(token(&[("authorization", "Bearer a.1")]).unwrap(), "a.1");
        assert_eq!(token(&[("authorization", "b.1"), ("token", "a.1"), ("token", "c.1")]).unwrap(), "a.1");
        assert_eq!(format!("{:?}", Token("a.1".to_owned())), "Token(…)");
    }

    #[test]
    fn the_options_of_signed_tokens() {
        let options = JwtOptions::parse("pub-key=p,priv-key=q,sign-method=RS256,ttl=10m").unwrap();
        let expected = JwtOptions {
            sign_method: "RS256".to_owned(),
            public_key: Some("p".to_owned()),
            private_key: Some("q".to_owned()),
            ttl: Some(Duration::from_secs(600)),
        };
        assert_eq!(options, expected);
        assert_eq!(JwtOptions::parse("color=red").unwrap(), JwtOptions::default());
        for wrong in ["x", "ttl=x", "ttl=1s,ttl=1s"] {
            assert!(JwtOptions::parse(wrong).is_err(), "{wrong}");
        }
    }
}
