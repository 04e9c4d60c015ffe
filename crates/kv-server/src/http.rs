//! What is served beside gRPC: health checks, versions and metrics, byte for byte as etcd does.

use std::fmt::Write as _;
use std::future::Future;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};

use crate::metrics::Metrics;
use crate::origin::Scope;
use crate::path;
use crate::version::{API_CLUSTER_VERSION, API_SERVER_VERSION, API_STORAGE_VERSION};

/// What the checks ask of the server.
pub(crate) trait Checks: Sync {
    /// Returns the names of raised alarms.
    fn alarms(&self) -> Vec<&'static str>;
    /// Says what the disk has no room for.
    fn full(&self) -> Option<&'static str>;
    /// Says whether somebody leads.
    fn has_leader(&self) -> bool;
    /// Says whether this member has no vote.
    fn is_learner(&self) -> bool;
    /// Reads one key; the error is told to whoever asks.
    fn read(&self, linearizable: bool) -> impl Future<Output = Result<(), String>> + Send;
    /// Returns the page of metrics.
    fn metrics_page(&self) -> String;
    /// Returns what `/debug/vars` says, a name and a value in JSON each.
    fn variables(&self) -> Vec<(&'static str, serde_json::Value)>;
}

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const VARIABLES: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const EXPOSITION: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

const LIVE_CHECKS: &[&str] = &["serializable_read"];
const READY_CHECKS: &[&str] = &["data_corruption", "serializable_read", "linearizable_read", "non_learner"];

/// Answers a request that is not gRPC's.
pub(crate) async fn respond(
    scope: Scope,
    method: &Method,
    uri: &http::Uri,
    checks: &impl Checks,
    metrics: &Metrics,
) -> Response<Bytes> {
    let query = Query(uri.query().unwrap_or_default());
    // A slash that is written otherwise separates nothing.
    let path = match uri.path() {
        path if path.contains("%2F") || path.contains("%2f") => path.into(),
        path => path::decode(path),
    };
    let path = path.as_ref();
    match path {
        "/metrics" => typed(StatusCode::OK, EXPOSITION, checks.metrics_page()),
        "/version" if scope != Scope::Metrics => get_only(method).unwrap_or_else(version),
        "/debug/vars" if scope != Scope::Metrics => get_only(method).unwrap_or_else(|| variables(&checks.variables())),
        "/health" => match get_only(method) {
            Some(refusal) => refusal,
            None => health(&query, checks, metrics).await,
        },
        _ => match kubernetes_check(path) {
            None => error(StatusCode::NOT_FOUND, "404 page not found"),
            Some((kind, asked)) => match get_only(method) {
                Some(refusal) => refusal,
                None => run_checks(kind, asked, &query, checks, metrics).await,
            },
        },
    }
}

fn version() -> Response<Bytes> {
    let versions = format!(
        "{{\"etcdserver\":\"{API_SERVER_VERSION}\",\"etcdcluster\":\"{API_CLUSTER_VERSION}\",\
         \"storage\":\"{API_STORAGE_VERSION}\"}}"
    );
    typed(StatusCode::OK, JSON, versions)
}

/// Writes variables as Go's `expvar` does.
fn variables(variables: &[(&str, serde_json::Value)]) -> Response<Bytes> {
    let lines: Vec<_> = variables.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    typed(StatusCode::OK, VARIABLES, format!("{{\n{}\n}}\n", lines.join(",\n")))
}

async fn health(query: &Query<'_>, checks: &impl Checks, metrics: &Metrics) -> Response<Bytes> {
    let reason = unhealthy(query, checks).await;
    let text = serde_json::json!({
        "health": if reason.is_none() { "true" } else { "false" },
        "reason": reason.as_deref().unwrap_or_default(),
    })
    .to_string();
    if reason.is_none() {
        metrics.health_success.inc();
        return typed(StatusCode::OK, TEXT, text);
    }
    metrics.health_failures.inc();
    tracing::warn!(output = text, "/health error");
    error(StatusCode::SERVICE_UNAVAILABLE, &text)
}

async fn unhealthy(query: &Query<'_>, checks: &impl Checks) -> Option<String> {
    let excluded: Vec<_> = query.values("exclude").collect();
    if let Some(alarm) = checks.alarms().into_iter().find(|alarm| !excluded.iter().any(|name| name == alarm)) {
        tracing::warn!(alarm, "serving /health false due to an alarm");
        return Some(format!("ALARM {alarm}"));
    }
    if let Some(full) = checks.full().filter(|_| !excluded.iter().any(|name| name == "NOSPACE")) {
        tracing::warn!(reason = full, "serving /health false; the disk is full");
        return Some(full.to_owned());
    }
    let serializable = query.values("serializable").next().is_some_and(|value| value == "true");
    if !serializable && !checks.has_leader() {
        tracing::warn!("serving /health false; no leader");
        return Some("RAFT NO LEADER".to_owned());
    }
    checks.read(!serializable).await.err().map(|error| format!("RANGE ERROR:{error}"))
}

/// Which checks are to be made.
enum Asked {
    /// All of these that are not excluded.
    All(&'static [&'static str]),
    One(&'static str),
}

/// Reads `/livez`, `/readyz` and the paths of their checks.
fn kubernetes_check(path: &str) -> Option<(&'static str, Asked)> {
    for (kind, known) in [("livez", LIVE_CHECKS), ("readyz", READY_CHECKS)] {
        let Some(rest) = path.strip_prefix('/').and_then(|path| path.strip_prefix(kind)) else { continue };
        if rest.is_empty() {
            return Some((kind, Asked::All(known)));
        }
        let name = rest.strip_prefix('/')?;
        return known.iter().find(|known| **known == name).map(|name| (kind, Asked::One(name)));
    }
    None
}

async fn run_checks(
    kind: &'static str,
    asked: Asked,
    query: &Query<'_>,
    checks: &impl Checks,
    metrics: &Metrics,
) -> Response<Bytes> {
    let names = match asked {
        Asked::All(known) => remaining(known, query),
        // A check that is asked for by its own path cannot be excluded.
        Asked::One(name) => vec![name],
    };
    let mut report = String::new();
    let mut healthy = true;
    for name in names {
        let result = match name {
            "data_corruption" if checks.alarms().contains(&"CORRUPT") => Err("alarm activated: CORRUPT".to_owned()),
            "non_learner" if checks.is_learner() => Err("not supported for learner".to_owned()),
            "serializable_read" => checks.read(false).await,
            "linearizable_read" => checks.read(true).await,
            _ => Ok(()),
        };
        metrics.health_checks.lock().record(kind, name, result.is_ok());
        match result {
            Ok(()) => {
                let _ = writeln!(report, "[+]{name} ok");
            }
            Err(error) => {
                healthy = false;
                let _ = writeln!(report, "[-]{name} failed: {error}");
            }
        }
    }
    if !healthy {
        tracing::error!(path = kind, reason = report, "Health check error");
        return error(StatusCode::SERVICE_UNAVAILABLE, &report);
    }
    if query.values("verbose").next().is_none() {
        report.clear();
    }
    report.push_str("ok\n");
    let mut response = typed(StatusCode::OK, TEXT, report);
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

/// Returns the checks that a request does not exclude.
fn remaining(known: &[&'static str], query: &Query<'_>) -> Vec<&'static str> {
    let excluded: Vec<_> = query.values("exclude").filter(|name| !name.is_empty()).collect();
    let strangers: Vec<_> = excluded.iter().filter(|name| !known.contains(&name.as_str())).cloned().collect();
    if !strangers.is_empty() {
        let missing_health_checks = strangers.join(",");
        tracing::warn!(missing_health_checks, "some health checks cannot be excluded");
    }
    known.iter().copied().filter(|name| !excluded.iter().any(|excluded| excluded == name)).collect()
}

/// Refuses every other method.
fn get_only(method: &Method) -> Option<Response<Bytes>> {
    if method == Method::GET {
        return None;
    }
    let mut response = error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    Some(response)
}

/// Makes an error as Go's `http.Error` does.
pub(crate) fn error(status: StatusCode, text: &str) -> Response<Bytes> {
    let mut response = typed(status, TEXT, format!("{text}\n"));
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

fn typed(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// The part of a URL after the question mark.
struct Query<'a>(&'a str);

impl Query<'_> {
    /// Returns the values of a parameter. No name or value that is asked for here needs escaping.
    fn values(&self, name: &str) -> impl Iterator<Item = String> {
        let pairs = self.0.split('&').filter(|pair| !pair.is_empty());
        pairs.filter_map(move |pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| value.to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[derive(Default)]
    struct Fake {
        alarms: Vec<&'static str>,
        full: bool,
        leaderless: bool,
        broken: bool,
    }

    impl Checks for Fake {
        fn alarms(&self) -> Vec<&'static str> {
            self.alarms.clone()
        }

        fn full(&self) -> Option<&'static str> {
            self.full.then_some("DISK FULL: no room for the log")
        }

        fn has_leader(&self) -> bool {
            !self.leaderless
        }

        fn is_learner(&self) -> bool {
            false
        }

        async fn read(&self, _: bool) -> Result<(), String> {
            if self.broken { Err("damaged".to_owned()) } else { Ok(()) }
        }

        fn metrics_page(&self) -> String {
            "m 1\n".to_owned()
        }

        fn variables(&self) -> Vec<(&'static str, serde_json::Value)> {
            vec![("cmdline", serde_json::json!(["kvd"])), ("n", 1.into())]
        }
    }

    fn ask(server: &Fake, method: &Method, uri: &'static str) -> Response<Bytes> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(respond(Scope::Client, method, &uri.parse().unwrap(), server, &Metrics::default()))
    }

    fn check(server: &Fake, uri: &'static str, expected: &Expect) {
        let response = ask(server, &Method::GET, uri);
        let content_type = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        expected.assert_eq(&format!("{} {content_type}\n{body}", response.status().as_u16()));
    }

    #[test]
    fn a_healthy_server() {
        let server = Fake::default();
        check(
            &server,
            "/health",
            &expect![[r#"
            200 text/plain; charset=utf-8
            {"health":"true","reason":""}"#]],
        );
        check(
            &server,
            "/livez",
            &expect![[r#"
            200 text/plain; charset=utf-8
            ok
        "#]],
        );
        check(
            &server,
            "/readyz?verbose&exclude=linearizable_read",
            &expect![[r#"
            200 text/plain; charset=utf-8
            [+]data_corruption ok
            [+]serializable_read ok
            [+]non_learner ok
            ok
        "#]],
        );
        check(
            &server,
            "/readyz/serializable_read",
            &expect![[r#"
            200 text/plain; charset=utf-8
            ok
        "#]],
        );
        check(
            &server,
            "/version",
            &expect![[r#"
            200 application/json
            {"etcdserver":"3.7.1","etcdcluster":"3.7.0","storage":"3.7.0"}"#]],
        );
        check(
            &server,
            "/metrics",
            &expect![[r#"
            200 text/plain; version=0.0.4; charset=utf-8
            m 1
        "#]],
        );
        check(
            &server,
            "/debug/vars",
            &expect![[r#"
            200 application/json; charset=utf-8
            {
            "cmdline": ["kvd"],
            "n": 1
            }
        "#]],
        );
        check(
            &server,
            "/livez/linearizable_read",
            &expect![[r#"
            404 text/plain; charset=utf-8
            404 page not found
        "#]],
        );
    }

    #[test]
    fn an_ill_server_says_why() {
        let alarmed = Fake { alarms: vec!["NOSPACE"], ..Fake::default() };
        check(
            &alarmed,
            "/health",
            &expect![[r#"
            503 text/plain; charset=utf-8
            {"health":"false","reason":"ALARM NOSPACE"}
        "#]],
        );
        check(
            &alarmed,
            "/health?exclude=NOSPACE",
            &expect![[r#"
            200 text/plain; charset=utf-8
            {"health":"true","reason":""}"#]],
        );
        check(
            &alarmed,
            "/readyz",
            &expect![[r#"
            200 text/plain; charset=utf-8
            ok
        "#]],
        );
        let full = Fake { full: true, ..Fake::default() };
        check(
            &full,
            "/health",
            &expect![[r#"
            503 text/plain; charset=utf-8
            {"health":"false","reason":"DISK FULL: no room for the log"}
        "#]],
        );
        check(
            &full,
            "/health?exclude=NOSPACE",
            &expect![[r#"
            200 text/plain; charset=utf-8
            {"health":"true","reason":""}"#]],
        );
        let leaderless = Fake { leaderless: true, ..Fake::default() };
        check(
            &leaderless,
            "/health",
            &expect![[r#"
            503 text/plain; charset=utf-8
            {"health":"false","reason":"RAFT NO LEADER"}
        "#]],
        );
        check(
            &leaderless,
            "/health?serializable=true",
            &expect![[r#"
            200 text/plain; charset=utf-8
            {"health":"true","reason":""}"#]],
        );
        let broken = Fake { broken: true, ..Fake::default() };
        check(
            &broken,
            "/livez",
            &expect![[r#"
            503 text/plain; charset=utf-8
            [-]serializable_read failed: damaged

        "#]],
        );
        check(
            &broken,
            "/health",
            &expect![[r#"
            503 text/plain; charset=utf-8
            {"health":"false","reason":"RANGE ERROR:damaged"}
        "#]],
        );
    }

    #[test]
    fn other_methods_are_refused() {
        let response = ask(&Fake::default(), &Method::POST, "/health");
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[ALLOW], "GET");
    }

    #[test]
    fn a_listener_for_metrics_serves_nothing_else() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ask = |uri: &'static str| {
            let (uri, server) = (uri.parse().unwrap(), Fake::default());
            let metrics = Metrics::default();
            runtime.block_on(respond(Scope::Metrics, &Method::GET, &uri, &server, &metrics)).status()
        };
        assert_eq!(ask("/health"), StatusCode::OK);
        assert_eq!(ask("/metrics"), StatusCode::OK);
        assert_eq!(ask("/version"), StatusCode::NOT_FOUND);
    }
}
