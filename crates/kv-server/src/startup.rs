//! What an engine is started from: the opened directory, and options for the parts that drive it.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

use kv_raft::{Node, NodeOptions};
use kv_store::{BackgroundOptions, DirLock, StorageOptions, Store, StoreOptions, Table, schema};
use tokio::sync::watch;

use crate::ballasts::Ballasts;
use crate::compaction_report::CompactionReport;
use crate::config::{ClusterState, Config, Identity};
use crate::defragment;
use crate::engine_error::EngineError;
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::random::random_number;
use crate::slow::SlowRequests;
use crate::status::chain;
use crate::wal_dir;

/// The store file may become this many times the quota, because old pages are reused only after readers have gone.
const MAP_SIZE_PER_QUOTA: u64 = 4;

/// Address space of a store without a quota, and of one with a huge one; that much is reserved, not used.
const MAP_SIZE_MAX: u64 = 1 << 40;

/// What a data directory holds.
pub(crate) struct Opened {
    pub(crate) store: Arc<Store>,
    /// Who its member is.
    pub(crate) identity: Identity,
    pub(crate) ballasts: Option<Ballasts>,
}

/// Opens the data directory, or makes one, and finds out who its member is.
pub(crate) fn open_store(config: &Config) -> Result<Opened, EngineError> {
    let directory = config.data_dir();
    let quota =
        config.quota_bytes().map_or(MAP_SIZE_MAX, |quota| quota.unsigned_abs().saturating_mul(MAP_SIZE_PER_QUOTA));
    let storage = StorageOptions {
        map_size_bytes: (quota.min(MAP_SIZE_MAX) as usize).max(StorageOptions::default().map_size_bytes),
        sync: !config.unsafe_no_fsync,
        ..StorageOptions::default()
    };
    let lock = Arc::new(DirLock::create(&directory)?);
    // Before anything else is written.
    let mut ballasts = (!config.unsafe_no_fsync).then(|| Ballasts::open(&directory));
    let store = Store::open_or_create(lock, StoreOptions { storage, ..StoreOptions::default() })?;
    if let Some(wal_dir) = &config.wal_dir {
        wal_dir::link(&config.log_dir(), wal_dir)?;
        if let Some(ballasts) = &mut ballasts {
            let looked = ballasts.add_log(&directory, wal_dir);
            looked
                .map_err(|error| EngineError::Config(format!("--wal-dir: look at {}: {error}", wal_dir.display())))?;
        }
    }
    let identity = identity(config, &store)?;
    if config.bootstrap_defrag_threshold_megabytes > 0 {
        defragment::at_start(&store, u64::from(config.bootstrap_defrag_threshold_megabytes) << 20)?;
    }
    Ok(Opened { store: Arc::new(store), identity, ballasts })
}

/// Reads the whole store before it is served.
pub(crate) async fn check_at_start(store: &Arc<Store>, member_id: u64) -> Result<(), EngineError> {
    let local_member_id = format!("{member_id:x}");
    tracing::info!(local_member_id, "starting initial corruption check");
    let store = Arc::clone(store);
    let verified = tokio::task::spawn_blocking(move || store.verify()).await.expect("reading does not panic");
    match verified {
        Ok(()) => {
            tracing::info!(local_member_id, "initial corruption checking passed; no corruption");
            Ok(())
        }
        Err(error) => {
            let error = chain(&error);
            tracing::error!(error, "checkInitialHashKV failed");
            Err(EngineError::Damaged(error))
        }
    }
}

/// Returns who this member is: what its directory says, or what the configuration says for a new one.
fn identity(config: &Config, store: &Store) -> Result<Identity, EngineError> {
    let meta = store.storage().meta()?;
    let data_dir = config.data_dir().display().to_string();
    if let (Some(member_id), Some(cluster_id)) = (meta.member_id, meta.cluster_id) {
        tracing::info!(data_dir, dir_type = "member", "server has already been initialized");
        return Ok(Identity { member_id, cluster_id, peer_urls: config.advertised_peer_urls() });
    }
    let configured = config.identity().map_err(EngineError::Config)?;
    if config.initial_cluster_state == ClusterState::Existing {
        return Err(EngineError::Config(format!(
            "--initial-cluster-state is existing, {data_dir} is new, and this release of kvd joins no cluster"
        )));
    }
    tracing::info!(data_dir, dir_type = "empty", "Initialize and start etcd server");
    let storage = store.storage();
    storage.write_row(Table::Meta, schema::meta::CLUSTER_ID, &configured.cluster_id.to_be_bytes())?;
    storage.write_row(Table::Meta, schema::meta::MEMBER_ID, &configured.member_id.to_be_bytes())?;
    Ok(configured)
}

/// Returns how the consensus is started.
pub(crate) fn node_options(
    config: &Config,
    identity: &Identity,
    metrics: &Arc<Metrics>,
    failure: &Failure,
) -> Result<NodeOptions, EngineError> {
    let salt = kv_log::Salt::random().map_err(EngineError::Random)?;
    let sync = if config.unsafe_no_fsync { kv_log::SyncMode::Never } else { kv_log::SyncMode::Durable };
    let log = kv_log::Options { sync, ..kv_log::Options::new(salt) };
    let failure = failure.clone();
    let options = NodeOptions::new(identity.member_id, config.log_dir(), log, Arc::new(unix_milliseconds));
    Ok(NodeOptions {
        heartbeat_interval: config.heartbeat_interval,
        election_timeout: config.election_timeout,
        first_request: random_number().map_err(EngineError::Random)?,
        on_applied: SlowRequests::applying(config, Arc::clone(metrics)),
        on_failure: Arc::new(move |reason| failure.report(format!("consensus failed: {}", chain(reason)))),
        ..options
    })
}

/// Returns how the threads behind the store work.
pub(crate) fn background_options(
    config: &Config,
    node: &Arc<Node<Store>>,
    store: &Arc<Store>,
    metrics: &Arc<Metrics>,
    compacted: &watch::Sender<i64>,
    damage: &watch::Sender<Option<String>>,
    failure: &Failure,
) -> BackgroundOptions {
    let (failure, compacted, node) = (failure.clone(), compacted.clone(), Arc::downgrade(node));
    let damage = damage.clone();
    let (commits, slices) = (Arc::clone(metrics), Arc::clone(metrics));
    let report = CompactionReport {
        store: Arc::downgrade(store),
        metrics: Arc::clone(metrics),
        hashed: config.compact_hash_check,
        damage: damage.clone(),
        deleted_before: AtomicU64::new(0),
    };
    BackgroundOptions {
        compaction_rows: config.compaction_batch_limit as usize,
        compaction_pause: config.compaction_sleep_interval,
        on_checkpoint: Box::new(move |stored| {
            commits.commit_duration.observe(stored.took);
            if let Some(node) = node.upgrade() {
                node.checkpointed();
            }
        }),
        on_compaction_slice: Box::new(move |slice| {
            slices.compaction_keys.add(slice.deleted);
            // These histograms count milliseconds.
            slices.compaction_pause.observe(slice.storage_took * 1000);
            slices.index_compaction_pause.observe(slice.index_took * 1000);
        }),
        on_compacted: Box::new(move |revision, took| {
            report.finished(revision, took, (unix_milliseconds() / 1000) as i64);
            compacted.send_modify(|done| *done = revision.max(*done));
        }),
        on_damage: Box::new(move |error| drop(damage.send_replace(Some(chain(error))))),
        ..BackgroundOptions::new(Arc::new(move |error| failure.report(format!("checkpoint failed: {}", chain(error)))))
    }
}

fn unix_milliseconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}
