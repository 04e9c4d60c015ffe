//! `kvctl get`: read a key, or every key of a range.

mod stream;

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use kv_cli::{CliError, ExitStatus, Quoted, RangePrinter, ReadArgs};
use kv_client::{Client, Deadline, Error};
use kv_proto::ApiError;
use kv_proto::etcdserverpb::range_request::{SortOrder, SortTarget};
use kv_proto::etcdserverpb::{RangeRequest, RangeResponse, WatchCreateRequest};
use prost::Message as _;

use crate::session::{Context, Session, failure};

const EXAMPLES: &str = "\
Examples:
  Read a key, then only its value:
    $ kvctl get /app/color
    $ kvctl get /app/color --print-value-only

  Read all keys of a prefix, as JSON:
    $ kvctl get /app/ --prefix -w json

  Read what the key was at revision 12:
    $ kvctl get /app/color --rev 12

  Count the keys:
    $ kvctl get \"\" --prefix --count-only -w fields

  The three keys that changed last:
    $ kvctl get /app/ --prefix --keys-only --sort-by MODIFY --order DESCEND --limit 3
";

/// Read a key or a range of keys
///
/// Prints each key and its value on lines of their own, in the order of the keys. Nothing is printed, and the exit
/// status is 0, where there is no key.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl get [OPTIONS] <KEY> [RANGE_END]", after_long_help = EXAMPLES)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(crate) read: ReadArgs,

    /// `l` to read the newest state of the cluster, `s` for what the member that answers knows
    #[arg(long, value_name = "l|s", default_value = "l")]
    pub(crate) consistency: String,

    /// Let the server send the answer in pieces instead of asking for pages; needs etcd 3.7 or kvd
    #[arg(long)]
    pub(crate) stream: bool,
}

impl GetArgs {
    /// Returns the request that asks for it.
    pub(crate) fn request(&self) -> Result<RangeRequest, CliError> {
        let request = self.read.request()?;
        Ok(RangeRequest { serializable: is_serializable(&self.consistency)?, ..request })
    }
}

/// Reads the value of `--consistency`.
pub(crate) fn is_serializable(consistency: &str) -> Result<bool, CliError> {
    match consistency {
        "l" => Ok(false),
        "s" => Ok(true),
        _ => {
            let message = format!("unknown consistency flag {}", Quoted(consistency.as_bytes()));
            Err(CliError::new(ExitStatus::BadFeature, message)
                .with_hint("it is `l` (linearizable) or `s` (serializable)"))
        }
    }
}

/// Keys asked for first, when nothing is known about their size.
const FIRST_PAGE_KEYS: i64 = 256;

/// Size that later pages aim at. A server before kvd counts the rest of the range for every page, so small pages of a
/// large range would cost more than they save.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

const PAGE_KEYS_MIN: usize = 16;
const PAGE_KEYS_MAX: usize = 100_000;

pub(crate) async fn run(context: &Context, args: &GetArgs) -> Result<(), CliError> {
    let request = args.request()?;
    let Session { client, mut output } = context.session().await?;
    output.style = args.read.style(output.style);
    if args.stream {
        stream::run(context, args, &client, &mut output, request).await?;
        return Ok(output.flush()?);
    }
    let mut pages = Pages::new(request);
    let mut page = explained(&client, pages.next(&client, context.deadline()).await, args.read.rev).await?;
    args.read.check_format(output.format)?;
    let (format, style) = (output.format, output.style);
    let mut printer = RangePrinter::new(&mut output, format, style);
    loop {
        printer.page(&page)?;
        if pages.are_done() {
            break;
        }
        page = pages.next(&client, context.deadline()).await.map_err(|error| pages.interrupted(&error))?;
    }
    printer.finish(pages.more, pages.count)?;
    Ok(output.flush()?)
}

/// A read that is sent in several requests, all of one revision, so that neither side holds a large range at once.
#[derive(Debug)]
struct Pages {
    /// What is left to ask for.
    request: RangeRequest,
    /// Keys left to ask for; none if all are wanted.
    wanted: Option<i64>,
    page_keys: i64,
    /// Keys in the whole range, as the first answer has it.
    count: i64,
    /// Whether there are more keys behind the last page.
    more: bool,
    last_key: Option<Bytes>,
}

impl Pages {
    fn new(request: RangeRequest) -> Pages {
        let wanted = (request.limit > 0).then_some(request.limit);
        Pages { request, wanted, page_keys: FIRST_PAGE_KEYS, count: 0, more: true, last_key: None }
    }

    /// A server sorts and filters after it has found the keys, so pages of such a read would be wrong.
    fn may_be_cut(&self) -> bool {
        let RangeRequest { min_mod_revision, max_mod_revision, min_create_revision, max_create_revision, .. } =
            self.request;
        let is_range = !self.request.range_end.is_empty() && !self.request.count_only;
        let in_key_order =
            self.request.sort_order() == SortOrder::None && self.request.sort_target() == SortTarget::Key;
        let bounds = [min_mod_revision, max_mod_revision, min_create_revision, max_create_revision];
        is_range && in_key_order && bounds == [0; 4]
    }

    async fn next(&mut self, client: &Client, deadline: Deadline) -> Result<RangeResponse, Error> {
        let mut request = self.request.clone();
        if self.may_be_cut() {
            request.limit = self.wanted.map_or(self.page_keys, |wanted| wanted.min(self.page_keys));
        }
        let page = client.range(request, deadline).await?;
        self.note(&page);
        Ok(page)
    }

