//! What a server can be told, its defaults, and what makes no sense.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use kv_proto::url::{self, Url};
use kv_store::ids;

use crate::feature_gates::FeatureGates;
use crate::logging::{LogConfig, Notice};
use crate::quota;
use crate::retention::Retention;
use crate::tls::TlsOptions;
use crate::trace::TraceOptions;

/// Bytes a gRPC message may be larger than a request: room for the fields around keys and values.
pub const GRPC_OVERHEAD_BYTES: usize = 512 * 1024;

/// Requests above this are accepted when allowed, but slow everybody down.
const RECOMMENDED_REQUEST_BYTES_MAX: u32 = 10 * 1024 * 1024;

/// A gRPC frame's length has 32 bits, and a sender may be a signed-integer implementation.
const REQUEST_BYTES_MAX: u32 = i32::MAX as u32 - GRPC_OVERHEAD_BYTES as u32;

/// What `--quota-backend-bytes=0` stands for.
const DEFAULT_QUOTA_BYTES: i64 = 2 * 1024 * 1024 * 1024;

/// Progress notifications more often than this would be mostly overhead.
const PROGRESS_NOTIFY_INTERVAL_MIN: Duration = Duration::from_millis(100);

/// [`Config::bcrypt_cost`] unless set otherwise.
const BCRYPT_COST: u32 = 10;

/// What bcrypt can be told to cost.
const BCRYPT_COSTS: RangeInclusive<u32> = 4..=31;

/// The names `--metrics` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsDetail {
    /// Counters and gauges.
    Basic,
    /// Also a histogram of handling times per method.
    Extensive,
}

/// Whether a new directory begins a cluster or joins one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterState {
    /// It begins one.
    New,
    /// It joins one.
    Existing,
}

/// Everything a server can be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The member's name.
    pub name: String,
    /// The data directory; `None` stands for `<name>.kvd` where the process runs.
    pub data_dir: Option<PathBuf>,
    /// The file all this was read from, if it was.
    pub config_file: Option<PathBuf>,
    /// The directory of the log, if it is not in that of the data.
    pub wal_dir: Option<PathBuf>,
    /// How often a leader tells the others that it is there.
    pub heartbeat_interval: Duration,
    /// How long a member waits for a leader.
    pub election_timeout: Duration,
    /// Keeps what is in memory out of the swap.
    pub memory_mlock: bool,
    /// Where clients are served.
    pub listen_client_urls: Vec<Url>,
    /// Where clients are told to go; empty stands for the addresses really listened on.
    pub advertise_client_urls: Vec<Url>,
    /// TLS between clients and the server.
    pub client_tls: TlsOptions,
    /// Where members would be served.
    pub listen_peer_urls: Vec<Url>,
    /// Where other members would be told to go.
    pub initial_advertise_peer_urls: Vec<Url>,
    /// The members of a new cluster, `name=url,…`; `None` stands for this member alone.
    pub initial_cluster: Option<String>,
    /// Part of the ids, so that two clusters with the same URLs differ.
    pub initial_cluster_token: String,
    /// Whether a new directory begins a cluster.
    pub initial_cluster_state: ClusterState,
    /// Whether other processes may listen on the same ports.
    pub socket_reuse_port: bool,
    /// Whether the API is served as JSON too.
    pub enable_grpc_gateway: bool,
    /// Operations in one transaction, at most.
    pub max_txn_ops: u32,
    /// Bytes of one request, at most.
    pub max_request_bytes: u32,
    /// Streams open at once on a connection, at most.
    pub max_concurrent_streams: u32,
    /// A client should wait this long between pings.
    pub grpc_keepalive_min_time: Duration,
    /// The server pings a connection this often; zero means never.
    pub grpc_keepalive_interval: Duration,
    /// A ping without an answer for this long ends the connection.
    pub grpc_keepalive_timeout: Duration,
    /// Reads and applied commands that take longer are logged.
    pub warning_apply_duration: Duration,
    /// Calls that answer once and take longer are logged.
    pub warning_unary_request_duration: Duration,
    /// A client that takes nothing of a snapshot for so long is given up; zero means never.
    pub snapshot_stall_timeout: Duration,
    /// As typed: 0 stands for the default, a negative number for no quota.
    pub quota_backend_bytes: i64,
    /// A quiet watcher that asked for it hears of progress this often.
    pub watch_progress_notify_interval: Duration,
    /// Revisions a compaction deletes in one step.
    pub compaction_batch_limit: u32,
    /// The pause between two such steps.
    pub compaction_sleep_interval: Duration,
    /// Whether history is given up by its age, `periodic`, or by `revision`.
    pub auto_compaction_mode: String,
    /// How much of it is kept: hours or a duration, or a number of revisions; `0` keeps all.
    pub auto_compaction_retention: String,
    /// MiB that must be free in the store file for it to be defragmented at the start; 0 for never.
    pub bootstrap_defrag_threshold_megabytes: u32,
    /// What kind of tokens clients get, and how they are signed: `simple`, or `jwt,` and options.
    pub auth_token: String,
    /// What bcrypt is told to cost: a step doubles it.
    pub bcrypt_cost: u32,
    /// Seconds a simple token lives after its last use.
    pub auth_token_ttl: u64,
    /// Read the whole store before serving it.
    pub initial_corrupt_check: bool,
    /// Read the whole store this often; zero means never.
    pub corrupt_check_time: Duration,
    /// Hash the store at each compaction.
    pub compact_hash_check: bool,
    /// Read for compatibility; there are no other members to compare hashes with.
    pub compact_hash_check_time: Duration,
    /// What else is turned on or off.
    pub feature_gates: FeatureGates,
    /// Do not wait for the disk: what was acknowledged may be lost.
    pub unsafe_no_fsync: bool,
    /// How the server logs.
    pub log: LogConfig,
    /// This file is written when clients are served.
    pub ready_file: Option<PathBuf>,
    /// Serve only as long as standard input is open, from a directory that is then removed.
    pub throwaway: bool,
    /// Begin with what this snapshot holds.
    pub from_snapshot: Option<PathBuf>,
    /// Which traces are sent, and where to.
    pub traces: TraceOptions,
    /// How much `/metrics` tells.
    pub metrics: MetricsDetail,
    /// Where HTTP is served; empty stands for where gRPC is.
    pub listen_client_http_urls: Vec<Url>,
    /// Names that requests without TLS may call the server by; `*` or none for any.
    pub host_whitelist: Vec<String>,
    /// Origins of the pages whose scripts may ask; `*` or none for any.
    pub cors: Vec<String>,
    /// More addresses that serve `/metrics` and health, and nothing else.
    pub listen_metrics_urls: Vec<Url>,
}

