//! The gRPC services, and what is looked at before any of them.
//!
//! Services are called by the method table rather than through a router, which would cost a microsecond a call.

use std::future::Future;
use std::sync::Arc;

use http::{Request, Response};
use kv_proto::ApiError;
use kv_proto::etcdserverpb::auth_server::AuthServer;
use kv_proto::etcdserverpb::cluster_server::ClusterServer;
use kv_proto::etcdserverpb::kv_server::KvServer;
use kv_proto::etcdserverpb::lease_server::LeaseServer;
use kv_proto::etcdserverpb::maintenance_server::MaintenanceServer;
use kv_proto::v3electionpb::election_server::ElectionServer;
use kv_proto::v3lockpb::lock_server::LockServer;
use tokio::sync::watch;
use tonic::Status;
use tonic::codegen::Service as _;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::access::Access;
use crate::deadline;
use crate::engine::Engine;
use crate::frames::{Call, RequestBody, ResponseBody, Source, Stopping};
use crate::http::Checks;
use crate::methods::{self, Kind, METHODS, Method, Service};
use crate::metrics::Metrics;
use crate::service::auth::AuthService;
use crate::service::cluster::ClusterService;
use crate::service::election::ElectionService;
use crate::service::kv::KvService;
use crate::service::lease::LeaseService;
use crate::service::lock::LockService;
use crate::service::maintenance::MaintenanceService;
use crate::service::reflection::{self, Reflection};
use crate::service::watch::WatchService;
use crate::status::status;
use crate::trace::Tracer;

type Answer = Response<ResponseBody>;

/// Methods that say themselves that they were slow.
const OWN_WARNINGS: [&str; 4] =
    ["/etcdserverpb.KV/Range", "/etcdserverpb.KV/Put", "/etcdserverpb.KV/DeleteRange", "/etcdserverpb.KV/Txn"];

/// Everything that is served, shared by all connections.
pub(crate) struct Front {
    engine: Arc<Engine>,
    metrics: Arc<Metrics>,
    draining: watch::Receiver<bool>,
    tracer: Option<Arc<Tracer>>,
    message_bytes_max: usize,
    access: Access,
    kv: KvServer<KvService>,
    watch: WatchService,
    lease: LeaseServer<LeaseService>,
    lock: LockServer<LockService>,
    election: ElectionServer<ElectionService>,
    cluster: ClusterServer<ClusterService>,
    maintenance: MaintenanceServer<MaintenanceService>,
    auth: AuthServer<AuthService>,
    health: HealthServer<HealthService>,
    reflection: Reflection,
    reflection_alpha: Reflection,
}

impl Front {
    pub(crate) fn new(engine: Arc<Engine>, draining: watch::Receiver<bool>, tracer: Option<Arc<Tracer>>) -> Self {
        // Sizes are judged as bodies pass, before tonic would hold them.
        let (reflection, reflection_alpha) = reflection::services();
        Self {
            metrics: Arc::clone(&engine.metrics),
            access: Access::new(&engine.config),
            message_bytes_max: engine.config.grpc_receive_bytes_max(),
            draining,
            tracer,
            kv: KvServer::new(KvService::new(Arc::clone(&engine))).max_decoding_message_size(usize::MAX),
            watch: WatchService::new(Arc::clone(&engine)),
            lease: LeaseServer::new(LeaseService::new(Arc::clone(&engine))).max_decoding_message_size(usize::MAX),
            lock: LockServer::new(LockService::new(Arc::clone(&engine))).max_decoding_message_size(usize::MAX),
            election: ElectionServer::new(ElectionService::new(Arc::clone(&engine)))
                .max_decoding_message_size(usize::MAX),
            cluster: ClusterServer::new(ClusterService::new(Arc::clone(&engine))).max_decoding_message_size(usize::MAX),
            maintenance: MaintenanceServer::new(MaintenanceService::new(Arc::clone(&engine)))
                .max_decoding_message_size(usize::MAX),
            auth: AuthServer::new(AuthService::new(Arc::clone(&engine))).max_decoding_message_size(usize::MAX),
            health: HealthServer::new(HealthService::from_health_reporter(HealthReporter::new())),
            reflection,
            reflection_alpha,
            engine,
        }
    }

