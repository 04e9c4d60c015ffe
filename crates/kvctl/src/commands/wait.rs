//! `kvctl wait`: until a key is there, is gone, or has a value.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use bytes::Bytes;
use kv_cli::{CliError, ExitStatus, GoDuration, Quoted, parse_duration};
use kv_client::Client;
use kv_proto::etcdserverpb::{RangeRequest, RangeResponse, WatchCreateRequest};
use kv_proto::mvccpb::KeyValue;
use kv_proto::mvccpb::event::EventType;
use tokio::time::Instant;

use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Go on when something is ready, but not later than in a minute:
    $ kvctl wait /app/ready --exists --timeout 1m

  Wait until a lock is free, or a migration has come to its end:
    $ kvctl wait /app/lock --absent
    $ kvctl wait /app/migration --equals done
";

/// Wait until a key is there, is gone, or has a value
///
/// Ends as soon as it is so, also if it is so already, and prints the key and its value as `get` does. No change is missed
/// between looking and watching. When the time is over first, the exit status is 12; the key has been looked at once then,
/// however short the time. For that the server has --command-timeout, in which connecting is tried again; what is wrong with the
/// connection is the error otherwise. From then on a connection that breaks is made again for as long as is waited.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl wait [OPTIONS] <KEY> --exists|--absent|--equals <VALUE>", after_long_help = EXAMPLES)]
pub(crate) struct WaitArgs {
    /// Key to wait for
    #[arg(value_name = "KEY")]
    key: Option<OsString>,

    /// Until the key is there
    #[arg(long)]
    exists: bool,

    /// Until the key is not there
    #[arg(long)]
    absent: bool,

    /// Until the key has this value
    #[arg(long, value_name = "VALUE")]
    equals: Option<OsString>,

    /// Longest time to wait [default: for ever]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,
}

/// What is waited for.
#[derive(Debug, PartialEq, Eq)]
enum Condition {
    Exists,
    Absent,
    Equals(Bytes),
}

impl Condition {
    fn holds(&self, found: Option<&KeyValue>) -> bool {
        match (self, found) {
            (Condition::Absent, None) | (Condition::Exists, Some(_)) => true,
            (Condition::Equals(value), Some(found)) => found.value == value,
            _ => false,
        }
    }
}

impl WaitArgs {
    fn key(&self) -> Result<Bytes, CliError> {
        let key = self.key.clone().filter(|key| !key.is_empty());
        Ok(key.ok_or_else(|| CliError::arguments("wait needs a key"))?.into_vec().into())
    }

    fn condition(&self) -> Result<Condition, CliError> {
        match (self.exists, self.absent, &self.equals) {
            (true, false, None) => Ok(Condition::Exists),
            (false, true, None) => Ok(Condition::Absent),
            (false, false, Some(value)) => Ok(Condition::Equals(value.clone().into_vec().into())),
            _ => Err(CliError::arguments("wait needs one of --exists, --absent and --equals VALUE")),
        }
    }
}

pub(crate) async fn run(context: &Context, args: &WaitArgs) -> Result<(), CliError> {
    let (key, condition) = (args.key()?, args.condition()?);
    let began = Instant::now();
    let mut session = context.session().await?;
    // Without it there would be nothing to say about the key when the time is over.
    let first = look(&session.client, context, &key).await?;
    let waiting = until(&session.client, context, &key, &condition, first);
    let Some(limit) = args.timeout else { return session.output.print(&waiting.await?) };
    let found = tokio::time::timeout_at(began + limit, waiting).await.unwrap_or_else(|_| {
        let (key, limit) = (Quoted(&key), GoDuration(limit));
        let outcome = match condition {
            Condition::Exists => format!("{key} was not there within {limit}"),
            Condition::Absent => format!("{key} was still there after {limit}"),
            Condition::Equals(_) => format!("{key} did not have that value within {limit}"),
        };
        Err(CliError::new(ExitStatus::TimedOut, outcome))
    });
    session.output.print(&found?)
}

