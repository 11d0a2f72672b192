//! The scale subresource, both Event APIs, leases, and who may do what.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::check::{Check, Checked, Failure, eventually};
use crate::client::{Cluster, JSON, names};
use crate::fixtures::{lease, widget_of};
use crate::target::{CERTIFICATE_GROUP, CERTIFICATE_USER};

pub(crate) fn checks() -> Vec<Check> {
    vec![
        check!(110, a_scale_reads_and_writes_the_replicas_of_its_parent),
        check!(111, an_event_is_the_same_in_both_groups),
        check!(112, of_two_writers_of_one_lease_one_wins),
        check!(113, a_lease_keeps_microseconds),
        check!(114, a_wrong_token_is_unauthorized_and_a_missing_right_forbidden),
        check!(115, an_access_review_tells_what_is_allowed),
        check!(116, a_client_certificate_names_user_and_groups, [ClientCertificate]),
    ]
}

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// 110.
async fn a_scale_reads_and_writes_the_replicas_of_its_parent(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget_of("w", json!({ "replicas": 2 }))).await?.ok(201)?;
    let status = json!({ "status": { "replicas": 1, "selector": "app=x" } });
    c.merge(&format!("{}/status", c.widget("w")), &status).await?.ok(200)?;
    let path = format!("{}/scale", c.widget("w"));
    let mut scale = c.get(&path).await?.ok(200)?;
    same!(
        [&scale["kind"], &scale["apiVersion"], &scale["spec"], &scale["status"]],
        json!(["Scale", "autoscaling/v1", { "replicas": 2 }, { "replicas": 1, "selector": "app=x" }])
    );
    scale["spec"]["replicas"] = json!(3);
    same!(c.put(&path, &scale).await?.ok(200)?["spec"]["replicas"], 3);
    let parent = c.get(&c.widget("w")).await?.ok(200)?;
    same!([&parent["spec"]["replicas"], &parent["metadata"]["generation"]], [3, 2]);
    let patched = c.merge(&path, &json!({ "spec": { "replicas": 4 } })).await?.ok(200)?;
    let parent = c.get(&c.widget("w")).await?.ok(200)?;
    same!([&parent["spec"]["replicas"], &parent["metadata"]["generation"]], [4, 3]);
    same!(patched["metadata"]["resourceVersion"], parent["metadata"]["resourceVersion"]);
    c.put(&path, &scale).await?.refused(409, "Conflict").map(|_| ())
}

/// 111.
async fn an_event_is_the_same_in_both_groups(c: Cluster) -> Checked {
    let event = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": { "name": "w.1" },
        "eventTime": "2025-01-02T03:04:05.000006Z", "reason": "Moved", "action": "Move", "type": "Normal",
        "reportingController": "example.com/controller", "reportingInstance": "controller-0", "note": "it moved",
        "regarding": { "apiVersion": "conf.example.com/v1", "kind": "Widget", "name": "w", "namespace": c.namespace },
    });
    c.post(&c.group("events.k8s.io/v1", "events"), &event).await?.ok(201)?;
    let core = c.get(&c.core("events/w.1")).await?.ok(200)?;
    same!(
        [&core["kind"], &core["apiVersion"], &core["involvedObject"]["name"], &core["message"]],
        ["Event", "v1", "w", "it moved"]
    );
    same!([&core["reportingComponent"], &core["eventTime"]], ["example.com/controller", "2025-01-02T03:04:05.000006Z"]);
    let select = |name: &str| format!("{}?fieldSelector=involvedObject.name%3D{name}", c.core("events"));
    same!(names(&c.get(&select("w")).await?.ok(200)?), ["w.1"]);
    same!(names(&c.get(&select("v")).await?.ok(200)?).len(), 0);
    Ok(())
}

/// 112.
async fn of_two_writers_of_one_lease_one_wins(c: Cluster) -> Checked {
    let leases = c.group("coordination.k8s.io/v1", "leases");
    let created = c.post(&leases, &lease("l")).await?.ok(201)?;
    let claim = |holder: &str| {
        let mut claim = created.clone();
        claim["spec"]["holderIdentity"] = json!(holder);
        c.put(&format!("{leases}/l"), &claim)
    };
    let (one, other) = tokio::join!(async { claim("one").await }, async { claim("other").await });
    let mut codes = [one?.code, other?.code];
    codes.sort_unstable();
    same!(codes, [200, 409]);
    Ok(())
}

/// 113.
async fn a_lease_keeps_microseconds(c: Cluster) -> Checked {
    let mut body = lease("l");
    body["spec"]["renewTime"] = json!("2025-01-02T03:04:05.123456Z");
    let leases = c.group("coordination.k8s.io/v1", "leases");
    c.post(&leases, &body).await?.ok(201)?;
    let stored = c.get(&format!("{leases}/l")).await?.ok(200)?;
    same!(stored["spec"]["renewTime"], "2025-01-02T03:04:05.123456Z");
    Ok(())
}

