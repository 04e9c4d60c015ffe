//! Requests made by curl, which speaks TLS by OpenSSL and all versions of HTTP.

use std::process::Command;

/// What curl printed, and why it failed if it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs curl; a request that takes longer than any should is given up.
pub(crate) fn curl(arguments: &[&str]) -> Answer {
    let fixed = ["--silent", "--show-error", "--max-time", "30"];
    let output = Command::new("curl").args(fixed).args(arguments).output().expect("curl is installed");
    Answer {
        exit: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    }
}
