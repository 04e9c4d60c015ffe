//! A server from its first connection to its last.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use kv_proto::url::{self, Url};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use crate::acceptor::{Acceptor, AsyncListener, Security};
use crate::auto_compaction;
use crate::config::Config;
use crate::connection::Options;
use crate::corruption;
use crate::engine::Engine;
use crate::engine_error::EngineError;
use crate::failure::Failure;
use crate::front::Front;
use crate::listener::{Listener, Listeners};
use crate::notify::{ReadyFile, ServiceManager};
use crate::origin::Scope;
use crate::room_watch;
use crate::throwaway;
use crate::tls::{Tls, TlsError};
use crate::trace::{self, Exporting, Tracer};
use crate::workers::Workers;

/// Requests under way have this long to end when the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Files that stay free of connections, for the store and the log.
const RESERVED_FILES: u64 = 150;

/// Why a server ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// It could not start.
    #[error(transparent)]
    Start(#[from] EngineError),
    /// The certificates or keys cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The threads that serve connections could not be started, or a socket not be used.
    #[error("start serving")]
    Io(#[from] io::Error),
    /// The collector of traces has no such address.
    #[error("--distributed-tracing-address")]
    Traces(#[source] tonic::transport::Error),
    /// The file that says that it serves could not be written.
    #[error("write ready file")]
    ReadyFile(#[source] io::Error),
    /// Something failed that only a restart mends.
    #[error("{0}")]
    Failed(String),
}

/// Serves until `shutdown` resolves; then ends what is under way within a few seconds.
///
/// Clients are served only once everything that was ever acknowledged can be read; until then their
/// connections wait. `manager` is told when that is so.
///
/// # Errors
///
/// [`ServeError`]. After [`ServeError::Failed`] the process must end: only a new one knows what is on disk.
pub async fn serve(
    config: Config,
    listeners: Listeners,
    manager: &ServiceManager,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let ready_file = config.ready_file.as_deref().map(ReadyFile::prepare).transpose().map_err(ServeError::ReadyFile)?;
    let client_urls = listeners.client_urls();
    let advertised = match config.advertise_client_urls.as_slice() {
        [] => client_urls.clone(),
        urls => urls.iter().map(ToString::to_string).collect(),
    };
    let options = Options::new(&config);
    // What is wrong with the files is said before a new data directory is made.
    let tls = config.opens_tls_files().then(|| Tls::open(&config.client_tls)).transpose()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = Arc::new(Workers::start(threads)?);
    let engine = Engine::start(config, advertised, workers.only_runtime()).await?;

    let tls = match tls {
        None if engine.config.client_tls.auto_tls => Some(own_certificate(&engine.config, &listeners)?),
        given => given,
    };
    let (tracer, exporting) = trace_calls(&engine)?.unzip();
    let server = Server::new(&engine, Arc::clone(&workers), options, tls.map(Arc::new), tracer);
    let mut accepting = Vec::new();
    for listener in listeners.metrics {
        accepting.push(server.accept(listener, Scope::Metrics)?);
    }
    let clients = if listeners.http.is_empty() { Scope::Client } else { Scope::Grpc };
    for listener in listeners.clients {
        accepting.push(server.accept(listener, clients)?);
    }
    for listener in listeners.http {
        accepting.push(server.accept(listener, Scope::Http)?);
    }
    let retention = engine.config.retention().expect("the configuration was checked");
    let compacting = retention.map(|retention| {
        engine.failure.watch_over("automatic compaction", auto_compaction::run(Arc::clone(&engine), retention))
    });
    let interval = Some(engine.config.corrupt_check_time).filter(|interval| !interval.is_zero());
    let checking = interval.map(|interval| {
        engine.failure.watch_over("looking for damage", corruption::run(Arc::clone(&engine), interval))
    });
    let keeping = engine.ballasts.clone().map(|ballasts| {
        engine.failure.watch_over("keeping room for a full disk", room_watch::run(Arc::clone(&engine), ballasts))
    });
    let following =
        engine.failure.watch_over("following compactions", corruption::follow_compactions(Arc::clone(&engine)));
    if let Some(file) = &ready_file {
        file.write(&client_urls).map_err(ServeError::ReadyFile)?;
    }
    if engine.config.throwaway {
        throwaway::announce(&client_urls, &engine.config.data_dir());
    }
    manager.tell("READY=1");

    let failure = tokio::select! {
        () = shutdown => None,
        reason = engine.failure.reported() => Some(reason),
    };
    if let Some(reason) = failure {
        // Nothing that is under way can end well, and the disk must not be touched any more.
        return Err(ServeError::Failed(reason));
    }

    tracing::info!("closing etcd server");
    manager.tell("STOPPING=1");
    drop(ready_file);
    for task in compacting.into_iter().chain(checking).chain(keeping).chain([following]) {
        task.abort();
    }
    for task in accepting {
        task.abort();
        // Waiting drops the listener, so that a new process can have its address.
        let _ = task.await;
    }
    server.drain().await;
    if let Some(exporting) = exporting {
        exporting.stop().await;
    }
    // The consensus may run on one of the threads.
    engine.stop().await;
    if let Some(workers) = Arc::into_inner(workers) {
        // What is left on them is dropped, so this does not take long.
        let _ = tokio::task::spawn_blocking(move || workers.stop()).await;
    }
    tracing::info!("closed etcd server");
    Ok(())
}

/// Begins to send traces, if that is asked for.
fn trace_calls(engine: &Engine) -> Result<Option<(Arc<Tracer>, Exporting)>, ServeError> {
    let options = &engine.config.traces;
    if !options.enabled {
        return Ok(None);
    }
    let (tracer, exporter) = trace::start(options, &engine.metrics)?;
    let exporting = exporter.start().map_err(ServeError::Traces)?;
    tracing::info!(
        address = options.address,
        service_name = options.service_name,
        service_instance_id = options.instance_id,
        sampling_rate = options.sampling_rate,
        "distributed tracing enabled"
    );
    Ok(Some((tracer, exporting)))
}

/// Makes what `--auto-tls` asks for, for every host that clients may have been told of.
fn own_certificate(config: &Config, listeners: &Listeners) -> Result<Tls, TlsError> {
    let listened =
        listeners.clients.iter().chain(&listeners.http).chain(&listeners.metrics).flat_map(|listener| &listener.urls);
    let urls: Vec<_> = listened.chain(&config.advertise_client_urls).cloned().collect();
    Tls::self_signed(&config.client_tls, &config.data_dir(), &urls)
}

/// What accepting and draining share.
struct Server {
    failure: Failure,
    front: Arc<Front>,
    workers: Arc<Workers>,
    options: Options,
    /// For the listeners that are to be secure.
    tls: Option<Arc<Tls>>,
    draining: watch::Sender<bool>,
    room: Arc<Semaphore>,
    /// Held by every connection; all are gone when the other end hears that.
    alive: mpsc::Sender<()>,
    all_gone: mpsc::Receiver<()>,
}

impl Server {
    fn new(
        engine: &Arc<Engine>,
        workers: Arc<Workers>,
        options: Options,
        tls: Option<Arc<Tls>>,
        tracer: Option<Arc<Tracer>>,
    ) -> Self {
        let (draining, receiver) = watch::channel(false);
        let (alive, all_gone) = mpsc::channel(1);
        Self {
            failure: engine.failure.clone(),
            front: Arc::new(Front::new(Arc::clone(engine), receiver, tracer)),
            workers,
            options,
            tls,
            draining,
            room: Arc::new(Semaphore::new(connections_max())),
            alive,
            all_gone,
        }
    }

    /// Accepts connections in a task of its own.
    fn accept(&self, listener: Listener, scope: Scope) -> io::Result<JoinHandle<()>> {
        let security = match (&self.tls, listener.urls.iter().all(Url::is_secure)) {
            (Some(tls), true) => Security::Tls(Arc::clone(tls)),
            (Some(tls), false) if listener.urls.iter().any(Url::is_secure) => Security::Either(Arc::clone(tls)),
            _ => Security::None,
        };
        let acceptor = Acceptor {
            front: Arc::clone(&self.front),
            workers: Arc::clone(&self.workers),
            options: self.options,
            security,
            draining: self.draining.subscribe(),
            room: Arc::clone(&self.room),
            alive: self.alive.clone(),
            scope,
        };
        let urls = listener.urls;
        let listener = AsyncListener::new(listener.socket)?;
        let task = self.failure.watch_over("accepting connections", acceptor.run(listener));
        match scope {
            Scope::Client | Scope::Grpc | Scope::Http => {
                tracing::info!("ready to serve client requests");
                let traffic = match scope {
                    Scope::Grpc => "grpc",
                    Scope::Http => "http",
                    _ => "grpc+http",
                };
                for Url { address, .. } in urls.iter().filter(|url| !url.is_secure()) {
                    let text = "serving client traffic insecurely; this is strongly discouraged!";
                    tracing::info!(traffic, address, "{text}");
                }
                for Url { address, .. } in urls.iter().filter(|url| url.is_secure()) {
                    tracing::info!(traffic, address, "serving client traffic securely");
                }
            }
            Scope::Metrics => tracing::info!(address = url::join(&urls), "now serving metrics"),
        }
        Ok(task)
    }

    /// Lets requests under way end, or cuts them off.
    async fn drain(mut self) {
        self.draining.send_replace(true);
        drop(self.alive);
        if tokio::time::timeout(DRAIN_TIMEOUT, self.all_gone.recv()).await.is_err() {
            tracing::warn!("some requests did not end in time and are cut off");
        }
    }
}

/// Returns how many connections there may be, by the files the process may open.
fn connections_max() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let room = limit.unwrap_or(u64::MAX).saturating_sub(RESERVED_FILES).max(1);
    usize::try_from(room).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}
