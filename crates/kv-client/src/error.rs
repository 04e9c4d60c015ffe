//! Why a call failed, in the words that etcd's client has for it.

use std::io;

use kv_proto::ApiError;
use tonic::{Code, Status};

use crate::dial::{ConnectError, os_text};
use crate::{EndpointError, TlsError};

/// Why a client could not be made, or a call failed. The text is what etcdctl prints after `Error: `.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused, and the API has a name for it.
    #[error("{0}")]
    Api(ApiError),
    /// The server refused for another reason, or the connection broke.
    #[error("rpc error: code = {} desc = {message}", code_name(*.code))]
    Status {
        /// The gRPC code.
        code: i32,
        /// What the server said.
        message: String,
    },
    /// The connection broke before the answer was complete.
    #[error("rpc error: code = Unavailable desc = error reading from server: {reason}")]
    Broken {
        /// What became of the connection.
        reason: String,
        /// Whether the call was to change something. It may have.
        of_change: bool,
    },
    /// Time ran out.
    #[error("context deadline exceeded")]
    DeadlineExceeded {
        /// What the last attempt to connect ended with, one for each endpoint; none if there was a connection.
        failures: Vec<ConnectError>,
    },
    /// No endpoint was given.
    #[error("etcdclient: no available endpoints")]
    NoEndpoints,
    /// A text is not an endpoint.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The options for TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Error {
    /// Returns the error that the API has a name for.
    pub fn api(&self) -> Option<ApiError> {
        match self {
            Error::Api(error) => Some(*error),
            _ => None,
        }
    }

    /// Says whether the server has refused, so that nothing was done. After any other error the call may have had its effect,
    /// or may have it yet.
    pub fn is_refusal(&self) -> bool {
        let code = match self {
            Error::Api(error) => Code::from_i32(error.code() as i32),
            Error::Status { code, .. } => Code::from_i32(*code),
            // A call that waits for a connection is not told from one that waits for its answer.
            Error::DeadlineExceeded { .. } | Error::Broken { .. } => return false,
            Error::NoEndpoints | Error::Endpoint(_) | Error::Tls(_) => return true,
        };
        // Without a name, running out of something may be about the answer.
        let is_named = matches!(self, Error::Api(_));
        match code {
            Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Unauthenticated => true,
            Code::ResourceExhausted => is_named,
            _ => false,
        }
    }

    pub(crate) fn from_status(status: &Status) -> Error {
        if let Some((size, limit)) = received_size(status) {
            let message = format!("grpc: received message larger than max ({size} vs. {limit})");
            return Error::Status { code: Code::ResourceExhausted as i32, message };
        }
        if let Some(reason) = broken(status) {
            return Error::Broken { reason, of_change: false };
        }
        let known = ApiError::ALL.iter().find(|error| error.text() == status.message());
        match known {
            Some(error) => Error::Api(*error),
            None => Error::Status { code: status.code() as i32, message: message(status) },
        }
    }

    /// The same as the error of a call that reads or changes something.
    pub(crate) fn of_change(self, of_change: bool) -> Error {
        match self {
            Error::Broken { reason, .. } => Error::Broken { reason, of_change },
            other => other,
        }
    }

    pub(crate) fn message_too_large(size: usize, limit: usize) -> Error {
        let message = format!("trying to send message larger than max ({size} vs. {limit})");
        Error::Status { code: Code::ResourceExhausted as i32, message }
    }
}

/// Says what became of the connection, in Go's words where it has some, if that is why there is no answer.
fn broken(status: &Status) -> Option<String> {
    let causes = || std::iter::successors(std::error::Error::source(status), |error| error.source());
    let from_h2 = causes().filter_map(|error| error.downcast_ref::<h2::Error>()).find_map(h2::Error::get_io);
    let error = from_h2.or_else(|| causes().find_map(|error| error.downcast_ref::<io::Error>()))?;
    Some(match error.kind() {
        io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
        // So is a frame whose end did not come.
        io::ErrorKind::Other if error.raw_os_error().is_none() => "unexpected EOF".to_owned(),
        // What a connection says that was closed on this side.
        io::ErrorKind::BrokenPipe => "the connection is gone".to_owned(),
        _ => os_text(error),
    })
}

/// Returns the size of an answer that was over the limit, and the limit. tonic says it in the text only.
fn received_size(status: &Status) -> Option<(usize, usize)> {
    let text = status.message().strip_prefix("Error, decoded message length too large: found ")?;
    let (size, limit) = text.strip_suffix(" bytes")?.split_once(" bytes, the limit is: ")?;
    Some((size.parse().ok()?, limit.parse().ok()?))
}

/// Returns a status' text; one that was made on this side of the connection gets its causes.
fn message(status: &Status) -> String {
    let mut message = status.message().to_owned();
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    message
}

/// Returns a gRPC code's name as Go writes it.
fn code_name(code: i32) -> &'static str {
    match Code::from_i32(code) {
        Code::Ok => "OK",
        Code::Cancelled => "Canceled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_errors_are_recognised_by_their_text() {
        let status = Status::out_of_range("etcdserver: mvcc: required revision has been compacted");
        let error = Error::from_status(&status);
        assert_eq!(error.api(), Some(ApiError::Compacted));
        assert_eq!(error.to_string(), "etcdserver: mvcc: required revision has been compacted");
    }

    #[test]
    fn a_refusal_is_known_to_have_done_nothing() {
        for error in [ApiError::LeaseNotFound, ApiError::NoSpace, ApiError::PermissionDenied, ApiError::KeyNotFound] {
            assert!(Error::Api(error).is_refusal(), "{error}");
        }
        for error in [ApiError::Timeout, ApiError::LeaderChanged, ApiError::Stopped] {
            assert!(!Error::Api(error).is_refusal(), "{error}");
        }
        let status = |code| Error::Status { code: code as i32, message: String::new() };
        assert!(status(Code::InvalidArgument).is_refusal());
        for code in [Code::Unavailable, Code::ResourceExhausted, Code::Unknown, Code::Cancelled, Code::Internal] {
            assert!(!status(code).is_refusal(), "{code:?}");
        }
        assert!(!Error::DeadlineExceeded { failures: Vec::new() }.is_refusal());
        assert!(!Error::Broken { reason: String::new(), of_change: true }.is_refusal());
    }

    #[test]
    fn other_errors_have_code_and_text() {
        let error = Error::from_status(&Status::cancelled("gone"));
        assert_eq!(error.to_string(), "rpc error: code = Canceled desc = gone");
        let status =
            Status::out_of_range("Error, decoded message length too large: found 500 bytes, the limit is: 100 bytes");
        assert_eq!(
            Error::from_status(&status).to_string(),
            "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (500 vs. 100)"
        );
        assert_eq!(
            Error::message_too_large(3_000_028, 2_097_152).to_string(),
            "rpc error: code = ResourceExhausted desc = trying to send message larger than max (3000028 vs. 2097152)"
        );
    }
}