/// Several heartbeats must be lost before there is a new leader.
const HEARTBEATS_PER_ELECTION_MIN: u128 = 5;

/// Longer, and nobody would write for too long.
const ELECTION_TIMEOUT_MAX: Duration = Duration::from_secs(50);

/// What stands for everybody.
pub(crate) const ANY: &str = "*";

impl Default for Config {
    fn default() -> Self {
        let default_url = |text| vec![Url::parse(text).expect("a constant")];
        Self {
            name: "default".to_owned(),
            data_dir: None,
            config_file: None,
            wal_dir: None,
            heartbeat_interval: kv_raft::HEARTBEAT_INTERVAL,
            election_timeout: kv_raft::ELECTION_TIMEOUT,
            memory_mlock: false,
            listen_client_urls: default_url("http://localhost:2379"),
            advertise_client_urls: default_url("http://localhost:2379"),
            client_tls: TlsOptions::default(),
            listen_peer_urls: default_url("http://localhost:2380"),
            initial_advertise_peer_urls: default_url("http://localhost:2380"),
            initial_cluster: None,
            initial_cluster_token: "etcd-cluster".to_owned(),
            initial_cluster_state: ClusterState::New,
            socket_reuse_port: false,
            enable_grpc_gateway: true,
            max_txn_ops: 128,
            max_request_bytes: 1_572_864,
            max_concurrent_streams: u32::MAX,
            grpc_keepalive_min_time: Duration::from_secs(5),
            grpc_keepalive_interval: Duration::from_secs(2 * 60 * 60),
            grpc_keepalive_timeout: Duration::from_secs(20),
            warning_apply_duration: Duration::from_millis(100),
            warning_unary_request_duration: Duration::from_millis(300),
            snapshot_stall_timeout: Duration::from_secs(10 * 60),
            quota_backend_bytes: 0,
            watch_progress_notify_interval: Duration::from_secs(10 * 60),
            compaction_batch_limit: 1000,
            compaction_sleep_interval: Duration::from_millis(10),
            auto_compaction_mode: "periodic".to_owned(),
            auto_compaction_retention: "0".to_owned(),
            bootstrap_defrag_threshold_megabytes: 0,
            auth_token: "simple".to_owned(),
            bcrypt_cost: BCRYPT_COST,
            auth_token_ttl: 300,
            initial_corrupt_check: false,
            corrupt_check_time: Duration::ZERO,
            compact_hash_check: false,
            compact_hash_check_time: Duration::from_secs(60),
            feature_gates: FeatureGates::default(),
            unsafe_no_fsync: false,
            log: LogConfig::default(),
            ready_file: None,
            throwaway: false,
            from_snapshot: None,
            traces: TraceOptions::default(),
            metrics: MetricsDetail::Basic,
            listen_client_http_urls: Vec::new(),
            host_whitelist: vec![ANY.to_owned()],
            cors: vec![ANY.to_owned()],
            listen_metrics_urls: Vec::new(),
        }
    }
}

