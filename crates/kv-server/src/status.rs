//! From errors to what goes over the wire: one table, so that a client sees etcd's codes and texts.

use kv_proto::{ApiError, Code};
use kv_raft::ProposeError;
use kv_store::{Answer, AuthError, ReadError, WriteError};
use tonic::Status;

/// Converts an error of the API.
pub(crate) fn status(error: ApiError) -> Status {
    Status::new(code(error.code()), error.text())
}

/// Converts a failed read.
pub(crate) fn read_status(error: &ReadError) -> Status {
    match error {
        ReadError::Compacted { .. } => status(ApiError::Compacted),
        ReadError::Future { .. } => status(ApiError::FutureRevision),
        // Damage has no text in the API; clients take an unknown error for one that retrying does not cure.
        other => Status::unknown(format!("etcdserver: {}", chain(other))),
    }
}

/// Converts a command that changed nothing.
pub(crate) fn write_status(error: &WriteError) -> Status {
    match error {
        WriteError::Read(error) => read_status(error),
        WriteError::LeaseNotFound { .. } => status(ApiError::LeaseNotFound),
        WriteError::LeaseExists { .. } => status(ApiError::LeaseExists),
        WriteError::LeaseTtlTooLarge { .. } => status(ApiError::LeaseTtlTooLarge),
        WriteError::KeyNotFound => status(ApiError::KeyNotFound),
        WriteError::Auth(error) => auth_status(*error),
        WriteError::NoSpace => status(ApiError::NoSpace),
        WriteError::Corrupt => status(ApiError::Corrupt),
        other => Status::unknown(format!("etcdserver: {}", chain(other))),
    }
}

/// Converts what users and roles do not allow.
pub(crate) fn auth_status(error: AuthError) -> Status {
    status(match error {
        AuthError::RootUserNotFound => ApiError::RootUserNotFound,
        AuthError::RootRoleNotFound => ApiError::RootRoleNotFound,
        AuthError::UserExists => ApiError::UserExists,
        AuthError::UserEmpty => ApiError::UserEmpty,
        AuthError::UserNotFound => ApiError::UserNotFound,
        AuthError::RoleExists => ApiError::RoleExists,
        AuthError::RoleEmpty => ApiError::RoleEmpty,
        AuthError::RoleNotFound => ApiError::RoleNotFound,
        AuthError::RoleNotGranted => ApiError::RoleNotGranted,
        AuthError::PermissionNotGranted => ApiError::PermissionNotGranted,
        AuthError::InvalidManagement => ApiError::InvalidAuthMgmt,
        AuthError::OldRevision => ApiError::AuthOldRevision,
        // What is not known here is not allowed either.
        _ => ApiError::PermissionDenied,
    })
}

/// Writes an error and what caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some texts already hold their cause's.
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Converts a command that was not decided.
pub(crate) fn propose_status(error: &ProposeError) -> Status {
    match error {
        ProposeError::Stopped | ProposeError::Fatal(_) => status(ApiError::Stopped),
        ProposeError::Timeout => status(ApiError::Timeout),
        ProposeError::TooManyRequests => status(ApiError::TooManyRequests),
        ProposeError::NoSpace => status(ApiError::NoSpace),
        ProposeError::NotLeader { .. } => status(ApiError::NoLeader),
        ProposeError::LeaderLost => status(ApiError::LeaderChanged),
        other => Status::unknown(format!("etcdserver: {}", chain(other))),
    }
}

/// An answer to another command than the one that was proposed: a bug of ours, which fails one call only.
pub(crate) fn mismatch(answer: &Answer) -> Status {
    tracing::error!(?answer, "a command was answered as if it were another");
    Status::internal("the command was answered as if it were another")
}

