//! Reads the YAML file of `--config` over the default topology.

use super::topology::{Topology, TopologyError};
use std::path::{Path, PathBuf};

/// A configuration file that cannot be used. Each message names the file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("configuration file {}: {problem}", path.display())]
    Parse { path: PathBuf, problem: String },
    #[error("configuration file {}: {source}", path.display())]
    Invalid { path: PathBuf, source: TopologyError },
}

/// The topology of the file, or the default without one.
///
/// # Errors
/// When the file cannot be read, is not YAML of the expected shape, or describes an impossible lab.
pub fn load(path: Option<&Path>) -> Result<Topology, ConfigError> {
    let Some(path) = path else { return Ok(Topology::default()) };
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    parse(path, &text)
}

/// Parses the text of a configuration file; `path` is only for messages.
///
/// # Errors
/// As [`load`], without the reading.
pub fn parse(path: &Path, text: &str) -> Result<Topology, ConfigError> {
    let topology: Topology = match text.trim() {
        "" => Topology::default(),
        _ => serde_saphyr::from_str(text)
            .map_err(|error| ConfigError::Parse { path: path.to_owned(), problem: error.to_string() })?,
    };
    topology.validate().map_err(|source| ConfigError::Invalid { path: path.to_owned(), source })?;
    Ok(topology)
}
