//! Events in a cluster: core/v1, as `kubectl describe` reads them.

use crate::core::occurrence::{Involved, Occurrence};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::Client;
use kube::api::{Api, PostParams};
use sha1::{Digest, Sha1};
use std::time::Duration;
use tokio::time::timeout;

/// Who reports.
const COMPONENT: &str = "amko";
/// Longest wait for an answer of the API server.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest name of an object, in bytes.
const LONGEST_NAME: usize = 253;
/// Longest message that every API server takes, in bytes.
const LONGEST_MESSAGE: usize = 1024;

/// How the creation of an Event ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    Written,
    /// It is there already, written by an earlier process.
    Known,
    /// The operator may not create Events there, in the server's words.
    Forbidden(String),
    /// It never will be: its namespace is gone or going, or the server does not want it.
    Pointless(String),
    /// It may work later.
    Failed(String),
}

/// The Event that says this. Its name follows from object and words, so that the same Event again meets the first.
pub fn event(involved: &Involved, occurrence: &Occurrence, at: Timestamp) -> Event {
    let Involved { api_version, kind, namespace, name, uid } = involved;
    let message = shortened(&occurrence.message, LONGEST_MESSAGE).to_owned();
    let at = Time(Timestamp::from_second(at.as_second()).unwrap_or(at));
    Event {
        metadata: ObjectMeta {
            name: Some(event_name(involved, occurrence)),
            namespace: Some(namespace.clone()),
            ..ObjectMeta::default()
        },
        involved_object: ObjectReference {
            api_version: Some(api_version.to_string()),
            kind: Some(kind.to_string()),
            namespace: Some(namespace.clone()),
            name: Some(name.clone()),
            uid: uid.clone(),
            ..ObjectReference::default()
        },
        type_: Some(occurrence.reason.event_type().to_owned()),
        reason: Some(occurrence.reason.word().to_owned()),
        message: Some(message),
        source: Some(EventSource { component: Some(COMPONENT.to_owned()), host: None }),
        reporting_component: Some(COMPONENT.to_owned()),
        first_timestamp: Some(at.clone()),
        last_timestamp: Some(at),
        count: Some(1),
        ..Event::default()
    }
}

/// `<object name>.<16 hex digits of uid, reason and message>`.
fn event_name(involved: &Involved, occurrence: &Occurrence) -> String {
    let uid = involved.uid.as_deref().unwrap_or_default();
    let words = format!("{uid}\n{}\n{}", occurrence.reason.word(), occurrence.message);
    let hash = Sha1::digest(words.as_bytes());
    let hex = HEXLOWER.encode(hash.first_chunk::<8>().map_or(&[], |first| first));
    let name = shortened(&involved.name, LONGEST_NAME - hex.len() - 1);
    // What stands before the dot has to end like a name.
    format!("{}.{hex}", name.trim_end_matches(|end: char| !end.is_ascii_alphanumeric()))
}

/// The beginning of a text, at most so many bytes of it.
fn shortened(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

/// Creates an Event in the namespace of its object. Sent once.
pub async fn create(client: &Client, event: &Event) -> Created {
    let namespace = event.metadata.namespace.as_deref().unwrap_or_default();
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    match timeout(PATIENCE, api.create(&PostParams::default(), event)).await {
        Ok(Ok(_)) => Created::Written,
        Ok(Err(kube::Error::Api(status))) => refused(&status),
        Ok(Err(error)) => Created::Failed(super::cause::said(&error)),
        Err(_) => Created::Failed(format!("no answer in {PATIENCE:?}")),
    }
}

fn refused(status: &kube::core::Status) -> Created {
    let message = status.message.clone();
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let is_ending = causes.into_iter().any(|cause| cause.reason == "NamespaceTerminating");
    match status.code {
        // A name that would be generated is another matter: ours is taken by the same words.
        409 => Created::Known,
        403 if is_ending => Created::Pointless(message),
        401 | 403 => Created::Forbidden(message),
        400 | 404 | 413 | 422 => Created::Pointless(message),
        _ => Created::Failed(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::occurrence::Reason;
    use kube::core::Status;
    use kube::core::response::{StatusCause, StatusDetails};
    use serde_json::json;

    fn involved(name: &str) -> Involved {
        Involved {
            api_version: "networking.k8s.io/v1".into(),
            kind: "Ingress".into(),
            namespace: "shop".into(),
            name: name.into(),
            uid: Some("7d5e".into()),
        }
    }

    /// DB-38
    #[test]
    fn an_event_names_its_object_and_its_words_name_it() {
        let occurrence = Occurrence::new(Reason::Refused, "no uuid");
        let at = "2026-01-01T00:00:00.75Z".parse().unwrap();
        let sent = serde_json::to_value(event(&involved("web"), &occurrence, at)).unwrap();
        let expected = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": "web.52b0e7c24e571813", "namespace": "shop"},
            "involvedObject": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "namespace": "shop",
                "name": "web", "uid": "7d5e"},
            "type": "Warning", "reason": "Refused", "message": "no uuid",
            "source": {"component": "amko"}, "reportingComponent": "amko",
            "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z", "count": 1,
        });
        assert_eq!(sent, expected);
    }

    #[test]
    fn another_object_reason_or_message_makes_another_name_and_the_time_does_not() {
        let name = |uid: &str, reason, message: &str, at: &str| {
            let involved = Involved { uid: Some(uid.into()), ..involved("web") };
            event(&involved, &Occurrence::new(reason, message), at.parse().unwrap()).metadata.name.unwrap()
        };
        let first = name("a", Reason::Accepted, "m", "2026-01-01T00:00:00Z");
        assert_eq!(first, name("a", Reason::Accepted, "m", "2026-05-01T00:00:00Z"));
        for (uid, reason, message) in
            [("b", Reason::Accepted, "m"), ("a", Reason::Programmed, "m"), ("a", Reason::Accepted, "n")]
        {
            assert_ne!(first, name(uid, reason, message, "2026-01-01T00:00:00Z"), "{uid} {reason:?} {message}");
        }
    }

    #[test]
    fn a_long_name_and_a_long_message_are_cut_to_what_servers_take() {
        let long = involved(&format!("{}-{}", "a".repeat(235), "b".repeat(17)));
        let sent = event(&long, &Occurrence::new(Reason::Invalid, "ä".repeat(600)), Timestamp::UNIX_EPOCH);
        let name = sent.metadata.name.unwrap();
        assert_eq!((name.len(), &name[..236]), (252, format!("{}.", "a".repeat(235)).as_str()));
        assert_eq!(sent.message.unwrap(), "ä".repeat(512));
    }

    #[test]
    fn answers_are_told_apart_by_what_can_be_done_about_them() {
        let status = |code, cause: &str| Status {
            code,
            message: "text".into(),
            details: Some(StatusDetails {
                causes: vec![StatusCause { reason: cause.into(), message: String::new(), field: String::new() }],
                name: String::new(),
                group: String::new(),
                kind: String::new(),
                uid: String::new(),
                retry_after_seconds: 0,
            }),
            ..Status::default()
        };
        let text = || "text".to_owned();
        let cases = [
            (409, "", Created::Known),
            (403, "", Created::Forbidden(text())),
            (401, "", Created::Forbidden(text())),
            (403, "NamespaceTerminating", Created::Pointless(text())),
            (404, "", Created::Pointless(text())),
            (422, "", Created::Pointless(text())),
            (429, "", Created::Failed(text())),
            (500, "", Created::Failed(text())),
        ];
        for (code, cause, expected) in cases {
            assert_eq!(refused(&status(code, cause)), expected, "{code} {cause}");
        }
    }
}
