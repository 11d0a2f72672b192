//! `amko-lab up`: starts a lab and, beside it, the operator; keeps both until a signal asks to stop.

use super::cli::UpArgs;
use super::config::{self, ConfigError};
use super::control;
use super::files::LabDir;
use super::guide;
use super::lab::{Lab, LabError, LabOptions};
use super::operator::{self, Operator, OperatorConfig, OperatorError};
use super::out::say;
use super::ports::{PortPlan, may_open_well_known_ports};
use super::published::is_published;
use super::serve::{MOVE_PORT_BASE, ServeError};
use super::topology::Topology;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How long the operator may take from ready to an application that users can reach.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(15);
const PUBLISHED_POLL: Duration = Duration::from_millis(20);

/// Why `up` ended other than by a signal.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Lab(#[from] LabError),
    #[error(transparent)]
    Operator(#[from] OperatorError),
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
}

impl From<ServeError> for UpError {
    fn from(error: ServeError) -> Self {
        Self::Lab(error.into())
    }
}

/// Runs a lab until SIGINT, SIGTERM or the end of its terminal.
///
/// # Errors
/// When the configuration is wrong, or something cannot be started.
pub async fn up(args: UpArgs) -> Result<(), UpError> {
    let stop = stop_signal().map_err(UpError::Signals)?;
    tokio::pin!(stop);
    let running = tokio::select! {
        started = Running::start(args) => started?,
        () = &mut stop => return Ok(()),
    };
    running.until(stop).await;
    Ok(())
}

struct Running {
    lab: Arc<Lab>,
    control: JoinHandle<()>,
    operator: Option<Operator>,
}

impl Running {
    async fn start(args: UpArgs) -> Result<Self, UpError> {
        let topology = config::load(args.config.as_deref())?;
        // Looked for first: whoever has not built it should not wait for a whole lab to hear so.
        let program = if args.no_operator { None } else { Some(find_operator(&topology)?) };
        let lab = Lab::start(options(&args, topology), say).await?;
        let control_address = SocketAddr::from((Ipv4Addr::LOCALHOST, lab.ports().control));
        let socket = TcpListener::bind(control_address).await;
        let socket =
            socket.map_err(|error| ServeError::new("control interface", control_address, MOVE_PORT_BASE, error))?;
        let lab = Arc::new(lab);
        let router = control::router(lab.clone());
        let control = tokio::spawn(async move {
            // Serving never ends by itself; the task is aborted when the lab stops.
            let _ = axum::serve(socket, router).await;
        });
        let mut running = Self { lab, control, operator: None };
        if let Some(program) = program {
            running.start_operator(program, args.operator_args).await?;
            running.published().await;
        }
        running.announce().await;
        Ok(running)
    }

    async fn start_operator(&mut self, program: PathBuf, more: Vec<String>) -> Result<(), OperatorError> {
        let (topology, dir) = (self.lab.topology(), self.lab.dir());
        let context = topology.config_cluster().to_owned();
        let mut operator = Operator::start(OperatorConfig {
            program,
            members: dir.members(),
            log: dir.operator_log(&context),
            namespace: topology.namespace.clone(),
            http: topology.operator_http,
            context,
            more,
        })?;
        let process = operator.process().map_or_else(String::new, |process| process.to_string());
        say(&format!("operator started as process {process}, log in {}", operator.log().display()));
        operator.ready().await?;
        say("operator ready");
        self.operator = Some(operator);
        Ok(())
    }

    /// Waits until DNS answers with the demo application in every cluster, so that whoever reads `lab ready` can ask.
    async fn published(&self) {
        let (topology, worlds) = (self.lab.topology(), self.lab.worlds());
        let host = topology.demo_host();
        let polling = async {
            while !is_published(worlds, &host, topology.clusters.len()) {
                sleep(PUBLISHED_POLL).await;
            }
        };
        match timeout(PUBLISHED_WITHIN, polling).await {
            Ok(()) => say(&format!("DNS answers for {host}")),
            Err(_) => {
                say(&format!("DNS does not answer for {host} after {PUBLISHED_WITHIN:?}; see the operator's log"))
            }
        }
    }

    async fn announce(&self) {
        let report = self.lab.report().await;
        guide::lines(&self.lab, &report).iter().for_each(|line| say(line));
        say("lab ready");
    }

    async fn until(mut self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let ended = tokio::select! {
            () = &mut stop => None,
            ended = operator_ended(self.operator.as_mut()) => Some(ended),
        };
        if let Some(message) = ended {
            self.operator = None;
            say(&message);
            stop.await;
        }
        say("stopping");
        self.stop().await;
    }

    async fn stop(self) {
        if let Some(operator) = self.operator
            && let Err(error) = operator.stop().await
        {
            say(&format!("the operator did not stop cleanly: {error}"));
        }
        self.control.abort();
        // The aborted task drops its handle on the lab before it counts as finished.
        let _ = self.control.await;
        if let Some(lab) = Arc::into_inner(self.lab) {
            lab.stop().await;
        }
        say("stopped");
    }
}

/// What to say when the operator ends by itself; never returns without an operator.
async fn operator_ended(operator: Option<&mut Operator>) -> String {
    let Some(operator) = operator else { return std::future::pending().await };
    let status = operator.ended().await.map_or_else(|error| error.to_string(), |status| status.to_string());
    format!("operator ended by itself ({status}); it is not restarted; see {}", operator.log().display())
}

/// The operator's executable, once it is known that it can have its port.
fn find_operator(topology: &Topology) -> Result<PathBuf, UpError> {
    let program = operator::find_program()?;
    let address = topology.operator_http;
    let free = std::net::TcpListener::bind(address);
    free.map_err(|error| {
        ServeError::new("operator", address, "stop what uses it or set operatorHttp with --config", error)
    })?;
    Ok(program)
}

fn options(args: &UpArgs, topology: Topology) -> LabOptions {
    let probe = topology.sites.first().map_or(Ipv4Addr::LOCALHOST, |site| site.dns);
    let privileged = may_open_well_known_ports(probe);
    LabOptions {
        ports: PortPlan::new(args.port_base, privileged, &topology.ports),
        dir: LabDir::new(&args.place.dir),
        seed: args.seed,
        controller_latency: args.controller_latency,
        operator: !args.no_operator,
        topology,
    }
}

/// Ends with the first SIGINT, SIGTERM or end of the terminal from now on.
///
/// # Errors
/// When the process cannot listen for signals.
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}
