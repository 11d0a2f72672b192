//! Tells the binary which commit and target it was built from.

use std::process::Command;

fn main() {
    let commit = given().or_else(checked_out).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=AMKO_COMMIT={commit}");
    println!("cargo:rustc-env=AMKO_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    println!("cargo:rerun-if-changed=.git/HEAD");
    println!("cargo:rerun-if-changed=.git/refs/heads");
}

/// What the builder of an image says, where there is no repository.
fn given() -> Option<String> {
    println!("cargo:rerun-if-env-changed=AMKO_COMMIT");
    std::env::var("AMKO_COMMIT").ok().filter(|commit| !commit.is_empty())
}

fn checked_out() -> Option<String> {
    let git = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    let commit = git.status.success().then(|| String::from_utf8(git.stdout).ok())??;
    Some(commit.trim().to_owned())
}
