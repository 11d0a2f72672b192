//! From a parsed command line to an exit code: 0 done, 1 failed, 2 wrong usage or configuration.

use super::cli::{Cli, Command, FaultCommand, TargetArgs};
use super::orders::{self, Words};
use super::out::{complain, say};
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
        Command::Fault(FaultCommand::List { known: true, .. }) => list_known(),
        Command::Fault(FaultCommand::List { place, .. }) => remote_code(list_faults(&place.dir).await),
        Command::Fault(FaultCommand::Clear { id, place }) => remote_code(clear_fault(&place.dir, &id).await),
        Command::Fault(FaultCommand::Add { name, .. }) if name == "list" => list_known(),
        Command::Fault(FaultCommand::Add { name, place, options }) => {
            remote_code(add_fault(&place.dir, &name, &options).await)
        }
        Command::Scenario { name } => crate::scenario::run(&name).await,
    }
}

async fn act(action: &str, args: &TargetArgs) -> u8 {
    let done = async { Remote::find(&args.place.dir)?.act(action, &args.target).await };
    remote_code(done.await)
}

fn list_known() -> u8 {
    orders::known().iter().for_each(|line| say(line));
    DONE
}

async fn add_fault(dir: &Path, name: &str, options: &[String]) -> Result<(), RemoteError> {
    let Words { order, dir: named } = Words::parse(name, options).map_err(RemoteError::Usage)?;
    Remote::find(named.as_deref().unwrap_or(dir))?.add_fault(&order).await
}

async fn clear_fault(dir: &Path, id: &str) -> Result<(), RemoteError> {
    Remote::find(dir)?.clear_fault(id).await
}

async fn list_faults(dir: &Path) -> Result<(), RemoteError> {
    Remote::find(dir)?.list_faults().await
}

fn remote_code(done: Result<(), RemoteError>) -> u8 {
    let Err(error) = done else { return DONE };
    complain(&format!("amko-lab: {error}"));
    if matches!(error, RemoteError::Lab(_) | RemoteError::Usage(_)) { USAGE } else { FAILED }
}

fn up_code(done: Result<(), UpError>) -> u8 {
    let Err(error) = done else { return DONE };
    complain(&format!("amko-lab: {error}"));
    if matches!(error, UpError::Config(_)) { USAGE } else { FAILED }
}
