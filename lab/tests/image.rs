//! The static binary of the image, in a root that has nothing but it and a file of certificates.
//!
//! `make static-test` builds the binary and names it in `AMKO_STATIC`. Without that the tests say so and look at nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[cfg(test)]
mod image_support;
#[allow(dead_code, reason = "other test programs use the rest")]
#[cfg(test)]
mod up_support;

use axum::Router;
use axum::routing::get;
use image_support::names::NameServer;
use image_support::operator::{CONTEXT, OperatorLab};
use image_support::root::Root;
use image_support::tell;
use std::path::Path;
use std::process::Output;
use std::time::Duration;
use tokio::net::TcpListener;

/// What kubelet writes for a pod in `avi-system`, with a domain of the node behind its own.
const RESOLV_CONF: &str = "\
search avi-system.svc.cluster.local svc.cluster.local cluster.local corp.example
nameserver 127.77.0.53
options ndots:5
";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Exit code, output and error output.
fn told(output: &Output) -> (Option<i32>, String, String) {
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_binary_needs_no_other_file_and_says_what_it_is() {
    let Some(root) = Root::new("version") else { return };
    let (code, out, err) = told(&root.amko(&["version"]).output().unwrap());
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let inner =
        out.strip_prefix(concat!("amko ", env!("CARGO_PKG_VERSION"), " (commit ")).unwrap_or_else(|| panic!("{out}"));
    let (commit, target) = inner.trim_end().trim_end_matches(')').split_once(", ").unwrap();
    assert!(commit.len() == 12 && commit.chars().all(|digit| digit.is_ascii_hexdigit()), "{out}");
    assert_eq!(target, format!("{}-unknown-linux-musl", std::env::consts::ARCH));
}

#[test]
fn the_binary_prints_the_definitions_of_the_repository() {
    let Some(root) = Root::new("crds") else { return };
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let stored: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let (code, out, err) = told(&root.amko(&["crds"]).output().unwrap());
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out == stored, "crds/ and the binary differ: is the binary of this commit?");
}

#[test]
fn without_configuration_the_operator_ends_with_one_line_that_says_what_and_where() {
    let Some(root) = Root::new("unconfigured") else { return };
    let (code, out, err) = told(&root.amko(&["run"]).output().unwrap());
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let hint = "put the multi-cluster kubeconfig into key gslb-members of Secret gslb-config-secret, or use --members";
    assert_eq!(err, format!("amko: environment variable GSLB_CONFIG is empty: {hint}\n"));

    let command = &mut root.amko(&["run"]);
    let (code, _, err) = told(&command.env("GSLB_CONFIG", "apiVersion: v1\nkind: Config\n").output().unwrap());
    assert_eq!((code, err.lines().count()), (Some(2), 1), "{err}");
    assert!(err.starts_with("amko: no in-cluster configuration ("), "{err}");
}

/// Neither the kubeconfig nor the Secret names a CA here: only the file in the root can make anybody trusted.
#[tokio::test]
async fn a_whole_operator_gets_ready_and_trusts_whom_the_certificates_in_the_root_name() {
    let Some(root) = Root::new("operator") else { return };
    let lab = OperatorLab::start("image-operator").await;
    let root = root.with("etc/amko/members/gslb-members", &lab.members_without_ca()).certificates(&lab.ca());
    let mut operator = lab.operator(&root);
    let ready = operator.becomes_ready(&root).await;
    assert!(ready.said.starts_with("ready: first look done: "), "{}", ready.said);
    tell(&format!("ready {:?} after the start, in {} resident", ready.after, operator.status("VmRSS")));

    assert_eq!(operator.user(), "65532");
    assert_eq!(operator.status("CapEff"), "0000000000000000");
    assert_eq!(operator.write_into_root().map_err(|error| error.kind()), Err(std::io::ErrorKind::ReadOnlyFilesystem));
    assert_eq!(operator.stop(Duration::from_secs(5)).await, Some(0));
}

/// The public CAs of this machine, which did not sign the lab's certificates.
#[tokio::test]
async fn a_controller_whose_ca_is_not_in_the_root_is_not_trusted() {
    let Some(root) = Root::new("distrust") else { return };
    let lab = OperatorLab::start("image-distrust").await;
    let members = std::fs::read_to_string(lab.members()).unwrap();
    let root = root.with("etc/amko/members/gslb-members", &members);
    let mut operator = lab.operator(&root);
    operator.logs("the controller's certificate is not trusted (invalid peer certificate: UnknownIssuer)").await;
    let (code, out, err) = told(&root.amko(&["check", "--url", &lab.url()]).output().unwrap());
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.starts_with("not ready: "), "{out}");
    assert_eq!(err, format!("amko: {}/readyz answers 503 Service Unavailable\n", lab.url()));
    assert_eq!(operator.stop(Duration::from_secs(5)).await, Some(0), "context {CONTEXT}");
}

/// Names as a pod sees them: search domains, `ndots`, /etc/hosts, and answers too long for one datagram.
#[tokio::test]
async fn names_are_resolved_as_in_any_pod() {
    let Some(root) = Root::new("names") else { return };
    let known =
        ["amko.avi-system.svc.cluster.local", "controller.corp.example", "api.s1.example.org", "long.corp.example"];
    let Some(server) = NameServer::start("127.77.0.53", &known) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().route("/readyz", get(|| async { "ready: yes\n" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let root = root.with("etc/resolv.conf", RESOLV_CONF).with("etc/hosts", "127.0.0.1 localhost listed.corp.example\n");

    let cases: [(&str, &[&str]); 6] = [
        ("listed.corp.example", &[]),
        (
            "amko.avi-system.svc",
            &[
                "amko.avi-system.svc.avi-system.svc.cluster.local",
                "amko.avi-system.svc.svc.cluster.local",
                "amko.avi-system.svc.cluster.local",
            ],
        ),
        (
            "controller",
            &[
                "controller.avi-system.svc.cluster.local",
                "controller.svc.cluster.local",
                "controller.cluster.local",
                "controller.corp.example",
            ],
        ),
        (
            "api.s1.example.org",
            &[
                "api.s1.example.org.avi-system.svc.cluster.local",
                "api.s1.example.org.svc.cluster.local",
                "api.s1.example.org.cluster.local",
                "api.s1.example.org.corp.example",
                "api.s1.example.org",
            ],
        ),
        ("api.s1.example.org.", &["api.s1.example.org"]),
        ("long.corp.example.", &["long.corp.example", "long.corp.example over TCP"]),
    ];
    for (name, questions) in cases {
        let mut command = root.amko(&["check", "--url", &format!("http://{name}:{port}")]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert_eq!(told(&output), (Some(0), "ready: yes\n".into(), String::new()), "{name}");
        assert_eq!(server.questions(), questions, "{name}");
    }
    let mut command = root.amko(&["check", "--url", "http://nowhere.:8080"]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let (code, out, err) = told(&output);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.starts_with("amko: no answer from http://nowhere.:8080/readyz: failed to lookup address"), "{err}");
}
