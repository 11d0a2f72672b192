//! Programs that may be missing.

use std::io::Write;
use std::process::{Command, Stdio};

/// Whether `program` can be run. Where it cannot, `what` is said to be skipped, or fails when `CI` is `true`.
pub fn present(program: &str, what: &str) -> bool {
    let run = Command::new(program).arg("-h").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let Err(error) = run else { return true };
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{program} must be there under CI: {error}");
    // Straight to the stream, so that the harness shows it even for a test that passes.
    let _ = writeln!(std::io::stderr(), "skipped: {what}: {program}: {error}");
    false
}

/// Tells a figure that the test found.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
