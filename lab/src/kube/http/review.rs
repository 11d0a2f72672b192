//! Reviews: questions to the server that are answered and not stored. Everybody may do everything.

use http::StatusCode;
use serde_json::json;

use super::answer::{Answer, Refusal};
use super::{Call, body};
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
        "SelfSubjectReview" => {
            let user = &call.user;
            json!({ "userInfo": { "username": user.username, "uid": user.uid, "groups": user.groups } })
        }
        _ => json!({ "allowed": true, "reason": "everybody may do everything here" }),
    };
    let fields = review.as_object_mut().ok_or_else(|| Status::bad_request("a review must be an object"))?;
    fields.insert("apiVersion".to_owned(), json!(resource.api_version()));
    fields.insert("kind".to_owned(), json!(resource.kind));
    fields.entry("metadata").or_insert_with(|| json!({}));
    fields.insert("status".to_owned(), status);
    Ok(Answer::Written { code: StatusCode::CREATED, body: review, warnings: Vec::new() })
}
