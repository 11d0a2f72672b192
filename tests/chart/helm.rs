//! Runs the real helm on the chart, without a cluster.

use crate::{chart, root};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What came of one run.
pub struct Ran {
    pub succeeded: bool,
    pub out: String,
    pub err: String,
}

/// Runs helm. `None` where there is none, which is said.
pub fn helm(words: &[&str]) -> Option<Ran> {
    let program = std::env::var_os("HELM").unwrap_or_else(|| "helm".into());
    // No cluster of the user's is ever asked.
    let ran = Command::new(&program).args(words).env("KUBECONFIG", "/dev/null").stdin(Stdio::null()).output();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    match ran {
        Ok(output) => {
            Some(Ran { succeeded: output.status.success(), out: text(output.stdout), err: text(output.stderr) })
        }
        Err(error) => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "helm must be there under CI: {error}");
            // Straight to the stream, so that the harness shows it even for a test that passes.
            let _ = writeln!(std::io::stderr(), "skipped: helm {}: {error}", words.join(" "));
            None
        }
    }
}

/// Renders the chart as release `amko` in `avi-system`, with values from `tests/chart/values/` and more words.
pub fn template(values: &[&str], more: &[&str]) -> Option<Ran> {
    let files: Vec<String> = values.iter().map(|name| path(&values_file(name))).collect();
    let chart = path(&chart());
    let mut words = vec!["template", "amko", &chart, "--namespace", "avi-system"];
    words.extend(files.iter().flat_map(|file| ["--values", file]));
    words.extend(more);
    helm(&words)
}

pub fn values_file(name: &str) -> std::path::PathBuf {
    root().join("tests/chart/values").join(format!("{name}.yaml"))
}

pub fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
