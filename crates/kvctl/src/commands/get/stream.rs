//! `get --stream`: the answer in the pieces in which the server sends it.
//!
//! The last piece has the header, which some formats begin with, and the count. So a request for the count goes before, and
//! the stream reads at its revision: nothing is held back, and memory stays flat.

use std::time::Duration;

use kv_cli::{CliError, Output, RangePrinter};
use kv_client::{Client, Deadline, Error};
use kv_proto::etcdserverpb::{RangeRequest, RangeResponse};

use super::GetOperation;
use crate::commands::reading::{explained, interrupted};
use crate::session::{Context, failure};

pub(super) async fn run(
    context: &Context,
    args: &GetOperation,
    client: &Client,
    output: &mut Output,
    mut request: RangeRequest,
) -> Result<(), CliError> {
    let patience = context.globals.command_timeout;
    let count = RangeRequest { count_only: true, limit: 0, ..request.clone() };
    let counted = explained(client, client.range(count, context.deadline()).await, request.revision).await?;
    if request.revision == 0 {
        request.revision = counted.header.unwrap_or_default().revision;
    }
    let revision = request.revision;
    let (mut pieces, first) = begin(client, request, patience).await.map_err(|error| failure(&error))?;
    args.read.check_format(output.format)?;

    let (format, style) = (output.format, output.style);
    let mut printer = RangePrinter::new(output, format, style);
    printer.page(&RangeResponse { header: counted.header, ..RangeResponse::default() })?;
    let (mut piece, mut more, mut last_key) = (first, false, None);
    while let Some(part) = piece {
        more |= part.more;
        last_key = part.kvs.last().map(|kv| kv.key.clone()).or(last_key);
        printer.page(&part)?;
        piece = in_time(patience, pieces.next()).await.map_err(|error| match &last_key {
            Some(key) => interrupted(&error, key, revision),
            None => failure(&error),
        })?;
    }
    Ok(printer.finish(more, counted.count)?)
}

/// Begins the stream and waits for what comes first. That may be a refusal, of which the output must hold nothing.
async fn begin(
    client: &Client,
    request: RangeRequest,
    patience: Duration,
) -> Result<(kv_client::RangeStream, Option<RangeResponse>), Error> {
    let mut pieces = in_time(patience, Box::pin(client.range_stream(request, Deadline::NEVER))).await?;
    let first = in_time(patience, pieces.next()).await?;
    Ok((pieces, first))
}

/// Waits for one piece: the limit of time for short commands is not one for all pieces together.
async fn in_time<T>(patience: Duration, piece: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match tokio::time::timeout(patience, piece).await {
        Ok(result) => result,
        Err(_) => Err(Error::DeadlineExceeded { failures: Vec::new() }),
    }
}
