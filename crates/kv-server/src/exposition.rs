//! The page at `/metrics`: what was counted, and what store, log and process say at the moment.

use crate::config::MetricsDetail;
use crate::engine::Engine;
use crate::methods::METHODS;
use crate::metrics::CODE_NAMES;
use crate::page::Page;
use crate::process_metrics;
use crate::version::{API_CLUSTER_VERSION, API_SERVER_VERSION, RELEASE};

/// Returns the page.
pub(crate) fn page(engine: &Engine) -> String {
    let mut page = Page::default();
    server(engine, &mut page);
    requests(engine, &mut page);
    store(engine, &mut page);
    leases(engine, &mut page);
    log(engine, &mut page);
    health(engine, &mut page);
    grpc(engine, &mut page);
    process_metrics::write(&mut page);
    page.finish()
}

fn server(engine: &Engine, page: &mut Page) {
    let consensus = engine.consensus();
    let metrics = &engine.metrics;
    let flag = u8::from;
    page.gauge("etcd_server_has_leader", "Whether a leader is known.", flag(consensus.leader.is_some()));
    let leads = consensus.leader == Some(engine.identity.member_id);
    page.gauge("etcd_server_is_leader", "Whether this member leads.", flag(leads));
    page.gauge("etcd_server_is_learner", "Whether this member has no vote.", flag(consensus.is_learner));
    // The only voter elects itself once.
    let changes = u64::from(consensus.leader.is_some());
    page.counter("etcd_server_leader_changes_seen_total", "Changes of the leader.", changes);
    let pending = metrics.proposals_pending.get();
    page.gauge("etcd_server_proposals_pending", "Commands that wait for their outcome.", pending);
    page.counter("etcd_server_proposals_failed_total", "Commands without an outcome.", metrics.proposals_failed.get());
    page.counter("etcd_server_slow_apply_total", "Commands and reads that took long.", metrics.slow_applies.get());
    page.gauge("etcd_server_proposals_committed_total", "Log entries committed.", consensus.committed);
    page.gauge("etcd_server_proposals_applied_total", "Log entries applied.", consensus.applied);
    let quota = engine.config.quota_bytes().unwrap_or(engine.config.quota_backend_bytes);
    page.gauge("etcd_server_quota_backend_bytes", "The quota; negative for none.", quota);
    page.family("etcd_debugging_server_alarms", "gauge", "Raised alarms.");
    for alarm in engine.store.alarms() {
        let (kind, member) = (alarm.kind.to_string(), format!("{:x}", alarm.member_id));
        page.sample("etcd_debugging_server_alarms", &[("alarm_type", &kind), ("server_id", &member)], 1);
    }

    page.family("etcd_server_feature_enabled", "gauge", "Whether a feature gate is open.");
    for (name, stage, enabled) in engine.config.feature_gates.all() {
        page.sample("etcd_server_feature_enabled", &[("name", name), ("stage", stage)], u8::from(enabled));
    }
    alone(engine, page);

    page.gauge("etcd_debugging_auth_revision", "Changes of users and roles.", engine.store.auth().revision());

    for (name, label, help, value) in [
        ("etcd_server_version", "server_version", "The version of the API.", API_SERVER_VERSION),
        ("etcd_cluster_version", "cluster_version", "The cluster's version.", &API_CLUSTER_VERSION[..3]),
        ("kvd_build_info", "version", "The release of kvd.", RELEASE),
    ] {
        page.family(name, "gauge", help);
        page.sample(name, &[(label, value)], 1);
    }
    if engine.config.traces.enabled {
        page.counter("kvd_spans_sent_total", "Parts of traces that the collector took.", metrics.spans_sent.get());
        let dropped = metrics.spans_dropped.get();
        page.counter("kvd_spans_dropped_total", "Parts of traces that it did not take.", dropped);
    }
    page.family("etcd_server_id", "gauge", "This member's id.");
    page.sample("etcd_server_id", &[("server_id", &format!("{:x}", engine.identity.member_id))], 1);

    page.family("etcd_server_client_requests_total", "counter", "Requests by what their client says it is.");
    for ((kind, version), count) in metrics.client_requests() {
        let labels = [("type", kind), ("client_api_version", version.as_str())];
        page.sample("etcd_server_client_requests_total", &labels, count);
    }
}

