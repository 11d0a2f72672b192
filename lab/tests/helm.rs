//! The real helm with the operator's chart against the simulated API server: install, upgrade, uninstall, and again.
//!
//! helm is what `make tools` built. Without it the tests say so and pass without looking, except where `CI=true` says
//! that it must be there.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use amko_lab::kube::KubeWorld;
use amko_lab::testing::serve_cluster;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use tokio::process::Command;
use tower::ServiceExt;

const GROUP: &str = "amko.vmware.com";
const DEFINITIONS: &str = "apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const CONFIG: &str = "apis/amko.vmware.com/v1alpha1/namespaces/avi-system/gslbconfigs/gc-1";
const POLICY: &str = "apis/amko.vmware.com/v1alpha2/namespaces/avi-system/globaldeploymentpolicies/global-gdp";
const CLUSTERS: &str = "apis/amko.vmware.com/v1alpha1/namespaces/avi-system/amkoclusters";
const SET: &str = "apis/apps/v1/namespaces/avi-system/statefulsets/amko";
const UUID: &str = "4ab35b6e-7a57-11ed-a1eb-0242ac120002";
/// The annotation with the installation's UUID.
const UUID_KEY: &str = "amko.vmware.com/amko-uuid";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn chart() -> PathBuf {
    repository().join("charts/amko")
}

/// An empty cluster on its own port, and a helm with its own home.
struct Lab {
    world: KubeWorld,
    server: String,
    home: PathBuf,
    helm: PathBuf,
}

impl Lab {
    /// `None` where there is no helm. `name` keeps the homes of tests apart.
    async fn start(name: &str) -> Option<Self> {
        let helm = amko_realkube::helm().map_err(|skip| skip.tell(&format!("helm, {name}"))).ok()?;
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("helm-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        let (world, server) = serve_cluster(name).await;
        Some(Self { world, server, home, helm })
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("KUBECONFIG", "/dev/null").env("HOME", &self.home).kill_on_drop(true);
        command
    }

    /// `helm <verb> <release> [chart]` in `avi-system`, with the values of the article that the lab retells.
    async fn helm(&self, verb: &str, release: &str, chart: Option<&Path>, more: &[&str]) -> Result<String, String> {
        let mut command = self.command(&self.helm);
        command.args(["--kube-apiserver", &self.server, "--namespace", "avi-system", verb, release]);
        if let Some(chart) = chart {
            command.arg(chart);
            command.arg("--values").arg(repository().join("tests/chart/values/article.yaml"));
            command.args(["--set", "image.repository=registry.example.org/amko"]);
        }
        if verb == "install" {
            command.arg("--create-namespace");
        }
        result(&command.args(more).output().await.unwrap())
    }

    /// What the API server answers; a failure is an answer as well.
    async fn ask(&self, method: &str, path: &str, patch: Option<Value>) -> Value {
        let body = patch.map_or_else(Body::empty, |patch| Body::from(patch.to_string()));
        let request = Request::builder().method(method).uri(format!("/{path}"));
        let request = request.header("content-type", "application/merge-patch+json").body(body).unwrap();
        let answer = self.world.router().oneshot(request).await.unwrap();
        serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).await
    }

    async fn store_uuid(&self) {
        let patch = json!({"metadata": {"annotations": {UUID_KEY: UUID}}});
        assert_eq!(self.ask("PATCH", CONFIG, Some(patch)).await["metadata"]["annotations"][UUID_KEY], UUID);
    }

    /// The definitions of our group: by kind, whether they have a status of its own, and the digest they are marked with.
    async fn definitions(&self) -> Vec<(String, bool, String)> {
        let list = self.get(DEFINITIONS).await;
        let ours = list["items"].as_array().unwrap().iter().filter(|item| item["spec"]["group"] == GROUP);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        ours.map(|item| {
            let digest = text(&item["metadata"]["annotations"]["amko.vmware.com/definition"]);
            let status = item["spec"]["versions"][0]["subresources"]["status"].is_object();
            (text(&item["spec"]["names"]["kind"]), status, digest)
        })
        .collect()
    }

