//! What the checks with whole clients need: a kube client, and programs with a home and a kubeconfig of their own.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::check::Failure;
use crate::client::Cluster;
use crate::target::Target;

/// kube's client as the administrator, without retries of its own.
pub(crate) fn kube_client(c: &Cluster) -> Result<Client, Failure> {
    let target = &c.target;
    let mut config = Config::new(target.url.parse().map_err(|_| Failure::differs("the URL is none"))?);
    let ca = CertificateDer::pem_slice_iter(target.ca.as_bytes()).filter_map(Result::ok);
    config.root_cert = Some(ca.map(|certificate| certificate.to_vec()).collect());
    config.auth_info.token = Some(target.admin_token.clone().into());
    config.default_namespace.clone_from(&c.namespace);
    config.default_retry = false;
    Client::try_from(config).map_err(|error| Failure::differs(format!("kube's client: {error}")))
}

/// A directory for one check, gone with it.
pub(crate) struct Home(PathBuf);

impl Home {
    /// With a kubeconfig whose namespace is the check's.
    pub(crate) fn new(c: &Cluster) -> Self {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{}", c.namespace, std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("ca.crt"), &c.target.ca).unwrap();
        std::fs::write(dir.join("config"), kubeconfig(&c.target, &c.namespace).to_string()).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A program that sees this home and no other configuration.
    pub(crate) fn command(&self, program: &str, line: &str) -> Command {
        let mut command = Command::new(program);
        command.args(line.split_whitespace()).env("HOME", &self.0).env("KUBECONFIG", self.0.join("config"));
        for proxy in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
            command.env_remove(proxy);
        }
        command.kill_on_drop(true);
        command
    }

    /// Runs the program with some input.
    ///
    /// # Errors
    /// When it does not end with success: what it printed.
    pub(crate) async fn feed(&self, program: &str, line: &str, input: &str) -> Result<String, Failure> {
        finish(self.command(program, line), &format!("{program} {line}"), input).await
    }
}

/// Runs a command; both its outputs, or what went wrong.
pub(crate) async fn finish(mut command: Command, label: &str, input: &str) -> Result<String, Failure> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| Failure::differs(format!("{label}: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that reads no input may have closed it.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    let output = child.wait_with_output().await.map_err(|error| Failure::differs(format!("{label}: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(text);
    }
    Err(Failure::differs(format!("{label}: {}: {text}", output.status)))
}

impl Drop for Home {
    fn drop(&mut self) {
        // A home that stays behind in the build directory harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn kubeconfig(target: &Target, namespace: &str) -> serde_json::Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u", "namespace": namespace } }],
        "clusters": [{ "name": "c", "cluster": { "server": target.url, "certificate-authority": "ca.crt" } }],
        "users": [{ "name": "u", "user": { "token": target.admin_token } }],
    })
}

/// The first of these programs that runs with these arguments.
pub(crate) async fn program(candidates: &[String], arguments: &[&str]) -> Result<String, Failure> {
    for candidate in candidates {
        if Command::new(candidate).args(arguments).output().await.is_ok_and(|output| output.status.success()) {
            return Ok(candidate.clone());
        }
    }
    Err(Failure::NotApplicable(format!("none of {candidates:?} runs here with {arguments:?}")))
}
