//! The URLs that servers listen on and advertise, by etcd's rules: a scheme and a `host:port`, or a socket's path.

use std::fmt;
use std::net::IpAddr;

/// How an endpoint is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// TCP in the clear.
    Http,
    /// TCP with TLS.
    Https,
    /// A Unix socket.
    Unix,
    /// A Unix socket with TLS.
    Unixs,
}

impl Scheme {
    fn text(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Unix => "unix",
            Scheme::Unixs => "unixs",
        }
    }
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url {
    /// How it is reached.
    pub scheme: Scheme,
    /// `host:port`, or the path of a socket.
    pub address: String,
    /// The text it was read from, with the scheme in lower case: what clients and ids are given.
    text: String,
}

impl Url {
    /// Makes the URL of a `host:port` or a socket path.
    pub fn new(scheme: Scheme, address: impl Into<String>) -> Self {
        let address = address.into();
        Self { scheme, text: format!("{}://{address}", scheme.text()), address }
    }

    /// Reads one URL; the errors are etcd's.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.contains(|c: char| c.is_ascii_control()) {
            return Err(format!("parse {text:?}: net/url: invalid control character in URL"));
        }
        let (scheme, rest) = split_scheme(text).map_err(|why| format!("parse {text:?}: {why}"))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "unix" => Scheme::Unix,
            "unixs" => Scheme::Unixs,
            _ => return Err(format!("URL scheme must be http, https, unix, or unixs: {text}")),
        };
        // `unix:path` and `unix://path` both name a path.
        let mut address = rest.strip_prefix("//").unwrap_or(rest);
        if matches!(scheme, Scheme::Http | Scheme::Https) {
            let without_port = || format!("URL address does not have the form \"host:port\": {text}");
            if !rest.starts_with("//") {
                return Err(without_port());
            }
            let host_end = address.find(['/', '?', '#']).unwrap_or(address.len());
            let behind = &address[host_end..];
            address = &address[..host_end];
            check_characters(address).map_err(|why| format!("parse {text:?}: {why}"))?;
            let (_, port) = split_host_port(address).ok_or_else(without_port)?;
            if !port.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(format!("parse {text:?}: invalid port \":{port}\" after host"));
            }
            if behind.starts_with('/') {
                return Err(format!("URL must not contain a path: {text}"));
            }
        } else if address.is_empty() {
            return Err(format!("URL names no socket: {text}"));
        }
        let (address, text) = (address.to_owned(), format!("{}:{rest}", scheme.text()));
        Ok(Self { scheme, address, text })
    }

    /// Reads a comma-separated list, sorted and without duplicates as etcd keeps it.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let mut urls = text.split(',').map(Self::parse).collect::<Result<Vec<_>, _>>()?;
        urls.sort_by(|a, b| a.text.cmp(&b.text));
        urls.dedup();
        Ok(urls)
    }

    /// Returns whether the endpoint is a socket in the file system.
    pub fn is_unix(&self) -> bool {
        matches!(self.scheme, Scheme::Unix | Scheme::Unixs)
    }

    /// Returns whether the endpoint speaks TLS.
    pub fn is_secure(&self) -> bool {
        matches!(self.scheme, Scheme::Https | Scheme::Unixs)
    }

    /// Splits a network address in host (without brackets) and port; `None` for a socket.
    pub fn host_port(&self) -> Option<(&str, &str)> {
        if self.is_unix() { None } else { split_host_port(&self.address) }
    }

    /// Says whether any free port is meant.
    pub fn has_port_zero(&self) -> bool {
        self.host_port().is_some_and(|(_, port)| port == "0")
    }

    /// Returns the text as given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Refuses a host that cannot be listened on: a name needs resolving, which may give several addresses.
    pub fn check_bindable(&self) -> Result<(), String> {
        match self.host_port() {
            None => Ok(()),
            Some((host, port)) => {
                let known = host == "localhost" || host.parse::<IpAddr>().is_ok();
                if !known {
                    return Err(format!("expected IP in URL for binding ({self})"));
                }
                port.parse::<u16>().map(drop).map_err(|_| format!("invalid port in URL ({self})"))
            }
        }
    }

    /// Refuses an empty host, which no other machine could use.
    pub fn check_advertisable(&self) -> Result<(), String> {
        match self.host_port() {
            Some(("", _)) => Err(format!("unexpected empty host ({self})")),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Joins URLs with commas, as they are typed.
pub fn join(urls: &[Url]) -> String {
    urls.iter().map(Url::as_str).collect::<Vec<_>>().join(",")
}

/// Cuts off the scheme, which may be missing. `localhost:2379` and `10.0.0.1:2379` are the usual slips: of the first, Go's parser
/// says that the scheme is `localhost`, of the second that it is no URL.
fn split_scheme(text: &str) -> Result<(&str, &str), &'static str> {
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return Err("missing protocol scheme"),
            b':' => return Ok((&text[..index], &text[index + 1..])),
            _ => break,
        }
    }
    let segment = text.split(['/', '?', '#']).next().unwrap_or_default();
    if segment.contains(':') { Err("first path segment in URL cannot contain colon") } else { Ok(("", text)) }
}

