//! The real kubectl against the simulated API server: what it prints is the test.
//!
//! Without a kubectl on the PATH the tests pass without looking, except where `CI=true` says that it must be there.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::PathBuf;
use std::process::Stdio;

use amko_lab::kube::KubeWorld;
use amko_lab::testing::serve_cluster;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

const MANIFESTS: &str = include_str!("kubectl/manifests.yaml");
const CRD: &str = include_str!("kubectl/widgets.yaml");

/// A server on its own port, and a kubectl with its own home.
struct Lab {
    world: KubeWorld,
    server: String,
    home: PathBuf,
}

impl Lab {
    /// `None` where there is no kubectl. `name` keeps the homes of tests apart.
    async fn start(name: &str) -> Option<Self> {
        let present = Command::new("kubectl").arg("version").arg("--client").output().await.is_ok();
        if !present {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "kubectl is not on the PATH");
            return None;
        }
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kubectl-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        let (world, server) = serve_cluster(name).await;
        Some(Self { world, server, home })
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("kubectl");
        command.args(["--server", &self.server, "--cache-dir"]).arg(self.home.join("cache"));
        command.args(line.split_whitespace()).env_remove("KUBECONFIG").env("HOME", &self.home).kill_on_drop(true);
        command
    }

    /// Runs `kubectl <line>` with some input; both outputs, ages replaced.
    async fn feed(&self, line: &str, input: &str) -> String {
        let mut command = self.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        without_ages(&text)
    }

    async fn run(&self, line: &str) -> String {
        self.feed(line, "").await
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // A home that stays behind in the build directory harms nobody.
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

/// Replaces an age in seconds at the end of a line by `AGO`, and trims the ends of lines.
fn without_ages(text: &str) -> String {
    let age = regex::Regex::new(r"(?m)\b\d+s$").unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    age.replace_all(&lines.join("\n"), "AGO").into_owned()
}

/// The lines of an expected output.
fn lines(lines: &[&str]) -> String {
    lines.join("\n")
}

#[tokio::test]
async fn apply_creates_then_leaves_unchanged_and_get_prints_the_usual_tables() {
    let Some(lab) = Lab::start("apply").await else { return };
    let created = lines(&[
        "namespace/demo created",
        "service/web created",
        "ingress.networking.k8s.io/web created",
        "secret/login created",
    ]);
    assert_eq!(lab.feed("apply -f -", MANIFESTS).await, created);
    assert_eq!(lab.feed("apply -f -", MANIFESTS).await, created.replace("created", "unchanged"));
    let namespaces = [
        "NAME              STATUS   AGE",
        "default           Active   AGO",
        "demo              Active   AGO",
        "kube-node-lease   Active   AGO",
        "kube-public       Active   AGO",
        "kube-system       Active   AGO",
    ];
    assert_eq!(lab.run("get namespaces").await, lines(&namespaces));
    let all = [
        "NAME          TYPE           CLUSTER-IP   EXTERNAL-IP   PORT(S)                      AGE",
        "service/web   LoadBalancer   10.96.0.10   <pending>     80:30000/TCP,443:30001/TCP   AGO",
        "",
        "NAME                            CLASS    HOSTS             ADDRESS   PORTS   AGE",
        "ingress.networking.k8s.io/web   avi-lb   web.example.com             80      AGO",
        "",
        "NAME           TYPE     DATA   AGE",
        "secret/login   Opaque   1      AGO",
    ];
    assert_eq!(lab.run("-n demo get svc,ing,secret").await, lines(&all));
}

#[tokio::test]
async fn patch_edit_label_and_annotate_change_what_they_say() {
    let Some(lab) = Lab::start("change").await else { return };
    lab.feed("apply -f -", MANIFESTS).await;
    let status = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "10.1.1.1" }] } } });
    let steps = [
        (
            format!("patch ing web --subresource=status --type=merge -p {status}"),
            "ingress.networking.k8s.io/web patched",
        ),
        (r#"patch svc web -p {"spec":{"ports":[{"port":81,"name":"alt"}]}}"#.to_owned(), "service/web patched"),
        (
            r#"patch svc web --type=json -p [{"op":"replace","path":"/spec/sessionAffinity","value":"ClientIP"}]"#
                .to_owned(),
            "service/web patched",
        ),
        ("label svc web tier=front".to_owned(), "service/web labeled"),
        ("label svc web tier=front".to_owned(), "service/web not labeled"),
        ("annotate ing web note=hello".to_owned(), "ingress.networking.k8s.io/web annotated"),
    ];
    for (line, expected) in steps {
        assert_eq!(lab.run(&format!("-n demo {line}")).await, expected, "{line}");
    }
    let mut edit = lab.command("-n demo edit ing web");
    let output = edit.env("EDITOR", "sed -i s/web.example.com/www.example.com/").output().await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), "ingress.networking.k8s.io/web edited");
    let ingresses = [
        "NAME   CLASS    HOSTS             ADDRESS    PORTS   AGE",
        "web    avi-lb   www.example.com   10.1.1.1   80      AGO",
    ];
    assert_eq!(lab.run("-n demo get ing").await, lines(&ingresses));
    let service = lab.world.get("services", Some("demo"), "web").unwrap();
    let ports: std::collections::BTreeSet<_> =
        service["spec"]["ports"].as_array().unwrap().iter().filter_map(|port| port["port"].as_u64()).collect();
    assert_eq!(
        (ports.into_iter().collect::<Vec<_>>(), &service["spec"]["sessionAffinity"]),
        (vec![80, 81, 443], &json!("ClientIP"))
    );
    assert_eq!(service["metadata"]["labels"], json!({ "tier": "front" }));
}

