//! The command that a watch runs for each change.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{ExitStatus as Ended, Stdio};

use kv_cli::{CliError, ExitStatus, Quoted};
use kv_proto::etcdserverpb::WatchResponse;
use kv_proto::mvccpb::Event;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::event::{record, type_name};
use crate::commands::child;
use crate::voice::Voice;

/// Linux starts no program with a variable of 128 KiB, its name included.
const VARIABLE_BYTES_MAX: usize = 128 * 1024 - 64;

/// What is to be done about changes besides printing them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Handler {
    /// A program with its arguments, or nothing.
    pub(super) command: Vec<OsString>,
    /// Go on with the next change when the command fails.
    pub(super) keep_going: bool,
}

impl Handler {
    /// Runs the command for every change of an answer, one after the other.
    pub(super) async fn handle(&self, response: &WatchResponse, voice: Voice) -> Result<(), CliError> {
        let Some((program, arguments)) = self.command.split_first() else { return Ok(()) };
        let revision = response.header.unwrap_or_default().revision;
        for event in &response.events {
            let mut command = Command::new(program);
            command.args(arguments);
            let reason = match run(command, revision, event).await {
                Ok(status) if status.success() => continue,
                Ok(status) => child::ended(status),
                Err(error) => child::not_started(program, &error),
            };
            let words: Vec<String> = self.command.iter().map(|word| Quoted(word.as_bytes()).to_string()).collect();
            voice.complain(&format!("command [{}] error ({reason})", words.join(" ")), &[]);
            if !self.keep_going {
                return Err(CliError::silent(ExitStatus::Failure));
            }
        }
        Ok(())
    }
}

/// Runs the command with one change in its environment and on its standard input.
async fn run(mut command: Command, revision: i64, event: &Event) -> io::Result<Ended> {
    let kv = event.kv.clone().unwrap_or_default();
    for (name, value) in [
        ("ETCD_WATCH_REVISION", revision.to_string()),
        ("ETCD_WATCH_EVENT_TYPE", Quoted(type_name(event).as_bytes()).to_string()),
        ("ETCD_WATCH_KEY", Quoted(&kv.key).to_string()),
        ("ETCD_WATCH_VALUE", Quoted(&kv.value).to_string()),
    ] {
        if value.len() <= VARIABLE_BYTES_MAX {
            command.env(name, value);
        }
    }
    let mut running = command.stdin(Stdio::piped()).spawn()?;
    let mut input = running.stdin.take().expect("it is a pipe");
    let line = format!("{}\n", record(event));
    // A value may be larger than a pipe, and a command may end without reading it.
    let ((), ended) = tokio::join!(
        async move {
            let _ = input.write_all(line.as_bytes()).await;
        },
        running.wait()
    );
    ended
}
