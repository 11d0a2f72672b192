//! Scenarios as a user runs them: `amko-lab scenario NAME` as a process, with the operator that was built beside it.
//!
//! Only the quick ones; `make scenarios` runs all. Without the operator they are skipped by name; with `CI=true` that is
//! a failure.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

/// How long a quick scenario may take on a busy machine.
const MOST_TIME: Duration = Duration::from_secs(240);
/// How long processes may take to end.
const END: Duration = Duration::from_secs(15);

const NAMES: [&str; 16] = [
    "leader-blackout",
    "site-blackout",
    "leader-promote",
    "credentials-rotated",
    "controller-slow",
    "controller-flapping",
    "neighbour",
    "busy-neighbour",
    "dark-truth",
    "odd-objects",
    "policy-replaced",
    "promoted-without-policy",
    "route-definition",
    "tls-rollout",
    "typo",
    "wrong-context",
];

#[tokio::test]
async fn list_names_each_scenario_with_one_sentence() {
    let (code, lines) = run("list").await;
    let names: Vec<&str> = lines.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!((code, names), (Some(0), NAMES.to_vec()));
    for line in &lines {
        let sentence = line.split_once(' ').unwrap().1.trim();
        assert!(sentence.len() > 40 && sentence.ends_with('.') && sentence.matches(". ").count() == 0, "{line}");
    }
}

#[tokio::test]
async fn a_scenario_that_does_not_exist_is_a_usage_error() {
    assert_eq!(run("end-of-the-world").await, (Some(2), vec![]));
}

#[tokio::test]
async fn objects_of_others_stay_as_they_are() {
    passes("neighbour").await;
}

#[tokio::test]
async fn a_new_password_needs_one_refused_login_and_no_restart() {
    passes("credentials-rotated").await;
}

#[tokio::test]
async fn changes_during_a_blackout_of_the_leader_are_all_made_after_it() {
    passes("leader-blackout").await;
}

#[tokio::test]
async fn an_interrupted_scenario_fails_and_leaves_no_operator() {
    let Some((mut child, mut lines, operator)) = begun("controller-flapping").await else { return };
    signal(child.id().unwrap(), Signal::INT);
    let mut last = String::new();
    while let Some(line) = timeout(END, lines.next_line()).await.unwrap().unwrap() {
        last = line;
    }
    assert_eq!(child.wait().await.unwrap().code(), Some(1));
    assert_eq!(last, "scenario controller-flapping: failed: interrupted");
    assert!(!runs(operator), "process {operator} still runs");
}

#[tokio::test]
async fn a_killed_lab_does_not_leave_its_operator_running() {
    let Some((mut child, _lines, operator)) = begun("controller-flapping").await else { return };
    assert!(runs(operator), "the operator runs");
    signal(child.id().unwrap(), Signal::KILL);
    child.wait().await.unwrap();
    let gone = async {
        while runs(operator) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(timeout(END, gone).await.is_ok(), "process {operator} outlives the killed lab");
}

async fn passes(name: &str) {
    if !operator_is_built(name) {
        return;
    }
    let (code, lines) = run(name).await;
    assert_eq!(code, Some(0), "{}", lines.join("\n"));
    assert_eq!(lines.last(), Some(&format!("scenario {name}: passed")));
}

/// Exit code and lines of a scenario that is run to its end.
async fn run(name: &str) -> (Option<i32>, Vec<String>) {
    let output = command(name).output();
    let output = timeout(MOST_TIME, output).await.unwrap_or_else(|_| panic!("{name} takes more than {MOST_TIME:?}"));
    let output = output.unwrap();
    let lines = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    (output.status.code(), lines)
}

/// A scenario that has started its operator, with the number of the operator's process; `None` without an operator.
async fn begun(name: &str) -> Option<(Child, Lines<BufReader<ChildStdout>>, u32)> {
    if !operator_is_built(name) {
        return None;
    }
    let mut child = command(name).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = timeout(MOST_TIME, lines.next_line()).await.unwrap().unwrap();
        let line = line.expect("the scenario ended before its operator was ready");
        if let Some((_, rest)) = line.split_once("the operator is ready, process ") {
            return Some((child, lines, rest.split(',').next().unwrap().parse().unwrap()));
        }
    }
}

/// What stays of a killed scenario stays below the build directory.
fn command(name: &str) -> Command {
    let mut command = Command::new(program());
    command.args(["scenario", name]).env("TMPDIR", env!("CARGO_TARGET_TMPDIR")).kill_on_drop(true);
    command
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_amko-lab"))
}

fn operator_is_built(what: &str) -> bool {
    let operator: PathBuf = program().with_file_name("amko");
    if operator.is_file() {
        return true;
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "no operator at {}", operator.display());
    // Straight to the stream, so that the harness shows it even for a test that passes.
    let _ = writeln!(std::io::stderr(), "skipped: scenario {what}: no operator at {}", operator.display());
    false
}

fn pid(process: u32) -> Pid {
    Pid::from_raw(process.try_into().unwrap()).unwrap()
}

fn signal(process: u32, signal: Signal) {
    kill_process(pid(process), signal).unwrap();
}

/// Whether the process is at work; one that has ended counts as gone even before anybody has waited for it.
fn runs(process: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    test_kill_process(pid(process)).is_ok() && !state.contains(") Z ")
}