#[tokio::test]
async fn describe_shows_an_ingress_with_its_events() {
    let Some(lab) = Lab::start("describe").await else { return };
    lab.feed("apply -f -", MANIFESTS).await;
    let ingress = lab.world.get("ingresses.networking.k8s.io", Some("demo"), "web").unwrap();
    let event = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": { "name": "web.1", "namespace": "demo" },
        "regarding": { "kind": "Ingress", "namespace": "demo", "name": "web", "uid": ingress["metadata"]["uid"] },
        "eventTime": "2026-01-02T03:04:05.000006Z", "reason": "Published", "note": "on two sites", "type": "Normal", "reportingController": "amko",
    });
    lab.world.apply(event).unwrap();
    let described = lab.run("-n demo describe ing web").await;
    for part in ["Ingress Class:    avi-lb", "  web.example.com", "/   web:80 (<none>)", "Published", "on two sites"] {
        assert!(described.contains(part), "{part} is not in\n{described}");
    }
    let service = lab.run("-n demo describe svc web").await;
    assert!(service.contains("NodePort:                 https  30001/TCP"), "{service}");
    assert!(lab.run("-n demo get events").await.contains("Normal   Published   ingress/web   on two sites"));
}

#[tokio::test]
async fn generators_send_protobuf_and_are_understood() {
    let Some(lab) = Lab::start("create").await else { return };
    let steps = [
        ("create namespace blue", "namespace/blue created"),
        ("create secret generic s --from-literal=a=b -n blue", "secret/s created"),
        ("create configmap c --from-literal=a=b -n blue", "configmap/c created"),
        ("create serviceaccount robot -n blue", "serviceaccount/robot created"),
        ("create namespace blue", "Error from server (AlreadyExists): namespaces \"blue\" already exists"),
        ("auth can-i list ingresses", "yes"),
        ("delete secret s -n blue --wait=true", "secret \"s\" deleted"),
    ];
    for (line, expected) in steps {
        // Newer versions of kubectl add the namespace to what they deleted.
        assert!(lab.run(line).await.starts_with(expected), "{line}");
    }
    assert_eq!(lab.world.get("configmaps", Some("blue"), "c").unwrap()["data"], json!({ "a": "b" }));
    assert!(lab.run("delete namespace blue").await.starts_with("namespace \"blue\" deleted"));
    assert_eq!(lab.run("get namespace blue").await, "Error from server (NotFound): namespaces \"blue\" not found");
}

