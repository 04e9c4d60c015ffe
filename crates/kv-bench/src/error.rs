//! Why a measurement failed.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why a measurement failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The command line of a server is empty.
    #[error("the command of {server} is empty")]
    EmptyCommand { server: String },
    /// The operating system refused something.
    #[error("{action}")]
    Io { action: String, source: io::Error },
    /// A server ended by itself.
    #[error("{server} ended by itself ({status}); its last lines:\n{log}")]
    Ended { server: String, status: ExitStatus, log: String },
    /// A server did not answer after its start.
    #[error("{server} does not answer after {waited:?}; its last lines:\n{log}")]
    NotReady { server: String, waited: Duration, log: String },
    /// A request failed.
    #[error("{server}: {request} failed: {}", .status.message())]
    Request { server: String, request: &'static str, status: Box<tonic::Status> },
    /// A request was answered with something else than what was stored.
    #[error("{server}: {request} was answered with {got}, expected {expected}")]
    WrongAnswer { server: String, request: &'static str, got: String, expected: String },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Arguments(String),
    /// The data would be kept in memory.
    #[error(
        "{} is in memory ({file_system}), where a sync costs nothing: name a directory on a disk with --directory, or \
         measure there nevertheless with --allow-memory",
        .directory.display()
    )]
    InMemory { directory: PathBuf, file_system: &'static str },
    /// The result cannot be printed.
    #[error("print the result")]
    Print(#[from] serde_json::Error),
    /// The user stopped it.
    #[error("interrupted")]
    Interrupted,
}

impl BenchError {
    /// Returns a function that turns a failure of `action` into an error.
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> BenchError {
        let action = action.into();
        move |source| BenchError::Io { action, source }
    }

    /// Returns a function that turns a server's refusal of `request` into an error.
    pub(crate) fn request(server: &str, request: &'static str) -> impl FnOnce(tonic::Status) -> BenchError + use<> {
        let server = server.to_owned();
        move |status| BenchError::Request { server, request, status: Box::new(status) }
    }
}
