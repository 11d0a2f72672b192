//! The sub-commands of `amko`, one file each.

pub mod check;
pub mod crds;
pub mod members;
pub mod run;
pub mod version;

use clap::{Parser, Subcommand};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Keeps one GSLB service per FQDN on an Avi controller from the objects of many Kubernetes clusters.
#[derive(Debug, Parser)]
#[command(name = "amko", version, about, disable_help_subcommand = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the operator.
    Run(run::RunArguments),
    /// Asks a running operator whether it is ready: exit code 0 or 1.
    Check(check::CheckArguments),
    /// Prints the definitions of the custom resources.
    Crds,
    /// Prints version, commit and target.
    Version,
}

/// Exit code for wrong usage or configuration.
const BAD_CONFIGURATION: u8 = 2;

/// Why the process ends with a failure.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Wrong usage or configuration: says what and where.
    #[error("{0}")]
    Configuration(String),
    #[error("{0}")]
    Runtime(String),
}

/// Runs the command line. Exit codes: 0 clean stop, 1 runtime failure, 2 wrong usage or configuration.
pub fn main(arguments: Arguments) -> ExitCode {
    let result = match arguments.command {
        Command::Run(run) => run::run(run),
        Command::Check(check) => check::check(&check, &mut io::stdout().lock()),
        Command::Crds => crds::print(&mut io::stdout().lock()).map_err(broken_output),
        Command::Version => version::print(&mut io::stdout().lock()).map_err(broken_output),
    };
    let Err(error) = result else { return ExitCode::SUCCESS };
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "amko: {error}");
    match error {
        CliError::Configuration(_) => ExitCode::from(BAD_CONFIGURATION),
        CliError::Runtime(_) => ExitCode::FAILURE,
    }
}

/// Reads a file that an option names.
fn read(path: &Path, option: &str) -> Result<Vec<u8>, CliError> {
    std::fs::read(path)
        .map_err(|error| CliError::Configuration(format!("cannot read {} ({option}): {error}", path.display())))
}

fn broken_output(error: io::Error) -> CliError {
    CliError::Runtime(format!("cannot write to standard output: {error}"))
}
