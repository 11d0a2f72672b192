//! The command line of `amko-lab`.

use super::ports::DEFAULT_BASE;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// A simulated world for AMKO: Kubernetes clusters, Avi controllers, GSLB DNS, and AKO in every cluster.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "amko-lab", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Start the world and the operator; stay in the foreground until SIGINT or SIGTERM
    Up(UpArgs),
    /// Make a site or a cluster unreachable: API servers, controller, virtual addresses, DNS
    Blackout(TargetArgs),
    /// End a blackout, or all of them
    Restore(TargetArgs),
    /// Make the controller of a site the GSLB leader
    Promote(TargetArgs),
    /// Break something on purpose, or see what is broken
    #[command(subcommand)]
    Fault(FaultCommand),
    /// Run a scripted scenario in a lab of its own
    Scenario {
        /// Name of the scenario, or `list`
        name: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct UpArgs {
    #[command(flatten)]
    pub place: Place,
    /// YAML file with another topology
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Start the world without the operator
    #[arg(long)]
    pub no_operator: bool,
    /// Seed of everything random: uuids, delays
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// First port of the lab's block of 100 on 127.0.0.1
    #[arg(long, value_name = "N", default_value_t = DEFAULT_BASE, value_parser = clap::value_parser!(u16).range(1024..=65400))]
    pub port_base: u16,
    /// Median delay of the Avi controllers' answers, such as `20ms`
    #[arg(long, value_name = "DUR", default_value = "0s", value_parser = humantime::parse_duration)]
    pub controller_latency: Duration,
    /// Another argument for the operator, once each; for tests
    #[arg(long = "operator-arg", value_name = "ARG", hide = true, allow_hyphen_values = true)]
    pub operator_args: Vec<String>,
}

/// Which lab is meant.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Place {
    /// Directory of the lab's files
    #[arg(long, value_name = "DIR", default_value = "target/lab")]
    pub dir: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct TargetArgs {
    /// Site or cluster; `restore` also takes `all`
    pub target: String,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum FaultCommand {
    /// Add a fault: `fault add server-error --target neutral --status 503 --times 20`
    ///
    /// `fault add list` shows all faults and their options.
    Add {
        /// Name of the fault, or `list`
        name: String,
        #[command(flatten)]
        place: Place,
        /// `--target SITE`, and options of the fault with their values
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "--OPTION VALUE")]
        options: Vec<String>,
    },
    /// List what is broken on purpose
    List {
        /// List the faults that can be added instead
        #[arg(long)]
        known: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Mend one fault, or all
    Clear {
        #[arg(default_value = "all")]
        id: String,
        #[command(flatten)]
        place: Place,
    },
}
