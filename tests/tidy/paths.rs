//! The rule about paths that documents name.

use crate::Finding;
use crate::source::SourceFile;

/// What a path has to start with to be one of ours.
const ROOTS: [&str; 8] = ["src/", "lab/src/", "realkube/", "tests/", "crds/", "docs/", "charts/", ".ci/"];

/// A map of the code that names a file which is gone sends readers astray.
pub fn named_paths_exist(file: &SourceFile, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let gone = quoted(&file.text).filter(|path| ROOTS.iter().any(|root| path.starts_with(root)) && !exists(path));
    gone.map(|path| file.finding(&format!("`{path}` is named but does not exist"))).collect()
}

/// What stands between single backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn a_path_that_is_gone_is_reported() {
    let text = "See `src/a.rs` and `src/b.rs`, or run `make`.\nAlso `src/c/`.\n";
    let findings = named_paths_exist(&SourceFile::new("README.md", text), |path| path == "src/a.rs");
    let message = |path: &str| format!("README.md: `{path}` is named but does not exist");
    assert_eq!(findings, [message("src/b.rs"), message("src/c/")]);
}
