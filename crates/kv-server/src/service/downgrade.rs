//! What Maintenance.Downgrade answers: etcd's rules for the release to go back to, and that kvd has none.

use kv_proto::ApiError;
use kv_proto::etcdserverpb::{DowngradeRequest, downgrade_request::DowngradeAction};
use tonic::Status;

use crate::status::status;
use crate::version::API_CLUSTER_VERSION;

/// Says whether a request can be granted; returns the version of the cluster, which is what the answer names.
pub(super) fn judge(request: &DowngradeRequest) -> Result<String, Status> {
    let (major, minor) = cluster_version();
    match DowngradeAction::try_from(request.action) {
        Ok(DowngradeAction::Validate) => check(&request.version).map_err(status)?,
        Ok(DowngradeAction::Enable) => {
            let refusal = match check(&request.version) {
                Err(error) => status(error),
                Ok(()) => Status::failed_precondition(format!(
                    "etcdserver: kvd has no older release to go back to; the cluster stays at {major}.{minor}"
                )),
            };
            tracing::warn!(error = refusal.message(), "reject downgrade request");
            return Err(refusal);
        }
        // As in etcd, which leaves it at the log.
        Ok(DowngradeAction::Cancel) => {
            tracing::warn!(error = ApiError::NoInflightDowngrade.text(), "failed to cancel downgrade");
        }
        Err(_) => return Err(Status::unknown("etcdserver: unknown method")),
    }
    Ok(format!("{major}.{minor}"))
}

/// Only the release before can be gone back to.
fn check(target: &str) -> Result<(), ApiError> {
    let target = parse(target).or_else(|| parse(&format!("{target}.0")));
    let (major, minor) = cluster_version();
    match target {
        None => Err(ApiError::WrongDowngradeVersionFormat),
        Some(target) if target == (major, minor - 1) => Ok(()),
        Some(_) => Err(ApiError::InvalidDowngradeTargetVersion),
    }
}

fn cluster_version() -> (i64, i64) {
    parse(API_CLUSTER_VERSION).expect("our own version is one")
}

/// Reads the first two parts of a semantic version; the rest must be right and is ignored.
fn parse(text: &str) -> Option<(i64, i64)> {
    let (text, metadata) = text.split_once('+').unwrap_or((text, ""));
    let (text, pre_release) = text.split_once('-').unwrap_or((text, ""));
    let is_named = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if !metadata.chars().chain(pre_release.chars()).all(is_named) {
        return None;
    }
    let mut parts = text.splitn(3, '.').map(|part| part.parse::<i64>().ok());
    let (major, minor, _) = (parts.next()??, parts.next()??, parts.next()??);
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_release_before_can_be_gone_back_to() {
        for target in ["3.6", "3.6.0", "3.6.12", "3.6.0-rc.1"] {
            assert_eq!(check(target), Ok(()), "{target}");
        }
        for target in ["3.7", "3.5", "2.6", "3.8.0"] {
            assert_eq!(check(target), Err(ApiError::InvalidDowngradeTargetVersion), "{target}");
        }
        for target in ["", "3", "3.6.0.1", "v3.6", "3.6-rc.1", "3.6.0-rc/1"] {
            assert_eq!(check(target), Err(ApiError::WrongDowngradeVersionFormat), "{target}");
        }
    }
}
