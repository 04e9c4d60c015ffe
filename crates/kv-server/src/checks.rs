//! What `/health`, `/readyz` and `/metrics` ask the engine.

use kv_store::{AlarmKind, KeyRange, RangeQuery};
use serde_json::json;

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

    fn variables(&self) -> Vec<(&'static str, serde_json::Value)> {
        let arguments: Vec<_> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let consensus = self.consensus();
        let (id, leader) = (self.identity.member_id, consensus.leader.unwrap_or_default());
        let leads = id == leader;
        let hex = |id: u64| format!("{id:x}");
        // What a leader knows of the members: of itself that it has everything.
        let (matched, next) = (consensus.committed, consensus.committed + 1);
        let progress = json!({ hex(id): { "match": matched, "next": next, "state": "StateReplicate" } });
        let raft = json!({
            "id": hex(id),
            "term": consensus.term,
            "vote": hex(leader),
            "commit": consensus.committed,
            "lead": hex(leader),
            "raftState": if leads { "StateLeader" } else { "StateFollower" },
            "applied": consensus.applied,
            "progress": if leads { progress } else { json!({}) },
            "leadtransferee": "0",
        });
        vec![("cmdline", arguments.into()), ("file_descriptor_limit", files.into()), ("raft.status", raft)]
    }

    fn metrics_page(&self) -> String {
        exposition::page(self)
    }
}
