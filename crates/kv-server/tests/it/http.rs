//! The HTTP endpoints beside gRPC.

use std::collections::BTreeSet;

use kv_proto::etcdserverpb::alarm_request::AlarmAction;
use kv_proto::etcdserverpb::{AlarmRequest, AlarmType};
use kv_server::Url;

use crate::harness::{TestServer, http, put};

#[tokio::test]
async fn health_and_versions_are_served_on_the_port_of_grpc() {
    let server = TestServer::start().await;
    let health = server.http("GET", "/health").await;
    assert!(
        health.starts_with("HTTP/1.1 200 OK\r\n") && health.ends_with("{\"health\":\"true\",\"reason\":\"\"}"),
        "{health}"
    );
    assert!(server.http("GET", "/readyz").await.ends_with("\r\n\r\nok\n"));
    assert!(server.http("GET", "/livez").await.ends_with("\r\n\r\nok\n"));
    let version = server.http("GET", "/version").await;
    assert!(
        version.ends_with("{\"etcdserver\":\"3.7.1\",\"etcdcluster\":\"3.7.0\",\"storage\":\"3.7.0\"}"),
        "{version}"
    );
    assert!(version.contains("access-control-allow-origin: *"));
    assert!(server.http("GET", "/v2/keys").await.contains("404 page not found"));
    assert!(server.http("POST", "/health").await.starts_with("HTTP/1.1 405 "));
    server.stop().await;
}

#[tokio::test]
async fn metrics_tell_what_happened() {
    let server = TestServer::start_with(|config| {
        config.listen_metrics_urls = vec![Url::parse("http://127.0.0.1:0").expect("a constant")];
    })
    .await;
    let mut kv = server.kv().await;
    kv.put(put("a", "1")).await.unwrap();
    kv.put(put("", "1")).await.unwrap_err();
    let page = http(server.metrics_url.as_deref().unwrap(), "GET", "/metrics").await;
    for line in [
        "etcd_server_has_leader 1",
        "etcd_server_is_leader 1",
        "etcd_mvcc_put_total 1",
        "etcd_debugging_mvcc_keys_total 1",
        "etcd_debugging_mvcc_current_revision 2",
        "grpc_server_started_total{grpc_method=\"Put\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} 2",
        "grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Put\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} 1",
        "grpc_server_handled_total{grpc_code=\"InvalidArgument\",grpc_method=\"Put\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} 1",
        "grpc_server_msg_received_total{grpc_method=\"Put\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} 2",
        "grpc_server_msg_sent_total{grpc_method=\"Put\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} 1",
        "etcd_server_client_requests_total{type=\"unary\",client_api_version=\"unknown\"} 2",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
    }
    for name in ["etcd_disk_wal_fsync_duration_seconds_bucket", "process_resident_memory_bytes", "os_fd_used"] {
        assert!(page.contains(name), "{name}");
    }
    assert!(!page.contains("grpc_server_handling_seconds"));
    let other = http(server.metrics_url.as_deref().unwrap(), "GET", "/version").await;
    assert!(other.starts_with("HTTP/1.1 404 "));
    server.stop().await;
}

/// Everything that the dashboard shows is told.
#[tokio::test]
async fn the_dashboard_finds_its_series() {
    let dashboard = include_str!("../../../../contrib/grafana.json");
    let dashboard: serde_json::Value = serde_json::from_str(dashboard).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let expressions = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let mut series = BTreeSet::new();
    for expression in expressions.filter_map(|target| target["expr"].as_str()) {
        let words = expression.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let prefixes = ["etcd_", "kvd_", "grpc_server_", "process_"];
        series.extend(words.filter(|word| prefixes.iter().any(|prefix| word.starts_with(prefix))));
    }
    assert!(series.len() > 20, "{series:?}");
    let server = TestServer::start().await;
    // What never happened is not told: alarms, and calls that ended.
    let raise = AlarmRequest { action: AlarmAction::Activate as i32, member_id: 1, alarm: AlarmType::Nospace as i32 };
    server.maintenance().await.alarm(raise).await.expect("an alarm");
    let page = server.http("GET", "/metrics").await;
    for name in series {
        let family = name.strip_suffix("_bucket").unwrap_or(name);
        assert!(page.contains(&format!("# TYPE {family} ")), "{name} is not told");
    }
    server.stop().await;
}

#[tokio::test]
async fn http_may_have_addresses_of_its_own() {
    let server = TestServer::start_with(|config| {
        config.listen_client_http_urls = vec![Url::parse("http://127.0.0.1:0").expect("a constant")];
    })
    .await;
    server.kv().await.put(put("a", "1")).await.unwrap();
    let refused = server.http("GET", "/health").await;
    assert!(refused.starts_with("HTTP/1.1 415 ") && refused.contains("--listen-client-http-urls"), "{refused}");
    let http_url = server.http_url.clone().unwrap();
    for path in ["/health", "/version", "/metrics"] {
        assert!(http(&http_url, "GET", path).await.starts_with("HTTP/1.1 200 "), "{path}");
    }
    let channel = tonic::transport::Endpoint::from_shared(http_url).unwrap().connect().await.unwrap();
    assert!(kv_proto::etcdserverpb::kv_client::KvClient::new(channel).put(put("a", "1")).await.is_err());
    server.stop().await;
}
