//! kubectl, with a home of its own.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;

use crate::check::{Checked, Failure};
use crate::client::Cluster;
use crate::clients_support::{Home, finish, program};
use crate::fixtures::{service, widget};

struct Kubectl {
    program: String,
    home: Home,
}

impl Kubectl {
    /// Runs it; the output must contain the text.
    async fn says(&self, line: &str, text: &str) -> Checked {
        self.fed_says(line, "", text).await
    }

    async fn fed_says(&self, line: &str, input: &str, text: &str) -> Checked {
        let output = self.home.feed(&self.program, line, input).await?;
        holds!(output.contains(text), "kubectl {line} says {output:?} without {text:?}");
        Ok(())
    }

    async fn all_say(&self, steps: &[(&str, &str)]) -> Checked {
        for (line, text) in steps {
            self.says(line, text).await?;
        }
        Ok(())
    }
}

/// 118.
pub(super) async fn kubectl_does_its_everyday_work(c: Cluster) -> Checked {
    let program = program(&["kubectl".to_owned()], &["version", "--client"]).await;
    // Other tests of this crate need it as well.
    assert!(program.is_ok() || std::env::var("CI").as_deref() != Ok("true"), "{program:?}");
    let program = program?;
    let kubectl = Kubectl { program, home: Home::new(&c) };
    creates(&kubectl, &c).await?;
    applies(&kubectl).await?;
    edits(&kubectl).await?;
    reads(&kubectl).await?;
    watches(&kubectl).await?;
    ends(&kubectl, &c).await
}

/// The generators send protobuf.
async fn creates(kubectl: &Kubectl, c: &Cluster) -> Checked {
    let namespace = format!("{}-more", c.namespace);
    let create = format!("create namespace {namespace}");
    kubectl.says(&create, &format!("namespace/{namespace} created")).await?;
    // Whether it ever ends is up to the controllers.
    c.delete(&format!("/api/v1/namespaces/{namespace}")).await?.expect(200)?;
    let steps = [
        ("create configmap c --from-literal=a=b", "configmap/c created"),
        ("create secret generic s --from-literal=a=b", "secret/s created"),
        ("create serviceaccount robot", "serviceaccount/robot created"),
        ("create role reader --verb=get,list --resource=configmaps", "role.rbac.authorization.k8s.io/reader created"),
        ("create rolebinding reader --role=reader --user=u", "rolebinding.rbac.authorization.k8s.io/reader created"),
        ("auth can-i delete widgets", "yes"),
        ("auth whoami", "system:masters"),
        ("get configmap c -o jsonpath={.data.a}", "b"),
    ];
    kubectl.all_say(&steps).await
}

async fn applies(kubectl: &Kubectl) -> Checked {
    let objects = [widget("w").to_string(), service("web").to_string()].join("\n");
    for outcome in ["created", "unchanged"] {
        let output = kubectl.home.feed(&kubectl.program, "apply -f -", &objects).await?;
        let expected = format!("widget.conf.example.com/w {outcome}\nservice/web {outcome}\n");
        same!(output, expected);
    }
    let served = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "served" }, "data": { "a": "b" },
    });
    for _ in 0..2 {
        let says = "configmap/served serverside-applied";
        kubectl.fed_says("apply --server-side -f -", &served.to_string(), says).await?;
    }
    let mut changed = widget("w");
    changed["spec"]["color"] = json!("blue");
    kubectl.fed_says("apply -f -", &changed.to_string(), "widget.conf.example.com/w configured").await?;
    let mut unknown = widget("odd");
    unknown["spec"]["colour"] = json!("red");
    match kubectl.home.feed(&kubectl.program, "create -f -", &unknown.to_string()).await {
        Err(Failure::Differs(text)) if text.contains("unknown field \"spec.colour\"") => Ok(()),
        other => Err(Failure::differs(format!("an unknown field gives {other:?}"))),
    }
}

