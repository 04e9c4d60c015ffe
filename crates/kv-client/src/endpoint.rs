//! Endpoints: where a server listens, as written on a command line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The port of an endpoint that names none.
const DEFAULT_PORT: u16 = 2379;

/// An address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    text: String,
    pub(crate) address: Address,
    pub(crate) security: Security,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

/// Whether an endpoint is reached through TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    /// Always: `https`, `unixs`.
    Required,
    /// Never: `http`.
    None,
    /// If the client has options for TLS.
    Optional,
}

/// Why a text is not an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad endpoint \"{text}\": {reason}")]
pub struct EndpointError {
    text: String,
    reason: &'static str,
}

impl Endpoint {
    /// The name that the server's certificate must have.
    pub(crate) fn server_name(&self) -> String {
        match &self.address {
            Address::Tcp { host, .. } => host.clone(),
            Address::Unix(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        }
    }

    /// What stands in the `:authority` of requests.
    pub(crate) fn authority(&self) -> String {
        match &self.address {
            Address::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Address::Tcp { host, port } => format!("{host}:{port}"),
            Address::Unix(_) => "localhost".to_owned(),
        }
    }
}

/// Shows the endpoint as it was written.
impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Understands `host:port`, `http://host:port`, `https://host:port`, `unix://path` and `unixs://path`.
    fn from_str(text: &str) -> Result<Endpoint, EndpointError> {
        let text = text.trim();
        let fail = |reason| EndpointError { text: text.to_owned(), reason };
        let endpoint = |address, security| Ok(Endpoint { text: text.to_owned(), address, security });
        for (scheme, security) in [("unixs:", Security::Required), ("unix:", Security::Optional)] {
            if let Some(path) = text.strip_prefix(scheme) {
                let path = path.strip_prefix("//").unwrap_or(path);
                if path.is_empty() {
                    return Err(fail("the path is missing"));
                }
                return endpoint(Address::Unix(PathBuf::from(path)), security);
            }
        }
        let (security, rest) = match text.split_once("://") {
            Some(("http", rest)) => (Security::None, rest),
            Some(("https", rest)) => (Security::Required, rest),
            Some(_) => return Err(fail("the scheme is not http, https, unix or unixs")),
            None => (Security::Optional, text),
        };
        // A path or query has no meaning here.
        let host_and_port = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = split_port(host_and_port).map_err(fail)?;
        if host.is_empty() {
            return Err(fail("the host is missing"));
        }
        endpoint(Address::Tcp { host: host.to_owned(), port }, security)
    }
}

fn split_port(text: &str) -> Result<(&str, u16), &'static str> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("the bracket is not closed")?;
        (host, port.strip_prefix(':'))
    } else {
        match text.matches(':').count() {
            0 => (text, None),
            1 => text.split_once(':').map(|(host, port)| (host, Some(port))).expect("one colon"),
            _ => return Err("an IPv6 address with a port stands in brackets"),
        }
    };
    let port = match port {
        Some(port) => port.parse().map_err(|_| "the port is not a number below 65536")?,
        None => DEFAULT_PORT,
    };
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, authority: &str, server_name: &str, security: Security) {
        let endpoint: Endpoint = text.parse().unwrap();
        assert_eq!((endpoint.authority().as_str(), endpoint.server_name().as_str()), (authority, server_name));
        assert_eq!(endpoint.security, security);
        assert_eq!(endpoint.to_string(), text.trim());
    }

    #[test]
    fn every_form() {
        check("127.0.0.1:2379", "127.0.0.1:2379", "127.0.0.1", Security::Optional);
        check(" localhost:1 ", "localhost:1", "localhost", Security::Optional);
        check("http://a.example:80/", "a.example:80", "a.example", Security::None);
        check("https://[::1]:2379", "[::1]:2379", "::1", Security::Required);
        check("[::1]", "[::1]:2379", "::1", Security::Optional);
        check("a.example", "a.example:2379", "a.example", Security::Optional);
        check("unix:///run/etcd.sock", "localhost", "etcd.sock", Security::Optional);
        check("unixs://localhost:0", "localhost", "localhost:0", Security::Required);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "http://", "ftp://a:1", "a:b", "a:70000", "::1:2379", "[::1:2379", "unix://"] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }
}
