//! The operator as a process, started as the StatefulSet on the API server says.

use super::api::Api;
use super::controller::free_port;
use amko_lab::testing::eventually;
use amko_lab::up::watchdog::Watchdog;
use k8s_openapi::ByteString;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long the operator may take from SIGTERM to its end.
const STOP: Duration = Duration::from_secs(5);
/// A mount namespace of its own, in which in-cluster configuration finds what a kubelet puts there.
const CONFINE: [&str; 3] = ["--user", "--map-root-user", "--mount"];
/// `$1` has the account's files, the rest is the operator and its arguments.
const MOUNT: &str = "\
mount -t tmpfs none /var/run || exit 70
mkdir -p /var/run/secrets/kubernetes.io/serviceaccount || exit 70
cp \"$1\"/* /var/run/secrets/kubernetes.io/serviceaccount/ || exit 70
shift
exec \"$@\"
";

const NO_MOUNT: &str = "skipped: in-cluster configuration: no mount namespace can be made here, so the operator is given a \
                        kubeconfig of its service account and --context";

/// What a kubelet gives a container beside what the pod says.
#[derive(Debug, Clone)]
pub struct Account {
    /// `127.0.0.1:port` of the API server.
    pub server: String,
    /// Of the service account.
    pub token: String,
    /// PEM of the API server's CA.
    pub ca: String,
    /// The same as a kubeconfig, for machines on which no mount namespace can be made.
    pub kubeconfig: String,
}

/// What the pod's container is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
}

impl Container {
    /// Reads the StatefulSet and resolves its environment as a kubelet does.
    pub async fn of_stateful_set(api: &Api) -> Self {
        let set = api.get("apis/apps/v1/namespaces/avi-system/statefulsets/amko").await.unwrap();
        let container = &set["spec"]["template"]["spec"]["containers"][0];
        let args = container["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap().to_owned()).collect();
        let mut env = Vec::new();
        for variable in container["env"].as_array().into_iter().flatten() {
            let name = variable["name"].as_str().unwrap().to_owned();
            env.push((name, resolved(api, variable).await));
        }
        Self { args, env }
    }
}

async fn resolved(api: &Api, variable: &Value) -> String {
    if let Some(value) = variable["value"].as_str() {
        return value.to_owned();
    }
    let from = &variable["valueFrom"];
    if let Some(path) = from["fieldRef"]["fieldPath"].as_str() {
        let fields = [("metadata.name", "amko-0"), ("metadata.namespace", "avi-system")];
        return fields.iter().find(|(field, _)| *field == path).unwrap().1.to_owned();
    }
    let (name, key) = (&from["secretKeyRef"]["name"], &from["secretKeyRef"]["key"]);
    let secret = api.get(&format!("api/v1/namespaces/avi-system/secrets/{}", name.as_str().unwrap())).await.unwrap();
    let ByteString(data) = serde_json::from_value(secret["data"][key.as_str().unwrap()].clone()).unwrap();
    String::from_utf8(data).unwrap()
}

/// A running operator. Killed when dropped, and when this process is killed.
pub struct Pod {
    child: Child,
    watchdog: Watchdog,
    http: SocketAddr,
    client: reqwest::Client,
}

impl Pod {
    /// Starts the operator. Beside what the container says, only the address of its HTTP server is chosen here.
    /// `directory` is for its files; what it prints is appended to `log`.
    pub fn start(container: &Container, account: &Account, directory: &Path, log: &Path) -> Self {
        let http = free_port();
        let (mut command, more): (_, &[&str]) = if can_confine() {
            (in_cluster(account, &directory.join("account")), &[])
        } else {
            // Without a stream there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "{NO_MOUNT}");
            (with_context(account, &directory.join("account.yaml")), &["--context", "amko-sa"])
        };
        let log = File::options().create(true).append(true).open(log).unwrap();
        command.args(&container.args).args(["--http", &http.to_string()]).args(more).envs(container.env.clone());
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).kill_on_drop(true);
        let child = command.spawn().unwrap();
        let watchdog = Watchdog::over(child.id().unwrap()).unwrap();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
        Self { child, watchdog, http, client }
    }

    /// Waits until `/readyz` says yes, and gives what it says.
    pub async fn ready(&mut self) -> String {
        eventually("the operator is ready", async || {
            assert_eq!(self.child.try_wait().unwrap(), None, "the operator ended before it was ready");
            let answer = self.client.get(self.url("/readyz")).send().await.ok()?;
            if answer.status().is_success() { answer.text().await.ok() } else { None }
        })
        .await
    }

    /// What it answers at this path; `Null` while it does not.
    pub async fn ask(&self, path: &str) -> Value {
        let Ok(answer) = self.client.get(self.url(path)).send().await else { return Value::Null };
        answer.json().await.unwrap_or_default()
    }

    /// Whether it has written everything that it wants, for exactly these hosts.
    pub async fn in_sync(&self, hosts: &[String]) -> bool {
        let services = self.ask("/api/gs").await;
        let Some(services) = services.as_array() else { return false };
        let wanted: Vec<_> = services.iter().filter(|service| service["wanted"].is_object()).collect();
        let names: Vec<_> = wanted.iter().filter_map(|service| service["fqdn"].as_str()).collect();
        names == hosts && wanted.iter().all(|service| service["state"] == "in-sync")
    }

    /// Stops it in order: SIGTERM, and five seconds at most. Gives the exit code.
    pub async fn stop(mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        let ended = timeout(STOP, self.child.wait()).await.expect("the operator stops within five seconds").unwrap();
        self.watchdog.dismiss();
        ended.code()
    }

    /// Lets it stand still, as a process that gets no time, or no packet from outside.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap();
        kill_process(process, signal).unwrap();
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        // A frozen process that is killed is gone as well; this only tells the watchdog.
        self.watchdog.dismiss();
    }
}

fn can_confine() -> bool {
    let mut tried = std::process::Command::new("unshare");
    tried.args(CONFINE).args(["mount", "-t", "tmpfs", "none", "/var/run"]);
    tried.output().is_ok_and(|output| output.status.success())
}

fn in_cluster(account: &Account, files: &PathBuf) -> Command {
    std::fs::create_dir_all(files).unwrap();
    for (name, text) in [("token", &account.token), ("ca.crt", &account.ca), ("namespace", &"avi-system".to_owned())] {
        std::fs::write(files.join(name), text).unwrap();
    }
    let (host, port) = account.server.rsplit_once(':').unwrap();
    let mut command = clean("unshare");
    command.env("KUBERNETES_SERVICE_HOST", host).env("KUBERNETES_SERVICE_PORT", port);
    command.args(CONFINE).args(["sh", "-c", MOUNT, "sh"]).arg(files).arg(env!("CARGO_BIN_EXE_amko"));
    command
}

fn with_context(account: &Account, file: &Path) -> Command {
    std::fs::write(file, &account.kubeconfig).unwrap();
    let mut command = clean(env!("CARGO_BIN_EXE_amko"));
    command.env("KUBECONFIG", file);
    command
}

/// Nothing of the tester's environment reaches the operator, except where programs are.
fn clean(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    // A Ctrl-C is for the tests, which then end the operator.
    command.process_group(0);
    command
}
