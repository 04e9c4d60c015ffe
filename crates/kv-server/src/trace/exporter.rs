//! Sends spans to the collector, some hundred in one call.

use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use super::TraceOptions;
use super::messages::{
    ExportTraceServiceRequest, ExportTraceServiceResponse, KeyValue, Resource, ResourceSpans, Scope, ScopeSpans, Span,
};
use crate::metrics::Metrics;
use crate::version::RELEASE;

/// Spans in one call, at most.
const BATCH_SPANS_MAX: usize = 512;

/// Spans wait so long for others to go with.
const BATCH_DELAY: Duration = Duration::from_secs(5);

/// How long a call to the collector may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the end of the server waits for the last one.
const LAST_EXPORT_TIMEOUT: Duration = Duration::from_secs(2);

const METHOD: PathAndQuery = PathAndQuery::from_static("/opentelemetry.proto.collector.trace.v1.TraceService/Export");

/// What sends spans.
#[derive(Debug)]
pub(crate) struct Exporter {
    address: String,
    resource: Resource,
    spans: mpsc::Receiver<Span>,
    metrics: Arc<Metrics>,
}

/// An exporter that runs.
#[derive(Debug)]
pub(crate) struct Exporting {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Exporting {
    /// Sends what is left.
    pub(crate) async fn stop(self) {
        // An error means that it has ended already.
        let _ = self.stop.send(());
        if tokio::time::timeout(LAST_EXPORT_TIMEOUT, self.task).await.is_err() {
            tracing::warn!("the collector of traces does not take the last spans");
        }
    }
}

impl Exporter {
    pub(super) fn new(options: &TraceOptions, spans: mpsc::Receiver<Span>, metrics: Arc<Metrics>) -> Self {
        let mut attributes = vec![KeyValue::text("service.name", &options.service_name)];
        if !options.instance_id.is_empty() {
            attributes.push(KeyValue::text("service.instance.id", &options.instance_id));
        }
        Self { address: options.address.clone(), resource: Resource { attributes }, spans, metrics }
    }

    /// Begins to send, on this runtime. The collector need not be there yet.
    ///
    /// # Errors
    ///
    /// For an address that is none.
    pub(crate) fn start(self) -> Result<Exporting, tonic::transport::Error> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address))?.timeout(EXPORT_TIMEOUT);
        let collector = Grpc::new(endpoint.connect_lazy());
        let (stop, stopped) = oneshot::channel();
        Ok(Exporting { stop, task: tokio::spawn(self.run(collector, stopped)) })
    }

    async fn run(mut self, mut collector: Grpc<Channel>, mut stopped: oneshot::Receiver<()>) {
        let mut taken = true;
        let mut last = false;
        while !last {
            let mut batch = Vec::new();
            last = !self.gather(&mut batch, &mut stopped).await;
            if batch.is_empty() {
                continue;
            }
            let count = batch.len() as u64;
            match self.export(&mut collector, batch).await {
                Ok(()) => {
                    self.metrics.spans_sent.add(count);
                    taken = true;
                }
                Err(status) => {
                    self.metrics.spans_dropped.add(count);
                    // Said once, not every few seconds.
                    if std::mem::take(&mut taken) {
                        let (address, error) = (&self.address, status.message());
                        tracing::warn!(address, error, "the collector of traces takes no spans; they are dropped");
                    }
                }
            }
        }
    }

    /// Waits for spans, and a little for more of them. Returns whether there will be any others.
    async fn gather(&mut self, batch: &mut Vec<Span>, stopped: &mut oneshot::Receiver<()>) -> bool {
        let mut until = None;
        while batch.len() < BATCH_SPANS_MAX {
            let room = BATCH_SPANS_MAX - batch.len();
            let enough = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                count = self.spans.recv_many(batch, room) => if count == 0 { return false },
                () = enough => return true,
                // An error means that whoever would say so is gone.
                _ = &mut *stopped => {
                    while batch.len() < BATCH_SPANS_MAX && let Ok(span) = self.spans.try_recv() {
                        batch.push(span);
                    }
                    return false;
                }
            }
            until.get_or_insert_with(|| Instant::now() + BATCH_DELAY);
        }
        true
    }

    async fn export(&self, collector: &mut Grpc<Channel>, spans: Vec<Span>) -> Result<(), Status> {
        let scope = Scope { name: "kvd".to_owned(), version: RELEASE.to_owned() };
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.clone()),
                scope_spans: vec![ScopeSpans { scope: Some(scope), spans }],
            }],
        };
        collector.ready().await.map_err(|error| Status::unavailable(crate::status::chain(&error)))?;
        let codec = ProstCodec::<ExportTraceServiceRequest, ExportTraceServiceResponse>::default();
        collector.unary(Request::new(request), METHOD, codec).await.map(drop)
    }
}
