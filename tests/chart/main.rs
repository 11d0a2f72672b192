//! The Helm chart: what the real helm makes of it, and that what is written twice says the same.
//!
//! helm is what `make tools` built. Tests that need it are skipped by name where it is missing; with `CI=true` that is a
//! failure. `make fix` rewrites what is derived: the chart's definitions, its table of values, and
//! the rendered objects in `tests/chart/golden/`, which are then to be read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod crds;
mod helm;
mod metrics;
mod refused;
mod rendered;
mod table;

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn chart() -> PathBuf {
    root().join("charts/amko")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a directory, by name.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Compares a file to what it should be, after rewriting it if that was asked for.
fn is_up_to_date(path: &Path, wanted: &str) {
    if std::env::var_os("AMKO_UPDATE_CHART").is_some() {
        std::fs::write(path, wanted).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    let same = wanted.lines().zip(stored.lines()).take_while(|(new, old)| new == old).count();
    let [new, old] = [wanted, &stored].map(|text| text.lines().nth(same).unwrap_or("(end)"));
    assert!(
        wanted == stored,
        "{} differs after line {same}: {old:?} should be {new:?}; run `make fix` and read what changed",
        path.display()
    );
}
