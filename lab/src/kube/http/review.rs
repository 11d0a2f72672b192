//! Reviews: questions to the server that are answered and not stored.

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::{Call, body};
use crate::kube::auth::UserInfo;
use crate::kube::rbac::{self, Attributes};
use crate::kube::resource::Resource;
use crate::kube::status::Status;

pub(super) fn answer(call: &Call, resource: &Resource) -> Result<Answer, Refusal> {
    let media_type = body::media_type(&call.headers);
    // A SelfSubjectReview asks nothing, so its body does not matter.
    let mut review = match resource.kind.as_str() {
        "SelfSubjectReview" => json!({}),
        _ => body::decode(media_type, &call.body)?,
    };
    let status = match resource.kind.as_str() {
        "SelfSubjectReview" => json!({ "userInfo": user_json(&call.user) }),
        "SelfSubjectAccessReview" => access(call, &call.user, &review["spec"]),
        "SelfSubjectRulesReview" => rules(call, review["spec"]["namespace"].as_str().unwrap_or_default()),
        "TokenReview" => token(call, review["spec"]["token"].as_str().unwrap_or_default()),
        _ => access(call, &reviewed_user(&review["spec"]), &review["spec"]),
    };
    let fields = review.as_object_mut().ok_or_else(|| Status::bad_request("a review must be an object"))?;
    fields.insert("apiVersion".to_owned(), json!(resource.api_version()));
    fields.insert("kind".to_owned(), json!(resource.kind));
    fields.entry("metadata").or_insert_with(|| json!({}));
    fields.insert("status".to_owned(), status);
    Ok(Answer::Written { code: StatusCode::CREATED, body: review, warnings: Vec::new() })
}

fn user_json(user: &UserInfo) -> Value {
    json!({ "username": user.username, "uid": user.uid, "groups": user.groups })
}

fn reviewed_user(spec: &Value) -> UserInfo {
    let groups = spec["groups"].as_array().into_iter().flatten().filter_map(Value::as_str);
    UserInfo {
        username: spec["user"].as_str().unwrap_or_default().to_owned(),
        uid: spec["uid"].as_str().unwrap_or_default().to_owned(),
        groups: groups.map(str::to_owned).collect(),
    }
}

fn access(call: &Call, user: &UserInfo, spec: &Value) -> Value {
    if !call.guarded() {
        return json!({ "allowed": true, "reason": "everybody may do everything here" });
    }
    let decision = rbac::decide(&call.world.state.lock().store, user, &attributes(spec));
    if decision.reason.is_empty() {
        return json!({ "allowed": decision.allowed });
    }
    json!({ "allowed": decision.allowed, "reason": decision.reason })
}

fn attributes(spec: &Value) -> Attributes {
    let (asked, is_resource) = match &spec["nonResourceAttributes"] {
        Value::Null => (&spec["resourceAttributes"], true),
        path => (path, false),
    };
    let text = |field: &str| asked[field].as_str().unwrap_or_default().to_owned();
    if !is_resource {
        return Attributes { verb: text("verb"), path: text("path"), ..Attributes::default() };
    }
    let resource = match text("subresource") {
        none if none.is_empty() => text("resource"),
        subresource => format!("{}/{subresource}", text("resource")),
    };
    Attributes {
        verb: text("verb"),
        group: text("group"),
        resource,
        name: text("name"),
        namespace: text("namespace"),
        path: String::new(),
    }
}

fn rules(call: &Call, namespace: &str) -> Value {
    let rules = rbac::rules_of(&call.world.state.lock().store, &call.user, namespace);
    let (paths, resources): (Vec<Value>, Vec<Value>) =
        rules.into_iter().partition(|rule| rule.get("nonResourceURLs").is_some());
    json!({ "resourceRules": resources, "nonResourceRules": paths, "incomplete": false })
}

fn token(call: &Call, token: &str) -> Value {
    match call.user_of(token) {
        Some(user) => json!({ "authenticated": true, "user": user_json(&user.authenticated()) }),
        None => json!({ "user": {}, "error": "invalid bearer token" }),
    }
}
