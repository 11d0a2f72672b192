//! One list of behaviours for every Kubernetes API server that the operator's tests lean on.
//!
//! The same checks run against the simulated server and against a real one, so that what the tests of the operator
//! take for granted is what a real cluster does. A check speaks plain HTTP: a client library would hide what is wrong.
//!
//! A real server is named by `AMKO_CONFORMANCE_URL` and the other variables that [`target`] describes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test that reports to people")]

#[macro_use]
mod check;
mod apply;
mod client;
mod clients;
mod clients_support;
mod crd_life_cycle;
mod create;
mod delete;
mod discovery;
mod fixtures;
mod get_and_list;
mod known;
mod patch;
mod real;
mod report;
mod scale_events_leases_auth;
mod simulator;
mod target;
mod update;
mod vacuity;
mod watch;
mod watching;

use axum::http::StatusCode;
use check::Check;

/// Every check, in the order of its number.
fn checks() -> Vec<Check> {
    [
        discovery::checks(),
        create::checks(),
        get_and_list::checks(),
        update::checks(),
        patch::checks(),
        apply::checks(),
        delete::checks(),
        watch::checks(),
        crd_life_cycle::checks(),
        scale_events_leases_auth::checks(),
        clients::checks(),
    ]
    .concat()
}

#[test]
fn every_check_has_a_number_and_a_title_of_its_own() {
    let checks = checks();
    let numbers: Vec<u16> = checks.iter().map(|check| check.number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let titles: std::collections::BTreeSet<&str> = checks.iter().map(|check| check.name).collect();
    assert_eq!(titles.len(), checks.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_check_passes_whatever_the_server_says() {
    let checks = checks();
    let mut always: Option<std::collections::BTreeSet<u16>> = None;
    for code in [StatusCode::OK, StatusCode::CREATED, StatusCode::NOT_FOUND] {
        let passing = vacuity::passing(&checks, code).await;
        always = Some(always.map_or(passing.clone(), |before| &before & &passing));
    }
    assert_eq!(always, Some([].into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulated_server_behaves_as_the_list_says() {
    let simulator = simulator::Simulator::start().await;
    report::run(simulator.target(), &checks()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_server_behaves_as_the_list_says() {
    if let Some(server) = real::RealServer::start().await {
        report::run(server.target(), &checks()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_of_the_environment_behaves_as_the_list_says() {
    match target::from_environment() {
        Some(target) => report::run(target, &checks()).await,
        None => println!("skipped: {} names no server", target::URL),
    }
}
