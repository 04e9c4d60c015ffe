//! `get --stream`: the answer in the pieces in which the server sends it.
//!
//! The last piece has the header, which some formats begin with, and the count. So a request for the count goes before, and
//! the stream reads at its revision: nothing is held back, and memory stays flat.

use kv_cli::{CliError, Output, RangePrinter};
use kv_client::Client;
use kv_proto::etcdserverpb::{RangeRequest, RangeResponse};

use super::GetOperation;
use super::printing::print_while;
use crate::commands::reading::{explained, interrupted};
use crate::session::{Context, failure};

pub(super) async fn run(
    context: &Context,
    args: &GetOperation,
    client: &Client,
    output: Output,
    mut request: RangeRequest,
) -> Result<(), CliError> {
    let count = RangeRequest { count_only: true, limit: 0, ..request.clone() };
    let counted = explained(client, client.range(count, context.deadline()).await, request.revision).await?;
    if request.revision == 0 {
        request.revision = counted.header.unwrap_or_default().revision;
    }
    let revision = request.revision;
    // What comes first may be a refusal, of which the output must hold nothing.
    let begun = Box::pin(client.range_stream(request, context.deadline())).await;
    let mut pieces = begun.map_err(|error| failure(&error))?;
    let mut piece = pieces.next(context.deadline()).await.map_err(|error| failure(&error))?;
    args.read.check_format(output.format)?;

    let (format, style) = (output.format, output.style);
    let mut printer = RangePrinter::new(output, format, style);
    printer.page(&RangeResponse { header: counted.header, ..RangeResponse::default() })?;
    let (mut more, mut last_key) = (false, None);
    while let Some(part) = piece {
        more |= part.more;
        last_key = part.kvs.last().map(|kv| kv.key.clone()).or(last_key);
        let next;
        (printer, next) = print_while(printer, part, pieces.next(context.deadline())).await?;
        piece = next.map_err(|error| match &last_key {
            Some(key) => interrupted(&error, key, revision),
            None => failure(&error),
        })?;
    }
    Ok(printer.finish(more, counted.count)?)
}
