//! Tokens of service accounts.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::route::ResourcePath;
use super::{Call, body};
use crate::kube::meta;
use crate::kube::resource::{ObjectKey, Resource};
use crate::kube::status::{Status, invalid_value};

/// In seconds, where a request does not say.
const USUAL: i64 = 3600;
const SHORTEST: i64 = 600;

/// Gives out a token for a service account.
pub(super) fn issue(call: &Call, resource: &Resource, path: &ResourcePath<'_>, name: &str) -> Result<Answer, Refusal> {
    let mut request = body::decode(body::media_type(&call.headers), &call.body)?;
    let key = ObjectKey::new(path.namespace, name);
    let mut state = call.world.state.lock();
    let account = state.store.get(&resource.storage_key(), &key).cloned();
    let account = account.ok_or_else(|| Status::not_found(resource.subject(name)))?;
    let seconds = request["spec"]["expirationSeconds"].as_i64().filter(|seconds| *seconds != 0).unwrap_or(USUAL);
    if seconds < SHORTEST {
        let detail = "may not specify a duration less than 10 minutes";
        let error = invalid_value("spec.expirationSeconds", &json!(seconds), detail);
        return Err(Status::invalid("authentication.k8s.io", "TokenRequest", "", &[error]).into());
    }
    let expires = state.clock.now().saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(jiff::Timestamp::MAX);
    let token = state.issue_token(key, meta::text(&account, "uid"), expires);
    let fields = request.as_object_mut().ok_or_else(|| Status::bad_request("a token request must be an object"))?;
    for (field, value) in [("apiVersion", "authentication.k8s.io/v1"), ("kind", "TokenRequest")] {
        fields.insert(field.to_owned(), json!(value));
    }
    let metadata =
        json!({ "name": name, "namespace": path.namespace, "creationTimestamp": meta::time_text(state.clock.now()) });
    fields.insert("metadata".to_owned(), metadata);
    let spec = fields.entry("spec").or_insert_with(|| json!({}));
    if let Some(spec) = spec.as_object_mut() {
        spec.insert("expirationSeconds".to_owned(), json!(seconds));
    }
    let status: Value = json!({ "token": token, "expirationTimestamp": meta::time_text(expires) });
    fields.insert("status".to_owned(), status);
    Ok(Answer::Written { code: StatusCode::CREATED, body: request, warnings: Vec::new() })
}
