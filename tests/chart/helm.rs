//! Runs the real helm on the chart, without a cluster.

use crate::{chart, root};
use amko_realkube::Skip;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

static PROGRAM: LazyLock<Result<PathBuf, Skip>> = LazyLock::new(amko_realkube::helm);

/// What came of one run.
pub struct Ran {
    pub succeeded: bool,
    pub out: String,
    pub err: String,
}

/// Runs helm. `None` where there is none, which is said.
pub fn helm(words: &[&str]) -> Option<Ran> {
    let program = PROGRAM.as_ref().map_err(|skip| skip.tell(&format!("helm {}", words.join(" ")))).ok()?;
    // No cluster of the user's is ever asked.
    let ran = Command::new(program).args(words).env("KUBECONFIG", "/dev/null").stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Some(Ran { succeeded: ran.status.success(), out: text(ran.stdout), err: text(ran.stderr) })
}

/// An image of the operator. Values written for AMKO 2.2 name its image, which the chart refuses.
pub const IMAGE: &str = "image.repository=registry.example.org/amko";

/// Values that name an image of the operator themselves.
const WITH_IMAGE: &str = "everything";

/// Renders the chart as release `amko` in `avi-system`, with values from `tests/chart/values/` and more words.
pub fn template(values: &[&str], more: &[&str]) -> Option<Ran> {
    let files: Vec<String> = values.iter().map(|name| path(&values_file(name))).collect();
    let chart = path(&chart());
    let mut words = vec!["template", "amko", &chart, "--namespace", "avi-system"];
    words.extend(files.iter().flat_map(|file| ["--values", file]));
    if !values.is_empty() && !values.contains(&WITH_IMAGE) {
        words.extend(["--set", IMAGE]);
    }
    words.extend(more);
    helm(&words)
}

pub fn values_file(name: &str) -> std::path::PathBuf {
    root().join("tests/chart/values").join(format!("{name}.yaml"))
}

pub fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