/// What other members would make grow. Dashboards and alerts divide by these series and compare them with nothing.
fn alone(engine: &Engine, page: &mut Page) {
    let id = format!("{:x}", engine.identity.member_id);
    page.family("etcd_network_known_peers", "gauge", "Members that are known.");
    page.sample("etcd_network_known_peers", &[("Local", &id), ("Remote", &id)], 1);
    for (name, help) in [
        ("etcd_server_heartbeat_send_failures_total", "Heartbeats that could not be sent in time."),
        ("etcd_server_slow_read_indexes_total", "Linearizable reads that waited long for other members."),
        ("etcd_server_read_indexes_failed_total", "Linearizable reads that other members did not confirm."),
        ("etcd_server_learner_promote_successes", "Learners that became voters."),
    ] {
        page.counter(name, help, 0);
    }
    let name = "etcd_server_snapshot_apply_in_progress_total";
    page.gauge(name, "Whether a snapshot from another member is being applied.", 0);
}

/// How long requests took, and the parts of them.
fn requests(engine: &Engine, page: &mut Page) {
    let metrics = &engine.metrics;
    let name = "etcd_server_request_duration_seconds";
    page.family(name, "histogram", "Requests, from being proposed or read to their outcome.");
    metrics.requests.write(page, name, "type", &[]);
    let name = "etcd_server_apply_duration_seconds";
    page.family(name, "histogram", "Applying commands.");
    metrics.applies.write(page, name, "op", &[("version", "v3")]);
    let name = "etcd_server_range_duration_seconds";
    page.family(name, "histogram", "Reading ranges.");
    metrics.range_reads.write(page, name, &[]);
    for (part, help, histogram) in [
        ("watch_stream_duration", "Reading and sending events to a watcher.", &metrics.watch_batch),
        ("watch_stream_duration_per_event", "The same, divided by the number of events.", &metrics.watch_event),
        ("control_stream_duration", "Sending what is no event to a watcher.", &metrics.watch_control),
        ("progress_duration", "Looking for watchers to tell that there was nothing.", &metrics.watch_progress),
    ] {
        page.histogram(&format!("etcd_debugging_server_watch_send_loop_{part}_seconds"), help, histogram);
    }
}

