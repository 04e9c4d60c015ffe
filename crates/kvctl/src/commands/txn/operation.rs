//! The operations of a transaction: `get`, `put` and `del` with the options they have as commands.

use std::ffi::OsString;

use clap::{Args as _, Command, FromArgMatches as _};
use kv_cli::arguments::{self, Stop, Tool};
use kv_cli::{CliError, ExitStatus};
use kv_proto::etcdserverpb::RequestOp;
use kv_proto::etcdserverpb::request_op::Request;

use crate::commands::del::DelOperation;
use crate::commands::get::GetOperation;
use crate::commands::put::PutOperation;
use crate::voice::Voice;
use crate::words;

const OPERATIONS: &[&str] = &["get", "put", "del"];

/// Reads an operation. A range is deleted after a pause, as by the command.
pub(super) async fn parse(line: &str, voice: Voice) -> Result<RequestOp, CliError> {
    let words = words::split(line)?;
    if words.len() < 2 {
        return Err(CliError::new(ExitStatus::BadInput, format_args!("invalid txn compare request: {line}"))
            .with_hint("an operation looks like `put KEY VALUE`, `get KEY` or `del KEY`"));
    }
    let request = match read(&words) {
        Ok(Operation::Get(args)) => Request::RequestRange(args.request()?),
        Ok(Operation::Put(args)) => Request::RequestPut(args.request(|| Ok(Vec::new()))?),
        Ok(Operation::Del(args)) => {
            let request = args.request()?;
            args.pause(voice).await;
            Request::RequestDeleteRange(request)
        }
        Err(reason) => {
            let error = CliError::new(ExitStatus::BadInput, format_args!("invalid txn request: {line}"));
            return Err(if reason.is_empty() { error } else { error.with_hint(reason) });
        }
    };
    Ok(RequestOp { request: Some(request) })
}

enum Operation {
    Get(GetOperation),
    Put(PutOperation),
    Del(DelOperation),
}

fn read(words: &[OsString]) -> Result<Operation, String> {
    let command = Command::new("txn")
        .disable_help_subcommand(true)
        .args_override_self(true)
        .subcommand(GetOperation::augment_args(Command::new("get")))
        .subcommand(PutOperation::augment_args(Command::new("put")))
        .subcommand(DelOperation::augment_args(Command::new("del")));
    let tool = Tool { command, abbreviable: OPERATIONS, environment_prefixes: &[] };
    let matches = arguments::parse(tool, words, &|_| None).map_err(|stop| match stop {
        Stop::Help(_) => String::new(),
        Stop::Error(error) => error.message.unwrap_or_default(),
    })?;
    let (name, matches) = matches.subcommand().expect("help is given without one");
    let operation = match name {
        "get" => GetOperation::from_arg_matches(matches).map(Operation::Get),
        "put" => PutOperation::from_arg_matches(matches).map(Operation::Put),
        _ => DelOperation::from_arg_matches(matches).map(Operation::Del),
    };
    operation.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use kv_proto::etcdserverpb::{DeleteRangeRequest, PutRequest, RangeRequest};

    use super::*;

    fn parse(line: &str) -> Result<RequestOp, CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(super::parse(line, Voice::Text))
    }

    #[track_caller]
    fn check(line: &str, request: Request) {
        assert_eq!(parse(line), Ok(RequestOp { request: Some(request) }));
    }

    #[test]
    fn operations_are_commands() {
        let put = PutRequest { key: "k".into(), value: "a b".into(), ..PutRequest::default() };
        check("put k \"a b\"", Request::RequestPut(put.clone()));
        check("p k 'a b'", Request::RequestPut(put));
        let get = RangeRequest { key: "a".into(), range_end: "b".into(), limit: 2, ..RangeRequest::default() };
        check("get --prefix a --limit=2", Request::RequestRange(get));
        let del = DeleteRangeRequest { key: "a".into(), range_end: "c".into(), prev_kv: true };
        check("del a c --prev-kv", Request::RequestDeleteRange(del));
    }

    #[test]
    fn what_is_no_operation_is_refused() {
        for (line, status, message) in [
            ("put", ExitStatus::BadInput, "invalid txn compare request: put"),
            ("put k v --if-absent", ExitStatus::BadInput, "invalid txn request: put k v --if-absent"),
            ("delete a", ExitStatus::BadInput, "invalid txn request: delete a"),
            ("get a --bogus", ExitStatus::BadInput, "invalid txn request: get a --bogus"),
            (
                "get a b --prefix",
                ExitStatus::BadArguments,
                "too many arguments, only accept one argument when `--prefix` or `--from-key` is set",
            ),
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!((error.status, error.message.as_deref()), (status, Some(message)));
        }
    }
}