fn code(code: Code) -> tonic::Code {
    match code {
        Code::Canceled => tonic::Code::Cancelled,
        Code::Unknown => tonic::Code::Unknown,
        Code::InvalidArgument => tonic::Code::InvalidArgument,
        Code::DeadlineExceeded => tonic::Code::DeadlineExceeded,
        Code::NotFound => tonic::Code::NotFound,
        Code::PermissionDenied => tonic::Code::PermissionDenied,
        Code::ResourceExhausted => tonic::Code::ResourceExhausted,
        Code::FailedPrecondition => tonic::Code::FailedPrecondition,
        Code::OutOfRange => tonic::Code::OutOfRange,
        Code::Unimplemented => tonic::Code::Unimplemented,
        Code::Unavailable => tonic::Code::Unavailable,
        Code::DataLoss => tonic::Code::DataLoss,
        Code::Unauthenticated => tonic::Code::Unauthenticated,
    }
}

#[cfg(test)]
mod tests {
    use kv_store::{StorageError, StorageErrorKind};

    use super::*;

    #[test]
    fn every_error_of_the_api_keeps_its_code_and_text() {
        for error in ApiError::ALL {
            let status = status(*error);
            assert_eq!(status.code() as i32, error.code() as i32, "{error}");
            assert_eq!(status.message(), error.text());
        }
    }

    #[test]
    fn every_error_of_the_store_has_its_place() {
        let check = |status: Status, expected: ApiError| {
            assert_eq!((status.code(), status.message()), (code(expected.code()), expected.text()));
        };
        let compacted = ReadError::Compacted { requested: 1, oldest: 2 };
        check(read_status(&compacted), ApiError::Compacted);
        check(read_status(&ReadError::Future { requested: 2, newest: 1 }), ApiError::FutureRevision);
        check(write_status(&WriteError::Read(compacted)), ApiError::Compacted);
        check(write_status(&WriteError::LeaseNotFound { lease: 1 }), ApiError::LeaseNotFound);
        check(write_status(&WriteError::LeaseExists { lease: 1 }), ApiError::LeaseExists);
        check(write_status(&WriteError::LeaseTtlTooLarge { ttl: 1 }), ApiError::LeaseTtlTooLarge);
        check(write_status(&WriteError::KeyNotFound), ApiError::KeyNotFound);
        for (error, expected) in [
            (AuthError::RootUserNotFound, ApiError::RootUserNotFound),
            (AuthError::RootRoleNotFound, ApiError::RootRoleNotFound),
            (AuthError::UserExists, ApiError::UserExists),
            (AuthError::UserEmpty, ApiError::UserEmpty),
            (AuthError::UserNotFound, ApiError::UserNotFound),
            (AuthError::RoleExists, ApiError::RoleExists),
            (AuthError::RoleEmpty, ApiError::RoleEmpty),
            (AuthError::RoleNotFound, ApiError::RoleNotFound),
            (AuthError::RoleNotGranted, ApiError::RoleNotGranted),
            (AuthError::PermissionNotGranted, ApiError::PermissionNotGranted),
            (AuthError::InvalidManagement, ApiError::InvalidAuthMgmt),
            (AuthError::PermissionDenied, ApiError::PermissionDenied),
            (AuthError::OldRevision, ApiError::AuthOldRevision),
        ] {
            check(write_status(&WriteError::Auth(error)), expected);
        }
        check(write_status(&WriteError::NoSpace), ApiError::NoSpace);
        check(write_status(&WriteError::Corrupt), ApiError::Corrupt);
        check(propose_status(&ProposeError::Stopped), ApiError::Stopped);
        check(propose_status(&ProposeError::Timeout), ApiError::Timeout);
        check(propose_status(&ProposeError::TooManyRequests), ApiError::TooManyRequests);
        check(propose_status(&ProposeError::NoSpace), ApiError::NoSpace);
        check(propose_status(&ProposeError::NotLeader { leader: None }), ApiError::NoLeader);
        check(propose_status(&ProposeError::LeaderLost), ApiError::LeaderChanged);

        let damage = StorageError::new(StorageErrorKind::Corrupted, "read revision 5.0", "checksum differs");
        let status = read_status(&ReadError::Storage(damage));
        assert_eq!(status.code(), tonic::Code::Unknown);
        assert_eq!(status.message(), "etcdserver: read revision 5.0: checksum differs");
    }
}
