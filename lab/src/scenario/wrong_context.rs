//! A context of the kubeconfig leads to another cluster; then the cluster behind a context is built anew, and is empty.

use super::kit::answers::Answers;
use super::kit::stage::SOON;
use super::kit::{Failure, Stage};
use serde_json::{Value, json};
use std::time::Duration;

const MORE: [&str; 4] = ["app1", "app2", "app3", "app4"];
const CONTEXT: &str = "s2";
/// Where it leads by mistake.
const OTHER: &str = "s1az2";
/// How long nothing may happen after a mistake.
const WATCHED: Duration = Duration::from_secs(25);
/// A kubeconfig in a file is looked at again after some seconds.
const TAKEN: Duration = Duration::from_secs(60);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    let contexts = stage.contexts();
    script.does("four more Ingresses in every cluster");
    for name in MORE {
        stage.create(name, &contexts).await?;
    }
    let names: Vec<&str> = MORE.iter().copied().chain(["hello"]).collect();
    stage.in_sync(&names, SOON).await?;
    let before = Answers::now(stage);
    let mark = stage.mark();

    script.does(&format!("the kubeconfig: context {CONTEXT} has the server of {OTHER}"));
    let members = stage.lab.dir().members();
    let right = std::fs::read_to_string(&members).map_err(|error| Failure::broken("kubeconfig", error))?;
    write(&members, &mistaken(&right)?)?;
    stage
        .page("/api/status", &format!("that {CONTEXT} is another cluster"), TAKEN, |text| {
            let status: Value = serde_json::from_str(text).unwrap_or_default();
            let cluster = &status["clusters"][CONTEXT];
            cluster["synced"] == false && !cluster["error"].is_null()
        })
        .await?;
    stage.keeps(&before, WATCHED).await?;
    stage.told(&format!("the identity of {CONTEXT}"), &[CONTEXT], SOON).await?;
    stage.describe(stage.home()).await?;
    script.does("the kubeconfig as it was");
    write(&members, &right)?;
    synced(stage).await?;
    stage.keeps(&before, Duration::from_secs(5)).await?;
    let written: Vec<String> = stage.requests(mark).done().into_keys().collect();
    script.check(written.is_empty(), &format!("written because of the mistake: {}", written.join(", ")))?;

    script.does(&format!("{CONTEXT} is built anew: another kube-system, no application"));
    stage.lab.black_out(CONTEXT).await?;
    build_anew(stage)?;
    stage.lab.restore(CONTEXT).await?;
    let asked =
        stage.told("the other identity, and how to approve it", &["amko.vmware.com/approve-clusters"], TAKEN).await?;
    stage.keeps(&before, WATCHED).await?;
    stage.describe(stage.home()).await?;
    stage.approve(&asked).await?;
    let others: Vec<&str> = contexts.iter().copied().filter(|context| *context != CONTEXT).collect();
    let expected = vec![stage.expected("hello", &others).await?, stage.expected("app1", &others).await?];
    stage.resolve(expected, TAKEN).await?;
    stage.nothing_waits(SOON).await?;
    synced(stage).await
}

fn mistaken(kubeconfig: &str) -> Result<String, Failure> {
    let broken = |error: &dyn std::fmt::Display| Failure::broken("kubeconfig", error);
    let mut config: Value = serde_saphyr::from_str(kubeconfig).map_err(|error| broken(&error))?;
    let of = |part: &Value, name: &str, field: &str| {
        let entry = part.as_array().into_iter().flatten().find(|entry| entry["name"] == name);
        entry.map(|entry| entry[field].clone()).unwrap_or_default()
    };
    let cluster = of(&config["clusters"], OTHER, "cluster");
    let user = of(&config["users"], &format!("{OTHER}-admin"), "user");
    for (part, name, field, value) in
        [("clusters", CONTEXT.to_owned(), "cluster", cluster), ("users", format!("{CONTEXT}-admin"), "user", user)]
    {
        let entries = config[part].as_array_mut().into_iter().flatten();
        entries.filter(|entry| entry["name"] == name.as_str()).for_each(|entry| entry[field] = value.clone());
    }
    serde_saphyr::to_string(&config).map_err(|error| broken(&error))
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::broken(path.display().to_string(), error))
}

/// Another UID of kube-system, and nothing to expose.
fn build_anew(stage: &Stage) -> Result<(), Failure> {
    let broken = |status: crate::kube::Status| Failure::broken(format!("build {CONTEXT} anew"), status);
    let Some(world) = stage.lab.worlds().clusters.get(CONTEXT) else { return Ok(()) };
    for kind in ["ingresses.networking.k8s.io", "services"] {
        for object in world.list(kind) {
            let metadata = &object["metadata"];
            let name = metadata["name"].as_str().unwrap_or_default();
            world.delete(kind, metadata["namespace"].as_str(), name).map_err(broken)?;
        }
    }
    // No cluster lets go of it while it lives.
    world.lose("namespaces", None, "kube-system").map_err(broken)?;
    let again = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "kube-system" } });
    world.apply(again).map_err(broken)?;
    world.compact();
    Ok(())
}

async fn synced(stage: &Stage) -> Result<(), Failure> {
    let right = |text: &str| {
        let status: Value = serde_json::from_str(text).unwrap_or_default();
        status["clusters"][CONTEXT]["synced"] == true
    };
    stage.page("/api/status", &format!("that {CONTEXT} is seen"), TAKEN, right).await
}