/// Lets somebody read and write ConfigMaps here.
async fn allow_config_maps(c: &Cluster, subject: Value) -> Checked {
    let role = json!({
        "apiVersion": RBAC, "kind": "Role", "metadata": { "name": "config" },
        "rules": [{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"] }],
    });
    let binding = json!({
        "apiVersion": RBAC, "kind": "RoleBinding", "metadata": { "name": "config" }, "subjects": [subject],
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "config" },
    });
    c.post(&c.group(RBAC, "roles"), &role).await?.ok(201)?;
    c.post(&c.group(RBAC, "rolebindings"), &binding).await?.ok(201).map(|_| ())
}

/// A real server puts new rights into force after a moment.
const IN_FORCE: Duration = Duration::from_secs(10);

/// A service account that may read ConfigMaps here, and its token.
async fn restricted(c: &Cluster) -> Result<String, Failure> {
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "robot" } });
    c.post(&c.core("serviceaccounts"), &account).await?.ok(201)?;
    allow_config_maps(c, json!({ "kind": "ServiceAccount", "name": "robot", "namespace": c.namespace })).await?;
    let request = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": { "expirationSeconds": 3600 },
    });
    let answer = c.post(&c.core("serviceaccounts/robot/token"), &request).await?.ok(201)?;
    let token = answer["status"]["token"].as_str().unwrap_or_default().to_owned();
    holds!(answer["status"]["expirationTimestamp"].is_string() && !token.is_empty(), "{answer}");
    eventually(IN_FORCE, || async { c.anonymous(Method::GET, &c.config_maps()).bearer(&token).await?.expect(200) })
        .await?;
    Ok(token)
}

/// 114.
async fn a_wrong_token_is_unauthorized_and_a_missing_right_forbidden(c: Cluster) -> Checked {
    let list = |path: &str, token: &str| c.anonymous(Method::GET, path).bearer(token);
    list(&c.config_maps(), "no-such-token").await?.refused(401, "Unauthorized")?;
    let token = restricted(&c).await?;
    let (user, namespace) = (format!("system:serviceaccount:{0}:robot", c.namespace), &c.namespace);
    let status = list(&c.core("secrets"), &token).await?.refused(403, "Forbidden")?;
    let expected = format!(
        "secrets is forbidden: User \"{user}\" cannot list resource \"secrets\" in API group \"\" in the namespace \
         \"{namespace}\""
    );
    let message = status["message"].as_str().unwrap_or_default();
    holds!(message.starts_with(&expected), "{message}");
    same!(status["details"], json!({ "kind": "secrets" }));
    let named = list(&format!("{}/status", c.widget("w")), &token).await?.refused(403, "Forbidden")?;
    let expected = format!(
        "widgets.conf.example.com \"w\" is forbidden: User \"{user}\" cannot get resource \"widgets/status\" in API \
         group \"conf.example.com\" in the namespace \"{namespace}\""
    );
    let message = named["message"].as_str().unwrap_or_default();
    holds!(message.starts_with(&expected), "{message}");
    let cluster = list("/api/v1/namespaces", &token).await?.refused(403, "Forbidden")?;
    let message = cluster["message"].as_str().unwrap_or_default();
    holds!(message.contains("at the cluster scope"), "{message}");
    Ok(())
}

/// 115.
async fn an_access_review_tells_what_is_allowed(c: Cluster) -> Checked {
    let token = restricted(&c).await?;
    for (verb, resource, allowed) in [("list", "configmaps", true), ("delete", "configmaps", false)] {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": { "namespace": c.namespace, "verb": verb, "resource": resource } },
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let answer = c.anonymous(Method::POST, path).bearer(&token).body(JSON, &review).await?.ok(201)?;
        same!(answer["status"]["allowed"], allowed);
    }
    Ok(())
}

/// 116.
async fn a_client_certificate_names_user_and_groups(c: Cluster) -> Checked {
    let Some(certificate) = c.target.client_certificate.clone() else {
        return Err(Failure::NotApplicable("the target names no client certificate".to_owned()));
    };
    let holder = c.with_certificate(&certificate);
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer = holder.anonymous(Method::POST, path).body(JSON, &review).await?.ok(201)?;
    let user = &answer["status"]["userInfo"];
    same!(user["username"], CERTIFICATE_USER);
    holds!(user["groups"].as_array().is_some_and(|groups| groups.contains(&json!(CERTIFICATE_GROUP))), "{user}");
    holder.anonymous(Method::GET, &c.config_maps()).await?.refused(403, "Forbidden")?;
    let group = json!({ "kind": "Group", "name": CERTIFICATE_GROUP, "apiGroup": "rbac.authorization.k8s.io" });
    allow_config_maps(&c, group).await?;
    eventually(IN_FORCE, || async { holder.anonymous(Method::GET, &c.config_maps()).await?.expect(200) }).await
}