/// Who a member is, fixed when its directory is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The member's id.
    pub(crate) member_id: u64,
    /// The cluster's id.
    pub(crate) cluster_id: u64,
    /// Where other members reach this one.
    pub(crate) peer_urls: Vec<String>,
}

impl Config {
    /// Returns the data directory, made from the name where none is given.
    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| PathBuf::from(format!("{}.kvd", self.name)))
    }

    /// Returns the quota in bytes as it is reported: the default where 0 was typed, `None` where it is off.
    pub fn quota_bytes(&self) -> Option<i64> {
        match self.quota_backend_bytes {
            0 => Some(DEFAULT_QUOTA_BYTES),
            negative if negative < 0 => None,
            quota => Some(quota),
        }
    }

    /// Returns how large a gRPC message may be before it is refused unread.
    pub fn grpc_receive_bytes_max(&self) -> usize {
        self.max_request_bytes as usize + GRPC_OVERHEAD_BYTES
    }

    /// Refuses what makes no sense, and tells what deserves a warning.
    pub(crate) fn validate(&mut self) -> Result<Vec<Notice>, String> {
        let mut notices = Vec::new();
        for urls in
            [&self.listen_peer_urls, &self.listen_client_urls, &self.listen_client_http_urls, &self.listen_metrics_urls]
        {
            urls.iter().try_for_each(Url::check_bindable)?;
        }
        for url in &self.listen_client_http_urls {
            let is_same = |other: &&Url| other.address == url.address && !other.has_port_zero();
            if self.listen_client_urls.iter().any(|other| is_same(&other)) {
                return Err(format!(
                    "cannot bind both --listen-client-urls and --listen-client-http-urls on the same url {url}"
                ));
            }
        }
        self.traces.check()?;
        let client_urls: Vec<_> = self.listen_client_urls.iter().chain(&self.listen_client_http_urls).collect();
        notices.extend(self.client_tls.check(&client_urls, &self.listen_metrics_urls)?);
        for url in &self.initial_advertise_peer_urls {
            url.check_advertisable().map_err(|error| {
                let urls = url::join(&self.initial_advertise_peer_urls);
                format!("--initial-advertise-peer-urls {urls:?} must be \"host:port\" ({error})")
            })?;
        }
        for url in &self.advertise_client_urls {
            url.check_advertisable().map_err(|error| {
                let urls = url::join(&self.advertise_client_urls);
                format!(
                    "--advertise-client-urls {urls:?} must be in the format \"host:port\", \"unix:/path/to/socket\" or \
                     \"unixs:/path/to/socket\" ({error})"
                )
            })?;
        }
        if self.max_request_bytes > REQUEST_BYTES_MAX {
            return Err(format!("--max-request-bytes must be at most {REQUEST_BYTES_MAX}"));
        }
        if self.max_request_bytes > RECOMMENDED_REQUEST_BYTES_MAX {
            notices.push(
                Notice::warn("exceeded recommended request limit")
                    .field("max-request-bytes", self.max_request_bytes)
                    .field("recommended-request-bytes", RECOMMENDED_REQUEST_BYTES_MAX),
            );
        }
        if self.watch_progress_notify_interval.is_zero() {
            self.watch_progress_notify_interval = Self::default().watch_progress_notify_interval;
        } else if self.watch_progress_notify_interval < PROGRESS_NOTIFY_INTERVAL_MIN {
            self.watch_progress_notify_interval = PROGRESS_NOTIFY_INTERVAL_MIN;
            notices.push(
                Notice::warn("adjusting watch progress notify interval to minimum period")
                    .field("min-watch-progress-notify-interval", "100ms"),
            );
        }
        self.check_election()?;
        self.log.rotation()?;
        self.retention()?;
        self.feature_gates.validate()?;
        notices.extend(self.feature_gates.notices());
        self.initial_corrupt_check |= self.feature_gates.initial_corrupt_check();
        self.compact_hash_check |= self.feature_gates.compact_hash_check();
        if self.compact_hash_check_time.is_zero() {
            return Err("--compact-hash-check-time must be >0 (set to 0s)".to_owned());
        }
        if self.compaction_batch_limit == 0 {
            self.compaction_batch_limit = Self::default().compaction_batch_limit;
        }
        if !BCRYPT_COSTS.contains(&self.bcrypt_cost) {
            notices.push(
                Notice::warn("use default bcrypt cost instead of the invalid given cost")
                    .field("min-cost", *BCRYPT_COSTS.start())
                    .field("max-cost", *BCRYPT_COSTS.end())
                    .field("default-cost", BCRYPT_COST)
                    .field("given-cost", self.bcrypt_cost),
            );
            self.bcrypt_cost = BCRYPT_COST;
        }
        if self.name == "default" {
            notices.push(Notice::warn(
                "it isn't recommended to use default name, please set a value for --name. Note that members of a \
                 cluster with the same name cannot be told apart",
            ));
        }
        notices.extend(quota::notices(self.quota_backend_bytes, self.quota_bytes()));
        // A directory that is initialised knows who its member is.
        if !self.data_dir().join("CURRENT").exists() {
            self.identity()?;
        }
        Ok(notices)
    }

    fn check_election(&self) -> Result<(), String> {
        let (heartbeat, election) = (self.heartbeat_interval.as_millis(), self.election_timeout.as_millis());
        if heartbeat == 0 {
            return Err("--heartbeat-interval must be >0 (set to 0ms)".to_owned());
        }
        if election < HEARTBEATS_PER_ELECTION_MIN * heartbeat {
            return Err(format!(
                "--election-timeout[{election}ms] should be at least as 5 times as --heartbeat-interval[{heartbeat}ms]"
            ));
        }
        if election > ELECTION_TIMEOUT_MAX.as_millis() {
            return Err(format!(
                "--election-timeout[{election}ms] is too long, and should be set less than {}ms",
                ELECTION_TIMEOUT_MAX.as_millis()
            ));
        }
        Ok(())
    }

    /// Returns the shortest time to live of a lease in seconds, etcd's: one and a half election timeouts in whole heartbeats.
    /// Nobody can renew faster while a leader is lost.
    pub(crate) fn lease_ttl_min(&self) -> i64 {
        let heartbeat = self.heartbeat_interval.as_millis().max(1);
        let ticks = self.election_timeout.as_millis() / heartbeat;
        let milliseconds = 3 * ticks / 2 * heartbeat;
        i64::try_from(milliseconds.div_ceil(1000)).unwrap_or(i64::MAX)
    }

    /// Returns the directory of the log.
    pub(crate) fn log_dir(&self) -> PathBuf {
        self.data_dir().join("log")
    }

    /// Reads how much history is kept without anybody asking.
    pub(crate) fn retention(&self) -> Result<Option<Retention>, String> {
        Retention::parse(&self.auto_compaction_mode, &self.auto_compaction_retention)
    }

    /// Whether the files of TLS are needed: they may be named although nothing is served by TLS.
    pub(crate) fn opens_tls_files(&self) -> bool {
        let served = [&self.listen_client_urls, &self.listen_client_http_urls, &self.listen_metrics_urls];
        self.client_tls.has_files() && served.into_iter().flatten().any(Url::is_secure)
    }

    /// Returns where other members would be told to go.
    pub(crate) fn advertised_peer_urls(&self) -> Vec<String> {
        self.initial_advertise_peer_urls.iter().map(Url::to_string).collect()
    }

    /// Computes who the member of a new directory is.
    pub(crate) fn identity(&self) -> Result<Identity, String> {
        let advertised = self.advertised_peer_urls();
        if let Some(cluster) = &self.initial_cluster {
            self.check_cluster(&parse_cluster(cluster)?, &advertised)?;
        }
        let member_id = ids::member_id(advertised.iter().map(String::as_str), &self.initial_cluster_token);
        Ok(Identity { member_id, cluster_id: ids::cluster_id(&[member_id]), peer_urls: advertised })
    }

    fn check_cluster(&self, cluster: &BTreeMap<String, Vec<String>>, advertised: &[String]) -> Result<(), String> {
        let pairs =
            |name: &str, urls: &[&String]| urls.iter().map(|url| format!("{name}={url}")).collect::<Vec<_>>().join(",");
        let Some(own) = cluster.get(&self.name) else {
            return Err(format!("couldn't find local name {:?} in the initial cluster configuration", self.name));
        };
        let unadvertised: Vec<_> = own.iter().filter(|url| !advertised.contains(url)).collect();
        if !unadvertised.is_empty() {
            return Err(format!(
                "--initial-cluster has {} but missing from --initial-advertise-peer-urls={}",
                pairs(&self.name, &unadvertised),
                advertised.join(",")
            ));
        }
        let unlisted: Vec<_> = advertised.iter().filter(|url| !own.contains(url)).collect();
        if !unlisted.is_empty() {
            return Err(format!(
                "--initial-advertise-peer-urls has {} but missing from --initial-cluster={}",
                unlisted.into_iter().map(String::as_str).collect::<Vec<_>>().join(","),
                pairs(&self.name, &advertised.iter().collect::<Vec<_>>()),
            ));
        }
        let mut urls: Vec<_> = cluster.values().flatten().collect();
        let given = urls.len();
        urls.sort_unstable();
        urls.dedup();
        if urls.len() < given {
            return Err(format!(
                "initial cluster {} has duplicate url",
                self.initial_cluster.as_deref().unwrap_or_default()
            ));
        }
        if cluster.len() > 1 {
            return Err(format!("this release runs one member, and --initial-cluster names {}", cluster.len()));
        }
        Ok(())
    }
}

