//! The command line of the lab.

use crate::up::cli::{Cli, Command, FaultCommand, Place, TargetArgs, UpArgs};
use crate::up::command::run;
use clap::Parser;
use std::time::Duration;

fn parse(line: &str) -> Command {
    Cli::try_parse_from(line.split_whitespace()).unwrap().command
}

fn place(dir: &str) -> Place {
    Place { dir: dir.into() }
}

#[test]
fn up_without_flags_uses_the_defaults() {
    let expected = UpArgs {
        place: place("target/lab"),
        config: None,
        no_operator: false,
        seed: 1,
        port_base: 18440,
        controller_latency: Duration::ZERO,
        operator_args: vec![],
    };
    assert_eq!(parse("amko-lab up"), Command::Up(expected));
}

#[test]
fn up_takes_every_flag_of_the_contract() {
    let line = "amko-lab up --dir d --config c.yaml --no-operator --seed 7 --port-base 20000 \
                --controller-latency 20ms --operator-arg --test-hooks --operator-arg x";
    let expected = UpArgs {
        place: place("d"),
        config: Some("c.yaml".into()),
        no_operator: true,
        seed: 7,
        port_base: 20_000,
        controller_latency: Duration::from_millis(20),
        operator_args: vec!["--test-hooks".into(), "x".into()],
    };
    assert_eq!(parse(line), Command::Up(expected));
}

#[test]
fn commands_against_a_running_lab_name_a_target() {
    let args = |target: &str| TargetArgs { target: target.into(), place: place("target/lab") };
    assert_eq!(parse("amko-lab blackout site1"), Command::Blackout(args("site1")));
    assert_eq!(parse("amko-lab restore all"), Command::Restore(args("all")));
    assert_eq!(parse("amko-lab promote site2"), Command::Promote(args("site2")));
    assert_eq!(parse("amko-lab fault list --dir d"), Command::Fault(FaultCommand::List(place("d"))));
}

#[tokio::test]
async fn a_command_without_a_lab_is_a_usage_error() {
    let cli = Cli::try_parse_from(["amko-lab", "blackout", "site1", "--dir", "/nowhere"]).unwrap();
    assert_eq!(run(cli).await, 2);
}

#[tokio::test]
async fn what_is_not_there_yet_ends_with_two() {
    let line = "amko-lab fault add slow --target s2 --option x=1";
    assert_eq!(run(Cli::try_parse_from(line.split_whitespace()).unwrap()).await, 2, "{line}");
}
