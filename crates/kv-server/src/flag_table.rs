//! Every flag of `kvd`: its name, its default, what it sets and what it says of itself.

use std::path::PathBuf;
use std::time::Duration;

use kv_proto::url::Url;

use crate::compatible_flags::COMPATIBLE;
use crate::config::{ANY, ClusterState, MetricsDetail};
use crate::flag::{Flag, Group, Set, flag};
use crate::logging::{LogFormat, LogLevel, LogOutput, ROTATION};
use crate::values::{OUT_OF_RANGE, PARSE_ERROR, parse_bool, parse_duration, parse_signed, parse_unsigned};

/// Returns every flag there is.
pub(crate) fn all() -> impl Iterator<Item = &'static Flag> {
    FLAGS.iter().chain(COMPATIBLE)
}

/// TLS between members.
const fn peer(name: &'static str, value: &'static str) -> Flag {
    let default = if value.is_empty() { "false" } else { "" };
    let ignored: Set = if value.is_empty() { |_, text| parse_bool(text).map(drop) } else { |_, _| Ok(()) };
    flag(Group::Tls, name, value, default, ignored)
        .help("TLS between members.")
        .not_honoured("this release runs one member and opens no peer listener")
}

#[rustfmt::skip]
const FLAGS: &[Flag] = &[
    flag(Group::Member, "name", "NAME", "default", |config, text| { text.clone_into(&mut config.name); Ok(()) })
        .help("Human-readable name of this member."),
    flag(Group::Member, "data-dir", "DIR", "", |config, text| { config.data_dir = path(text); Ok(()) })
        .help("Directory the data is kept in. Empty: `<name>.kvd` where kvd is started."),
    flag(Group::Member, "listen-client-urls", "URLS", "http://localhost:2379", |config, text| urls(&mut config.listen_client_urls, text))
        .help("Where clients are served, gRPC and HTTP on one port. Port 0 takes a free one; unix://PATH is a socket."),
    flag(Group::Member, "listen-client-http-urls", "URLS", "", |config, text| optional_urls(&mut config.listen_client_http_urls, text))
        .help("Where HTTP is served: the JSON gateway, health and metrics. Then --listen-client-urls serve gRPC alone. Empty: all on one port."),
    flag(Group::Member, "advertise-client-urls", "URLS", "http://localhost:2379", |config, text| urls(&mut config.advertise_client_urls, text))
        .help("Where clients are told to go. Required with --listen-client-urls, unless that has port 0."),
    flag(Group::Member, "listen-peer-urls", "URLS", "http://localhost:2380", |config, text| urls(&mut config.listen_peer_urls, text))
        .help("Where other members would be served.")
        .not_honoured("this release runs one member and opens no peer listener"),
    flag(Group::Member, "config-file", "FILE", "", |config, text| { config.config_file = path(text); Ok(()) })
        .help("Take the configuration from this file, in YAML or JSON with flags' names, and from nowhere else."),
    flag(Group::Member, "wal-dir", "DIR", "", |config, text| { config.wal_dir = path(text); Ok(()) })
        .help("Keep the log in this directory, on a disk of its own perhaps; a link in the data directory leads there."),
    flag(Group::Cluster, "heartbeat-interval", "MS", "100", |config, text| { config.heartbeat_interval = milliseconds(text)?; Ok(()) })
        .help("How often a leader tells the others that it is there."),
    flag(Group::Cluster, "election-timeout", "MS", "1000", |config, text| { config.election_timeout = milliseconds(text)?; Ok(()) })
        .help("How long a member waits for a leader. One and a half times this is the shortest time a lease can have."),
    flag(Group::Cluster, "initial-advertise-peer-urls", "URLS", "http://localhost:2380", |config, text| urls(&mut config.initial_advertise_peer_urls, text))
        .help("Peer URLs of this member. They decide its id when the directory is new."),
    flag(Group::Cluster, "initial-cluster", "NAME=URL,…", "", |config, text| { config.initial_cluster = (!text.is_empty()).then(|| text.to_owned()); Ok(()) })
        .help("The members of a new cluster. Empty: this member alone."),
    flag(Group::Cluster, "initial-cluster-token", "TOKEN", "etcd-cluster", |config, text| { text.clone_into(&mut config.initial_cluster_token); Ok(()) })
        .help("Makes the ids of clusters with the same URLs differ."),
    flag(Group::Cluster, "initial-cluster-state", "STATE", "new", |config, text| {
        config.initial_cluster_state = choose(text, &[("new", ClusterState::New), ("existing", ClusterState::Existing)])?;
        Ok(())
    }).help("`new` begins a cluster, `existing` joins one. An initialised directory ignores it."),
    flag(Group::Limits, "enable-grpc-gateway", "", "true", |config, text| { config.enable_grpc_gateway = parse_bool(text)?; Ok(()) }).switch()
        .help("Serve the API as JSON too, under /v3/."),
    flag(Group::Limits, "socket-reuse-port", "", "false", |config, text| { config.socket_reuse_port = parse_bool(text)?; Ok(()) }).switch()
        .help("Let other processes listen on the same ports (SO_REUSEPORT)."),
    flag(Group::Limits, "max-txn-ops", "N", "128", |config, text| u32_into(&mut config.max_txn_ops, text))
        .help("Operations in one transaction, at most."),
    flag(Group::Limits, "max-request-bytes", "BYTES", "1572864", |config, text| u32_into(&mut config.max_request_bytes, text))
        .help("Bytes of one request, at most."),
    flag(Group::Limits, "max-concurrent-streams", "N", "4294967295", |config, text| u32_into(&mut config.max_concurrent_streams, text))
        .help("Requests and streams open at once on a connection, at most."),
    flag(Group::Limits, "grpc-keepalive-min-time", "DURATION", "5s", |config, text| { config.grpc_keepalive_min_time = parse_duration(text)?; Ok(()) })
        .help("How long a client must wait between pings. Who pings more often without hearing anything is disconnected."),
    flag(Group::Limits, "grpc-keepalive-interval", "DURATION", "2h", |config, text| { config.grpc_keepalive_interval = parse_duration(text)?; Ok(()) })
        .help("How often the server pings a connection; 0 never."),
    flag(Group::Limits, "grpc-keepalive-timeout", "DURATION", "20s", |config, text| { config.grpc_keepalive_timeout = parse_duration(text)?; Ok(()) })
        .help("How long a ping may go unanswered before the connection is closed."),
    flag(Group::Limits, "warning-apply-duration", "DURATION", "100ms", |config, text| { config.warning_apply_duration = parse_duration(text)?; Ok(()) })
        .help("How long a read or applying a write may take before a warning is logged."),
    flag(Group::Limits, "warning-unary-request-duration", "DURATION", "300ms", |config, text| { config.warning_unary_request_duration = parse_duration(text)?; Ok(()) })
        .help("How long a call that answers once may take before a warning is logged."),
    flag(Group::Limits, "watch-progress-notify-interval", "DURATION", "10m", |config, text| { config.watch_progress_notify_interval = parse_duration(text)?; Ok(()) })
        .help("How often a quiet watcher that asks for it is told of progress. At least 100ms."),
    flag(Group::Limits, "snapshot-stall-timeout", "DURATION", "10m", |config, text| { config.snapshot_stall_timeout = parse_duration(text)?; Ok(()) })
        .help("How long a client may take nothing of a snapshot until it is given up: at most four are on their way, and each takes as much disk as the store. 0 never."),
    flag(Group::Limits, "host-whitelist", "NAMES", "*", |config, text| { config.host_whitelist = list(text); Ok(()) })
        .help("Names that HTTP requests without TLS may call the server by. * or empty: any."),
    flag(Group::Limits, "cors", "ORIGINS", "*", |config, text| { config.cors = origins(text)?; Ok(()) })
        .help("Origins, as http://HOST:PORT, of the pages whose scripts may ask over HTTP. *: any."),
    flag(Group::Tls, "cert-file", "FILE", "", |config, text| { config.client_tls.cert_file = path(text); Ok(()) })
        .help("The server's certificate in PEM, followed by intermediate ones; for https:// and unixs:// addresses."),
    flag(Group::Tls, "key-file", "FILE", "", |config, text| { config.client_tls.key_file = path(text); Ok(()) })
        .help("Its private key in PEM. All these files are read again when they change."),
    flag(Group::Tls, "trusted-ca-file", "FILE", "", |config, text| { config.client_tls.trusted_ca_file = path(text); Ok(()) })
        .help("Certificates of authorities, in PEM. With it, a client must show a certificate that one of them signed."),
    flag(Group::Tls, "client-cert-auth", "", "false", |config, text| { config.client_tls.client_cert_auth = parse_bool(text)?; Ok(()) }).switch()
        .help("Clients must show a certificate; without a token they are the user that its common name names."),
    flag(Group::Tls, "client-crl-file", "FILE", "", |config, text| { config.client_tls.crl_file = path(text); Ok(()) })
        .help("Revoked certificates of clients: a list in DER, or lists in PEM."),
    flag(Group::Tls, "client-cert-allowed-hostname", "NAMES", "", |config, text| { config.client_tls.allowed_hostnames = list(text); Ok(()) })
        .help("Let in only clients whose certificate is for one of these names or addresses."),
    flag(Group::Tls, "client-cert-allowed-cn", "NAMES", "", |config, text| { config.client_tls.allowed_common_names = list(text); Ok(()) })
        .help("Let in only clients whose certificate has one of these common names."),
    flag(Group::Tls, "tls-min-version", "VERSION", "TLS1.2", |config, text| { text.clone_into(&mut config.client_tls.min_version); Ok(()) })
        .help("The oldest version spoken: TLS1.2 or TLS1.3."),
    flag(Group::Tls, "tls-max-version", "VERSION", "", |config, text| { text.clone_into(&mut config.client_tls.max_version); Ok(()) })
        .help("The newest version spoken: TLS1.2 or TLS1.3. Empty: the newest there is."),
    flag(Group::Tls, "cipher-suites", "NAMES", "", |config, text| { config.client_tls.cipher_suites = list(text); Ok(()) })
        .help("Suites of TLS 1.2 to offer, by Go's names; weak ones are left out with a warning. Empty: all good ones."),
    flag(Group::Tls, "auto-tls", "", "false", |config, text| { config.client_tls.auto_tls = parse_bool(text)?; Ok(()) }).switch()
        .help("Without --cert-file, make a certificate in the data directory. Clients cannot know by it who the server is."),
    flag(Group::Tls, "self-signed-cert-validity", "YEARS", "1", |config, text| u32_into(&mut config.client_tls.self_signed_cert_validity, text))
        .help("How long such a certificate is good."),
    flag(Group::Tls, "client-cert-file", "FILE", "", |_, _| Ok(()))
        .help("For compatibility.")
        .not_honoured("kvd makes no connections to itself that would need a certificate"),
    flag(Group::Tls, "client-key-file", "FILE", "", |_, _| Ok(()))
        .help("For compatibility.")
        .not_honoured("kvd makes no connections to itself that would need a certificate"),
    peer("peer-cert-file", "FILE"),
    peer("peer-key-file", "FILE"),
    peer("peer-client-cert-file", "FILE"),
    peer("peer-client-key-file", "FILE"),
    peer("peer-client-cert-auth", "").switch(),
    peer("peer-trusted-ca-file", "FILE"),
    peer("peer-crl-file", "FILE"),
    peer("peer-cert-allowed-cn", "NAMES"),
    peer("peer-cert-allowed-hostname", "NAMES"),
    peer("peer-auto-tls", "").switch(),
    peer("peer-skip-client-san-verification", "").switch(),
    flag(Group::Auth, "auth-token", "KIND[,OPTIONS]", "simple", |config, text| { text.clone_into(&mut config.auth_token); Ok(()) })
        .help("`simple`, or `jwt,sign-method=RS256,priv-key=FILE,pub-key=FILE,ttl=5m` for signed tokens."),
    flag(Group::Auth, "auth-token-ttl", "SECONDS", "300", |config, text| { config.auth_token_ttl = parse_unsigned(text)?; Ok(()) })
        .help("How long a simple token lives after its last use. 0: 300."),
    flag(Group::Auth, "bcrypt-cost", "N", "10", |config, text| u32_into(&mut config.bcrypt_cost, text))
        .help("What hashing a password costs, from 4 to 31; every step doubles it."),
    flag(Group::Storage, "quota-backend-bytes", "BYTES", "0", |config, text| { config.quota_backend_bytes = parse_signed(text)?; Ok(()) })
        .help("Size of the store, at most; above it, writes are refused and an alarm is raised. 0: 2 GiB; negative: no limit."),
    flag(Group::Storage, "auto-compaction-mode", "MODE", "periodic", |config, text| { text.clone_into(&mut config.auto_compaction_mode); Ok(()) })
        .help("What --auto-compaction-retention counts: `periodic` for time, `revision` for revisions."),
    flag(Group::Storage, "auto-compaction-retention", "AMOUNT", "0", |config, text| { text.clone_into(&mut config.auto_compaction_retention); Ok(()) })
        .help("How much history is kept. periodic: hours, or a duration such as 10m; revision: a number. 0 keeps everything."),
    flag(Group::Storage, "initial-corrupt-check", "", "false", |config, text| { config.initial_corrupt_check = parse_bool(text)?; Ok(()) }).switch()
        .help("Read every record before serving, and do not serve a damaged store."),
    flag(Group::Storage, "corrupt-check-time", "DURATION", "0s", |config, text| { config.corrupt_check_time = parse_duration(text)?; Ok(()) })
        .help("How often every record is read; damage raises the alarm CORRUPT, which stops changes. 0 never."),
    flag(Group::Storage, "compact-hash-check-enabled", "", "false", |config, text| { config.compact_hash_check = parse_bool(text)?; Ok(()) }).switch()
        .help("Hash the store as each compaction ends, and log the hash; damage raises the alarm CORRUPT. The feature gate CompactHashCheck is the same."),
    flag(Group::Storage, "compact-hash-check-time", "DURATION", "1m", |config, text| { config.compact_hash_check_time = parse_duration(text)?; Ok(()) })
        .help("For compatibility. More than 0.")
        .not_honoured("there are no other members' hashes to compare; each compaction is hashed as it ends"),
    flag(Group::Storage, "compaction-batch-limit", "N", "1000", |config, text| u32_into(&mut config.compaction_batch_limit, text))
        .help("Revisions a compaction deletes in one step."),
    flag(Group::Storage, "compaction-sleep-interval", "DURATION", "10ms", |config, text| { config.compaction_sleep_interval = parse_duration(text)?; Ok(()) })
        .help("Pause between two such steps."),
    flag(Group::Storage, "bootstrap-defrag-threshold-megabytes", "N", "0", |config, text| u32_into(&mut config.bootstrap_defrag_threshold_megabytes, text))
        .help("Defragment at the start if so many MiB of the store file are free. 0: never."),
    flag(Group::Storage, "unsafe-no-fsync", "", "false", |config, text| { config.unsafe_no_fsync = parse_bool(text)?; Ok(()) }).switch()
        .help("Do not wait for the disk. A power cut loses acknowledged writes or the whole store: tests only."),
    flag(Group::Observation, "log-level", "LEVEL", "info", |config, text| {
        config.log.level = LogLevel::parse(text)?;
        Ok(())
    }).help("debug, info, warn, error, panic or fatal."),
    flag(Group::Observation, "log-format", "FORMAT", "json", |config, text| {
        config.log.format = choose(text, &[("json", LogFormat::Json), ("console", LogFormat::Console)])?;
        Ok(())
    }).help("json: one object a line; console: for people."),
    flag(Group::Observation, "log-outputs", "LIST", "default", |config, text| { config.log.outputs = text.split(',').map(LogOutput::parse).collect(); Ok(()) })
        .help("stderr, stdout, systemd/journal or file names. `default` is stderr."),
    flag(Group::Observation, "metrics", "DETAIL", "basic", |config, text| {
        config.metrics = choose(text, &[("basic", MetricsDetail::Basic), ("extensive", MetricsDetail::Extensive)])?;
        Ok(())
    }).help("`extensive` adds handling times per method to /metrics."),
    flag(Group::Observation, "listen-metrics-urls", "URLS", "", |config, text| {
        optional_urls(&mut config.listen_metrics_urls, text)
    }).help("More addresses that serve /metrics and health checks only."),
    flag(Group::Observation, "enable-distributed-tracing", "", "false", |config, text| { config.traces.enabled = parse_bool(text)?; Ok(()) }).switch()
        .help("Send traces of calls, with the keys they are about, to a collector of OpenTelemetry."),
    flag(Group::Observation, "distributed-tracing-address", "HOST:PORT", "localhost:4317", |config, text| { text.clone_into(&mut config.traces.address); Ok(()) })
        .help("Where the collector takes gRPC without TLS."),
    flag(Group::Observation, "distributed-tracing-service-name", "NAME", "etcd", |config, text| { text.clone_into(&mut config.traces.service_name); Ok(()) })
        .help("The name all servers have together in traces."),
    flag(Group::Observation, "distributed-tracing-instance-id", "ID", "", |config, text| { text.clone_into(&mut config.traces.instance_id); Ok(()) })
        .help("The name of this server in traces."),
    flag(Group::Observation, "distributed-tracing-sampling-rate", "N", "0", |config, text| { config.traces.sampling_rate = parse_signed(text)?; Ok(()) })
        .help("How many of a million calls are traced. A call whose caller has decided is traced, or not, as that says."),
    flag(Group::Process, "feature-gates", "GATE=BOOL,…", "", |config, text| config.feature_gates.read(text))
        .help("Features to turn on or off, by etcd's names. CompactHashCheck and InitialCorruptCheck are honoured, alone or with AllAlpha; what the others ask for holds, or a warning says what holds instead."),
    flag(Group::Observation, "enable-log-rotation", "", "false", |config, text| { config.log.rotate = parse_bool(text)?; Ok(()) }).switch()
        .help("Begin a new file when that of --log-outputs is full."),
    flag(Group::Observation, "log-rotation-config-json", "JSON", ROTATION, |config, text| {
        text.clone_into(&mut config.log.rotation);
        Ok(())
    }).help("When a file is full, in MiB, and how many days and how many old files are kept; 0 keeps all."),
    flag(Group::Process, "memory-mlock", "", "false", |config, text| { config.memory_mlock = parse_bool(text)?; Ok(()) }).switch()
        .help("Keep what is in memory out of the swap."),
    flag(Group::Process, "ready-file", "FILE", "", |config, text| { config.ready_file = path(text); Ok(()) })
        .help("Write the client URL into this file once clients are served."),
    flag(Group::Process, "throwaway", "", "false", |config, text| { config.throwaway = parse_bool(text)?; Ok(()) }).switch()
        .help("Serve only until standard input ends, from a new directory that is then removed, on a free port unless one \
               is given, and without waiting for the disk. Prints the client URL and the directory once clients are served."),
    flag(Group::Process, "from-snapshot", "FILE", "", |config, text| { config.from_snapshot = path(text); Ok(()) })
        .help("With --throwaway: begin with the keys and revisions of a snapshot. Needs kvutl beside kvd or in PATH."),
    // Read before the table is asked; they stand here for the help.
    flag(Group::Process, "version", "", "false", |_, text| parse_bool(text).map(drop)).switch()
        .help("Print the version and exit."),
    flag(Group::Process, "help", "", "false", |_, text| parse_bool(text).map(drop)).switch()
        .help("Print this help and exit."),
];

fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}

fn list(text: &str) -> Vec<String> {
    text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn urls(target: &mut Vec<Url>, text: &str) -> Result<(), String> {
    *target = Url::parse_list(text)?;
    Ok(())
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    parse_unsigned(text).map(Duration::from_millis)
}

fn optional_urls(target: &mut Vec<Url>, text: &str) -> Result<(), String> {
    if text.is_empty() {
        target.clear();
        return Ok(());
    }
    urls(target, text)
}

/// Reads origins of pages, which are URLs; `*` stands for all.
fn origins(text: &str) -> Result<Vec<String>, String> {
    if text == ANY {
        return Ok(vec![text.to_owned()]);
    }
    Ok(Url::parse_list(text)?.iter().map(ToString::to_string).collect())
}

fn u32_into(target: &mut u32, text: &str) -> Result<(), String> {
    *target = u32::try_from(parse_unsigned(text)?).map_err(|_| OUT_OF_RANGE.to_owned())?;
    Ok(())
}

fn choose<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        format!("{PARSE_ERROR}, use one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_defaults_of_the_table_are_those_of_the_config() {
        for flag in all() {
            let mut config = Config::default();
            (flag.set)(&mut config, flag.default).unwrap_or_else(|error| panic!("{}: {error}", flag.name));
            assert_eq!(config, Config::default(), "{}", flag.name);
            assert!(!flag.help.is_empty(), "{}", flag.name);
        }
    }
}
