//! How long requests take, by what they do, as etcd measures it.
//!
//! A duration is counted where somebody waits for it, so counting is a few relaxed additions: no lock, nothing allocated.

use std::future::Future;
use std::time::{Duration, Instant};

use kv_store::CommandKind;

use crate::counters::Histogram;
use crate::page::Page;

/// What a request does, in etcd's words.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operation {
    Put,
    DeleteRange,
    Txn,
    Compaction,
    ClusterMemberAttrSet,
    LeaseGrant,
    LeaseRevoke,
    LeaseCheckpoint,
    Alarm,
    AuthEnable,
    AuthDisable,
    AuthUserAdd,
    AuthUserDelete,
    AuthUserChangePassword,
    AuthUserGrantRole,
    AuthUserRevokeRole,
    AuthRoleAdd,
    AuthRoleDelete,
    AuthRoleGrantPermission,
    AuthRoleRevokePermission,
    Range,
    ReadonlyTxn,
    AuthStatus,
    AuthUserGet,
    AuthUserList,
    AuthRoleGet,
    AuthRoleList,
}

/// Every operation, in their order.
const ALL: [Operation; 27] = [
    Operation::Put,
    Operation::DeleteRange,
    Operation::Txn,
    Operation::Compaction,
    Operation::ClusterMemberAttrSet,
    Operation::LeaseGrant,
    Operation::LeaseRevoke,
    Operation::LeaseCheckpoint,
    Operation::Alarm,
    Operation::AuthEnable,
    Operation::AuthDisable,
    Operation::AuthUserAdd,
    Operation::AuthUserDelete,
    Operation::AuthUserChangePassword,
    Operation::AuthUserGrantRole,
    Operation::AuthUserRevokeRole,
    Operation::AuthRoleAdd,
    Operation::AuthRoleDelete,
    Operation::AuthRoleGrantPermission,
    Operation::AuthRoleRevokePermission,
    Operation::Range,
    Operation::ReadonlyTxn,
    Operation::AuthStatus,
    Operation::AuthUserGet,
    Operation::AuthUserList,
    Operation::AuthRoleGet,
    Operation::AuthRoleList,
];

impl From<CommandKind> for Operation {
    fn from(kind: CommandKind) -> Self {
        match kind {
            CommandKind::Put => Self::Put,
            CommandKind::DeleteRange => Self::DeleteRange,
            CommandKind::Txn => Self::Txn,
            CommandKind::Compact => Self::Compaction,
            CommandKind::SetMember => Self::ClusterMemberAttrSet,
            CommandKind::LeaseGrant => Self::LeaseGrant,
            CommandKind::LeaseRevoke => Self::LeaseRevoke,
            CommandKind::LeaseCheckpoint => Self::LeaseCheckpoint,
            CommandKind::Alarm => Self::Alarm,
            CommandKind::AuthEnable => Self::AuthEnable,
            CommandKind::AuthDisable => Self::AuthDisable,
            CommandKind::AddUser => Self::AuthUserAdd,
            CommandKind::DeleteUser => Self::AuthUserDelete,
            CommandKind::ChangePassword => Self::AuthUserChangePassword,
            CommandKind::GrantRole => Self::AuthUserGrantRole,
            CommandKind::RevokeRole => Self::AuthUserRevokeRole,
            CommandKind::AddRole => Self::AuthRoleAdd,
            CommandKind::DeleteRole => Self::AuthRoleDelete,
            CommandKind::GrantPermission => Self::AuthRoleGrantPermission,
            CommandKind::RevokePermission => Self::AuthRoleRevokePermission,
        }
    }
}

/// How long something took that can fail.
#[derive(Debug)]
pub(crate) struct Outcomes {
    failed: Histogram,
    succeeded: Histogram,
}

impl Outcomes {
    /// Makes both histograms as [`Histogram::doubling`] does.
    pub(crate) fn doubling(start: f64, count: usize) -> Self {
        Self { failed: Histogram::doubling(start, count), succeeded: Histogram::doubling(start, count) }
    }

    /// Counts what began then and has just ended.
    pub(crate) fn observe(&self, began: Instant, succeeded: bool) {
        self.took(began.elapsed(), succeeded);
    }

    /// Counts what took so long.
    pub(crate) fn took(&self, took: Duration, succeeded: bool) {
        if succeeded { &self.succeeded } else { &self.failed }.observe(took);
    }

    /// Writes what was counted, with `labels` and whether it succeeded.
    pub(crate) fn write(&self, page: &mut Page, name: &str, labels: &[(&str, &str)]) {
        for (text, histogram) in [("false", &self.failed), ("true", &self.succeeded)] {
            let (counts, sum) = histogram.snapshot();
            if counts.iter().any(|count| *count > 0) {
                let labels: Vec<_> = labels.iter().copied().chain([("success", text)]).collect();
                page.buckets(name, &labels, &histogram.bounds(), &counts, sum);
            }
        }
    }
}

/// The same for each operation.
#[derive(Debug)]
pub(crate) struct ByOperation(Box<[Outcomes]>);

impl ByOperation {
    /// Makes all histograms as [`Histogram::doubling`] does.
    pub(crate) fn doubling(start: f64, count: usize) -> Self {
        Self(ALL.iter().map(|_| Outcomes::doubling(start, count)).collect())
    }

    /// Returns the histograms of an operation.
    pub(crate) fn of(&self, operation: impl Into<Operation>) -> &Outcomes {
        &self.0[operation.into() as usize]
    }

    /// Has what is proposed counted, from now until it is committed and applied.
    pub(crate) async fn timed<T, E>(
        &self,
        operation: impl Into<Operation>,
        proposed: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let began = Instant::now();
        let proposed = proposed.await;
        self.of(operation).observe(began, proposed.is_ok());
        proposed
    }

    /// Writes what was counted, the operation being the value of `label`.
    pub(crate) fn write(&self, page: &mut Page, name: &str, label: &str, others: &[(&str, &str)]) {
        for (operation, outcomes) in ALL.iter().zip(&self.0) {
            // Etcd's names are those of the variants.
            let operation = format!("{operation:?}");
            let labels: Vec<_> = others.iter().copied().chain([(label, operation.as_str())]).collect();
            outcomes.write(page, name, &labels);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_in_its_place() {
        for (place, operation) in ALL.iter().enumerate() {
            assert_eq!(*operation as usize, place, "{operation:?}");
        }
    }

    #[test]
    fn what_fails_is_told_apart_and_what_never_happened_is_not_told() {
        let requests = ByOperation::doubling(1.0, 1);
        requests.of(CommandKind::Compact).succeeded.observe(Duration::from_millis(500));
        requests.of(CommandKind::Compact).failed.observe(Duration::from_secs(3));
        let mut page = Page::default();
        page.family("d", "histogram", "Help.");
        requests.write(&mut page, "d", "type", &[("version", "v3")]);
        expect_test::expect![[r#"
            # HELP d Help.
            # TYPE d histogram
            d_bucket{version="v3",type="Compaction",success="false",le="1"} 0
            d_bucket{version="v3",type="Compaction",success="false",le="+Inf"} 1
            d_sum{version="v3",type="Compaction",success="false"} 3
            d_count{version="v3",type="Compaction",success="false"} 1
            d_bucket{version="v3",type="Compaction",success="true",le="1"} 1
            d_bucket{version="v3",type="Compaction",success="true",le="+Inf"} 1
            d_sum{version="v3",type="Compaction",success="true"} 0.5
            d_count{version="v3",type="Compaction",success="true"} 1
        "#]]
        .assert_eq(&page.finish());
    }
}
