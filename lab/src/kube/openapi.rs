//! OpenAPI v3 documents: what `kubectl create`, `apply`, `edit` and `explain` ask for before they act.

use serde_json::{Value, json};

/// One served group version. `group` is empty for the core group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupVersionDoc {
    pub group: String,
    pub version: String,
    pub kinds: Vec<KindDoc>,
}

/// One kind of a group version; `schema` is its `openAPIV3Schema`, where one is known.
#[derive(Debug, Clone, PartialEq)]
pub struct KindDoc {
    pub kind: String,
    pub plural: String,
    pub namespaced: bool,
    pub schema: Option<Value>,
}

/// The answer to `GET /openapi/v3`.
pub fn v3_index(_docs: &[GroupVersionDoc]) -> Value {
    json!({ "paths": {} })
}

/// The answer to `GET /openapi/v3/<key>`.
pub fn v3_document(_doc: &GroupVersionDoc) -> Value {
    json!({ "openapi": "3.0.0", "paths": {} })
}
