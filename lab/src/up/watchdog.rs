//! Ends a child process when the lab dies without a chance to do so, as by `kill -9`.
//!
//! A small shell reads from a pipe whose other end only the lab holds. A line means that the child has ended and nothing
//! is left to do; the end of the pipe without one means that the lab is gone. The child knows nothing of all this.

use std::io::{self, PipeWriter, Write};
use std::process::Stdio;
use tokio::process::{Child, Command};

/// SIGTERM, then up to six seconds to stop in order, then SIGKILL. `$1` is the process.
const SCRIPT: &str = "\
read -r _ && exit 0
kill -TERM \"$1\" || exit 0
for _ in 1 2 3 4 5 6; do
    sleep 1
    kill -0 \"$1\" || exit 0
done
kill -KILL \"$1\"
";

/// Watches over one process until it is dismissed or dropped.
pub struct Watchdog {
    lab: Option<PipeWriter>,
    /// Not waited for: tokio collects it when it is dropped.
    _shell: Child,
}

impl Watchdog {
    /// Starts to watch over this process.
    ///
    /// # Errors
    /// When there is no `sh`.
    pub fn over(process: u32) -> io::Result<Self> {
        let (reader, lab) = io::pipe()?;
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "watchdog", &process.to_string()])
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl-C is for the lab.
            .process_group(0)
            .spawn()?;
        Ok(Self { lab: Some(lab), _shell: shell })
    }

    /// To be called once the process has ended: its number may soon belong to another one.
    pub fn dismiss(&mut self) {
        if let Some(mut lab) = self.lab.take() {
            // Nobody reads only when the shell itself was killed.
            let _ = lab.write_all(b"ended\n");
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.dismiss();
    }
}
