//! From a parsed command line to an exit code: 0 done, 1 failed, 2 wrong usage or configuration.

use super::cli::{Cli, Command, FaultCommand, TargetArgs};
use super::out::complain;
use super::remote::{Remote, RemoteError};
use super::run::{UpError, up};
use std::path::Path;

const DONE: u8 = 0;
const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// Runs one command.
pub async fn run(cli: Cli) -> u8 {
    match cli.command {
        Command::Up(args) => up_code(up(args).await),
        Command::Blackout(args) => act("blackout", &args).await,
        Command::Restore(args) => act("restore", &args).await,
        Command::Promote(args) => act("promote", &args).await,
        Command::Fault(FaultCommand::List(place)) => remote_code(list_faults(&place.dir).await),
        Command::Fault(FaultCommand::Clear { id, place }) => act("restore", &TargetArgs { target: id, place }).await,
        Command::Fault(FaultCommand::Add { .. }) => not_yet("fault add"),
        Command::Scenario { name } => crate::scenario::run(&name).await,
    }
}

fn not_yet(what: &str) -> u8 {
    complain(&format!("amko-lab: {what}: not available yet"));
    USAGE
}

async fn act(action: &str, args: &TargetArgs) -> u8 {
    let done = async { Remote::find(&args.place.dir)?.act(action, &args.target).await };
    remote_code(done.await)
}

async fn list_faults(dir: &Path) -> Result<(), RemoteError> {
    Remote::find(dir)?.list_faults().await
}

fn remote_code(done: Result<(), RemoteError>) -> u8 {
    let Err(error) = done else { return DONE };
    complain(&format!("amko-lab: {error}"));
    if matches!(error, RemoteError::Lab(_)) { USAGE } else { FAILED }
}

fn up_code(done: Result<(), UpError>) -> u8 {
    let Err(error) = done else { return DONE };
    complain(&format!("amko-lab: {error}"));
    if matches!(error, UpError::Config(_)) { USAGE } else { FAILED }
}