async fn edits(kubectl: &Kubectl) -> Checked {
    let mut edit = kubectl.home.command(&kubectl.program, "edit widget w");
    edit.env("EDITOR", "sed -i s/blue/green/");
    let output = finish(edit, "kubectl edit", "").await?;
    holds!(output.contains("widget.conf.example.com/w edited"), "{output}");
    let steps = [
        ("get widget w -o jsonpath={.spec.color}", "green"),
        (r#"patch widget w --type=merge -p {"spec":{"note":"n"}}"#, "widget.conf.example.com/w patched"),
        (r#"patch service web -p {"spec":{"ports":[{"port":80,"targetPort":8080}]}}"#, "service/web patched"),
        ("get service web -o jsonpath={.spec.ports[*].targetPort}", "8080 443"),
        ("label widget w tier=front", "widget.conf.example.com/w labeled"),
        ("label widget w tier=front", "not labeled"),
        ("annotate service web note=hello", "service/web annotated"),
        ("scale widget w --replicas=3", "widget.conf.example.com/w scaled"),
        ("scale widget w --replicas=4 --current-replicas=3", "widget.conf.example.com/w scaled"),
        ("get widget w -o jsonpath={.spec.replicas}", "4"),
    ];
    kubectl.all_say(&steps).await
}

async fn reads(kubectl: &Kubectl) -> Checked {
    let ready = r#"{"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#;
    let patch = format!("patch widget w --subresource=status --type=merge -p {ready}");
    kubectl.says(&patch, "widget.conf.example.com/w patched").await?;
    let steps = [
        ("get wd", "NAME   COLOR   READY"),
        ("get wd", "w      green   True"),
        ("get service web -o wide", "app=web"),
        ("get widgets -l tier=front -o name", "widget.conf.example.com/w"),
        ("get widgets -A", "conformance-"),
        ("describe widget w", "Color:     green"),
        ("describe service web", "Selector:"),
        ("wait widget/w --for=condition=Ready --timeout=20s", "widget.conf.example.com/w condition met"),
        ("explain widget.spec", "enum: red, green, blue"),
        (
            "api-resources --api-group=conf.example.com",
            "widgets   wd           conf.example.com/v1   true         Widget",
        ),
        ("version", "Server Version: v1."),
    ];
    kubectl.all_say(&steps).await
}

async fn watches(kubectl: &Kubectl) -> Checked {
    let mut watch = kubectl.home.command(&kubectl.program, "get widgets -w --output-watch-events");
    let mut child = watch.stdout(Stdio::piped()).spawn().map_err(|error| Failure::differs(error.to_string()))?;
    let stdout = child.stdout.take().ok_or_else(|| Failure::differs("kubectl has no output"))?;
    let mut lines = BufReader::new(stdout).lines();
    let mut next = async || -> Result<String, Failure> {
        let line = timeout(Duration::from_secs(30), lines.next_line()).await;
        let line = line.map_err(|_| Failure::differs("kubectl get -w is silent"))?;
        line.ok().flatten().ok_or_else(|| Failure::differs("kubectl get -w ended"))
    };
    holds!(next().await?.starts_with("EVENT"), "the head comes first");
    let first = next().await?;
    holds!(first.starts_with("ADDED") && first.contains("green"), "{first}");
    kubectl.says(r#"patch widget w --type=merge -p {"spec":{"color":"red"}}"#, "patched").await?;
    let second = next().await?;
    holds!(second.starts_with("MODIFIED") && second.contains("red"), "{second}");
    Ok(())
}

/// Deletion waits for the finalizer, which goes meanwhile.
async fn ends(kubectl: &Kubectl, c: &Cluster) -> Checked {
    kubectl
        .says(r#"patch widget w --type=merge -p {"metadata":{"finalizers":["conf.example.com/f"]}}"#, "patched")
        .await?;
    let delete = kubectl.home.command(&kubectl.program, "delete widget w --timeout=60s");
    let release = async {
        crate::check::eventually(Duration::from_secs(20), || async {
            let widget = c.get(&c.widget("w")).await?.ok(200)?;
            holds!(widget["metadata"]["deletionTimestamp"].is_string(), "{widget}");
            Ok(())
        })
        .await?;
        c.merge(&c.widget("w"), &json!({ "metadata": { "finalizers": null } })).await?.ok(200)
    };
    let (deleted, released) = tokio::join!(finish(delete, "kubectl delete", ""), release);
    released?;
    let deleted = deleted?;
    holds!(deleted.contains("widget.conf.example.com \"w\" deleted"), "{deleted}");
    c.is_absent(&c.widget("w")).await?;
    kubectl.says("delete service,secret,configmap --all", "deleted").await
}
