//! Runs the operator, `amko`, as a child process of the lab.

use super::watchdog::Watchdog;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// How long the operator may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
const READY_POLL: Duration = Duration::from_millis(100);
/// How long the operator may take to stop after SIGTERM.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Why there is no operator running.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("no operator at {}: build it with `cargo build -p amko`, or start the lab with --no-operator", path.display())]
    Missing { path: PathBuf },
    #[error("cannot start the operator {}: {source}", path.display())]
    Start { path: PathBuf, source: io::Error },
    #[error("cannot start the shell that ends the operator when the lab is killed: {0}")]
    Watchdog(io::Error),
    #[error("the operator ended with {status} before it was ready; see {}", log.display())]
    Ended { status: ExitStatus, log: PathBuf },
    #[error("the operator was not ready within {READY_WITHIN:?} ({last}); see {}", log.display())]
    NotReady { last: String, log: PathBuf },
    #[error("cannot ask the operator whether it is ready: {0}")]
    Client(#[from] reqwest::Error),
    #[error("cannot wait for the operator: {0}")]
    Wait(#[from] io::Error),
}

/// What the operator is started with.
#[derive(Debug, Clone)]
pub struct OperatorConfig {
    /// The executable.
    pub program: PathBuf,
    /// Kubeconfig of all clusters.
    pub members: PathBuf,
    /// Context of the cluster that holds AMKO's objects.
    pub context: String,
    pub namespace: String,
    /// Where it serves its HTTP interface.
    pub http: SocketAddr,
    /// File that takes what it prints.
    pub log: PathBuf,
    /// Arguments that the lab knows nothing about.
    pub more: Vec<String>,
}

/// A running operator. It is killed when this is dropped, and ended by its watchdog when this process is killed.
pub struct Operator {
    child: Child,
    config: OperatorConfig,
    watchdog: Watchdog,
}

/// Path of the operator that was built together with this program.
///
/// # Errors
/// When the path of this program is unknown or there is no operator beside it.
pub fn find_program() -> Result<PathBuf, OperatorError> {
    let own = std::env::current_exe()?;
    let path = own.with_file_name(format!("amko{}", std::env::consts::EXE_SUFFIX));
    if path.is_file() { Ok(path) } else { Err(OperatorError::Missing { path }) }
}

impl Operator {
    /// Starts the process; it is never restarted.
    ///
    /// # Errors
    /// When the log file cannot be created, or the program or its watchdog cannot be run.
    pub fn start(config: OperatorConfig) -> Result<Self, OperatorError> {
        let failed = |source: io::Error| OperatorError::Start { path: config.program.clone(), source };
        let log = File::create(&config.log).map_err(failed)?;
        let child = Command::new(&config.program)
            .args(["run", "--context", &config.context, "--namespace", &config.namespace])
            .args(["--http", &config.http.to_string()])
            // The virtual addresses of the lab are on this machine only.
            .arg("--loopback-members")
            .arg("--members")
            .arg(&config.members)
            .args(&config.more)
            .env("KUBECONFIG", &config.members)
            // Its output goes to a file.
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            // A Ctrl-C is for the lab, which then stops the operator in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        // A process that nobody has waited for has a number.
        let watchdog = Watchdog::over(child.id().unwrap_or_default()).map_err(OperatorError::Watchdog)?;
        Ok(Self { child, config, watchdog })
    }

    pub fn log(&self) -> &Path {
        &self.config.log
    }

    /// Number of the process; `None` once it has ended.
    pub fn process(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until `/readyz` says yes.
    ///
    /// # Errors
    /// When the process ends first or the time is up.
    pub async fn ready(&mut self) -> Result<(), OperatorError> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
        let url = format!("http://{}/readyz", self.config.http);
        let mut last = String::from("no answer yet");
        let polling = async {
            while !answers_ready(&client, &url, &mut last).await {
                sleep(READY_POLL).await;
            }
        };
        tokio::select! {
            polled = timeout(READY_WITHIN, polling) => {
                polled.map_err(|_| OperatorError::NotReady { last, log: self.config.log.clone() })
            }
            ended = self.child.wait() => {
                self.watchdog.dismiss();
                Err(OperatorError::Ended { status: ended?, log: self.config.log.clone() })
            }
        }
    }

    /// Returns when the process ends by itself.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        let ended = self.child.wait().await;
        self.watchdog.dismiss();
        ended
    }

    /// Asks the process to stop, and kills it after five seconds.
    ///
    /// # Errors
    /// When the process can neither be waited for nor killed.
    pub async fn stop(mut self) -> io::Result<()> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM)?;
        }
        match timeout(STOP_WITHIN, self.child.wait()).await {
            Ok(ended) => ended.map(drop),
            Err(_) => self.child.kill().await,
        }
    }
}

async fn answers_ready(client: &reqwest::Client, url: &str, last: &mut String) -> bool {
    match client.get(url).send().await {
        Ok(answer) if answer.status().is_success() => return true,
        Ok(answer) => {
            let status = answer.status();
            *last = format!("{status}: {}", answer.text().await.unwrap_or_default().trim());
        }
        Err(error) => *last = error.to_string(),
    }
    false
}
