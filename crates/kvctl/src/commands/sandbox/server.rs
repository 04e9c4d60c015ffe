//! The server of a sandbox: a kvd that ends when this process does, because it watches the other end of a pipe.

use std::env;
use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::{self, JoinHandle};

use kv_cli::{CliError, ExitStatus};
use serde_json::Value;

use crate::commands::child;
use crate::voice::Voice;

/// A kvd that serves, ended when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) endpoint: String,
    process: Child,
    /// What kvd watches, until it is to end.
    held: Option<ChildStdin>,
    directory: PathBuf,
    complaints: Option<JoinHandle<()>>,
    voice: Voice,
}

impl Server {
    /// Starts a kvd and waits until it serves.
    pub(super) fn start(snapshot: Option<&Path>, voice: Voice) -> Result<Server, CliError> {
        let failed = |message: String| CliError::new(ExitStatus::BadConnection, message);
        let beside = env::current_exe().ok().map(|program| program.with_file_name("kvd"));
        let program = beside.filter(|program| program.exists()).unwrap_or_else(|| PathBuf::from("kvd"));
        let mut command = Command::new(&program);
        command.args(["--throwaway", "--log-level=error", "--log-format=json"]);
        if let Some(snapshot) = snapshot {
            command.arg("--from-snapshot").arg(snapshot);
        }
        for (name, _) in env::vars_os() {
            // Settings of other servers are not meant for this one.
            if ["KVD_", "ETCD_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        // In a group of its own, it is not interrupted from the terminal while the command still needs it.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut process = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => failed("kvd is neither beside kvctl nor in PATH".to_owned())
                .with_hint("the sandbox runs a kvd; install it where kvctl is"),
            _ => failed(format!("start {}: {error}", program.display())),
        })?;
        let held = process.stdin.take().expect("it is a pipe");
        let mut lines = BufReader::new(process.stdout.take().expect("it is a pipe")).lines().map_while(Result::ok);
        let said = BufReader::new(process.stderr.take().expect("it is a pipe")).lines().map_while(Result::ok);
        let (Some(url), Some(directory)) = (lines.next(), lines.next()) else {
            drop(held);
            let complaints: Vec<String> = said.map(|line| complaint(&line)).collect();
            let ended = process.wait().map_or_else(|error| error.to_string(), child::ended);
            let reason = complaints.first().unwrap_or(&ended);
            return Err(failed(format!("kvd did not start: {reason}")));
        };
        let endpoint = url.trim_start_matches("http://").to_owned();
        let complaints = thread::spawn(move || {
            for line in said {
                voice.complain(&format!("the server of the sandbox: {}", complaint(&line)), &[]);
            }
        });
        let (held, complaints) = (Some(held), Some(complaints));
        Ok(Server { endpoint, process, held, directory: directory.into(), complaints, voice })
    }

    /// Ends the server and makes sure that its directory is gone.
    pub(super) fn end(mut self) -> Result<(), CliError> {
        self.stop()
    }

    fn stop(&mut self) -> Result<(), CliError> {
        let Some(held) = self.held.take() else { return Ok(()) };
        if let Ok(Some(ended)) = self.process.try_wait() {
            let ended = child::ended(ended);
            self.voice.say(&format!("the server of the sandbox ended before the command did: {ended}"));
        }
        drop(held);
        let ended = self.process.wait();
        if let Some(complaints) = self.complaints.take() {
            complaints.join().expect("printing does not panic");
        }
        if !ended.is_ok_and(|ended| ended.success()) && self.directory.exists() {
            fs::remove_dir_all(&self.directory).map_err(|error| {
                CliError::new(ExitStatus::Io, format_args!("remove {}: {error}", self.directory.display()))
            })?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Another failure is on its way already where the server is not ended by `end`.
        let _ = self.stop();
    }
}

/// Returns what a line of kvd's log tells a person.
fn complaint(line: &str) -> String {
    let object: Value = serde_json::from_str(line).unwrap_or_default();
    match (object["msg"].as_str(), object["error"].as_str()) {
        (Some("server ended"), Some(error)) => error.to_owned(),
        (Some(message), Some(error)) => format!("{message}: {error}"),
        (Some(message), None) => message.to_owned(),
        (None, _) => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_is_told_in_short() {
        for (line, told) in [
            (r#"{"level":"error","ts":"x","msg":"server ended","error":"disk is full"}"#, "disk is full"),
            (r#"{"msg":"make a directory","error":"denied"}"#, "make a directory: denied"),
            (r#"{"msg":"gone"}"#, "gone"),
            ("thread 'main' panicked", "thread 'main' panicked"),
        ] {
            assert_eq!(complaint(line), told);
        }
    }
}
