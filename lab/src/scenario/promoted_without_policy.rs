//! A follower is promoted that has the GSLBConfig, but no policy.

use super::kit::answers::Answers;
use super::kit::stage::SOON;
use super::kit::{Failure, Stage};
use crate::up::operator::{Operator, OperatorConfig, find_program};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

const MORE: [&str; 4] = ["app1", "app2", "app3", "app4"];
const NEW_LEADER: &str = "s1az2";
/// Longer than any grace, and than the minute after which copies on followers are cleared.
const WATCHED: Duration = Duration::from_secs(80);
/// A Secret has to be copied by a person, as the documents say.
const SECRETS: [&str; 2] = ["gslb-avi-secret", "gslb-config-secret"];

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    let contexts = stage.contexts();
    script.does("four more Ingresses in every cluster");
    for name in MORE {
        stage.create(name, &contexts).await?;
    }
    let names: Vec<&str> = MORE.iter().copied().chain(["hello"]).collect();
    stage.in_sync(&names, SOON).await?;
    let policy = copied(stage, NEW_LEADER).await?;
    copied(stage, "s2").await?;
    let before = Answers::now(stage);

    script.does(&format!("the operator of {NEW_LEADER} starts, as a follower"));
    let namespace = &stage.lab.topology().namespace;
    for name in SECRETS {
        let path = format!("/api/v1/namespaces/{namespace}/secrets");
        let secret = stage.kube.get(stage.home(), &format!("{path}/{name}")).await?;
        let metadata = json!({ "name": name, "namespace": namespace });
        let copy = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": secret["data"] });
        stage.kube.create(NEW_LEADER, &path, copy).await?;
    }
    let mut follower = second_operator(stage)?;
    follower.ready().await?;

    script.does(&format!("AMKOCluster: {} leads no more", stage.home()));
    lead(stage, stage.home(), false).await?;
    script.does(&format!("{NEW_LEADER}: the policy is deleted, then AMKOCluster says that it leads"));
    stage.kube.delete(NEW_LEADER, &stage.policy_path()).await?;
    lead(stage, NEW_LEADER, true).await?;
    let mark = stage.mark();
    stage.keeps(&before, WATCHED).await?;
    let written: Vec<String> = stage.requests(mark).done().into_keys().collect();
    script.check(written.is_empty(), &format!("written without a policy: {}", written.join(", ")))?;
    copied(stage, "s2").await?;
    let look = async || {
        let conditions = stage.conditions_in(NEW_LEADER).await.map_err(|failure| failure.to_string())?;
        let speaks = conditions.iter().find(|c| c.line().starts_with("PolicyAbsent=True"));
        speaks.map(|c| c.line()).ok_or_else(|| conditions.iter().map(|c| c.line()).collect::<Vec<_>>().join(" | "))
    };
    script.wait(&format!("the status of gc-1 in {NEW_LEADER} says that there is no policy"), SOON, look).await?;
    stage.describe(NEW_LEADER).await?;

    script.does(&format!("{NEW_LEADER}: the policy is there again"));
    let collection = stage.policy_path().trim_end_matches("/global-gdp").to_owned();
    stage.kube.create(NEW_LEADER, &collection, policy).await?;
    stage.keeps(&before, Duration::from_secs(10)).await?;
    script.does(&format!("Ingress app1 deleted in {NEW_LEADER}: the new leader works"));
    stage.delete("app1", &[NEW_LEADER]).await?;
    let host = stage.host("app1");
    let wanted = before.of(&host).len() - 1;
    let left = async || {
        let left = Answers::now(stage).of(&host).to_vec();
        if left.len() == wanted { Ok(format!("{host} is {}", left.join(", "))) } else { Err(left.join(", ")) }
    };
    script.wait("the member goes", SOON, left).await?;
    follower.stop().await.map_err(|error| Failure::broken("the second operator did not stop", error))
}

/// Waits until the policy is in a cluster; gives it as somebody would make it again.
async fn copied(stage: &Stage, context: &str) -> Result<Value, Failure> {
    let mut policy = Value::Null;
    let look = async || match stage.kube.get(context, &stage.policy_path()).await {
        Ok(found) => {
            policy = found;
            Ok("it has".to_owned())
        }
        Err(failure) => Err(failure.to_string()),
    };
    stage.script.wait(&format!("{context} has the policy"), SOON, look).await?;
    let metadata = json!({ "name": "global-gdp", "namespace": policy["metadata"]["namespace"] });
    Ok(json!({
        "apiVersion": policy["apiVersion"], "kind": policy["kind"], "metadata": metadata, "spec": policy["spec"],
    }))
}

async fn lead(stage: &Stage, context: &str, leads: bool) -> Result<(), Failure> {
    let namespace = &stage.lab.topology().namespace;
    let path = format!("/apis/amko.vmware.com/v1alpha1/namespaces/{namespace}/amkoclusters/amkocluster-federation");
    stage.kube.patch(context, &path, json!({ "spec": { "isLeader": leads } })).await
}

fn second_operator(stage: &Stage) -> Result<Operator, Failure> {
    let first = stage.lab.topology().operator_http;
    Ok(Operator::start(OperatorConfig {
        program: find_program()?,
        members: stage.lab.dir().members(),
        log: stage.lab.dir().operator_log(NEW_LEADER),
        namespace: stage.lab.topology().namespace.clone(),
        http: SocketAddr::new(first.ip(), first.port() + 1),
        context: NEW_LEADER.into(),
        more: Vec::new(),
    })?)
}
