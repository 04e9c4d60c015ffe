//! `kvctl del`: delete a key, or every key of a range.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use kv_cli::{CliError, ExitStatus, Quoted, is_interactive, key_range, parse_int};
use kv_client::Client;
use kv_proto::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use kv_proto::etcdserverpb::response_op::Response;
use kv_proto::etcdserverpb::{
    Compare, DeleteRangeRequest, DeleteRangeResponse, RangeRequest, RequestOp, TxnRequest, request_op,
};

use crate::session::{Context, failure};
use crate::voice::Voice;

const EXAMPLES: &str = "\
Examples:
  Delete a key, and see what it was:
    $ kvctl del /app/color --prev-kv

  Delete all keys of a prefix:
    $ kvctl del /app/ --prefix

  The same in a script that knows how many there are; otherwise nothing is deleted and the exit status is 11:
    $ kvctl del /app/ --prefix --expect 3

  Delete the keys from a up to, but not including, c:
    $ kvctl del --range a c
";

/// How long a range waits for second thoughts.
const SECOND_THOUGHTS: Duration = Duration::from_secs(2);

/// The number of keys above which a person is asked.
const UNASKED_KEYS_MAX: i64 = 1000;

/// Delete a key or a range of keys
///
/// Prints how many keys were deleted. Where an end is given, the keys from KEY up to but not including it are deleted,
/// after a pause of two seconds unless --range says that this is meant. On a terminal, deleting more than 1000 keys
/// asks first. With --yes there is neither a pause nor a question.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl del [OPTIONS] <KEY> [RANGE_END]", after_long_help = EXAMPLES)]
pub(crate) struct DelArgs {
    #[command(flatten)]
    operation: DelOperation,

    /// Delete only if there are exactly so many keys; fewer may be deleted if some go meanwhile, which is an error too
    #[arg(long, value_name = "COUNT", value_parser = number)]
    expect: Option<i64>,
}

fn number(text: &str) -> Result<i64, String> {
    parse_int(text, 10)
}

/// What of `del` a transaction understands too.
#[derive(Debug, clap::Args)]
pub(crate) struct DelOperation {
    /// Key to delete, or the first key of a range
    #[arg(value_name = "KEY")]
    key: Option<OsString>,

    /// End of the range: the first key that is kept
    #[arg(value_name = "RANGE_END")]
    range_end: Vec<OsString>,

    /// Delete the keys that begin with KEY; with an empty KEY, all keys
    #[arg(long)]
    prefix: bool,

    /// Delete the keys from KEY on, in byte order; with an empty KEY, all keys
    #[arg(long)]
    from_key: bool,

    /// Delete a range without the pause
    #[arg(long)]
    range: bool,

    /// Print the deleted keys and values
    #[arg(long)]
    prev_kv: bool,
}

impl DelOperation {
    /// Returns the request that asks for it.
    pub(crate) fn request(&self) -> Result<DeleteRangeRequest, CliError> {
        let (Some(key), [] | [_]) = (&self.key, self.range_end.as_slice()) else {
            return Err(CliError::arguments(
                "del command needs one argument as key and an optional argument as range_end",
            ));
        };
        if self.prefix && self.from_key {
            return Err(CliError::arguments("`--prefix` and `--from-key` cannot be set at the same time, choose one"));
        }
        let range_end = self.range_end.first().map(|end| end.as_bytes());
        if range_end.is_some() && (self.prefix || self.from_key) {
            return Err(CliError::arguments(
                "too many arguments, only accept one argument when `--prefix` or `--from-key` is set",
            ));
        }
        let (key, range_end) = key_range(key.as_bytes(), range_end, self.prefix, self.from_key);
        Ok(DeleteRangeRequest { key: key.into(), range_end: range_end.into(), prev_kv: self.prev_kv })
    }

    /// Gives time for second thoughts about a range, which is easily typed by mistake.
    pub(crate) async fn pause(&self, voice: Voice) {
        if let (Some(key), Some(range_end), false) = (&self.key, self.range_end.first(), self.range) {
            voice.say(&format!(
                "Warning: all keys from {} up to {} will be deleted in 2 seconds; interrupt the command to keep them. \
                 With `--range` there is no pause.",
                Quoted(key.as_bytes()),
                Quoted(range_end.as_bytes())
            ));
            tokio::time::sleep(SECOND_THOUGHTS).await;
        }
    }
}

