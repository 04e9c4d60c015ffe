//! Paths of HTTP as Go's multiplexer takes them: with dots and doubled slashes they are another's, which the client is sent to.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Method, Response, StatusCode};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Returns the path without `.`, `..` and empty parts. A slash at its end stays.
pub(crate) fn clean(path: &str) -> Cow<'_, str> {
    let unclean = |part: &str| matches!(part, "." | "..");
    if path.starts_with('/') && !path.contains("//") && !path.split('/').any(unclean) {
        return Cow::Borrowed(path);
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let end = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    Cow::Owned(format!("/{}{end}", parts.join("/")))
}

/// Replaces what is written as `%` and two digits. Whatever is no text then stays as it was.
pub(crate) fn decode(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16).map(|digit| digit as u8);
    let (bytes, mut decoded, mut at) = (path.as_bytes(), Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            decoded.push(high << 4 | low);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(decoded).map_or(Cow::Borrowed(path), Cow::Owned)
}

/// Sends the client to another path.
pub(crate) fn redirect(method: &Method, path: &str, query: Option<&str>) -> Response<Bytes> {
    let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let shown = method == Method::GET || method == Method::HEAD;
    let page = format!("<a href=\"{}\">Temporary Redirect</a>.\n\n", escape(&target));
    let mut response = Response::new(if method == Method::GET { Bytes::from(page) } else { Bytes::new() });
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    if shown {
        response.headers_mut().insert(CONTENT_TYPE, HTML);
    }
    if let Ok(target) = HeaderValue::try_from(target) {
        response.headers_mut().insert(LOCATION, target);
    }
    response
}

/// Keeps a text from meaning something in HTML.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&#34;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_by_go() {
        for (path, expected) in [
            ("/v3/kv/range", "/v3/kv/range"),
            ("/v3/", "/v3/"),
            ("/", "/"),
            ("//", "/"),
            ("/health//", "/health/"),
            ("//health", "/health"),
            ("/livez/../readyz", "/readyz"),
            ("/../..", "/"),
            ("/a/./b/.", "/a/b"),
            ("/a..b/.c", "/a..b/.c"),
        ] {
            assert_eq!(clean(path), expected, "{path}");
        }
    }

    #[test]
    fn escapes_are_read_where_they_are_some() {
        for (path, expected) in [
            ("/v3/kv%2Frange", "/v3/kv/range"),
            ("/%68%65alth", "/health"),
            ("/%252F", "/%2F"),
            ("/%zz%2", "/%zz%2"),
            ("/%ff", "/%ff"),
        ] {
            assert_eq!(decode(path), expected, "{path}");
        }
    }

    #[test]
    fn a_page_says_where_to_go() {
        let response = redirect(&Method::GET, "/v3/", Some("a=<b>"));
        assert_eq!(response.headers()[LOCATION], "/v3/?a=<b>");
        assert_eq!(response.body().as_ref(), b"<a href=\"/v3/?a=&lt;b&gt;\">Temporary Redirect</a>.\n\n");
        assert!(redirect(&Method::POST, "/v3/", None).body().is_empty());
    }
}
