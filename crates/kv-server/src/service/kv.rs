//! The service KV: reads, writes and transactions.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use kv_proto::ApiError;
use kv_proto::etcdserverpb::{self as pb, kv_server::Kv};
use kv_store::{Answer, Caller, Command, Op, OpAnswer, RangeQuery, Txn, TxnAnswer};
use prost::Message;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::durations::Operation;
use crate::engine::Engine;
use crate::intervals;
use crate::metrics::Metrics;
use crate::quota;
use crate::service::{parts, range_stream};
use crate::slow::Begun;
use crate::status::{mismatch, status};
use crate::trace;

/// What etcd's envelope adds to a request before it is compared with the limit: a header with a request id.
const ENVELOPE_BYTES: usize = 14;

pub(crate) struct KvService {
    engine: Arc<Engine>,
}

impl KvService {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// Refuses a request that is larger than the server was told to take.
    fn check_size(&self, request: &impl Message) -> Result<(), Status> {
        let length = request.encoded_len();
        if length + prost::length_delimiter_len(length) + ENVELOPE_BYTES > self.engine.config.max_request_bytes as usize
        {
            return Err(status(ApiError::RequestTooLarge));
        }
        Ok(())
    }

    /// Runs a transaction that may write, and gives it back.
    async fn write(&self, caller: &Caller, txn: Txn) -> (Result<TxnAnswer, Status>, Txn) {
        let command = Command::Txn(txn);
        let answered = self.engine.propose_for(caller, &command).await;
        let Command::Txn(txn) = command else { unreachable!("it was made here") };
        let answer = match answered {
            Ok(Answer::Txn(answer)) => {
                self.count(&txn, &answer);
                Ok(answer)
            }
            Ok(other) => Err(mismatch(&other)),
            Err(refusal) => Err(refusal),
        };
        (answer, txn)
    }

    /// Counts a transaction that was run; one that does not look at two things at least is none to etcd.
    fn count(&self, txn: &Txn, answer: &TxnAnswer) {
        if txn.compare.len() + answer.responses.len() > 1 {
            self.engine.metrics.txns.inc();
        }
        count_txn(&self.engine.metrics, txn, answer);
    }

    fn header(&self, revision: i64) -> pb::ResponseHeader {
        self.engine.header(revision)
    }
}

#[tonic::async_trait]
impl Kv for KvService {
    type RangeStreamStream = Pin<Box<dyn Stream<Item = Result<pb::RangeStreamResponse, Status>> + Send>>;

    async fn range(&self, request: Request<pb::RangeRequest>) -> Result<Response<pb::RangeResponse>, Status> {
        let begun = Begun::now(request.get_ref());
        let mut span = trace::part(&request, "range", parts::range);
        let credentials = self.engine.auth.credentials(&request);
        let request = request.into_inner();
        let serializable = request.serializable;
        let query = convert::range_query(request).map_err(status)?;
        trace::begin(&mut span);
        if !serializable {
            self.engine.linearizable().await?;
        }
        let permit = self.engine.auth.permit_range(&credentials, &query.range)?;
        self.engine.metrics.ranges.inc();
        let answer = self.engine.range(&query).await;
        self.engine.metrics.requests.of(Operation::Range).took(begun.elapsed(), answer.is_ok());
        let response = answer.and_then(|answer| {
            self.engine.auth.confirm(&permit)?;
            let header = self.header(answer.revision);
            Ok(convert::range_response(answer, header))
        });
        self.engine.slow.range(begun, (&query, serializable), response.as_ref());
        response.map(Response::new)
    }

    async fn range_stream(
        &self,
        request: Request<pb::RangeRequest>,
    ) -> Result<Response<Self::RangeStreamStream>, Status> {
        let mut span = trace::part(&request, "range_streaming", parts::range_stream);
        let credentials = self.engine.auth.credentials(&request);
        let request = request.into_inner();
        let serializable = request.serializable;
        let query = convert::range_query(request).map_err(status)?;
        check_streamable(&query)?;
        trace::begin(&mut span);
        if !serializable {
            self.engine.linearizable().await?;
        }
        let permit = self.engine.auth.permit_range(&credentials, &query.range)?;
        self.engine.metrics.ranges.inc();
        let stream = range_stream::start(Arc::clone(&self.engine), query, permit, span)?;
        Ok(Response::new(Box::pin(stream)))
    }

    async fn put(&self, request: Request<pb::PutRequest>) -> Result<Response<pb::PutResponse>, Status> {
        let begun = Begun::now(request.get_ref());
        let mut span = trace::part(&request, "put", parts::put);
        let credentials = self.engine.auth.credentials(&request);
        let request = request.into_inner();
        self.engine.admit(quota::put_cost(&request)).await?;
        let size = self.check_size(&request);
        let bytes = request.key.len() + request.value.len();
        let put = convert::put(request).map_err(status)?;
        let caller = self.engine.auth.caller(&credentials)?;
        size?;
        let command = Command::Put(put);
        let response = match trace::proposing(&mut span, self.engine.propose_for(&caller, &command)).await {
            Ok(Answer::Put(answer)) => {
                self.engine.metrics.puts.inc();
                self.engine.metrics.put_bytes.add(bytes as u64);
                let header = self.header(answer.revision);
                Ok(convert::put_response(answer, header))
            }
            Ok(other) => Err(mismatch(&other)),
            Err(refusal) => Err(refusal),
        };
        if let Command::Put(put) = &command {
            self.engine.slow.put(begun, put, response.as_ref());
        }
        response.map(Response::new)
    }

