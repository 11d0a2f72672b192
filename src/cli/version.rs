//! `amko version`.

use std::io::{self, Write};

/// Writes version, commit and target on one line.
///
/// # Errors
/// When `out` cannot be written to.
pub fn print(out: &mut impl Write) -> io::Result<()> {
    let (version, commit, target) = (env!("CARGO_PKG_VERSION"), env!("AMKO_COMMIT"), env!("AMKO_TARGET"));
    writeln!(out, "amko {version} (commit {commit}, {target})")
}