async fn look(client: &Client, context: &Context, key: &Bytes) -> Result<RangeResponse, CliError> {
    let look = RangeRequest { key: key.clone(), ..RangeRequest::default() };
    client.range(look, context.deadline()).await.map_err(|error| failure(&error))
}

/// Judges what was found, then every change since.
async fn until(
    client: &Client,
    context: &Context,
    key: &Bytes,
    condition: &Condition,
    mut found: RangeResponse,
) -> Result<RangeResponse, CliError> {
    loop {
        if condition.holds(found.kvs.first()) {
            return Ok(found);
        }
        if let Some(found) = follow(client, condition, changes_since(key, &found)).await? {
            return Ok(found);
        }
        found = look(client, context, key).await?;
    }
}

/// The watch that misses no change since a look.
fn changes_since(key: &Bytes, found: &RangeResponse) -> WatchCreateRequest {
    let revision = found.header.unwrap_or_default().revision;
    WatchCreateRequest { key: key.clone(), start_revision: revision + 1, ..WatchCreateRequest::default() }
}

/// Watches the key until the condition holds. Returns nothing if changes have been compacted meanwhile, so that only another look
/// tells how the key is.
async fn follow(
    client: &Client,
    condition: &Condition,
    watch: WatchCreateRequest,
) -> Result<Option<RangeResponse>, CliError> {
    let mut session = client.watch();
    session.create(watch);
    loop {
        let (_, response) = session.next().await.map_err(|error| failure(&error))?;
        for event in response.events {
            let found = event.kv.filter(|_| event.r#type == EventType::Put as i32);
            if condition.holds(found.as_ref()) {
                let kvs: Vec<_> = found.into_iter().collect();
                let count = kvs.len() as i64;
                return Ok(Some(RangeResponse { header: response.header, kvs, more: false, count }));
            }
        }
        if response.compact_revision != 0 {
            return Ok(None);
        }
        if response.canceled {
            let failed = CliError::new(ExitStatus::Interrupted, "watch is canceled by the server");
            let reason = response.cancel_reason;
            return Err(if reason.is_empty() { failed } else { failed.with_hint(format!("it says: {reason}")) });
        }
    }
}

#[cfg(test)]
mod tests {
    use kv_proto::etcdserverpb::ResponseHeader;

    use super::*;

    #[test]
    fn a_condition_holds_or_not() {
        let kv = KeyValue { value: "x".into(), ..KeyValue::default() };
        for (condition, there, gone) in [
            (Condition::Exists, true, false),
            (Condition::Absent, false, true),
            (Condition::Equals("x".into()), true, false),
            (Condition::Equals("y".into()), false, false),
            (Condition::Equals(Bytes::new()), false, false),
        ] {
            assert_eq!((condition.holds(Some(&kv)), condition.holds(None)), (there, gone), "{condition:?}");
        }
    }

    #[test]
    fn a_watch_begins_right_behind_the_look() {
        let header = ResponseHeader { revision: 7, ..ResponseHeader::default() };
        let found = RangeResponse { header: Some(header), ..RangeResponse::default() };
        let watch = changes_since(&"k".into(), &found);
        assert_eq!((watch.start_revision, watch.key, watch.range_end), (8, "k".into(), Bytes::new()));
    }

    #[test]
    fn exactly_one_condition_is_needed() {
        let args = |exists, absent, equals: Option<&str>| {
            WaitArgs { key: None, exists, absent, equals: equals.map(OsString::from), timeout: None }.condition()
        };
        assert_eq!(args(false, false, Some("")), Ok(Condition::Equals(Bytes::new())));
        assert_eq!(args(false, false, None).unwrap_err().status, ExitStatus::BadArguments);
        assert_eq!(args(true, true, None).unwrap_err().status, ExitStatus::BadArguments);
    }
}
