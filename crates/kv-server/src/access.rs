//! Who may ask over HTTP: the names a request may call the server by, and the pages whose scripts may ask.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue, ORIGIN};
use http::{Response, StatusCode};
use kv_proto::url::split_host_port;

use crate::config::{ANY, Config};
use crate::http::error;

/// Names and pages that are let in; none given, or `*`, lets in all.
#[derive(Debug)]
pub(crate) struct Access {
    hosts: Option<BTreeSet<String>>,
    origins: Option<BTreeSet<String>>,
}

impl Access {
    pub(crate) fn new(config: &Config) -> Self {
        Self { hosts: listed(&config.host_whitelist), origins: listed(&config.cors) }
    }

    /// Refuses a request that names the server by a name that is not its own. A page that has its own name point here would
    /// make its visitors' browsers ask like that, which cannot be told from a request of the visitor's.
    pub(crate) fn refuse_host(&self, host: &str) -> Option<Response<Bytes>> {
        let hosts = self.hosts.as_ref()?;
        let name = split_host_port(host).map_or(host, |(name, _)| name);
        if hosts.contains(name) {
            return None;
        }
        tracing::warn!(host = name, "rejecting HTTP request to prevent DNS rebinding attacks");
        let text = format!(
            "The request calls this server {name:?}, which is not one of its names. Requests over https:// may call it \
             anything;\nof the others, only those that use a name of --host-whitelist are answered."
        );
        Some(error(StatusCode::MISDIRECTED_REQUEST, &text))
    }

    /// Tells a browser whether the page may see the answer.
    pub(crate) fn allow_origin(&self, request: &HeaderMap, response: &mut HeaderMap) {
        let origin = match &self.origins {
            None => HeaderValue::from_static(ANY),
            Some(origins) => match request.get(ORIGIN) {
                Some(origin) if origin.to_str().is_ok_and(|origin| origins.contains(origin)) => origin.clone(),
                _ => return,
            },
        };
        let allow = |value| HeaderValue::from_static(value);
        response.insert("access-control-allow-methods", allow("POST, GET, OPTIONS, PUT, DELETE"));
        response.insert("access-control-allow-origin", origin);
        response.insert("access-control-allow-headers", allow("accept, content-type, authorization"));
    }
}

fn listed(names: &[String]) -> Option<BTreeSet<String>> {
    let any = names.is_empty() || names.iter().any(|name| name == ANY);
    (!any).then(|| names.iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(hosts: &[&str], cors: &[&str]) -> Access {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Access::new(&Config { host_whitelist: texts(hosts), cors: texts(cors), ..Config::default() })
    }

    #[test]
    fn a_name_is_compared_without_its_port() {
        for all in [access(&[], &[]), access(&["a", "*"], &[])] {
            assert!(all.refuse_host("anything").is_none());
        }
        let some = access(&["db.example", "::1"], &[]);
        for host in ["db.example", "db.example:2379", "[::1]:2379"] {
            assert!(some.refuse_host(host).is_none(), "{host}");
        }
        for host in ["", "evil.example:2379", "db.example.evil:1", "127.0.0.1:2379"] {
            assert_eq!(some.refuse_host(host).unwrap().status(), StatusCode::MISDIRECTED_REQUEST, "{host}");
        }
    }

    #[test]
    fn a_page_is_told_if_it_is_listed() {
        let told = |access: &Access, origin: Option<&'static str>| {
            let (mut request, mut response) = (HeaderMap::new(), HeaderMap::new());
            request.extend(origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin))));
            access.allow_origin(&request, &mut response);
            response.get("access-control-allow-origin").map(|origin| origin.to_str().unwrap().to_owned())
        };
        assert_eq!(told(&access(&[], &["*"]), None).unwrap(), "*");
        let one = access(&[], &["http://a.example:80"]);
        assert_eq!(told(&one, Some("http://a.example:80")).unwrap(), "http://a.example:80");
        assert_eq!(told(&one, Some("http://b.example:80")), None);
        assert_eq!(told(&one, None), None);
    }
}