fn store(engine: &Engine, page: &mut Page) {
    let (store, metrics) = (&engine.store, &engine.metrics);
    if let Ok(sizes) = store.sizes() {
        page.gauge("etcd_mvcc_db_total_size_in_bytes", "What the store takes on disk.", sizes.size_bytes());
        page.gauge("etcd_mvcc_db_total_size_in_use_in_bytes", "What of it is in use.", sizes.used_bytes);
        let readers = sizes.readers;
        page.gauge("etcd_mvcc_db_open_read_transactions", "Read transactions of LMDB, in all processes.", readers);
        let lag = sizes.oldest_reader_lag;
        page.gauge("kvd_oldest_reader_lag", "Transactions written since the oldest of them began.", lag);
    }
    page.counter("etcd_mvcc_put_total", "Puts.", metrics.puts.get());
    page.counter("etcd_mvcc_delete_total", "Keys deleted.", metrics.deletes.get());
    page.counter("etcd_mvcc_range_total", "Reads of ranges.", metrics.ranges.get());
    page.counter("etcd_mvcc_txn_total", "Transactions of several operations.", metrics.txns.get());
    page.gauge("etcd_debugging_mvcc_total_put_size_in_bytes", "Bytes put.", metrics.put_bytes.get());
    page.gauge("etcd_debugging_mvcc_keys_total", "Keys that exist.", store.live_keys());
    page.gauge("etcd_debugging_mvcc_current_revision", "The newest revision.", store.revision());
    page.gauge("etcd_debugging_mvcc_compact_revision", "The oldest readable revision.", store.compact_revision());
    let hub = store.watch_hub();
    page.gauge("etcd_debugging_mvcc_watcher_total", "Watchers.", hub.watcher_len());
    page.gauge("etcd_debugging_mvcc_watch_stream_total", "Streams of watchers.", metrics.watch_streams.get());
    let slow = metrics.slow_watchers.get();
    page.gauge("etcd_debugging_mvcc_slow_watcher_total", "Watchers with events that they were not sent yet.", slow);
    let pending = metrics.pending_events.get();
    page.gauge("etcd_debugging_mvcc_pending_events_total", "Events that were read and are not sent yet.", pending);
    page.counter("etcd_debugging_mvcc_events_total", "Events sent to watchers.", metrics.events.get());
    let full = u8::from(engine.full().is_some());
    page.gauge("kvd_disk_full", "Whether the disk has no room for the log or a checkpoint.", full);
    page.gauge("kvd_checkpoint_backlog_bytes", "Changes no checkpoint has stored yet.", store.backlog_bytes());
    let pin = store.oldest_pin().unwrap_or_else(|| store.revision());
    page.gauge("kvd_oldest_pinned_revision", "The oldest revision that a long read keeps readable.", pin);
    page.gauge("kvd_history_window_bytes", "Recent revisions kept in memory.", store.ring_bytes());

    let deleted = metrics.compaction_keys.get();
    page.counter("etcd_debugging_mvcc_db_compaction_keys_total", "Changes that compactions deleted.", deleted);
    let last = metrics.last_compaction.get();
    page.gauge("etcd_debugging_mvcc_db_compaction_last", "When the last compaction was complete, since 1970.", last);
    let inflight = metrics.defragments_inflight.get();
    page.gauge("etcd_disk_defrag_inflight", "Defragmentations under way.", inflight);
    for (name, help, histogram) in [
        ("etcd_disk_backend_commit_duration_seconds", "Checkpoints.", &metrics.commit_duration),
        (
            "etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds",
            "Slices of compactions.",
            &metrics.compaction_pause,
        ),
        ("etcd_debugging_mvcc_db_compaction_total_duration_milliseconds", "Compactions.", &metrics.compaction_total),
        (
            "etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds",
            "Slices of compactions, in the index.",
            &metrics.index_compaction_pause,
        ),
        ("etcd_disk_backend_defrag_duration_seconds", "Defragmentations.", &metrics.defragment_duration),
        ("etcd_disk_backend_snapshot_duration_seconds", "Snapshots, sent to the end.", &metrics.snapshot_duration),
        ("etcd_mvcc_hash_duration_seconds", "Hashes of the whole store.", &metrics.hash_duration),
        ("etcd_mvcc_hash_rev_duration_seconds", "Hashes up to a revision.", &metrics.hash_revision_duration),
    ] {
        page.histogram(name, help, histogram);
    }
}

fn leases(engine: &Engine, page: &mut Page) {
    let metrics = &engine.metrics;
    page.gauge("kvd_leases", "Leases that exist.", engine.store.lease_count());
    page.counter("etcd_debugging_lease_granted_total", "Leases granted.", metrics.leases_granted.get());
    page.counter("etcd_debugging_lease_renewed_total", "Renewals of leases.", metrics.leases_renewed.get());
    page.counter("etcd_debugging_lease_revoked_total", "Leases revoked.", metrics.leases_revoked.get());
    page.counter("etcd_debugging_server_lease_expired_total", "Leases that expired.", metrics.leases_expired.get());
    let help = "Times to live that leases were granted for, in seconds.";
    page.histogram("etcd_debugging_lease_ttl_total", help, &metrics.lease_ttls);
}

