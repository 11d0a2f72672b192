//! One server as a child process: its log, its end.

use crate::Error;
use crate::guardian::Guardian;
use rustix::process::{Pid, Signal, kill_process};
use std::fmt::Display;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How often a server is asked whether it is ready, or has ended.
const PACE: Duration = Duration::from_millis(50);
/// How long a server may take to get ready: ten times what it takes on two idle cores.
const START: Duration = Duration::from_secs(120);
/// How long one question to a server that starts may take.
const QUESTION: Duration = Duration::from_secs(5);
/// How long a server may take to stop in order.
const STOP: Duration = Duration::from_secs(20);
/// Lines of its log that an error quotes.
const LINES: usize = 15;

/// A server that was started. Killed and collected when dropped.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    guardian: Arc<Guardian>,
}

impl Process {
    /// Starts a program whose output is appended to the file `log`.
    ///
    /// # Errors
    /// When it cannot be run, or its log cannot be opened.
    pub(crate) fn spawn(
        name: &str,
        mut command: Command,
        log: PathBuf,
        guardian: &Arc<Guardian>,
    ) -> Result<Self, Error> {
        let opened = File::options().create(true).append(true).open(&log);
        let outputs = opened.and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = outputs.map_err(|source| Error::File { path: log.clone(), source })?;
        let spawned = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        let child = spawned.map_err(|source| Error::Spawn { program: name.to_owned(), source })?;
        guardian.born(child.id());
        Ok(Self { name: name.to_owned(), child, log, guardian: Arc::clone(guardian) })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks `ready` again and again until it says yes; what it says instead goes into the error.
    ///
    /// # Errors
    /// When the process ends before, or two minutes pass.
    pub(crate) async fn wait_until<E: Display>(&mut self, ready: impl AsyncFn() -> Result<(), E>) -> Result<(), Error> {
        let end = Instant::now() + START;
        loop {
            if let Some(status) = self.ended() {
                return Err(Error::Ended { program: self.name.clone(), status, log: self.end_of_log() });
            }
            let last = match timeout(QUESTION, ready()).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(problem)) => problem.to_string(),
                Err(_) => "nothing".to_owned(),
            };
            if Instant::now() > end {
                let (program, log) = (self.name.clone(), self.end_of_log());
                return Err(Error::NotReady { program, seconds: START.as_secs(), last, log });
            }
            sleep(PACE).await;
        }
    }

    /// SIGTERM and up to twenty seconds to stop in order; then, or when the caller does not wait, SIGKILL.
    pub(crate) async fn stop(mut self) {
        if let Some(process) = i32::try_from(self.id()).ok().and_then(Pid::from_raw) {
            // It fails only for a process that has been collected, and only `self` does that.
            let _ = kill_process(process, Signal::TERM);
        }
        let end = Instant::now() + STOP;
        while self.ended().is_none() && Instant::now() < end {
            sleep(PACE).await;
        }
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        // It fails only for a process that was collected otherwise, which nobody does.
        self.child.try_wait().ok().flatten()
    }

    fn end_of_log(&self) -> String {
        end_of(&self.log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.guardian.gone(self.child.id());
        // Both fail only for a process that has ended and was collected already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_else(|error| format!("{}: {error}", log.display()));
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files;

    fn shell(script: &str) -> (tempfile::TempDir, Process) {
        let directory = files::directory().unwrap();
        let guardian = Arc::new(Guardian::over(directory.path()).unwrap());
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let process = Process::spawn("shell", command, directory.path().join("log"), &guardian).unwrap();
        (directory, process)
    }

    #[tokio::test]
    async fn a_program_that_ends_before_it_is_ready_is_reported_with_the_end_of_its_log() {
        let (_directory, mut process) = shell("echo first; echo 'listen: address already in use'; exit 3");
        let error = process.wait_until(async || Err("not yet")).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("shell ended with exit status: 3 before it was ready"), "{text}");
        assert!(text.ends_with("first\nlisten: address already in use"), "{text}");
        assert!(error.is_port_taken());
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_never_gets_ready_is_reported_with_what_it_said_last() {
        let (_directory, mut process) = shell("exec sleep 60");
        let error = process.wait_until(async || Err("still reading")).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("shell was not ready within 120 s, it said last: still reading"), "{text}");
        assert!(!error.is_port_taken());
    }

    #[tokio::test]
    async fn a_program_may_stop_in_order() {
        let (directory, mut process) =
            shell("trap 'echo stopped in order; exit 0' TERM; echo up; while :; do sleep 0.05; done");
        let log = directory.path().join("log");
        process.wait_until(async || if end_of(&log) == "up" { Ok(()) } else { Err("not up") }).await.unwrap();
        process.stop().await;
        assert_eq!(end_of(&log), "up\nstopped in order");
    }

    #[tokio::test]
    async fn a_program_that_does_not_stop_is_killed() {
        let (directory, mut process) = shell("trap '' TERM; echo up; exec sleep 60");
        let log = directory.path().join("log");
        process.wait_until(async || if end_of(&log) == "up" { Ok(()) } else { Err("not up") }).await.unwrap();
        let id = Pid::from_raw(process.id().try_into().unwrap()).unwrap();
        // Twenty seconds are over at once.
        tokio::time::pause();
        process.stop().await;
        assert!(rustix::process::test_kill_process(id).is_err(), "it is still there");
    }
}