    async fn delete_range(
        &self,
        request: Request<pb::DeleteRangeRequest>,
    ) -> Result<Response<pb::DeleteRangeResponse>, Status> {
        let begun = Begun::now(request.get_ref());
        let mut span = trace::part(&request, "delete_range", parts::delete_range);
        let credentials = self.engine.auth.credentials(&request);
        let request = request.into_inner();
        let size = self.check_size(&request);
        let delete = convert::delete_range(request).map_err(status)?;
        let caller = self.engine.auth.caller(&credentials)?;
        size?;
        let command = Command::DeleteRange(delete);
        let response = match trace::proposing(&mut span, self.engine.propose_for(&caller, &command)).await {
            Ok(Answer::DeleteRange(answer)) => {
                self.engine.metrics.deletes.add(answer.deleted as u64);
                let header = self.header(answer.revision);
                Ok(convert::delete_range_response(answer, header))
            }
            Ok(other) => Err(mismatch(&other)),
            Err(refusal) => Err(refusal),
        };
        if let Command::DeleteRange(delete) = &command {
            self.engine.slow.delete(begun, delete, response.as_ref());
        }
        response.map(Response::new)
    }

    async fn txn(&self, request: Request<pb::TxnRequest>) -> Result<Response<pb::TxnResponse>, Status> {
        let begun = Begun::now(request.get_ref());
        let mut span = trace::part(&request, "txn", parts::txn);
        let credentials = self.engine.auth.credentials(&request);
        let request = request.into_inner();
        self.engine.admit(quota::txn_cost(&request)).await?;
        let size = self.check_size(&request);
        let serializable = convert::is_serializable(&request);
        let txn = convert::txn(request, self.engine.config.max_txn_ops as usize).map_err(status)?;
        intervals::check_writes(&txn).map_err(status)?;
        trace::begin(&mut span);
        let (answer, txn) = if txn.is_read_only() {
            if !serializable {
                self.engine.linearizable().await?;
            }
            let permit = self.engine.auth.permit(&credentials, |state, caller| state.permit_read_txn(caller, &txn))?;
            let answer = self.engine.metrics.requests.timed(Operation::ReadonlyTxn, self.engine.read_txn(&txn)).await;
            let answer = answer.and_then(|answer| self.engine.auth.confirm(&permit).map(|()| answer));
            if let Ok(answer) = &answer {
                self.count(&txn, answer);
            }
            (answer, txn)
        } else {
            let caller = self.engine.auth.caller(&credentials)?;
            size?;
            trace::proposing(&mut span, async { Ok::<_, Status>(self.write(&caller, txn).await) }).await?
        };
        let response = answer.map(|answer| {
            let header = self.header(answer.revision);
            convert::txn_response(answer, header)
        });
        self.engine.slow.txn(begun, &txn, response.as_ref());
        response.map(Response::new)
    }

    async fn compact(
        &self,
        request: Request<pb::CompactionRequest>,
    ) -> Result<Response<pb::CompactionResponse>, Status> {
        let mut span = trace::part(&request, "compact", parts::compact);
        let caller = self.engine.auth.admin(&request)?;
        let request = request.into_inner();
        let command = Command::Compact { revision: request.revision };
        let revision = match trace::proposing(&mut span, self.engine.propose_for(&caller, &command)).await? {
            Answer::Compact { revision } => revision,
            other => return Err(mismatch(&other)),
        };
        if request.physical {
            self.engine.wait_compacted(request.revision).await?;
        }
        Ok(Response::new(pb::CompactionResponse { header: Some(self.header(revision)) }))
    }
}

/// Counts the operations of a transaction as if each had been asked for alone.
fn count_txn(metrics: &Metrics, txn: &Txn, answer: &TxnAnswer) {
    let ops = if answer.succeeded { &txn.success } else { &txn.failure };
    for (op, answer) in ops.iter().zip(&answer.responses) {
        match (op, answer) {
            (Op::Put(put), _) => {
                metrics.puts.inc();
                metrics.put_bytes.add((put.key.len() + put.value.len()) as u64);
            }
            (_, OpAnswer::DeleteRange(answer)) => metrics.deletes.add(answer.deleted as u64),
            (_, OpAnswer::Range(_)) => metrics.ranges.inc(),
            (Op::Txn(txn), OpAnswer::Txn(answer)) => count_txn(metrics, txn, answer),
            _ => {}
        }
    }
}

/// A stream is sent in key order as it is read, so nothing that needs all pairs first can be asked of it.
fn check_streamable(query: &RangeQuery) -> Result<(), Status> {
    if !query.is_default_order() {
        return Err(Status::unimplemented("RangeStream does not support custom sort orders"));
    }
    if query.has_revision_filters() {
        return Err(Status::unimplemented("RangeStream does not support revision filters"));
    }
    Ok(())
}
