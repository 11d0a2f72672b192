//! The definition of Routes comes to a plain cluster, and goes again.

use super::kit::answers::Answers;
use super::kit::stage::SOON;
use super::kit::{Failure, Stage};
use serde_json::{Value, json};
use std::time::Duration;

const CONTEXT: &str = "s1az2";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const NAME: &str = "routes.route.openshift.io";
/// Which kinds are served is asked again after some time.
const ASKED: Duration = Duration::from_secs(90);
const WATCHED: Duration = Duration::from_secs(20);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    let contexts = stage.contexts();
    script.does("Ingresses: shop in every cluster");
    stage.create("shop", &contexts).await?;
    stage.in_sync(&["hello", "shop"], SOON).await?;
    let before = Answers::now(stage);
    let mark = stage.mark();

    script.does(&format!("{CONTEXT}: kubectl apply -f routes-crd.yaml; there is no Route"));
    stage.kube.create(CONTEXT, DEFINITIONS, definition()).await?;
    stage.keeps(&before, WATCHED).await?;
    script.does(&format!("{CONTEXT}: Route routed"));
    stage.kube.create(CONTEXT, "/apis/route.openshift.io/v1/namespaces/default/routes", route(stage)).await?;
    stage.in_sync(&["hello", "routed", "shop"], ASKED).await?;
    stage.keeps(&before, Duration::from_secs(3)).await?;
    script.does(&format!("{CONTEXT}: Ingress late, which has to count as before"));
    stage.create("late", &[CONTEXT]).await?;
    stage.in_sync(&["hello", "late", "routed", "shop"], SOON).await?;

    script.does(&format!("{CONTEXT}: the definition goes, and the Route with it"));
    stage.kube.delete(CONTEXT, &format!("{DEFINITIONS}/{NAME}")).await?;
    stage.keeps(&before, WATCHED).await?;
    stage.describe(stage.home()).await?;
    script.does(&format!("{CONTEXT}: Ingress later"));
    stage.create("later", &[CONTEXT]).await?;
    let later = vec![stage.expected("later", &[CONTEXT]).await?];
    stage.resolve(later, SOON).await?;
    stage.keeps(&before, Duration::from_secs(3)).await?;
    let done = stage.requests(mark).done();
    let touched = ["hello", "shop"].map(|name| stage.host(name));
    let touched: Vec<&String> = done.keys().filter(|line| touched.iter().any(|host| line.ends_with(host))).collect();
    script.check(touched.is_empty(), &format!("writes of services that only Ingresses ask for: {touched:?}"))
}

fn definition() -> Value {
    let schema = json!({ "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } });
    let version = json!({
        "name": "v1", "served": true, "storage": true, "subresources": { "status": {} }, "schema": schema,
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": NAME },
        "spec": {
            "group": "route.openshift.io", "scope": "Namespaced", "versions": [version],
            "names": { "plural": "routes", "singular": "route", "kind": "Route", "listKind": "RouteList" },
        },
    })
}

fn route(stage: &Stage) -> Value {
    json!({
        "apiVersion": "route.openshift.io/v1", "kind": "Route",
        "metadata": { "name": "routed", "namespace": "default", "labels": { "app": "gslb" } },
        "spec": { "host": stage.host("routed"), "path": "/", "to": { "kind": "Service", "name": "hello" } },
    })
}
