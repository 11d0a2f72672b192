//! Tells the binary which commit and target it was built from.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=AMKO_COMMIT");
    let commit = given().or_else(checked_out).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=AMKO_COMMIT={commit}");
    println!("cargo:rustc-env=AMKO_TARGET={}", std::env::var("TARGET").unwrap_or_default());
}

/// What the builder of an image says, where there is no repository.
fn given() -> Option<String> {
    std::env::var("AMKO_COMMIT").ok().filter(|commit| !commit.is_empty())
}

/// The commit of this checkout. It is asked for again when the checkout or its branch changes.
fn checked_out() -> Option<String> {
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD"].into_iter().chain(branch.as_deref()) {
        // A path that is not there would build everything anew each time.
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(words: &[&str]) -> Option<String> {
    let answer = Command::new("git").args(words).output().ok()?;
    let text = answer.status.success().then(|| String::from_utf8(answer.stdout).ok())??;
    Some(text.trim().to_owned())
}
