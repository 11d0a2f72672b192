//! Finds the files of the repository that the rules speak of.

use crate::source::SourceFile;
use std::path::{Path, PathBuf};

/// Directories that are not ours to judge.
const SKIPPED: [&str; 3] = ["target", ".git", "node_modules"];

/// Every Rust file.
pub fn rust() -> Vec<SourceFile> {
    with_ending(".rs")
}

/// Every Markdown file.
pub fn documents() -> Vec<SourceFile> {
    with_ending(".md")
}

fn with_ending(ending: &str) -> Vec<SourceFile> {
    text().into_iter().filter(|file| file.path.ends_with(ending)).collect()
}

/// Every file that is text, whatever its kind. Lock files are written by tools and left out.
pub fn text() -> Vec<SourceFile> {
    let mut paths = Vec::new();
    collect(&root(), &mut paths);
    paths.sort();
    paths.iter().filter_map(|path| read(path)).collect()
}

/// One file by its path from the root.
pub fn file(path: &str) -> SourceFile {
    read(&root().join(path)).expect("a file of the repository")
}

/// Replaces the text of a file.
pub fn write(path: &str, text: &str) {
    std::fs::write(root().join(path), text).expect("a file that can be written");
}

/// Whether a path from the root leads to a file or directory.
pub fn exists(path: &str) -> bool {
    root().join(path).exists()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a readable directory") {
        let entry = entry.expect("a readable entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().expect("an entry has a kind");
        match kind.is_dir() {
            true if !SKIPPED.contains(&name.as_str()) => collect(&entry.path(), paths),
            false if kind.is_file() && !name.ends_with(".lock") && name != ".git" => paths.push(entry.path()),
            _ => {}
        }
    }
}

fn read(path: &Path) -> Option<SourceFile> {
    let text = std::fs::read_to_string(path).ok()?;
    let relative = path.strip_prefix(root()).ok()?.to_string_lossy().replace('\\', "/");
    Some(SourceFile::new(&relative, &text))
}

#[test]
fn the_walk_finds_the_entry_points_of_both_packages() {
    let paths: Vec<String> = rust().into_iter().map(|file| file.path).collect();
    for expected in ["src/lib.rs", "src/core/mod.rs", "lab/src/lib.rs", "tests/tidy/main.rs"] {
        assert!(paths.iter().any(|path| path == expected), "{expected} is missing from {paths:?}");
    }
}
