//! Whether there is room for a request: what it costs is compared with the pages in use and what waits to become pages,
//! so that a compaction makes room as it deletes.

use kv_proto::ApiError;
use kv_store::{Alarm, AlarmChange, AlarmKind, Command};
use tonic::Status;

use crate::engine::Engine;
use crate::status::status;

impl Engine {
    /// Lets a request through that costs so much, or refuses it and raises the alarm.
    pub(crate) async fn admit(&self, cost: u64) -> Result<(), Status> {
        if cost == 0 {
            return Ok(());
        }
        // This passes without anybody's help, so no alarm is raised.
        if self.full().is_some() {
            return Err(status(ApiError::NoSpace));
        }
        let Some(quota) = self.config.quota_bytes() else { return Ok(()) };
        let charged = self.store.charged_bytes();
        if charged.saturating_add(cost) < quota.unsigned_abs() {
            return Ok(());
        }
        let alarm = Alarm { kind: AlarmKind::NO_SPACE, member_id: self.identity.member_id };
        if !self.store.alarms().contains(&alarm) {
            tracing::warn!(
                quota_bytes = quota,
                charged_bytes = charged,
                "the store has outgrown its quota; raising the alarm that stops writing"
            );
            // The request is refused in any case, and the next one tries again.
            if let Err(error) = self.propose(&Command::Alarm(AlarmChange::Raise(alarm))).await {
                tracing::warn!(error = error.message(), "cannot raise the alarm");
            }
        }
        Err(status(ApiError::NoSpace))
    }
}