fn log(engine: &Engine, page: &mut Page) {
    let log = engine.log().metrics();
    let mut below = 0;
    let counts: Vec<_> = log
        .sync_buckets
        .into_iter()
        .chain([log.syncs])
        .map(|total| {
            let count = total.saturating_sub(below);
            below = total.max(below);
            count
        })
        .collect();
    // One call writes and syncs.
    for name in ["etcd_disk_wal_fsync_duration_seconds", "etcd_disk_wal_write_duration_seconds"] {
        page.family(name, "histogram", "Synced writes of the log.");
        page.buckets(name, &[], &kv_log::SYNC_BUCKET_SECONDS, &counts, log.sync_time.as_secs_f64());
    }
    page.gauge("etcd_disk_wal_write_bytes_total", "Bytes written to the log.", log.written_bytes);
    page.gauge("kvd_log_size_bytes", "What the log takes on disk.", engine.log().disk_bytes());
}

fn health(engine: &Engine, page: &mut Page) {
    let metrics = &engine.metrics;
    page.counter("etcd_server_health_success", "Successful checks of /health.", metrics.health_success.get());
    page.counter("etcd_server_health_failures", "Failed checks of /health.", metrics.health_failures.get());
    let checks = metrics.health_checks.lock();
    page.family("etcd_server_healthchecks_total", "counter", "Checks of /livez and /readyz.");
    for ((kind, name, healthy), count) in &checks.counts {
        let status = if *healthy { "success" } else { "error" };
        page.sample("etcd_server_healthchecks_total", &[("type", kind), ("name", name), ("status", status)], count);
    }
    page.family("etcd_server_healthcheck", "gauge", "The last result of each check.");
    for ((kind, name), healthy) in &checks.last {
        page.sample("etcd_server_healthcheck", &[("type", kind), ("name", name)], u8::from(*healthy));
    }
}

fn grpc(engine: &Engine, page: &mut Page) {
    let metrics = &engine.metrics;
    let received = metrics.grpc_received_bytes.get();
    page.counter("etcd_network_client_grpc_received_bytes_total", "Bytes received from clients.", received);
    let sent = metrics.grpc_sent_bytes.get();
    page.counter("etcd_network_client_grpc_sent_bytes_total", "Bytes sent to clients.", sent);

    let labels: Vec<_> = METHODS
        .iter()
        .map(|method| {
            let (service, name) = method.names();
            [("grpc_method", name), ("grpc_service", service), ("grpc_type", method.kind.label())]
        })
        .collect();
    let methods = || labels.iter().zip(&metrics.methods);
    page.family("grpc_server_started_total", "counter", "Calls begun.");
    for (labels, method) in methods() {
        page.sample("grpc_server_started_total", labels, method.started.get());
    }
    page.family("grpc_server_handled_total", "counter", "Calls ended, by their status.");
    for (labels, method) in methods() {
        for (code, handled) in CODE_NAMES.iter().zip(&method.handled).filter(|(_, handled)| handled.get() > 0) {
            let labels: Vec<_> = [("grpc_code", *code)].into_iter().chain(*labels).collect();
            page.sample("grpc_server_handled_total", &labels, handled.get());
        }
    }
    page.family("grpc_server_msg_received_total", "counter", "Messages received.");
    for (labels, method) in methods() {
        page.sample("grpc_server_msg_received_total", labels, method.received.get());
    }
    page.family("grpc_server_msg_sent_total", "counter", "Messages sent.");
    for (labels, method) in methods() {
        page.sample("grpc_server_msg_sent_total", labels, method.sent.get());
    }
    if engine.config.metrics == MetricsDetail::Extensive {
        page.family("grpc_server_handling_seconds", "histogram", "How long calls took.");
        for (labels, method) in methods() {
            let (counts, sum) = method.handling.snapshot();
            page.buckets("grpc_server_handling_seconds", labels, &method.handling.bounds(), &counts, sum);
        }
    }
}
