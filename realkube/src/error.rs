//! What can go wrong between a test and its servers.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// A server that could not be started, or did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot write or create {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("no port of 127.0.0.1 is free between {first} and {last}")]
    NoPort { first: u16, last: u16 },
    #[error("cannot start {program}: {source}")]
    Spawn { program: String, source: io::Error },
    #[error("{program} ended with {status} before it was ready; the end of its log:\n{log}")]
    Ended { program: String, status: ExitStatus, log: String },
    #[error("{program} was not ready within {seconds} s, it said last: {last}; the end of its log:\n{log}")]
    NotReady { program: String, seconds: u64, last: String, log: String },
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("cannot write a kubeconfig: {0}")]
    Kubeconfig(String),
    #[error("etcd: {0}")]
    Etcd(#[from] reqwest::Error),
    #[error("etcd answered what was not understood: {0}")]
    Answer(serde_json::Value),
    #[error("API server: {0}")]
    Api(#[source] Box<kube::Error>),
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Self {
        Self::Api(Box::new(error))
    }
}

impl Error {
    /// Whether the program found its port taken by somebody who was faster.
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Ended { log, .. } if log.contains("address already in use"))
    }
}