    /// Answers one call.
    pub(crate) async fn grpc(&self, mut request: Request<Source>) -> Answer {
        let path = request.uri().path();
        let Some(index) = methods::find(path) else {
            let refusal = Status::unimplemented(methods::unknown(path)).into_http();
            return refusal.map(|_: tonic::body::Body| ResponseBody::plain(bytes::Bytes::new()));
        };
        let method = &METHODS[index];
        let mut call = Call::start(index, Arc::clone(&self.metrics));
        if let Some(tracer) = &self.tracer
            && let Some(span) = tracer.call(method.path, request.headers(), request.extensions().get().copied())
        {
            request.extensions_mut().insert(span.as_parent());
            call.trace(span);
        }
        if let Err(refusal) = self.check_metadata(method, request.headers()) {
            return ResponseBody::grpc(refusal.into_http(), call, None);
        }
        // A stream is the client's to end.
        let limit = match deadline::limit(request.headers()) {
            Ok(limit) => limit.filter(|_| method.kind == Kind::Unary),
            Err(refusal) => return ResponseBody::grpc(refusal.into_http(), call, None),
        };
        let message_bytes_max = self.message_bytes_max;
        let metrics = Arc::clone(&self.metrics);
        let request = request.map(|body| RequestBody::new(body, message_bytes_max, index, metrics));
        let answered = async {
            match method.service {
                Service::Kv => self.kv.clone().call(request).await,
                Service::Watch => Ok(self.watch.call(request).await),
                Service::Lease => self.lease.clone().call(request).await,
                Service::Lock => self.unless_stopped(self.lock.clone().call(request)).await,
                Service::Election => self.unless_stopped(self.election.clone().call(request)).await,
                Service::Cluster => self.cluster.clone().call(request).await,
                Service::Maintenance => self.maintenance.clone().call(request).await,
                Service::Auth => self.auth.clone().call(request).await,
                Service::Health => self.health.clone().call(request).await,
                Service::Reflection => (self.reflection)(request).await,
                Service::ReflectionAlpha => (self.reflection_alpha)(request).await,
            }
        };
        let began = call.started();
        let answered = match limit {
            None => Ok(answered.await),
            // Boxed: most requests have no limit, and each would carry the room for two copies of the call.
            Some(limit) => deadline::within(limit, Box::pin(answered)).await,
        };
        // What a write or a read was is told by their service, which knows it.
        if method.kind == Kind::Unary && !OWN_WARNINGS.contains(&method.path) {
            self.engine.slow.other(began, method.path);
        }
        match answered {
            Ok(Ok(response)) => ResponseBody::grpc(response, call, self.stopping(method)),
            Err(refusal) => ResponseBody::grpc(refusal.into_http(), call, None),
        }
    }

    /// Says whether calls are traced.
    pub(crate) fn traces(&self) -> bool {
        self.tracer.is_some()
    }

    /// Returns the engine that the services ask.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Returns who may ask over HTTP.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// Returns how large a message may be.
    pub(crate) fn message_bytes_max(&self) -> usize {
        self.message_bytes_max
    }

    /// Waits for something unless the server stops meanwhile.
    pub(crate) async fn unless_draining<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut draining = self.draining.clone();
        tokio::select! {
            done = work => Some(done),
            // An error means that whoever would say so is gone.
            _ = draining.wait_for(|draining| *draining) => None,
        }
    }

    /// Ends a call that may wait for other clients when the server stops.
    async fn unless_stopped(
        &self,
        call: impl Future<Output = Result<Response<tonic::body::Body>, std::convert::Infallible>>,
    ) -> Result<Response<tonic::body::Body>, std::convert::Infallible> {
        self.unless_draining(call).await.unwrap_or_else(|| Ok(status(ApiError::Stopped).into_http()))
    }

    /// What etcd looks at before any service does.
    fn check_metadata(&self, method: &Method, headers: &http::HeaderMap) -> Result<(), Status> {
        let kind = if method.kind == Kind::Unary { "unary" } else { "stream" };
        match headers.get("client-api-version").map(|version| std::str::from_utf8(version.as_bytes())) {
            None => self.metrics.count_client(kind, "unknown"),
            Some(Ok(version)) => self.metrics.count_client(kind, version),
            Some(Err(_)) => return Err(status(ApiError::InvalidClientApiVersion)),
        }
        if headers.get("hasleader").is_some_and(|value| value == "true") && !self.engine.has_leader() {
            return Err(status(ApiError::NoLeader));
        }
        Ok(())
    }

    /// Streams without an end of their own are ended when the server stops.
    fn stopping(&self, method: &Method) -> Option<Stopping> {
        if method.kind != Kind::BidiStream && !matches!(method.service, Service::Health | Service::Election) {
            return None;
        }
        let mut draining = self.draining.clone();
        Some(Box::pin(async move {
            // An error means that whoever would say so is gone.
            let _ = draining.wait_for(|draining| *draining).await;
        }))
    }
}
