//! What reads say when they fail: which revision can be read instead, and how to go on.

use std::time::Duration;

use kv_cli::{CliError, Quoted};
use kv_client::{Client, Error};
use kv_proto::ApiError;
use kv_proto::etcdserverpb::WatchCreateRequest;

use crate::session::failure;

/// A failure in the middle of the output, which tells how to go on.
pub(super) fn interrupted(error: &Error, last_key: &[u8], revision: i64) -> CliError {
    let key = Quoted(last_key);
    failure(error).with_hint(format!(
        "the output ends with the key {key} at revision {revision}; the keys from there on can be read again with `get \
         {key} RANGE_END`"
    ))
}

/// Adds to the error of a compacted revision which one can be read instead.
pub(super) async fn explained<T>(client: &Client, result: Result<T, Error>, revision: i64) -> Result<T, CliError> {
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
pub(super) async fn oldest_revision(client: &Client) -> Option<i64> {
    let mut session = client.watch();
    session.create(WatchCreateRequest { key: "\0".into(), start_revision: 1, ..WatchCreateRequest::default() });
    let answer = tokio::time::timeout(Duration::from_secs(1), session.next()).await;
    let (_, response) = answer.ok()?.ok()?;
    (response.compact_revision > 0).then_some(response.compact_revision)
}
