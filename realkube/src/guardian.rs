//! Ends the servers and removes their directory when the test process dies without a chance to do so, as by `kill -9`.
//!
//! A small shell reads from a pipe whose other end only the test process holds. Lines tell it which processes there are;
//! the last one says that nothing is left to do. The end of the pipe without that line means that the test is gone.

use parking_lot::Mutex;
use std::io::{self, PipeWriter, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// SIGTERM, up to six seconds to stop in order, SIGKILL; then the directory goes, which is `$1`.
const SCRIPT: &str = "\
processes=
while read -r what process; do
    case $what in
    born) processes=\"$processes $process\" ;;
    gone) left=; for each in $processes; do [ \"$each\" = \"$process\" ] || left=\"$left $each\"; done; processes=$left ;;
    end) exit 0 ;;
    esac
done
alive() { for each in $processes; do kill -0 \"$each\" && return; done; return 1; }
for each in $processes; do kill -TERM \"$each\"; done
for round in 1 2 3 4 5 6; do alive || break; sleep 1; done
for each in $processes; do kill -KILL \"$each\"; done
rm -rf -- \"$1\"
";

/// Watches over some processes and a directory until it is dropped.
pub(crate) struct Guardian {
    test: Mutex<Option<PipeWriter>>,
    shell: Child,
}

impl Guardian {
    /// Starts to watch over this directory.
    ///
    /// # Errors
    /// When there is no `sh`.
    pub(crate) fn over(directory: &Path) -> io::Result<Self> {
        let (reader, test) = io::pipe()?;
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "guardian"])
            .arg(directory)
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl-C is for the test.
            .process_group(0)
            .spawn()?;
        Ok(Self { test: Mutex::new(Some(test)), shell })
    }

    /// To be called as soon as a process runs.
    pub(crate) fn born(&self, process: u32) {
        self.tell(&format!("born {process}\n"));
    }

    /// To be called before a process that has ended is collected: its number may then belong to another one.
    pub(crate) fn gone(&self, process: u32) {
        self.tell(&format!("gone {process}\n"));
    }

    fn tell(&self, line: &str) {
        if let Some(test) = self.test.lock().as_mut() {
            // Nobody reads only when the shell itself was killed.
            let _ = test.write_all(line.as_bytes());
        }
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        self.tell("end\n");
        self.test.lock().take();
        // It ends at that line; it fails only for a process that was collected already.
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files;
    use rustix::process::Signal;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").spawn().unwrap()
    }

    fn ended_by(signal: Signal) -> ExitStatus {
        ExitStatus::from_raw(signal.as_raw())
    }

    #[test]
    fn when_the_test_is_gone_its_processes_are_asked_to_stop_and_the_directory_goes() {
        let directory = files::directory().unwrap();
        let mut guardian = Guardian::over(directory.path()).unwrap();
        let (mut guarded, mut ended, mut stranger) = (sleeper(), sleeper(), sleeper());
        guardian.born(guarded.id());
        guardian.born(ended.id());
        guardian.gone(ended.id());
        // What the end of the test process does: its end of the pipe closes, without a word. The other two only end
        // with this test, so neither is what the shell waits for.
        guardian.test.lock().take();
        assert_eq!(guarded.wait().unwrap(), ended_by(Signal::TERM));
        assert_eq!(guardian.shell.wait().unwrap().code(), Some(0));
        assert!(!directory.path().exists(), "the directory is left");
        for other in [&mut ended, &mut stranger] {
            assert_eq!(other.try_wait().unwrap(), None, "it was none of the guardian's business");
            other.kill().unwrap();
            other.wait().unwrap();
        }
    }

    #[test]
    fn a_guardian_that_is_dropped_leaves_everything_alone() {
        let directory = files::directory().unwrap();
        let guardian = Guardian::over(directory.path()).unwrap();
        let mut child = sleeper();
        guardian.born(child.id());
        drop(guardian);
        assert_eq!(child.try_wait().unwrap(), None);
        assert!(directory.path().exists(), "the directory is gone");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
