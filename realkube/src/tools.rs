//! Where the programs are, or why they are not there.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// What builds the programs, and knows where they are.
const BUILD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/tools/build");

/// The programs of a control plane, all of one version of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    pub kube_apiserver: PathBuf,
    pub etcd: PathBuf,
    pub kubectl: PathBuf,
}

/// Why a test cannot run on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip(String);

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Skip {
    /// Says that `what` is skipped, and why, so that the harness shows it even for a test that passes.
    pub fn tell(&self, what: &str) {
        // Without a stream there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "skipped: {what}: {self}");
    }
}

/// The programs of a control plane. Builds nothing: `make tools` does, once, in some minutes.
///
/// # Errors
/// Why they are not there.
///
/// # Panics
/// Instead of that error where `CI` is `true`: there, every test has to run.
pub fn available() -> Result<Tools, Skip> {
    let directories = look(&["kube-apiserver", "etcd"]);
    demanded(directories.map(|found| Tools {
        kube_apiserver: found[0].join("kube-apiserver"),
        etcd: found[1].join("etcd"),
        kubectl: found[0].join("kubectl"),
    }))
}

/// Helm. Builds nothing: `make tools` does.
///
/// # Errors
/// Why it is not there.
///
/// # Panics
/// Instead of that error where `CI` is `true`: there, every test has to run.
pub fn helm() -> Result<PathBuf, Skip> {
    demanded(look(&["helm"]).map(|found| found[0].join("helm")))
}

fn demanded<T>(found: Result<T, Skip>) -> Result<T, Skip> {
    demanded_where(std::env::var("CI").as_deref() == Ok("true"), found)
}

fn demanded_where<T>(everything_must_run: bool, found: Result<T, Skip>) -> Result<T, Skip> {
    if let Err(Skip(reason)) = &found {
        assert!(!everything_must_run, "a test may not be skipped under CI: {reason}");
    }
    found
}

fn look(tools: &[&str]) -> Result<Vec<PathBuf>, Skip> {
    look_with(Command::new(BUILD), tools)
}

/// The directory of each tool, in their order.
fn look_with(mut build: Command, tools: &[&str]) -> Result<Vec<PathBuf>, Skip> {
    let output = build.arg("--look").args(tools).output().map_err(|error| Skip(format!("{BUILD}: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let directories: Vec<PathBuf> = text.lines().map(PathBuf::from).collect();
    if output.status.success() && directories.len() == tools.len() {
        return Ok(directories);
    }
    Err(Skip(String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_cannot_be_had_is_a_skip_with_the_reason() {
        let mut build = Command::new(BUILD);
        build.env("GO", "no-such-go").env_remove("KUBEBUILDER_ASSETS");
        let reason = "missing: etcd: there is no no-such-go to build it with; skipped: tests that need etcd";
        assert_eq!(look_with(build, &["etcd"]), Err(Skip(reason.to_owned())));
    }

    #[test]
    fn where_everything_must_run_only_a_skip_panics() {
        let skip: Result<u8, Skip> = Err(Skip("no Go".to_owned()));
        assert_eq!(demanded_where(false, skip.clone()), skip);
        assert_eq!(demanded_where(true, Ok(1)), Ok(1));
        let panic = std::panic::catch_unwind(|| demanded_where(true, skip)).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "a test may not be skipped under CI: no Go");
    }
}
