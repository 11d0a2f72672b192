//! Starting and stopping the operator as a process.

use crate::up::operator::{Operator, OperatorConfig, OperatorError};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A stand-in for the operator: a shell script in a directory of its own.
fn script(name: &str, text: &str, http: SocketAddr) -> OperatorConfig {
    let dir = std::env::temp_dir().join(format!("amko-lab-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let program = dir.join("amko");
    std::fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    OperatorConfig {
        program,
        members: PathBuf::from("/members"),
        context: "c1".into(),
        namespace: "avi-system".into(),
        http,
        log: dir.join("operator.log"),
        more: vec!["--more".into()],
    }
}

fn free_address() -> SocketAddr {
    // Another test may have installed the same provider before; reqwest needs one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn an_operator_that_ends_before_it_is_ready_is_reported_with_its_status_and_log() {
    let config = script("ends", "echo \"$@\"; exit 3", free_address());
    let log = config.log.clone();
    let error = Operator::start(config.clone()).unwrap().ready().await.unwrap_err();
    let OperatorError::Ended { status, log: named } = error else { panic!("{error}") };
    assert_eq!((status.code(), &named), (Some(3), &log));
    let expected = format!(
        "run --context c1 --namespace avi-system --http {} --loopback-members --members /members --more\n",
        config.http
    );
    assert_eq!(std::fs::read_to_string(&log).unwrap(), expected);
    std::fs::remove_dir_all(log.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn an_operator_is_waited_for_and_stops_on_sigterm() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let text = "trap 'echo stopped; exit 0' TERM; echo started; while :; do sleep 0.05; done";
    let config = OperatorConfig { http: listener.local_addr().unwrap(), ..script("ready", text, free_address()) };
    let (log, dir) = (config.log.clone(), config.log.parent().unwrap().to_owned());
    let said = move || std::fs::read_to_string(&log).unwrap();
    let readiness = said.clone();
    let ready = move || async move {
        if readiness() == "started\n" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    };
    let router = Router::new().route("/readyz", get(ready));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut operator = Operator::start(config).unwrap();
    operator.ready().await.unwrap();
    operator.stop().await.unwrap();
    assert_eq!(said(), "started\nstopped\n");
    serving.abort();
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let config = script("missing", "", free_address());
    let dir = config.log.parent().unwrap().to_owned();
    let config = OperatorConfig { program: "/nowhere/amko".into(), ..config };
    let text = Operator::start(config).err().unwrap().to_string();
    assert!(text.starts_with("cannot start the operator /nowhere/amko: "), "{text}");
    std::fs::remove_dir_all(dir).unwrap();
}
