//! What to do about an error, chosen from its type.

use kv_cli::{CliError, ExitStatus};
use kv_client::{ConnectError, Error, Step};
use kv_proto::ApiError;

/// Turns a client's error into a command's, with hints.
pub(crate) fn cli_error(status: ExitStatus, error: &Error) -> CliError {
    let mut cli_error = CliError::new(status, error);
    cli_error.hints = hints(error);
    cli_error
}

/// Returns what can be done about an error.
pub(crate) fn hints(error: &Error) -> Vec<String> {
    match error {
        Error::DeadlineExceeded { failures } if failures.is_empty() => {
            vec!["the server was reached but did not answer in time; --command-timeout gives it longer".to_owned()]
        }
        Error::DeadlineExceeded { failures } => failures.iter().map(connect_hint).collect(),
        Error::Broken { of_change: true, .. } => {
            vec![
                "the connection broke before the answer; look whether the change was made before making it again"
                    .to_owned(),
            ]
        }
        Error::Broken { .. } => vec!["the connection broke in the middle of the answer; try again".to_owned()],
        Error::NoEndpoints => vec!["name a server with --endpoints HOST:PORT".to_owned()],
        // What the library says of an answer over HTTP/2 that is not gRPC's.
        Error::Status { message, .. } if message.starts_with("grpc-status header missing") => {
            vec![
                "something answers there that is no server of the API; check that --endpoints has the port for clients"
                    .to_owned(),
            ]
        }
        Error::Api(error) => api_hint(*error).map(str::to_owned).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn connect_hint(failure: &ConnectError) -> String {
    let wants_tls = failure.reason.contains("wants TLS");
    let has_no_tls = failure.reason.contains("not use TLS");
    let wants_certificate = failure.reason.contains("CertificateRequired");
    let is_silence = failure.reason.contains("no answer within");
    let advice = match failure.step {
        Step::Resolve if is_silence => "check the name in --endpoints and the system's resolver",
        Step::Connect if is_silence => "check the address in --endpoints, and that no firewall is in between",
        Step::Greeting | Step::Tls if is_silence => {
            "the server hangs or has too much to do, or --endpoints has the port of something else"
        }
        Step::Resolve => "check the name in --endpoints",
        Step::Connect => "check that the server runs there and that --endpoints has its address",
        Step::Tls if has_no_tls => "use http:// in --endpoints and leave out --cacert, --cert and --key",
        Step::Tls if wants_certificate => "the server asks clients for a certificate: give --cert and --key",
        Step::Tls if failure.reason.contains("UnknownIssuer") => {
            "give --cacert the certificate of the authority that signed the server's"
        }
        Step::Tls if failure.reason.contains("Expired") || failure.reason.contains("NotValidYet") => {
            "the server needs a certificate of today, or this machine's clock is wrong"
        }
        Step::Tls if failure.reason.contains("not valid for name") => {
            "have --endpoints name the server as its certificate does"
        }
        Step::Tls => "check --cacert, --cert and --key against the server's certificate",
        Step::Http2 if wants_tls => "use https:// in --endpoints, with --cacert if its certificate is not public",
        Step::Greeting | Step::Http2 => "check that --endpoints has the port for clients",
    };
    format!("{failure}; {advice}")
}

fn api_hint(error: ApiError) -> Option<&'static str> {
    Some(match error {
        ApiError::FutureRevision => "there is no such revision yet; `get KEY -w fields` shows the newest one",
        ApiError::NoSpace => {
            "reading and deleting still work; compact old revisions, defragment, then disarm the alarm to write again"
        }
        ApiError::LeaseNotFound => "the lease has expired or never existed; its id is given in hexadecimal",
        ApiError::EmptyKey => {
            "a key has at least one byte; reading and deleting take an empty one with --prefix, where it means all keys"
        }
        ApiError::KeyNotFound => "--ignore-value and --ignore-lease change a key that exists",
        ApiError::RequestTooLarge => "the server's --max-request-bytes limits a request, by default to 1.5 MiB",
        ApiError::TooManyOps => "the server's --max-txn-ops limits a transaction, by default to 128 operations",
        ApiError::DuplicateKey => "a transaction may write each key only once",
        ApiError::UserEmpty => "the server wants to know who is asking: use --user NAME:PASSWORD",
        ApiError::AuthFailed => "check --user and --password",
        ApiError::PermissionDenied => "the user's roles do not allow this; another user is given with --user",
        ApiError::InvalidAuthToken | ApiError::AuthOldRevision => "authenticate again, with --user NAME:PASSWORD",
        ApiError::NoLeader | ApiError::Timeout | ApiError::LeaderChanged => {
            "the cluster has no leader at the moment; `get --consistency=s` reads without one"
        }
        ApiError::Corrupt => "the CORRUPT alarm is raised; compare the members with `endpoint hashkv --cluster`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(step: Step, reason: &str) -> String {
        let failure = ConnectError { endpoint: "a:1".into(), step, reason: reason.into() };
        hints(&Error::DeadlineExceeded { failures: vec![failure] }).remove(0)
    }

    #[test]
    fn the_step_that_failed_decides_the_advice() {
        assert_eq!(
            hint(Step::Connect, "connection refused"),
            "a:1: cannot connect: connection refused; check that the server runs there and that --endpoints has its address"
        );
        assert!(hint(Step::Http2, "the server wants TLS").contains("use https://"));
        assert!(hint(Step::Tls, "the server does not use TLS").contains("use http://"));
        assert!(hint(Step::Tls, "received fatal alert: CertificateRequired").contains("--cert and --key"));
        assert!(
            hint(Step::Greeting, "there was no answer within 2s").contains("a:1: connected, but there was no answer")
        );
        assert!(hint(Step::Tls, "no answer within 2s").contains("the server hangs"));
        assert!(hint(Step::Connect, "no answer within 2s").contains("firewall"));
        for (reason, advice) in [
            ("UnknownIssuer", "give --cacert"),
            ("Expired", "a certificate of today"),
            ("certificate not valid for name \"a\"", "name the server as its certificate does"),
        ] {
            let hint = hint(Step::Tls, &format!("invalid peer certificate: {reason}"));
            assert!(hint.contains(advice), "{hint}");
        }
        assert!(hint(Step::Tls, "invalid peer certificate").contains("check --cacert"));
    }

    #[test]
    fn the_first_line_is_the_servers() {
        let error = cli_error(ExitStatus::Failure, &Error::Api(ApiError::NoSpace));
        assert_eq!(error.message.as_deref(), Some("etcdserver: mvcc: database space exceeded"));
        assert_eq!(error.hints.len(), 1);
    }
}
