//! What is said of one change.

use kv_cli::Record;
use kv_proto::mvccpb::Event;
use kv_proto::mvccpb::event::EventType;

pub(super) fn type_name(event: &Event) -> &'static str {
    match event.r#type() {
        EventType::Put => "PUT",
        EventType::Delete => "DELETE",
    }
}

/// Returns a change for programs.
pub(super) fn record(event: &Event) -> Record {
    let kv = event.kv.clone().unwrap_or_default();
    let previous = event.prev_kv.as_ref().map(Record::key_value);
    let (kind, kv) = match event.r#type() {
        EventType::Put => ("put", Record::key_value(&kv)),
        // Of a deleted key there are only its name and when that was.
        EventType::Delete => {
            ("delete", Record::new().with("key", kv.key.clone()).with("mod_revision", kv.mod_revision))
        }
    };
    Record::new().with("type", kind).and(kv).with_some("previous", previous)
}
