//! The errors of the etcd API: one table of gRPC code and exact text.
//!
//! Clients compare on the text, then on the code, so both are protocol facts. The server turns
//! its errors into these, and the offline tool prints the same texts.

use std::fmt;

/// A gRPC status code, without a dependency on a gRPC library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Code {
    /// The operation was cancelled.
    Canceled = 1,
    /// An error nobody mapped to a code.
    Unknown = 2,
    /// The request can never succeed.
    InvalidArgument = 3,
    /// The deadline passed first.
    DeadlineExceeded = 4,
    /// What was asked for does not exist.
    NotFound = 5,
    /// The user may not do this.
    PermissionDenied = 7,
    /// A limit is reached.
    ResourceExhausted = 8,
    /// The system is not in the state the request needs.
    FailedPrecondition = 9,
    /// Past the valid range.
    OutOfRange = 11,
    /// Not offered by this server.
    Unimplemented = 12,
    /// Cannot be served now; trying again may help.
    Unavailable = 14,
    /// Data is lost or damaged.
    DataLoss = 15,
    /// The caller is not known.
    Unauthenticated = 16,
}

macro_rules! api_errors {
    ($($(#[doc = $doc:literal])* $name:ident = $code:ident, $text:literal;)*) => {
        /// An error of the etcd API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ApiError {
            $($(#[doc = $doc])* $name,)*
        }

        impl ApiError {
            /// Every error, in the order of the contract.
            pub const ALL: &'static [ApiError] = &[$(ApiError::$name,)*];

            /// Returns the gRPC code that goes over the wire.
            pub const fn code(self) -> Code {
                match self { $(ApiError::$name => Code::$code,)* }
            }

            /// Returns the exact text that goes over the wire.
            pub const fn text(self) -> &'static str {
                match self { $(ApiError::$name => concat!("etcdserver: ", $text),)* }
            }
        }
    };
}

api_errors! {
    /// A key is empty.
    EmptyKey = InvalidArgument, "key is not provided";
    /// The key of a put that keeps its value or lease does not exist, or a transaction has an empty operation.
    KeyNotFound = InvalidArgument, "key not found";
    /// A put that keeps the value carries one.
    ValueProvided = InvalidArgument, "value is provided";
    /// A put that keeps the lease carries one.
    LeaseProvided = InvalidArgument, "lease is provided";
    /// A transaction has more operations than the server allows.
    TooManyOps = InvalidArgument, "too many operations in txn request";
    /// A transaction would write one key twice.
    DuplicateKey = InvalidArgument, "duplicate key given in txn request";
    /// The `client-api-version` metadata is not text.
    InvalidClientApiVersion = InvalidArgument, "invalid client api version";
    /// A sort order or target is not defined.
    InvalidSortOption = InvalidArgument, "invalid sort option";
    /// The revision is older than the oldest one kept.
    Compacted = OutOfRange, "mvcc: required revision has been compacted";
    /// The revision does not exist yet.
    FutureRevision = OutOfRange, "mvcc: required revision is a future revision";
    /// The quota is used up or the NOSPACE alarm is raised.
    NoSpace = ResourceExhausted, "mvcc: database space exceeded";
    /// The lease does not exist.
    LeaseNotFound = NotFound, "requested lease not found";
    /// The lease id is taken.
    LeaseExists = FailedPrecondition, "lease already exists";
    /// The lease's time to live is over the maximum.
    LeaseTtlTooLarge = OutOfRange, "too large lease TTL";
    /// A watch stream ended.
    WatchCanceled = Canceled, "watch canceled";
    /// The member id is taken.
    MemberExists = FailedPrecondition, "member ID already exist";
    /// Another member has one of the peer URLs.
    PeerUrlExists = FailedPrecondition, "Peer URLs already exists";
    /// Too few members are started to change the membership. etcd sends it without a status, hence the code.
    NotEnoughStartedMembers = Unknown, "re-configuration failed due to not enough started members";
    /// A member URL cannot be parsed.
    BadMemberUrls = InvalidArgument, "given member URLs are invalid";
    /// No member has the id.
    MemberNotFound = NotFound, "member not found";
    /// Only a learner can be promoted.
    MemberNotLearner = FailedPrecondition, "can only promote a learner member";
    /// The learner is too far behind to be promoted.
    LearnerNotReady = FailedPrecondition, "can only promote a learner member which is in sync with leader";
    /// The cluster has as many learners as it may.
    TooManyLearners = FailedPrecondition, "too many learner members in cluster";
    /// A peer belongs to another cluster.
    ClusterIdMismatch = FailedPrecondition, "cluster ID mismatch";
    /// The request is over the size limit.
    RequestTooLarge = InvalidArgument, "request is too large";
    /// Too many proposals wait. etcd sends it without a status, hence the code.
    TooManyRequests = Unknown, "too many requests";
    /// Authentication cannot be enabled without a user named root.
    RootUserNotFound = FailedPrecondition, "root user does not exist";
    /// Authentication cannot be enabled while root lacks the role root.
    RootRoleNotFound = FailedPrecondition, "root user does not have root role";
    /// The user exists.
    UserExists = FailedPrecondition, "user name already exists";
    /// The user name is empty, or a token is missing.
    UserEmpty = InvalidArgument, "user name is empty";
    /// No user has the name.
    UserNotFound = FailedPrecondition, "user name not found";
    /// The role exists.
    RoleExists = FailedPrecondition, "role name already exists";
    /// No role has the name.
    RoleNotFound = FailedPrecondition, "role name not found";
    /// The role name is empty.
    RoleEmpty = InvalidArgument, "role name is empty";
    /// Unknown user or wrong password.
    AuthFailed = InvalidArgument, "authentication failed, invalid user ID or password";
    /// A grant carries no permission.
    PermissionNotGiven = InvalidArgument, "permission not given";
    /// The user lacks the permission.
    PermissionDenied = PermissionDenied, "permission denied";
    /// The user does not have the role.
    RoleNotGranted = FailedPrecondition, "role is not granted to the user";
    /// The role does not have the permission.
    PermissionNotGranted = FailedPrecondition, "permission is not granted to the role";
    /// Authentication is off.
    AuthNotEnabled = FailedPrecondition, "authentication is not enabled";
    /// The token is unknown or expired.
    InvalidAuthToken = Unauthenticated, "invalid auth token";
    /// The change would lock everybody out, or the permission's range is not valid.
    InvalidAuthMgmt = InvalidArgument, "invalid auth management";
    /// The token was made before the last change of users and roles.
    AuthOldRevision = InvalidArgument, "revision of auth store is old";
    /// There is no leader.
    NoLeader = Unavailable, "no leader";
    /// This member is not the leader.
    NotLeader = FailedPrecondition, "not leader";
    /// The leader changed while the request was under way.
    LeaderChanged = Unavailable, "leader changed";
    /// The cluster version is not known yet.
    NotCapable = FailedPrecondition, "not capable";
    /// The server is shutting down.
    Stopped = Unavailable, "server stopped";
    /// The server's own time limit passed.
    Timeout = Unavailable, "request timed out";
    /// The same, while the leader was being replaced.
    TimeoutLeaderFailure = Unavailable, "request timed out, possibly due to previous leader failure";
    /// The same, with members cut off.
    TimeoutConnectionLost = Unavailable, "request timed out, possibly due to connection lost";
    /// The same, while waiting for an entry to be applied.
    TimeoutWaitAppliedIndex = Unavailable, "request timed out, waiting for the applied index took too long";
    /// Peers cannot be reached.
    Unhealthy = Unavailable, "unhealthy cluster";
    /// The CORRUPT alarm is raised.
    Corrupt = DataLoss, "corrupt cluster";
    /// A learner does not serve this.
    NotSupportedForLearner = FailedPrecondition, "rpc not supported for learner";
    /// Leadership cannot go to that member.
    BadLeaderTransferee = FailedPrecondition, "bad leader transferee";
    /// The version text cannot be parsed.
    WrongDowngradeVersionFormat = InvalidArgument, "wrong downgrade target version format";
    /// The version is not one below the cluster's.
    InvalidDowngradeTargetVersion = InvalidArgument, "invalid downgrade target version";
    /// The cluster version is not known.
    ClusterVersionUnavailable = FailedPrecondition, "cluster version not found during downgrade";
    /// A downgrade is under way.
    DowngradeInProcess = FailedPrecondition, "cluster has a downgrade job in progress";
    /// No downgrade is under way.
    NoInflightDowngrade = FailedPrecondition, "no inflight downgrade job";
    /// An internal step was cancelled.
    RequestCanceled = Canceled, "request canceled";
    /// An internal step ran out of time.
    DeadlineExceeded = DeadlineExceeded, "context deadline exceeded";
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn texts_are_distinct_and_carry_the_prefix() {
        let texts: HashSet<_> = ApiError::ALL.iter().map(|error| error.text()).collect();
        assert_eq!(texts.len(), ApiError::ALL.len());
        assert!(texts.iter().all(|text| text.starts_with("etcdserver: ")));
    }

    #[test]
    fn the_texts_scripts_match_on() {
        assert_eq!(ApiError::Compacted.text(), "etcdserver: mvcc: required revision has been compacted");
        assert_eq!(ApiError::Compacted.code(), Code::OutOfRange);
        assert_eq!(ApiError::TooManyRequests.code(), Code::Unknown);
    }
}
