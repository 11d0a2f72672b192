//! The rules about how the image is built: no build of it runs among the tests.

use crate::Finding;
use crate::source::SourceFile;

/// The image has no rustup to fetch another compiler with; with a wrong one its build fails, or differs from the tests'.
pub fn built_with_our_toolchain(dockerfile: &SourceFile, toolchain: &SourceFile) -> Vec<Finding> {
    let wanted = toolchain.text.lines().find_map(|line| line.strip_prefix("channel = "));
    let wanted = wanted.map(|version| version.trim_matches('"'));
    let built = dockerfile.text.lines().find_map(|line| line.strip_prefix("ARG RUST="));
    let same = wanted.is_some() && built == wanted;
    (!same).then(|| dockerfile.finding(&format!("ARG RUST={built:?} should be {wanted:?}"))).into_iter().collect()
}

/// cargo builds nothing in a workspace that lacks a member, and the image's build sees only what is named.
pub fn sees_every_member(ignore: &SourceFile, manifest: &SourceFile) -> Vec<Finding> {
    let named = |path: String| ignore.text.lines().any(|line| line == format!("!{path}"));
    let missing = members(&manifest.text).flat_map(|member| match member {
        "." => ["Cargo.toml".to_owned(), "src".to_owned()],
        member => [format!("{member}/Cargo.toml"), format!("{member}/src")],
    });
    missing.filter(|path| !named(path.clone())).map(|path| ignore.finding(&format!("`!{path}` is missing"))).collect()
}

fn members(manifest: &str) -> impl Iterator<Item = &str> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("members = ")).unwrap_or_default();
    line.split('"').skip(1).step_by(2)
}

#[test]
fn another_toolchain_is_reported() {
    let toolchain = SourceFile::new("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95.0\"\n");
    let findings = |text: &str| built_with_our_toolchain(&SourceFile::new("Dockerfile", text), &toolchain).len();
    assert_eq!(findings("ARG RUST=1.95.0\nFROM rust\n"), 0);
    assert_eq!(findings("ARG RUST=1.94.0\nFROM rust\n"), 1);
    assert_eq!(findings("FROM rust:1.95.0\n"), 1);
}

#[test]
fn a_member_that_the_build_would_not_see_is_reported() {
    let manifest = SourceFile::new("Cargo.toml", "[workspace]\nmembers = [\".\", \"lab\"]\n");
    let findings = |text: &str| sees_every_member(&SourceFile::new(".dockerignore", text), &manifest);
    assert!(findings("*\n!Cargo.toml\n!src\n!lab/Cargo.toml\n!lab/src\n").is_empty());
    assert_eq!(findings("*\n!Cargo.toml\n!src\n!lab/Cargo.toml\n"), [".dockerignore: `!lab/src` is missing"]);
}
