//! One of a client's endpoints: what is known about it, and connecting to it.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;
use tonic::transport::{Channel, Endpoint as Transport};
use tower::service_fn;

use crate::dial::{ConnectError, Dialer};
use crate::greeting::{Greeting, UNPOISONED};
use crate::{Options, Step};

/// The shortest time after which etcd's servers accept another probe on a connection.
const KEEPALIVE_TIME_MIN: Duration = Duration::from_secs(10);

/// The longest piece of an answer that a server may send at once. With the usual 16 KiB, a large answer takes several times as
/// many system calls on both sides.
const FRAME_BYTES_MAX: u32 = 256 * 1024;

/// An endpoint and what is known about it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) dialer: Dialer,
    pub(crate) channel: Mutex<Option<Channel>>,
    pub(crate) failure: Mutex<Option<ConnectError>>,
}

impl Place {
    /// Makes a connection to somebody who speaks HTTP/2.
    ///
    /// # Errors
    ///
    /// Fails with the step that did.
    pub(crate) async fn open(&self, options: &Options) -> Result<Channel, ConnectError> {
        let began = Instant::now();
        let authority = self.dialer.endpoint.authority();
        let uri = |scheme| format!("{scheme}://{authority}").parse::<http::Uri>();
        let invalid = |_| ConnectError {
            endpoint: self.dialer.endpoint.to_string(),
            step: Step::Resolve,
            reason: "the host is not a valid name".to_owned(),
        };
        let mut transport = Transport::from(uri("http").map_err(invalid)?)
            .user_agent(concat!("kv-client/", env!("CARGO_PKG_VERSION")))
            .expect("a constant without control characters")
            .max_frame_size(FRAME_BYTES_MAX);
        if self.dialer.tls.is_some() {
            transport = transport.origin(uri("https").map_err(invalid)?);
        }
        if !options.keepalive_time.is_zero() {
            transport = transport
                .http2_keep_alive_interval(options.keepalive_time.max(KEEPALIVE_TIME_MIN))
                .keep_alive_timeout(options.keepalive_timeout);
        }
        let dialer = self.dialer.clone();
        let connector = service_fn(move |_: http::Uri| {
            let dialer = dialer.clone();
            async move { dialer.dial().await }
        });
        let channel = transport.connect_with_connector(connector).await.map_err(|error| {
            find_connect_error(&error).unwrap_or_else(|| ConnectError {
                endpoint: self.dialer.endpoint.to_string(),
                step: Step::Http2,
                reason: error.to_string(),
            })
        })?;
        let before = self.failure.lock().expect(UNPOISONED).clone();
        self.dialer.greeted(began, before.as_ref()).await?;
        Ok(channel)
    }

    /// Returns once a new connection cannot be made, which is looked for now and then: the server has died, hangs, or is cut off,
    /// so an answer that has not come will not. A server that is only slow takes connections.
    pub(crate) async fn lost(&self, options: &Options) -> ConnectError {
        let dialer = Dialer { greeting: Greeting::default(), ..self.dialer.clone() };
        let probe = Place { dialer, channel: Mutex::default(), failure: Mutex::default() };
        loop {
            tokio::time::sleep(options.dial_timeout).await;
            if let Err(failure) = probe.open(options).await {
                return failure;
            }
        }
    }
}

/// Finds the step that failed among the causes of an error.
pub(crate) fn find_connect_error(error: &(dyn std::error::Error + 'static)) -> Option<ConnectError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<ConnectError>() {
            return Some(found.clone());
        }
        cause = error.source();
    }
    None
}
