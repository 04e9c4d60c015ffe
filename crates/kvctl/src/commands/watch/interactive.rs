//! `kvctl watch -i`: watches added by lines of standard input.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, BufRead as _};

use clap::{Args as _, Command, FromArgMatches as _};
use kv_cli::arguments::{self, Stop, Tool};
use kv_cli::{CliError, ExitStatus, Output};
use kv_client::{Client, WatchKey, WatchSession};
use tokio::sync::mpsc;

use super::handler::Handler;
use super::{FromEnvironment, WatchArgs, print};
use crate::hints;
use crate::voice::Voice;
use crate::words;

/// Lines that may wait while a command for a change runs.
const WAITING_LINES_MAX: usize = 16;

pub(super) async fn run(client: Client, mut output: Output, environment: &FromEnvironment) -> Result<(), CliError> {
    let mut lines = read_lines();
    let mut session = client.watch();
    let mut handlers: HashMap<WatchKey, Handler> = HashMap::new();
    loop {
        tokio::select! {
            line = lines.recv() => {
                let line = line.ok_or_else(|| {
                    CliError::new(ExitStatus::BadInput, "error reading watch request line: EOF")
                })?;
                if let Some(reason) = obey(&line, &mut session, &mut handlers, environment)? {
                    Voice::of(output.format).complain(&reason, &[]);
                }
            }
            answer = session.next() => match answer {
                Ok((key, response)) => {
                    let handler = handlers.get(&key).cloned().unwrap_or_default();
                    print::show(&response, &mut output, &handler).await?;
                }
                Err(error) => {
                    let canceled = format!("watch was canceled ({error})");
                    Voice::of(output.format).complain(&canceled, &hints::hints(&error));
                }
            },
        }
    }
}

/// Reads standard input on a thread of its own, because reading it cannot be interrupted.
fn read_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(WAITING_LINES_MAX);
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            match stdin.read_until(b'\n', &mut line) {
                // A last line without an end does not count.
                Ok(_) if line.ends_with(b"\n") => {
                    line.pop();
                    if sender.blocking_send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                        return;
                    }
                }
                _ => return,
            }
        }
    });
    receiver
}

/// Does what a line says, or returns why it does not.
fn obey(
    line: &str,
    session: &mut WatchSession,
    handlers: &mut HashMap<WatchKey, Handler>,
    environment: &FromEnvironment,
) -> Result<Option<String>, CliError> {
    let words = words::split(line)?;
    match words.first().map(|word| word.as_encoded_bytes()) {
        None => return Ok(Some(format!("Invalid command: {line} (watch and progress supported)"))),
        Some(b"watch") if words.len() < 2 && environment.key.is_none() => {
            return Ok(Some(format!("Invalid command {line} (command type or key is not provided)")));
        }
        Some(b"watch") => {
            let args = parse(&words)?.completed(environment)?;
            match args.request() {
                Ok(request) => {
                    let key = session.create(request);
                    handlers.insert(key, args.handler());
                }
                Err(error) => {
                    return Ok(Some(format!("Invalid command {line} ({})", error.message.unwrap_or_default())));
                }
            }
        }
        Some(b"progress") => session.request_progress(),
        Some(_) => return Ok(Some(format!("Invalid command {line} (only support watch)"))),
    }
    Ok(None)
}

fn parse(words: &[OsString]) -> Result<WatchArgs, CliError> {
    let command = Command::new("interactive")
        .disable_help_subcommand(true)
        .args_override_self(true)
        .subcommand(WatchArgs::augment_args(Command::new("watch")));
    let tool = Tool { command, abbreviable: &[], environment_prefixes: &[] };
    let matches = arguments::parse(tool, words, &|_| None).map_err(|stop| match stop {
        Stop::Help(_) => CliError::arguments("pflag: help requested"),
        Stop::Error(error) => CliError { status: ExitStatus::BadArguments, usage: None, ..error },
    })?;
    let matches = matches.subcommand_matches("watch").expect("the first word is the command");
    WatchArgs::from_arg_matches(matches).map_err(CliError::arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        words::split(line).unwrap()
    }

    #[test]
    fn a_line_is_a_command_line() {
        let args = parse(&words("watch 'a b' --rev 3 --prefix -- echo 'x y'")).unwrap();
        assert_eq!(args.request().unwrap().key, "a b");
        assert_eq!(args.rev, 3);
        assert_eq!(args.command, ["echo", "x y"]);
    }

    #[test]
    fn a_wrong_line_ends_the_session() {
        let error = parse(&words("watch --bogus x")).unwrap_err();
        assert_eq!((error.status, error.message.as_deref()), (ExitStatus::BadArguments, Some("unknown flag: --bogus")));
        let error = parse(&words("watch a --")).unwrap_err();
        assert_eq!(error.message.as_deref(), Some("bad number of arguments (found separator --, but no commands)"));
    }
}