pub(crate) async fn run(context: &Context, args: &DelArgs) -> Result<(), CliError> {
    let request = args.operation.request()?;
    if !context.globals.yes && args.expect.is_none() {
        args.operation.pause(context.voice()).await;
    }
    let mut session = context.session().await?;
    let client = &session.client;
    let response = if let Some(expected) = args.expect {
        let response = delete_expected(client, context, request, expected).await?;
        session.output.print(&response)?;
        return all_deleted(expected, response.deleted);
    } else {
        if !request.range_end.is_empty() && !context.globals.yes && is_interactive() {
            confirm(client, context, &request).await?;
        }
        client.delete_range(request, context.deadline()).await.map_err(|error| failure(&error))?
    };
    session.output.print(&response)
}

/// Counts the keys of a range; also returns the revision at which there are that many.
async fn count(client: &Client, context: &Context, request: &DeleteRangeRequest) -> Result<(i64, i64), CliError> {
    let count = RangeRequest {
        key: request.key.clone(),
        range_end: request.range_end.clone(),
        count_only: true,
        ..RangeRequest::default()
    };
    let counted = client.range(count, context.deadline()).await.map_err(|error| failure(&error))?;
    Ok((counted.count, counted.header.unwrap_or_default().revision))
}

/// Asks a person before many keys are deleted.
async fn confirm(client: &Client, context: &Context, request: &DeleteRangeRequest) -> Result<(), CliError> {
    let (count, _) = count(client, context, request).await?;
    if count <= UNASKED_KEYS_MAX || kv_cli::confirm(&mut io::stderr(), &format!("Delete {count} keys?"))? {
        return Ok(());
    }
    Err(CliError::new(ExitStatus::Failure, "nothing was deleted"))
}

/// Deletes a range only if it has so many keys, and only those: none that was written after they were counted.
async fn delete_expected(
    client: &Client,
    context: &Context,
    request: DeleteRangeRequest,
    expected: i64,
) -> Result<DeleteRangeResponse, CliError> {
    let (count, revision) = count(client, context, &request).await?;
    if count != expected {
        let message = format!("nothing was deleted: there are {count} keys, not {expected}");
        return Err(CliError::new(ExitStatus::CompareFailed, message));
    }
    let unchanged = Compare {
        key: request.key.clone(),
        range_end: request.range_end.clone(),
        target: CompareTarget::Mod.into(),
        result: CompareResult::Less.into(),
        target_union: Some(TargetUnion::ModRevision(revision + 1)),
    };
    let delete = RequestOp { request: Some(request_op::Request::RequestDeleteRange(request)) };
    let transaction = TxnRequest { compare: vec![unchanged], success: vec![delete], failure: Vec::new() };
    let answer = client.txn(transaction, context.deadline()).await.map_err(|error| failure(&error))?;
    let Some(Response::ResponseDeleteRange(deleted)) = answer.responses.into_iter().find_map(|answer| answer.response)
    else {
        let message = "nothing was deleted: keys were written while they were counted";
        return Err(CliError::new(ExitStatus::CompareFailed, message));
    };
    Ok(DeleteRangeResponse { header: answer.header, ..deleted })
}

/// Fails where keys had gone between counting and deleting, which no comparison tells.
fn all_deleted(expected: i64, deleted: i64) -> Result<(), CliError> {
    if deleted == expected {
        return Ok(());
    }
    let message = format!("{deleted} keys were deleted, not {expected}: others had gone after they were counted");
    Err(CliError::new(ExitStatus::CompareFailed, message))
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    fn parse(line: &str) -> DelOperation {
        let command = DelOperation::augment_args(clap::Command::new("del").no_binary_name(true));
        DelOperation::from_arg_matches(&command.get_matches_from(line.split_whitespace())).unwrap()
    }

    #[test]
    fn ranges() {
        for (line, key, range_end) in
            [("a", "a", ""), ("a c", "a", "c"), ("a --prefix", "a", "b"), ("a --from-key", "a", "\0")]
        {
            let expected = DeleteRangeRequest { key: key.into(), range_end: range_end.into(), prev_kv: false };
            assert_eq!(parse(line).request(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn fewer_keys_than_expected_are_said() {
        assert_eq!(all_deleted(2, 2), Ok(()));
        let error = all_deleted(3, 2).unwrap_err();
        assert_eq!(error.status, ExitStatus::CompareFailed);
        assert!(error.message.unwrap().starts_with("2 keys were deleted, not 3"));
    }

    #[test]
    fn wrong_arguments() {
        for line in ["", "a b c", "a b --prefix", "a --prefix --from-key"] {
            assert_eq!(parse(line).request().unwrap_err().status, ExitStatus::BadArguments, "{line}");
        }
    }
}
