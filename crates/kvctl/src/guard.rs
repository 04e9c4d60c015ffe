//! Changes that are made only if a key is as expected, and what is said when it is not.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use bytes::Bytes;
use kv_cli::{CliError, ExitStatus, Quoted, parse_revision};
use kv_client::{Client, Deadline, Error};
use kv_proto::Code;
use kv_proto::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::response_op::Response;
use kv_proto::etcdserverpb::{Compare, PutRequest, PutResponse, RangeRequest, RequestOp, TxnRequest};
use kv_proto::mvccpb::KeyValue;

use crate::session::failure;

/// Options that say what is expected.
#[derive(Debug, clap::Args)]
pub(crate) struct GuardArgs {
    /// Write only if the key is not there
    #[arg(id = "if_absent", long = "if-absent")]
    absent: bool,

    /// Write only if the key was last changed at this revision; 0 if it is not there
    #[arg(id = "if_rev", long = "if-rev", value_name = "REVISION", value_parser = parse_revision)]
    revision: Option<i64>,

    /// Write only if the key has this value
    #[arg(id = "if_value", long = "if-value", value_name = "VALUE")]
    value: Option<OsString>,
}

/// What must hold of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Guard {
    /// The revision of the last change; 0 where the key must not be there.
    pub(crate) revision: Option<i64>,
    pub(crate) value: Option<Bytes>,
}

impl GuardArgs {
    /// Returns what is expected, if anything is.
    pub(crate) fn guard(&self) -> Result<Option<Guard>, CliError> {
        let revision = match (self.absent, self.revision) {
            (true, Some(1..)) => return Err(CliError::arguments("--if-absent and --if-rev contradict each other")),
            (true, _) => Some(0),
            (false, revision) => revision,
        };
        if revision == Some(0) && self.value.is_some() {
            return Err(CliError::arguments("a key that is not there has no value, so --if-value contradicts"));
        }
        let value = self.value.clone().map(|value| value.into_vec().into());
        let guard = Guard { revision, value };
        Ok((guard != Guard::default()).then_some(guard))
    }
}

/// Why a key was not written, or may not have been.
#[derive(Debug)]
pub(crate) enum NotWritten {
    /// The key is not as expected.
    Unexpected(CliError),
    /// The call failed.
    Failed(Error),
}

impl NotWritten {
    /// Says whether it is certain that nothing was written.
    pub(crate) fn is_certain(&self) -> bool {
        match self {
            NotWritten::Unexpected(_) => true,
            NotWritten::Failed(error) => error.is_refusal(),
        }
    }
}

impl From<NotWritten> for CliError {
    fn from(reason: NotWritten) -> CliError {
        match reason {
            NotWritten::Unexpected(error) => error,
            NotWritten::Failed(error) => failure(&error),
        }
    }
}

impl Guard {
    /// Writes a key if it is as expected.
    ///
    /// # Errors
    ///
    /// [`NotWritten::Unexpected`], with status 11, if it is not; nothing has changed then.
    pub(crate) async fn put(
        &self,
        client: &Client,
        request: PutRequest,
        deadline: Deadline,
    ) -> Result<PutResponse, NotWritten> {
        let key = request.key.clone();
        let look = RangeRequest { key: key.clone(), ..RangeRequest::default() };
        let transaction = TxnRequest {
            compare: self.compares(&key),
            success: vec![RequestOp { request: Some(Request::RequestPut(request)) }],
            failure: vec![RequestOp { request: Some(Request::RequestRange(look)) }],
        };
        let answer = client.txn(transaction, deadline).await.map_err(NotWritten::Failed)?;
        match answer.responses.into_iter().find_map(|operation| operation.response) {
            Some(Response::ResponsePut(written)) => Ok(PutResponse { header: answer.header, ..written }),
            Some(Response::ResponseRange(found)) => Err(NotWritten::Unexpected(self.refusal(&key, found.kvs.first()))),
            _ => {
                let message = "the server's answer to the transaction has no result".to_owned();
                Err(NotWritten::Failed(Error::Status { code: Code::Unknown as i32, message }))
            }
        }
    }

    pub(crate) fn compares(&self, key: &Bytes) -> Vec<Compare> {
        let equals = |target: CompareTarget, union| Compare {
            key: key.clone(),
            target: target.into(),
            result: CompareResult::Equal.into(),
            target_union: Some(union),
            ..Compare::default()
        };
        let revision = self.revision.map(|revision| equals(CompareTarget::Mod, TargetUnion::ModRevision(revision)));
        let value = self.value.clone().map(|value| equals(CompareTarget::Value, TargetUnion::Value(value)));
        revision.into_iter().chain(value).collect()
    }

    /// Says how the key is instead.
    fn refusal(&self, key: &[u8], found: Option<&KeyValue>) -> CliError {
        let key = Quoted(key);
        let reason = match (found, self.revision) {
            (None, _) => format!("{key} is not there"),
            (Some(found), Some(0)) => format!("{key} is there, since revision {}", found.create_revision),
            (Some(found), Some(expected)) if expected != found.mod_revision => {
                format!("{key} was changed at revision {}", found.mod_revision)
            }
            (Some(found), _) => format!("{key} has another value, written at revision {}", found.mod_revision),
        };
        CliError::new(ExitStatus::CompareFailed, format_args!("nothing was written: {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(absent: bool, revision: Option<i64>, value: Option<&str>) -> Result<Option<Guard>, CliError> {
        GuardArgs { absent, revision, value: value.map(OsString::from) }.guard()
    }

    #[test]
    fn options_that_contradict_each_other_are_refused() {
        assert_eq!(guard(false, None, None), Ok(None));
        assert_eq!(guard(true, None, None), guard(false, Some(0), None));
        assert!(guard(true, Some(3), None).is_err());
        assert!(guard(true, None, Some("x")).is_err());
        assert!(guard(false, Some(0), Some("x")).is_err());
    }

    #[test]
    fn every_condition_is_compared() {
        let both = guard(false, Some(7), Some("x")).unwrap().unwrap();
        let targets: Vec<_> =
            both.compares(&"k".into()).into_iter().filter_map(|compare| compare.target_union).collect();
        assert_eq!(targets, [TargetUnion::ModRevision(7), TargetUnion::Value("x".into())]);
    }

    #[test]
    fn a_refusal_says_how_the_key_is() {
        let found = KeyValue { create_revision: 3, mod_revision: 7, ..KeyValue::default() };
        let check = |guard: Guard, found: Option<&KeyValue>, reason: &str| {
            let error = guard.refusal(b"k", found);
            assert_eq!(error.message.unwrap(), format!("nothing was written: \"k\" {reason}"));
            assert_eq!(error.status, ExitStatus::CompareFailed);
        };
        let revision = |revision| Guard { revision: Some(revision), value: None };
        check(revision(5), None, "is not there");
        check(revision(0), Some(&found), "is there, since revision 3");
        check(revision(5), Some(&found), "was changed at revision 7");
        check(
            Guard { revision: Some(7), value: Some("x".into()) },
            Some(&found),
            "has another value, written at revision 7",
        );
    }
}