#[tokio::test]
async fn a_custom_resource_works_from_its_definition_to_its_end() {
    let Some(lab) = Lab::start("custom").await else { return };
    let widget = "apiVersion: conf.example.com/v1\nkind: Widget\nmetadata: {name: w1}\nspec: {color: red}\n";
    lab.feed("apply -f -", CRD).await;
    let name = "crd/widgets.conf.example.com";
    let met = "customresourcedefinition.apiextensions.k8s.io/widgets.conf.example.com condition met";
    assert_eq!(lab.run(&format!("wait {name} --for=condition=Established --timeout=5s")).await, met);
    assert_eq!(lab.feed("apply -f -", widget).await, "widget.conf.example.com/w1 created");
    assert_eq!(lab.feed("apply -f -", widget).await, "widget.conf.example.com/w1 unchanged");
    let ready = r#"{"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#;
    lab.run(&format!("patch wd w1 --type=merge --subresource=status -p {ready}")).await;
    let waited = lab.run("wait wd/w1 --for=condition=Ready --timeout=5s").await;
    assert_eq!(waited, "widget.conf.example.com/w1 condition met");
    let table = ["NAME   COLOR   READY", "w1     red     True"];
    assert_eq!(lab.run("get wd").await, lines(&table));
    let wide = ["NAME   COLOR   READY   REPLICAS", "w1     red     True    1"];
    assert_eq!(lab.run("get widgets -o wide").await, lines(&wide));
    let bad = lab.feed("create -f -", &widget.replace("color", "colour")).await;
    assert!(bad.contains("strict decoding error: unknown field \"spec.colour\""), "{bad}");
    let kinds = [
        "NAME      SHORTNAMES   APIVERSION            NAMESPACED   KIND",
        "widgets   wd           conf.example.com/v1   true         Widget",
    ];
    assert_eq!(lab.run("api-resources --api-group=conf.example.com").await, lines(&kinds));
    assert!(lab.run("explain widget.spec").await.contains("enum: red, green, blue"));
    assert!(lab.run("delete wd w1").await.starts_with("widget.conf.example.com \"w1\" deleted"));
    assert!(lab.run(&format!("delete {name}")).await.ends_with("\"widgets.conf.example.com\" deleted"));
}

#[tokio::test]
async fn get_with_watch_prints_each_change() {
    let Some(lab) = Lab::start("watch").await else { return };
    lab.feed("apply -f -", MANIFESTS).await;
    let mut watch = lab.command("-n demo get ing -w --output-watch-events --request-timeout=20s");
    let mut child = watch.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = tokio::io::BufReader::new(child.stdout.take().unwrap());
    assert_eq!(next_line(&mut output).await, "EVENT      NAME   CLASS    HOSTS             ADDRESS   PORTS   AGE");
    let first = next_line(&mut output).await;
    assert_eq!(first, "ADDED      web    avi-lb   web.example.com             80      AGO");
    let status = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "10.1.1.1" }] } } });
    lab.world.merge_patch("ingresses.networking.k8s.io", Some("demo"), "web", Some("status"), status).unwrap();
    assert_eq!(next_line(&mut output).await, "MODIFIED   web    avi-lb   web.example.com   10.1.1.1   80      AGO");
    lab.world.delete("ingresses.networking.k8s.io", Some("demo"), "web").unwrap();
    assert_eq!(next_line(&mut output).await, "DELETED    web    avi-lb   web.example.com   10.1.1.1   80      AGO");
}

async fn next_line(output: &mut tokio::io::BufReader<tokio::process::ChildStdout>) -> String {
    use tokio::io::AsyncBufReadExt;
    let mut line = String::new();
    let patience = std::time::Duration::from_secs(20);
    tokio::time::timeout(patience, output.read_line(&mut line)).await.unwrap().unwrap();
    without_ages(&line)
}
