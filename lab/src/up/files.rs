//! The files that a lab leaves in its directory.

use super::report::LabReport;
use super::tls::LabTls;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file of the lab that could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("no lab in {}: start one with `amko-lab up`, or name its directory with --dir", dir.display())]
    NoLab { dir: PathBuf },
    #[error("{} is not the description of a lab: {problem}", path.display())]
    Unreadable { path: PathBuf, problem: String },
}

/// The directory of one lab.
#[derive(Debug, Clone)]
pub struct LabDir(PathBuf);

impl LabDir {
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self(dir.into())
    }

    /// The same directory as an absolute path, created when absent.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(&self) -> Result<Self, FileError> {
        let failed = |source| FileError::Write { path: self.0.clone(), source };
        std::fs::create_dir_all(&self.0).map_err(failed)?;
        self.0.canonicalize().map(Self).map_err(failed)
    }

    /// The kubeconfig with one context per cluster.
    pub fn members(&self) -> PathBuf {
        self.0.join("gslb-members")
    }

    pub fn operator_log(&self, context: &str) -> PathBuf {
        self.0.join(format!("operator-{context}.log"))
    }

    /// CA certificate that every listener of the lab is trusted by.
    pub fn ca(&self) -> PathBuf {
        self.0.join("ca.crt")
    }

    /// Writes the certificates; the key is readable by its owner only.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_tls(&self, tls: &LabTls) -> Result<(), FileError> {
        write(self.ca(), 0o644, &tls.ca)?;
        write(self.0.join("server.crt"), 0o644, &tls.certificate)?;
        write(self.0.join("server.key"), 0o600, &tls.key)
    }

    /// Writes the kubeconfig, readable by its owner only.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_members(&self, kubeconfig: &str) -> Result<(), FileError> {
        write(self.members(), 0o600, kubeconfig)
    }

    /// Writes `lab.json`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_report(&self, report: &LabReport) -> Result<(), FileError> {
        let path = self.report();
        let text = serde_json::to_string_pretty(report)
            .map_err(|error| FileError::Write { path: path.clone(), source: error.into() })?;
        write(path, 0o600, &text)
    }

    /// Reads `lab.json`.
    ///
    /// # Errors
    /// When there is none or it has another shape.
    pub fn read_report(&self) -> Result<LabReport, FileError> {
        let path = self.report();
        let text = std::fs::read_to_string(&path).map_err(|_| FileError::NoLab { dir: self.0.clone() })?;
        serde_json::from_str(&text).map_err(|error| FileError::Unreadable { path, problem: error.to_string() })
    }

    fn report(&self) -> PathBuf {
        self.0.join("lab.json")
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

fn write(path: PathBuf, mode: u32, text: &str) -> Result<(), FileError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(mode);
    let written = options.open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| FileError::Write { path, source })
}
