//! The two faces of an Event: stored as core/v1, also served as events.k8s.io/v1.

use serde_json::Value;

/// events.k8s.io name, core name.
const RENAMED: &[(&str, &str)] = &[
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
];

/// The stored form of an events.k8s.io/v1 Event.
pub fn to_core(event: Value) -> Value {
    rename(event, "v1", |(from, to)| (*from, *to))
}

/// The events.k8s.io/v1 form of a stored Event.
pub fn from_core(event: Value) -> Value {
    rename(event, "events.k8s.io/v1", |(to, from)| (*from, *to))
}

fn rename(
    mut event: Value,
    api_version: &str,
    direction: impl Fn(&(&'static str, &'static str)) -> (&'static str, &'static str),
) -> Value {
    if let Some(fields) = event.as_object_mut() {
        for (from, to) in RENAMED.iter().map(direction) {
            if let Some(value) = fields.remove(from) {
                fields.insert(to.to_owned(), value);
            }
        }
        fields.insert("apiVersion".to_owned(), api_version.into());
    }
    event
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_survives_the_way_to_the_store_and_back() {
        let event = json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": { "name": "e" }, "reason": "Moved",
            "regarding": { "kind": "Ingress" }, "note": "text", "reportingController": "amko", "deprecatedCount": 2,
        });
        let stored = to_core(event.clone());
        let expected = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": { "name": "e" }, "reason": "Moved",
            "involvedObject": { "kind": "Ingress" }, "message": "text", "reportingComponent": "amko", "count": 2,
        });
        assert_eq!(stored, expected);
        assert_eq!(from_core(stored), event);
    }
}
