//! The command line of the lab.

use crate::avi::FaultOrder;
use crate::up::cli::{Cli, Command, FaultCommand, Place, TargetArgs, UpArgs};
use crate::up::command::run;
use crate::up::orders::{self, Words};
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
    let list = FaultCommand::List { known: false, place: place("d") };
    assert_eq!(parse("amko-lab fault list --dir d"), Command::Fault(list));
    let clear = FaultCommand::Clear { id: "3".into(), place: place("target/lab") };
    assert_eq!(parse("amko-lab fault clear 3"), Command::Fault(clear));
}

#[tokio::test]
async fn a_command_without_a_lab_is_a_usage_error() {
    let cli = Cli::try_parse_from(["amko-lab", "blackout", "site1", "--dir", "/nowhere"]).unwrap();
    assert_eq!(run(cli).await, 2);
}

fn words(line: &str) -> Result<Words, String> {
    let Command::Fault(FaultCommand::Add { name, options, .. }) = parse(line) else { panic!("{line}") };
    Words::parse(&name, &options)
}

#[test]
fn an_order_is_read_from_options_in_either_spelling_with_the_directory_among_them() {
    let line = "amko-lab fault add server-error --target neutral --status=503 --times 20 --for 60s --dir d";
    let order = FaultOrder::new("server-error").on("neutral").with("status", 503).with("times", 20).with("for", "60s");
    assert_eq!(words(line), Ok(Words { order, dir: Some("d".into()) }));
    for (line, problem) in [
        ("amko-lab fault add silence --for", "--for needs a value"),
        ("amko-lab fault add silence --for 1s 60s", "\"60s\" is no option: expected --option"),
        ("amko-lab fault add silence --for 1s --for=2s", "--for comes twice"),
    ] {
        assert_eq!(words(line), Err(problem.to_owned()), "{line}");
    }
}

#[test]
fn the_catalogue_is_printed_with_every_option_and_its_default() {
    let lines = orders::known();
    assert_eq!(
        lines[0],
        "slow-answer (F-1): The answer begins late, or its body trickles; `--path /login` makes only \
                          logins slow."
    );
    assert_eq!(lines[1], "    --delay: time until the first byte [5s]");
    assert_eq!(lines.last().unwrap(), "    --for: ends after this time");
}
