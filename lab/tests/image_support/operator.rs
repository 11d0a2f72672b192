//! A lab whose operator is the binary in its root.

use super::root::Root;
use crate::up_support::{LabProcess, terminate};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// The cluster with AMKO's objects.
pub const CONTEXT: &str = "s1az1";
/// How long anything may take to come about.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A lab without an operator, and without a CA in the Secret with the controller's credentials.
pub struct OperatorLab {
    lab: LabProcess,
}

impl OperatorLab {
    pub async fn start(name: &str) -> Self {
        let lab = LabProcess::start(name);
        // Another test of this program may have installed the same provider before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let kubeconfig = Kubeconfig::read_from(lab.members()).unwrap();
        let options = KubeConfigOptions { context: Some(CONTEXT.into()), ..KubeConfigOptions::default() };
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        let secrets: Api<Secret> = Api::namespaced(kube::Client::try_from(config).unwrap(), "avi-system");
        let without = Patch::Merge(json!({"data": {"ca.crt": null}}));
        let secret = secrets.patch("gslb-avi-secret", &PatchParams::default(), &without).await.unwrap();
        assert!(!secret.data.unwrap().contains_key("ca.crt"));
        Self { lab }
    }

    pub fn members(&self) -> PathBuf {
        self.lab.members()
    }

    /// The kubeconfig, whose clusters name no CA any more.
    pub fn members_without_ca(&self) -> String {
        let text = std::fs::read_to_string(self.members()).unwrap();
        let mut kubeconfig: Value = serde_saphyr::from_str(&text).unwrap();
        for named in kubeconfig["clusters"].as_array_mut().unwrap() {
            let removed = named["cluster"].as_object_mut().unwrap().remove("certificate-authority-data");
            assert!(removed.is_some(), "{named}");
        }
        serde_saphyr::to_string(&kubeconfig).unwrap()
    }

    /// The certificate, PEM, that signed all others of the lab.
    pub fn ca(&self) -> String {
        std::fs::read_to_string(self.lab.dir().join("ca.crt")).unwrap()
    }

    /// Where the operator serves HTTP.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.lab.port_base() + 50)
    }

    /// Starts the operator as the chart does, with the kubeconfig as a file of the root.
    pub fn operator(&self, root: &Root) -> StaticOperator {
        let url = self.url();
        let http = url.trim_start_matches("http://");
        let members = "--members=/etc/amko/members/gslb-members";
        let started = Instant::now();
        let mut command = root.amko(&["run", "--context", CONTEXT, "--http", http, members]);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // The receiver is gone when nobody wants to know any more; the log is read on all the same.
            log.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        StaticOperator { child, url, started, lines }
    }
}

/// The operator's process. Killed when dropped.
pub struct StaticOperator {
    child: Child,
    url: String,
    started: Instant,
    lines: mpsc::Receiver<String>,
}

/// When the operator was ready, and in which words.
pub struct Ready {
    pub after: Duration,
    pub said: String,
}

impl StaticOperator {
    /// Asks `amko check`, in a root like the operator's, until it says yes.
    pub async fn becomes_ready(&mut self, root: &Root) -> Ready {
        loop {
            let output = root.amko(&["check", "--url", &self.url]).output().unwrap();
            let after = self.started.elapsed();
            let said = String::from_utf8(output.stdout).unwrap();
            if output.status.success() {
                return Ready { after, said };
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && after < PATIENCE, "{ended:?} {said} {:#?}", self.seen());
            sleep(POLL).await;
        }
    }

    /// Waits for a line of the log with this part.
    pub async fn logs(&mut self, part: &str) {
        let mut seen: Vec<String> = Vec::new();
        while !seen.iter().any(|line| line.contains(part)) {
            assert!(self.started.elapsed() < PATIENCE, "no {part:?} in {seen:#?}");
            sleep(POLL).await;
            seen.extend(self.seen());
        }
    }

    /// What was logged since the last look.
    fn seen(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }

    /// The user that the operator takes itself for.
    pub fn user(&self) -> String {
        let map = std::fs::read_to_string(format!("/proc/{}/uid_map", self.child.id())).unwrap();
        map.split_whitespace().next().unwrap().to_owned()
    }

    /// A field of the process's status.
    pub fn status(&self, field: &str) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.unwrap().trim().to_owned()
    }

    /// Tries to make a file in the root that the operator lives in.
    pub fn write_into_root(&self) -> std::io::Result<()> {
        let root = PathBuf::from(format!("/proc/{}/root", self.child.id()));
        std::fs::write(root.join("written"), "")
    }

    /// Sends SIGTERM and gives the exit code.
    pub async fn stop(mut self, within: Duration) -> Option<i32> {
        terminate(self.child.id());
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status.code();
                }
                sleep(POLL).await;
            }
        };
        timeout(within, ended).await.unwrap_or_else(|_| panic!("still there after {within:?}"))
    }
}

impl Drop for StaticOperator {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
