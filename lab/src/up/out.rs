//! What the commands print: plain lines on standard output and standard error.

use std::io::Write;

/// One line on standard output.
pub fn say(line: &str) {
    // Nobody is left to read it when the pipe is closed, and the lab goes on.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// One line on standard error.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
