//! How a client reaches its servers, who it is, and how long a call may take.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::TlsOptions;

/// How to reach the servers, and with which limits.
#[derive(Debug, Clone)]
pub struct Options {
    /// Longest time for making one connection, and for the first authentication; zero for no limit.
    pub dial_timeout: Duration,
    /// How long a connection with calls under way may be silent before it is probed. Servers disconnect clients that
    /// probe often, so less than ten seconds means ten.
    pub keepalive_time: Duration,
    /// How long the answer to a probe may take.
    pub keepalive_timeout: Duration,
    /// Greatest size of a request; zero for 2 MiB.
    pub max_request_bytes: usize,
    /// Greatest size of an answer; zero for 2 GiB.
    pub max_receive_bytes: usize,
    /// TLS for endpoints that do not say themselves whether they want it.
    pub tls: Option<TlsOptions>,
    /// Who is calling.
    pub credentials: Option<Credentials>,
    /// Told what is done, for debugging.
    pub trace: Option<fn(&str)>,
    /// Told, once, that there is still no connection for a call that would wait for ever.
    pub notice: Option<fn(&str)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            dial_timeout: Duration::from_secs(2),
            keepalive_time: Duration::from_secs(2),
            keepalive_timeout: Duration::from_secs(6),
            max_request_bytes: 0,
            max_receive_bytes: 0,
            tls: None,
            credentials: None,
            trace: None,
            notice: None,
        }
    }
}

/// Who is calling.
#[derive(Clone)]
pub enum Credentials {
    /// A user with a password, exchanged for a token at the start.
    User {
        /// The user's name.
        name: String,
        /// The user's password.
        password: String,
    },
    /// A token from elsewhere.
    Token(String),
}

/// Without the secrets.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credentials::User { name, .. } => {
                formatter.debug_struct("User").field("name", name).finish_non_exhaustive()
            }
            Credentials::Token(_) => formatter.write_str("Token"),
        }
    }
}

/// Until when a call may take, all attempts together.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub(crate) Option<Instant>);

impl Deadline {
    /// No limit.
    pub const NEVER: Deadline = Deadline(None);

    /// A time from now.
    pub fn after(duration: Duration) -> Deadline {
        Deadline(Instant::now().checked_add(duration))
    }

    pub(crate) fn has_passed(self) -> bool {
        self.0.is_some_and(|instant| instant <= Instant::now())
    }

    pub(crate) fn remaining(self) -> Option<Duration> {
        self.0.map(|instant| instant.saturating_duration_since(Instant::now()))
    }

    pub(crate) async fn limit<T>(self, work: impl Future<Output = T>) -> Option<T> {
        match self.0 {
            Some(instant) => tokio::time::timeout_at(instant, work).await.ok(),
            None => Some(work.await),
        }
    }
}
