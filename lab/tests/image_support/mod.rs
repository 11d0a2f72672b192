//! What the tests of the image need.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

pub mod names;
pub mod operator;
pub mod root;

use std::io::Write;

/// Says something straight to the stream, so that the harness shows it even for a test that passes.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
