//! Who may do what, and tokens of service accounts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::kube::{Peer, UserInfo};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";

/// A server that knows one administrator.
fn guarded(world: &KubeWorld) -> Router {
    let groups = vec!["system:masters".to_owned()];
    let root = UserInfo { username: "root".to_owned(), uid: String::new(), groups };
    world.router_with_tokens(BTreeMap::from([("root".to_owned(), root)]))
}

async fn as_bearer(router: &Router, token: &str, method: &str, path: &str, body: Value) -> Reply {
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    answer(router, request.body(Body::from(body.to_string())).unwrap()).await
}

async fn answer(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let code = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Reply { code, body: serde_json::from_slice(&bytes).unwrap_or_default() }
}

async fn allow_reading(router: &Router, subject: Value) {
    let rules = json!([{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "patch"] }]);
    let role = json!({ "metadata": { "name": "reader" }, "rules": rules });
    let binding = json!({
        "metadata": { "name": "reader" }, "subjects": [subject], "roleRef": { "kind": "Role", "name": "reader" },
    });
    for (plural, object) in [("roles", role), ("rolebindings", binding)] {
        assert_eq!(as_bearer(router, "root", "POST", &format!("{RBAC}/{plural}"), object).await.code, 201);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_of_a_service_account_has_its_rights_and_ends_with_its_time_or_its_account() {
    let world = world();
    let router = guarded(&world);
    world.apply(config_map("a")).unwrap();
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    as_bearer(&router, "root", "POST", accounts, json!({ "metadata": { "name": "robot" } })).await;
    allow_reading(&router, json!({ "kind": "ServiceAccount", "name": "robot", "namespace": "default" })).await;
    let request = json!({ "spec": { "expirationSeconds": 600 } });
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let issued = as_bearer(&router, "root", "POST", &format!("{accounts}/robot/token"), request.clone()).await;
        tokens.push(issued.body["status"]["token"].as_str().unwrap().to_owned());
        tokio::time::advance(Duration::from_secs(300)).await;
    }
    let one = format!("{CONFIG_MAPS}/a");
    let code = async |token: &str, path: &str| as_bearer(&router, token, "GET", path, json!({})).await.code;
    assert_eq!([code(&tokens[0], &one).await, code(&tokens[1], &one).await], [401, 200], "the first one is over");
    assert_eq!(code(&tokens[1], CONFIG_MAPS).await, 403, "listing is not allowed");
    as_bearer(&router, "root", "DELETE", &format!("{accounts}/robot"), json!({})).await;
    assert_eq!(code(&tokens[1], &one).await, 401, "the account is gone");
}

#[tokio::test]
async fn the_holder_of_a_certificate_needs_the_right_to_create_to_apply_what_is_missing() {
    let world = world();
    let router = guarded(&world);
    allow_reading(&router, json!({ "kind": "Group", "name": "makers" })).await;
    world.apply(config_map("there")).unwrap();
    let groups = vec!["makers".to_owned()];
    let maker = UserInfo { username: "m".to_owned(), uid: String::new(), groups };
    let apply = async |name: &str, peer: Peer| {
        let request = Request::patch(format!("{CONFIG_MAPS}/{name}?fieldManager=m&force=true"))
            .header("content-type", "application/apply-patch+yaml")
            .extension(peer);
        answer(&router, request.body(Body::from(config_map(name).to_string())).unwrap()).await.code
    };
    assert_eq!(apply("there", Peer(Some(maker.clone()))).await, 200);
    assert_eq!(apply("missing", Peer(Some(maker))).await, 403);
    assert_eq!(apply("there", Peer::default()).await, 401);
}

#[tokio::test]
async fn reviews_answer_for_oneself_and_for_others() {
    let world = world();
    let router = guarded(&world);
    allow_reading(&router, json!({ "kind": "User", "name": "u" })).await;
    let get = json!({ "namespace": "default", "verb": "get", "resource": "configmaps" });
    let group = "/apis/authorization.k8s.io/v1";
    let other = json!({ "spec": { "user": "u", "resourceAttributes": get } });
    let review = as_bearer(&router, "root", "POST", &format!("{group}/subjectaccessreviews"), other).await.body;
    let reason = "RBAC: allowed by RoleBinding \"reader/default\" of Role \"reader\" to User \"u\"";
    assert_eq!(review["status"], json!({ "allowed": true, "reason": reason }));
    let local = json!({ "spec": { "user": "v", "resourceAttributes": get } });
    let path = format!("{group}/namespaces/default/localsubjectaccessreviews");
    assert_eq!(as_bearer(&router, "root", "POST", &path, local).await.body["status"], json!({ "allowed": false }));
    let path = "/apis/authentication.k8s.io/v1/tokenreviews";
    let token = as_bearer(&router, "root", "POST", path, json!({ "spec": { "token": "root" } })).await.body;
    assert_eq!(token["status"]["user"]["groups"], json!(["system:masters", "system:authenticated"]));
}