/// Refuses what cannot stand in a host, as Go's parser does.
fn check_characters(host: &str) -> Result<(), String> {
    const MARKS: &str = "-_.~!$&'()*+,;=:[]<>\"@";
    if host.starts_with('[') && !host.contains(']') {
        return Err("missing ']' in host".to_owned());
    }
    let mut rest = host;
    while let Some(c) = rest.chars().next() {
        if c == '%' {
            let escape: String = rest.chars().take(3).collect();
            let hex = escape.len() == 3 && escape[1..].bytes().all(|digit| digit.is_ascii_hexdigit());
            // Only what is not ASCII may be written so, and the sign itself.
            if !hex || (escape.as_bytes()[1] < b'8' && escape != "%25") {
                return Err(format!("invalid URL escape {escape:?}"));
            }
        } else if c.is_ascii() && !c.is_ascii_alphanumeric() && !MARKS.contains(c) {
            return Err(format!("invalid character {:?} in host name", c.to_string()));
        }
        rest = &rest[c.len_utf8()..];
    }
    Ok(())
}

/// Splits `host:port` or `[v6]:port`.
pub fn split_host_port(address: &str) -> Option<(&str, &str)> {
    let (host, port) = address.rsplit_once(':')?;
    match host.strip_prefix('[') {
        Some(inner) => Some((inner.strip_suffix(']')?, port)),
        None if host.contains([':', '[', ']']) => None,
        None => Some((host, port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_urls_keep_their_text() {
        for text in ["http://localhost:2379", "https://[::1]:2379", "http://0.0.0.0:0", "unix://run/kvd.sock"] {
            assert_eq!(Url::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Url::parse("unix:/run/kvd.sock").unwrap().address, "/run/kvd.sock");
        assert_eq!(Url::parse("unix:///run/kvd.sock").unwrap().address, "/run/kvd.sock");
        assert_eq!(Url::parse("http://[::1]:80").unwrap().host_port(), Some(("::1", "80")));
        assert_eq!(Url::parse(" HTTP://Localhost:80 ").unwrap().to_string(), "http://Localhost:80");
        assert_eq!(Url::parse("http://a:1?x").unwrap().address, "a:1");
        assert!(Url::parse("http://b%c3%bccher:80").is_ok() && Url::parse("http://bücher:80").is_ok());
    }

    #[test]
    fn refusals_are_etcds() {
        for (text, error) in [
            ("localhost:2379", "URL scheme must be http, https, unix, or unixs: localhost:2379"),
            ("127.0.0.1:2379", "parse \"127.0.0.1:2379\": first path segment in URL cannot contain colon"),
            ("://a:1", "parse \"://a:1\": missing protocol scheme"),
            ("/a:1", "URL scheme must be http, https, unix, or unixs: /a:1"),
            ("http:a:1", "URL address does not have the form \"host:port\": http:a:1"),
            ("http://[::1:80", "parse \"http://[::1:80\": missing ']' in host"),
            ("127.0.0.1", "URL scheme must be http, https, unix, or unixs: 127.0.0.1"),
            ("ftp://a:1", "URL scheme must be http, https, unix, or unixs: ftp://a:1"),
            ("http://localhost", "URL address does not have the form \"host:port\": http://localhost"),
            ("http://::1:80", "URL address does not have the form \"host:port\": http://::1:80"),
            ("http://localhost:port", "parse \"http://localhost:port\": invalid port \":port\" after host"),
            ("http://a b:80", "parse \"http://a b:80\": invalid character \" \" in host name"),
            ("http://%zz:80", "parse \"http://%zz:80\": invalid URL escape \"%zz\""),
            ("http://%2", "parse \"http://%2\": invalid URL escape \"%2\""),
            ("http://a:1\n2", "parse \"http://a:1\\n2\": net/url: invalid control character in URL"),
            ("http://localhost:80/x", "URL must not contain a path: http://localhost:80/x"),
        ] {
            assert_eq!(Url::parse(text).unwrap_err(), error);
        }
    }

    #[test]
    fn lists_are_sorted_and_distinct() {
        let urls = Url::parse_list("http://b:1, http://a:1,http://b:1").unwrap();
        assert_eq!(join(&urls), "http://a:1,http://b:1");
    }

    #[test]
    fn names_cannot_be_bound_and_empty_hosts_not_advertised() {
        let url = |text| Url::parse(text).unwrap();
        assert!(url("http://localhost:1").check_bindable().is_ok());
        assert_eq!(
            url("http://example.org:1").check_bindable().unwrap_err(),
            "expected IP in URL for binding (http://example.org:1)"
        );
        assert!(url("http://127.0.0.1:70000").check_bindable().is_err());
        assert_eq!(url("http://:1").check_advertisable().unwrap_err(), "unexpected empty host (http://:1)");
    }
}