/// Reads `name=url,name=url,…`; a name may stand several times.
fn parse_cluster(text: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in text.split(',').filter(|pair| !pair.is_empty()) {
        let (name, url) = pair.split_once('=').unwrap_or((pair, ""));
        members.entry(name.to_owned()).or_default().push(Url::parse(url)?.to_string());
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_cluster(name: &str, cluster: &str, advertised: &str) -> Config {
        Config {
            name: name.to_owned(),
            initial_cluster: Some(cluster.to_owned()),
            initial_advertise_peer_urls: Url::parse_list(advertised).unwrap(),
            ..Config::default()
        }
    }

    #[test]
    fn a_member_alone_has_etcds_default_ids() {
        let identity = Config::default().identity().unwrap();
        assert_eq!(identity.member_id, 0x8e9e_05c5_2164_694d);
        assert_eq!(identity.cluster_id, 0xcdf8_1819_4e3a_8c32);
    }

    #[test]
    fn the_initial_cluster_must_name_this_member_and_its_urls() {
        let refused = |config: Config| config.identity().unwrap_err();
        let url = "http://127.0.0.1:1";
        assert!(with_cluster("a", "a=http://127.0.0.1:1", url).identity().is_ok());
        assert_eq!(
            refused(with_cluster("b", "a=http://127.0.0.1:1", url)),
            "couldn't find local name \"b\" in the initial cluster configuration"
        );
        assert_eq!(
            refused(with_cluster("a", "a=http://127.0.0.1:2", url)),
            "--initial-cluster has a=http://127.0.0.1:2 but missing from --initial-advertise-peer-urls=http://127.0.0.1:1"
        );
        assert_eq!(
            refused(with_cluster("a", "a=http://127.0.0.1:1,b=http://127.0.0.1:1", url)),
            "initial cluster a=http://127.0.0.1:1,b=http://127.0.0.1:1 has duplicate url"
        );
        assert_eq!(
            refused(with_cluster("a", "a=http://127.0.0.1:1,b=http://127.0.0.1:2", url)),
            "this release runs one member, and --initial-cluster names 2"
        );
    }

    #[test]
    fn a_quota_of_zero_is_the_default_and_a_negative_one_none() {
        let quota = |bytes| Config { quota_backend_bytes: bytes, ..Config::default() }.quota_bytes();
        assert_eq!(quota(0), Some(2 << 30));
        assert_eq!(quota(53_248), Some(53_248));
        assert_eq!(quota(-1), None);
    }

    #[test]
    fn extremes_are_bounded_or_refused() {
        let mut config = Config { watch_progress_notify_interval: Duration::from_millis(1), ..Config::default() };
        let notices = config.validate().unwrap();
        assert_eq!(config.watch_progress_notify_interval, Duration::from_millis(100));
        assert!(notices.iter().any(|notice| notice.message.starts_with("adjusting watch progress")));
        let mut config = Config { compact_hash_check_time: Duration::ZERO, ..Config::default() };
        assert_eq!(config.validate().unwrap_err(), "--compact-hash-check-time must be >0 (set to 0s)");
        let mut config = Config { max_request_bytes: u32::MAX, ..Config::default() };
        assert!(config.validate().unwrap_err().starts_with("--max-request-bytes must be at most"));
        let mut config =
            Config { listen_client_urls: Url::parse_list("https://localhost:1").unwrap(), ..Config::default() };
        assert!(config.validate().unwrap_err().starts_with("TLS key/cert (--cert-file, --key-file) must be provided"));
    }
}
