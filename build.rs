//! Tells the binary which commit and target it was built from.

use std::path::Path;
use std::process::Command;

fn main() {
    let commit = given().or_else(checked_out).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=AMKO_COMMIT={commit}");
    println!("cargo:rustc-env=AMKO_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    // A path that is not there would build everything anew each time.
    for path in ["HEAD", "refs/heads"].into_iter().filter_map(git_path).filter(|path| Path::new(path).exists()) {
        println!("cargo:rerun-if-changed={path}");
    }
}

/// Where git keeps something of this checkout, which may be a linked one.
fn git_path(of: &str) -> Option<String> {
    git(&["rev-parse", "--git-path", of])
}

/// What the builder of an image says, where there is no repository.
fn given() -> Option<String> {
    println!("cargo:rerun-if-env-changed=AMKO_COMMIT");
    std::env::var("AMKO_COMMIT").ok().filter(|commit| !commit.is_empty())
}

fn checked_out() -> Option<String> {
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(words: &[&str]) -> Option<String> {
    let answer = Command::new("git").args(words).output().ok()?;
    let text = answer.status.success().then(|| String::from_utf8(answer.stdout).ok())??;
    Some(text.trim().to_owned())
}
