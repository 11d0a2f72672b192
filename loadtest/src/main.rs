//! `amko-loadtest`: measures the operator, see the library.

use amko_lab::up::out::{complain, say};
use amko_loadtest::parameters::Parameters;
use amko_loadtest::results::Results;
use amko_loadtest::run::run;
use amko_loadtest::surroundings::{environment, load};
use amko_loadtest::{process, report};
use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Measures the operator as a process against simulated clusters and a simulated controller.
#[derive(Debug, Parser)]
#[command(name = "amko-loadtest", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Directory for RESULTS.md, results.json and the plots
    #[arg(long, global = true, value_name = "DIR", default_value = "target/loadtest")]
    out: PathBuf,
    /// Directory for the kubeconfig and the operator's logs
    #[arg(long, global = true, value_name = "DIR", default_value = "target/loadtest")]
    work: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The three runs of the report: `instant`, `large`, `limited`; about ten minutes
    Bench {
        /// Only the runs of these names
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// The operator's executable [default: `amko` beside this program]
        #[arg(long, value_name = "FILE")]
        operator: Option<PathBuf>,
    },
    /// One run with parameters of your own
    Run(Box<Parameters>),
    /// Write the report again from `results.json`, for instance after an edit of `LIMITS.md`
    Report,
}

#[tokio::main]
async fn main() -> ExitCode {
    // Fails only when a provider is installed already, and then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Cli { command, out, work } = Cli::parse();
    match execute(command, &out, &work).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("amko-loadtest: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn execute(command: Command, out: &Path, work: &Path) -> Result<()> {
    for directory in [out, work] {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    }
    match command {
        Command::Bench { only, operator } => {
            let all = [Parameters::instant(), Parameters::large(), Parameters::limited()];
            let wanted = all.into_iter().filter(|run| only.is_empty() || only.contains(&run.name));
            measure(wanted.map(|run| Parameters { operator: operator.clone(), ..run }).collect(), out, work).await
        }
        Command::Run(parameters) => measure(vec![*parameters], out, work).await,
        Command::Report => report::write(&report::read(out)?, out),
    }
}

async fn measure(all: Vec<Parameters>, out: &Path, work: &Path) -> Result<()> {
    let first = all.first().context("no run of that name; there are instant, large and limited")?;
    process::program(first)?;
    let mut environment = environment(first)?;
    let mut runs = Vec::new();
    for parameters in all {
        runs.push(run(parameters, work, say).await?);
    }
    environment.load_after = load();
    let results = Results { environment, runs };
    report::write(&results, out)?;
    say(&format!("written: {}", out.join("RESULTS.md").display()));
    Ok(())
}