    /// A copy of the chart whose definition of the policy is a newer one.
    fn next_chart(&self) -> PathBuf {
        let next = self.home.join("next");
        copy(&chart(), &next);
        let file = next.join("crds/amko.vmware.com_globaldeploymentpolicies.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        let mark = text.lines().find(|line| line.contains("amko.vmware.com/definition")).unwrap();
        let text = text
            .replace(mark, "    amko.vmware.com/definition: next")
            .replace("shortNames:", "categories: [next]\n    shortNames:");
        std::fs::write(&file, text).unwrap();
        next
    }

    /// What AMKO 2.2 leaves: definitions of nobody, most of them without a status of its own.
    fn earlier_chart(&self) -> PathBuf {
        let earlier = self.home.join("earlier");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/helm/earlier"), &earlier);
        std::fs::create_dir_all(earlier.join("crds")).unwrap();
        for entry in std::fs::read_dir(repository().join("crds")).unwrap() {
            let path = entry.unwrap().path();
            let mut definition: Value = serde_saphyr::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            definition["spec"]["versions"][0].as_object_mut().unwrap().remove("subresources");
            std::fs::write(earlier.join("crds").join(path.file_name().unwrap()), definition.to_string()).unwrap();
        }
        earlier
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // A home that stays behind in the build directory harms nobody.
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

fn result(output: &Output) -> Result<String, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

const KINDS: [&str; 4] = ["AMKOCluster", "GlobalDeploymentPolicy", "GSLBConfig", "GSLBHostRule"];

fn kinds(definitions: &[(String, bool, String)]) -> Vec<&str> {
    definitions.iter().map(|(kind, ..)| kind.as_str()).collect()
}

/// DEL-04, FND-C12. What the notes say after a second installation is run as they say it.
#[tokio::test]
async fn a_release_comes_changes_and_goes_and_what_services_hang_on_stays() {
    let Some(lab) = Lab::start("life").await else { return };
    let told = lab.helm("install", "amko", Some(&chart()), &[]).await.unwrap();
    assert!(told.contains("context s1az1, leader"), "{told}");
    assert_eq!(kinds(&lab.definitions().await), KINDS);
    lab.store_uuid().await;

    let next = lab.next_chart();
    lab.helm("upgrade", "amko", Some(&next), &["--set=configs.followLeader=true"]).await.unwrap();
    let digests = |definitions: &[(String, bool, String)]| definitions.iter().filter(|d| d.2 == "next").count();
    assert_eq!(digests(&lab.definitions().await), 1, "the definition is the newer one");
    let config = lab.get(CONFIG).await;
    assert_eq!(config["spec"]["gslbLeader"]["followLeader"], true);
    assert_eq!(config["metadata"]["annotations"][UUID_KEY], UUID);

    lab.helm("uninstall", "amko", None, &[]).await.unwrap();
    assert_eq!(kinds(&lab.definitions().await), KINDS);
    assert_eq!(lab.get(POLICY).await["metadata"]["name"], "global-gdp");
    assert_eq!(lab.get(CLUSTERS).await["items"], json!([]), "nobody claims to lead here any more");
    assert_eq!(lab.get(SET).await["code"], 404);

    let told = lab.helm("install", "amko", Some(&next), &["--set=globalDeploymentPolicy.ttl=0"]).await.unwrap();
    assert!(told.contains("gc-1 was there before this installation"), "{told}");
    assert_eq!(lab.get(CONFIG).await["metadata"]["annotations"][UUID_KEY], UUID);
    assert_eq!(lab.get(POLICY).await["spec"]["ttl"], Value::Null, "which is what the notes warn of");
    assert!(told.contains("helm get manifest amko -n avi-system | kubectl apply --server-side"), "{told}");
    let manifest = lab.helm("get", "manifest", None, &["amko"]).await.unwrap();
    if apply(&lab, "manifest.yaml", &manifest).await {
        assert_eq!(lab.get(POLICY).await["spec"]["ttl"], 0);
        assert_eq!(lab.get(CONFIG).await["metadata"]["annotations"][UUID_KEY], UUID, "services stay ours");
    }
    lab.helm("uninstall", "amko", None, &[]).await.unwrap();
    let more = ["--set=globalDeploymentPolicy.ttl=0", "--take-ownership"];
    lab.helm("install", "other", Some(&next), &more).await.unwrap();
    assert_eq!(lab.get(POLICY).await["spec"]["ttl"], 0);
    assert_eq!(lab.get(CONFIG).await["metadata"]["annotations"][UUID_KEY], UUID);
}

#[tokio::test]
async fn definitions_that_are_not_upgraded_any_more_are_not_deleted_either() {
    let Some(lab) = Lab::start("not-upgraded").await else { return };
    lab.helm("install", "amko", Some(&chart()), &[]).await.unwrap();
    lab.helm("upgrade", "amko", Some(&chart()), &["--set=crds.upgrade=false"]).await.unwrap();
    assert_eq!(kinds(&lab.definitions().await), KINDS);
}

#[tokio::test]
async fn a_release_by_another_name_is_asked_once_and_only_when_a_definition_changes() {
    let Some(lab) = Lab::start("another-name").await else { return };
    lab.helm("install", "amko-1598451370", Some(&chart()), &[]).await.unwrap();
    lab.helm("upgrade", "amko-1598451370", Some(&chart()), &[]).await.unwrap();
    let next = lab.next_chart();
    let error = lab.helm("upgrade", "amko-1598451370", Some(&next), &[]).await.unwrap_err();
    let expected =
        "- globaldeploymentpolicies.amko.vmware.com is another one, and belongs to release avi-system/amko\n";
    assert!(error.contains(expected) && error.matches("is another one").count() == 1, "{error}");
    let more = ["--take-ownership", "--set=crds.takeOwnership=true"];
    lab.helm("upgrade", "amko-1598451370", Some(&next), &more).await.unwrap();
    lab.helm("upgrade", "amko-1598451370", Some(&chart()), &[]).await.unwrap();
    assert!(lab.definitions().await.iter().all(|(.., digest)| digest != "next"));
}

/// What a user of AMKO 2.2 goes through: the first attempt explains, and changes nothing.
#[tokio::test]
async fn an_installation_of_upstream_is_upgraded_in_place_once_somebody_says_whose_the_definitions_are() {
    for remedy in ["ownership", "kubectl", "neither"] {
        let Some(lab) = Lab::start(&format!("upstream-{remedy}")).await else { return };
        let earlier = lab.earlier_chart();
        lab.helm("install", "amko-1598451370", Some(&earlier), &[]).await.unwrap();
        lab.store_uuid().await;
        let before = (lab.get(CONFIG).await, lab.get(SET).await, lab.definitions().await);

        let error = lab.helm("upgrade", "amko-1598451370", Some(&chart()), &[]).await.unwrap_err();
        assert_eq!(error.matches("is another one, and belongs to no release").count(), 4, "{error}");
        assert_eq!((lab.get(CONFIG).await, lab.get(SET).await, lab.definitions().await), before);

        let more: &[&str] = match remedy {
            "ownership" => &["--take-ownership", "--set=crds.takeOwnership=true"],
            "kubectl" => {
                let shown = lab.command(&lab.helm).args(["show", "crds"]).arg(chart()).output().await.unwrap();
                if !apply(&lab, "crds.yaml", &result(&shown).unwrap()).await {
                    continue;
                }
                &[]
            }
            _ => &["--set=crds.upgrade=false"],
        };
        lab.helm("upgrade", "amko-1598451370", Some(&chart()), more).await.unwrap();
        let with_status = lab.definitions().await.iter().filter(|(_, status, _)| *status).count();
        assert_eq!(with_status, if remedy == "neither" { 0 } else { 4 }, "{remedy}");
        assert_eq!(lab.get(CONFIG).await["metadata"]["annotations"][UUID_KEY], UUID, "{remedy}");
        let spec = &lab.get(SET).await["spec"];
        let kept = |key: &str| (spec[key].clone(), before.1["spec"][key].clone());
        for key in ["selector", "serviceName", "podManagementPolicy"] {
            let (now, then) = kept(key);
            assert_eq!(now, then, "{remedy}: no API server lets {key} change");
        }
        let containers = spec["template"]["spec"]["containers"].as_array().unwrap().iter();
        assert_eq!(containers.map(|container| &container["name"]).collect::<Vec<_>>(), ["amko"], "{remedy}");
        assert_eq!(spec["template"]["metadata"]["labels"]["of"], "old", "{remedy}: the selector still matches");
    }
}

/// Applies a text as the error and the notes say. Whether there is a kubectl to do it with.
async fn apply(lab: &Lab, name: &str, text: &str) -> bool {
    let file = lab.home.join(name);
    std::fs::write(&file, text).unwrap();
    let mut kubectl = lab.command(Path::new("kubectl"));
    kubectl.args(["--server", &lab.server, "apply", "--server-side", "--force-conflicts", "-f"]).arg(&file);
    match kubectl.output().await {
        Ok(output) => {
            result(&output).unwrap();
            true
        }
        Err(error) => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "kubectl must be there under CI: {error}");
            let _ = writeln!(std::io::stderr(), "skipped: {name} applied with kubectl: {error}");
            false
        }
    }
}
