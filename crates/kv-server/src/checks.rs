//! What `/health`, `/readyz` and `/metrics` ask the engine.

use kv_store::{AlarmKind, KeyRange, RangeQuery};

use crate::engine::Engine;
use crate::exposition;
use crate::http::Checks;

impl Checks for Engine {
    fn alarms(&self) -> Vec<&'static str> {
        let raised = self.store.alarms().into_iter().map(|alarm| match alarm.kind {
            AlarmKind::NO_SPACE => "NOSPACE",
            AlarmKind::CORRUPT => "CORRUPT",
            _ => "UNKNOWN",
        });
        raised.collect()
    }

    fn full(&self) -> Option<&'static str> {
        self.full()
    }

    fn has_leader(&self) -> bool {
        self.consensus().leader.is_some()
    }

    fn is_learner(&self) -> bool {
        self.consensus().is_learner
    }

    async fn read(&self, linearizable: bool) -> Result<(), String> {
        if linearizable {
            self.linearizable().await.map_err(|status| status.message().to_owned())?;
        }
        let query = RangeQuery { limit: 1, keys_only: true, ..RangeQuery::new(KeyRange::all()) };
        self.range(&query).await.map(drop).map_err(|status| status.message().to_owned())
    }

    fn metrics_page(&self) -> String {
        exposition::page(self)
    }
}