    fn note(&mut self, page: &RangeResponse) {
        if self.last_key.is_none() {
            self.count = page.count;
        }
        self.more = page.more;
        if let Some(wanted) = &mut self.wanted {
            *wanted -= page.kvs.len() as i64;
        }
        let Some(last) = page.kvs.last() else { return };
        self.last_key = Some(last.key.clone());
        self.request.key = [&last.key[..], b"\0"].concat().into();
        if self.request.revision == 0 {
            self.request.revision = page.header.map_or(0, |header| header.revision);
        }
        let key_bytes = page.encoded_len() / page.kvs.len();
        self.page_keys = (PAGE_BYTES / key_bytes.max(1)).clamp(PAGE_KEYS_MIN, PAGE_KEYS_MAX) as i64;
    }

    fn are_done(&self) -> bool {
        !self.may_be_cut() || !self.more || self.last_key.is_none() || self.wanted.is_some_and(|wanted| wanted <= 0)
    }

    /// A failure in the middle of the output, which tells how to go on.
    fn interrupted(&self, error: &Error) -> CliError {
        interrupted(error, self.last_key.as_deref().unwrap_or_default(), self.request.revision)
    }
}

fn interrupted(error: &Error, last_key: &[u8], revision: i64) -> CliError {
    let key = Quoted(last_key);
    failure(error).with_hint(format!(
        "the output ends with the key {key} at revision {revision}; the keys from there on can be read again with `get \
         {key} RANGE_END`"
    ))
}

/// Adds to the error of a compacted revision which one can be read instead.
async fn explained<T>(client: &Client, result: Result<T, Error>, revision: i64) -> Result<T, CliError> {
    let error = match result {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let mut failed = failure(&error);
    if error.api() == Some(ApiError::Compacted)
        && let Some(oldest) = oldest_revision(client).await
    {
        failed.hints.push(format!(
            "revision {revision} was asked for and the oldest readable one is {oldest}; use `--rev {oldest}`, or leave \
             `--rev` out"
        ));
    }
    Err(failed)
}

/// Returns the oldest readable revision. The API tells it only to a watch that begins too early.
async fn oldest_revision(client: &Client) -> Option<i64> {
    let mut session = client.watch();
    session.create(WatchCreateRequest { key: "\0".into(), start_revision: 1, ..WatchCreateRequest::default() });
    let answer = tokio::time::timeout(Duration::from_secs(1), session.next()).await;
    let (_, response) = answer.ok()?.ok()?;
    (response.compact_revision > 0).then_some(response.compact_revision)
}

#[cfg(test)]
mod tests {
    use kv_proto::etcdserverpb::ResponseHeader;
    use kv_proto::mvccpb::KeyValue;

    use super::*;

    fn range() -> RangeRequest {
        RangeRequest { key: "a".into(), range_end: "z".into(), ..RangeRequest::default() }
    }

    fn page(keys: &[&'static str], more: bool, count: i64) -> RangeResponse {
        let kvs = keys.iter().map(|&key| KeyValue { key: key.into(), ..KeyValue::default() }).collect();
        RangeResponse { header: Some(ResponseHeader { revision: 9, ..ResponseHeader::default() }), kvs, more, count }
    }

    #[test]
    fn later_pages_begin_behind_the_last_key_at_the_first_pages_revision() {
        let mut pages = Pages::new(range());
        pages.note(&page(&["b", "c"], true, 5));
        assert!(!pages.are_done());
        assert_eq!((&pages.request.key[..], pages.request.revision), (&b"c\0"[..], 9));
        pages.note(&page(&["d", "e", "f"], false, 3));
        assert!(pages.are_done());
        assert_eq!((pages.more, pages.count), (false, 5));
    }

    #[test]
    fn a_limit_ends_the_pages() {
        let mut pages = Pages::new(RangeRequest { limit: 3, ..range() });
        pages.note(&page(&["b", "c"], true, 5));
        assert_eq!((pages.are_done(), pages.wanted), (false, Some(1)));
        pages.note(&page(&["d"], true, 3));
        assert!(pages.are_done() && pages.more);
    }

    #[test]
    fn sorted_filtered_and_single_reads_are_one_request() {
        for request in [
            RangeRequest { sort_order: SortOrder::Descend.into(), ..range() },
            RangeRequest { sort_target: SortTarget::Mod.into(), ..range() },
            RangeRequest { min_mod_revision: 1, ..range() },
            RangeRequest { count_only: true, ..range() },
            RangeRequest { range_end: Bytes::new(), ..range() },
        ] {
            let mut pages = Pages::new(request);
            assert!(!pages.may_be_cut());
            pages.note(&page(&["b"], true, 5));
            assert!(pages.are_done());
        }
    }

    #[test]
    fn pages_grow_to_their_size_in_bytes() {
        let mut pages = Pages::new(range());
        pages.note(&page(&["b", "c"], true, 5));
        assert_eq!(pages.page_keys, PAGE_KEYS_MAX as i64);
        let mut large = page(&["b"], true, 5);
        large.kvs[0].value = vec![0; 1024 * 1024].into();
        pages.note(&large);
        assert_eq!(pages.page_keys, PAGE_KEYS_MIN as i64);
    }
}
