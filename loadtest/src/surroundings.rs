//! The machine and the programs of a measurement.

use crate::parameters::Parameters;
use crate::process::program;
use crate::results::Environment;
use anyhow::{Context as _, Result};
use std::process::Command;

/// What can be known before the runs.
///
/// # Errors
/// When there is no operator.
pub fn environment(parameters: &Parameters) -> Result<Environment> {
    let program = program(parameters)?;
    let version = Command::new(&program).arg("version").output().context("cannot ask the operator for its version")?;
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let load = load();
    Ok(Environment {
        date: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        operator: String::from_utf8_lossy(&version.stdout).trim().to_owned(),
        loadtest: env!("CARGO_PKG_VERSION").to_owned(),
        kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
        processor: model.map(|(_, model)| model.trim().to_owned()).unwrap_or_default(),
        cpus: std::thread::available_parallelism()?.get(),
        release: !cfg!(debug_assertions),
        load_before: load,
        load_after: load,
    })
}

/// Processes that want to run, averaged over a minute; NaN where it is not known.
pub fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(f64::NAN)
}
