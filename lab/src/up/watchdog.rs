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
    #[cfg_attr(not(test), expect(dead_code, reason = "only kept"))]
    shell: Child,
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
        Ok(Self { lab: Some(lab), shell })
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

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::Signal;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;
    use std::time::Duration;
    use tokio::time::timeout;

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").kill_on_drop(true).spawn().unwrap()
    }

    fn ended_by(signal: Signal) -> ExitStatus {
        ExitStatus::from_raw(signal.as_raw())
    }

    #[tokio::test]
    async fn when_the_lab_is_gone_the_process_is_asked_to_stop() {
        let mut child = sleeper();
        let mut watchdog = Watchdog::over(child.id().unwrap()).unwrap();
        // What the end of the lab's process does: its end of the pipe closes, without a word.
        watchdog.lab = None;
        let status = timeout(Duration::from_secs(10), child.wait()).await.unwrap().unwrap();
        assert_eq!(status, ended_by(Signal::TERM));
    }

    #[tokio::test]
    async fn a_dismissed_watchdog_ends_and_leaves_the_process_alone() {
        let mut child = sleeper();
        let mut watchdog = Watchdog::over(child.id().unwrap()).unwrap();
        watchdog.dismiss();
        let shell = timeout(Duration::from_secs(10), watchdog.shell.wait()).await.unwrap().unwrap();
        assert_eq!(shell.code(), Some(0));
        assert_eq!(child.try_wait().unwrap(), None);
    }
}
