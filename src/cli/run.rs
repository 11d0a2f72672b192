//! `amko run`: the operator as a process.

use super::members::{Members, MembersArguments};
use super::{CliError, read};
use crate::actors::operator::{Links, Outside, Settings, start};
use crate::avi::transport::{AviTransport, ReqwestTransport, Timeouts, TlsSettings};
use crate::core::address::Clients;
use crate::http::{Limits, TestHooks, api, probes, router, serve};
use crate::kubernetes::dial::client_of;
use crate::kubernetes::kubeconfig::contexts;
use crate::kubernetes::proxies::Proxies;
use crate::telemetry::log::{LogFormat, install};
use clap::Args;
use kube::config::Kubeconfig;
use kube::{Client, Config};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

/// How long a stop may take: SIGTERM to exit in five seconds.
const STOP: Duration = Duration::from_millis(4700);
/// Environment variable that switches MultiClusterIngresses on, as the upstream chart sets it.
const MCI_ENV: &str = "MCI_ENABLED";
/// What Go, in which upstream is written, reads as true; anything else is false.
const TRUE: [&str; 6] = ["1", "t", "T", "TRUE", "true", "True"];

/// Options of `amko run`. In a pod none is needed.
#[derive(Debug, Args)]
pub struct RunArguments {
    #[command(flatten)]
    members: MembersArguments,
    /// kubeconfig context of the cluster that holds the AMKO objects [default: in-cluster configuration].
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Namespace of the AMKO objects.
    #[arg(long, default_value = "avi-system")]
    namespace: String,
    /// Address of the HTTP server.
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:8080")]
    http: SocketAddr,
    /// Serves /api/ on this address instead, so that who may probe and measure need not see names and addresses.
    #[arg(long, value_name = "ADDR")]
    http_api: Option<SocketAddr>,
    /// How log lines look.
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
    /// PEM file to trust for the controller, instead of key ca.crt of the credentials Secret.
    #[arg(long, value_name = "FILE")]
    controller_ca: Option<PathBuf>,
    /// GSLB services that are written at the same time.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// Threads that do the work [default: one for every two CPUs that the process may use]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
    /// Takes loopback addresses as members too, for clusters, controllers and clients on one machine. Clients elsewhere
    /// reach nothing there.
    #[arg(long)]
    loopback_members: bool,
    /// Serves POST /test/poison/{actor}, which makes an actor fail. For tests only.
    #[arg(long, hide = true)]
    test_hooks: bool,
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When something given on the command line or in the environment cannot be used, or the process cannot go on.
pub fn run(arguments: RunArguments) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(arguments.workers.map_or_else(workers, usize::from))
        .enable_all()
        .build()
        .map_err(|error| CliError::Runtime(format!("cannot start the async runtime: {error}")))?;
    let result = runtime.block_on(operate(arguments));
    // What still runs now had its time.
    runtime.shutdown_background();
    result
}

/// See `ARCHITECTURE.md`, "Decisions". A limit of the container counts, where it is whole CPUs.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |cpus| cpus.get().div_ceil(2))
}

async fn operate(arguments: RunArguments) -> Result<(), CliError> {
    let RunArguments { members, context, namespace, http, http_api, log_format, controller_ca, .. } = arguments;
    let RunArguments { concurrency, loopback_members, test_hooks, .. } = arguments;
    let proxies = Proxies::read(|name| std::env::var(name).ok());
    let Members { clients, kubeconfig } = members.members(&namespace, proxies.clone())?;
    let client = own_client(context.as_deref(), kubeconfig.as_ref(), &proxies)?;
    let controller_ca = controller_ca.map(|path| read(&path, "--controller-ca")).transpose()?;
    let log_level = install(log_format);
    let listener = listen(http, "--http").await?;
    let api_listener = match http_api {
        Some(address) => Some(listen(address, "--http-api").await?),
        None => None,
    };
    let links = Links::default();
    let outside = Outside {
        client,
        members: Arc::new(clients),
        transports: Arc::new(transport),
        seed: rand::random(),
        log_levels: Arc::from(log_level),
    };
    let settings = Settings {
        controller_ca,
        concurrency: usize::from(concurrency),
        multi_cluster_ingress: std::env::var(MCI_ENV).is_ok_and(|text| is_true(&text)),
        clients: if loopback_members { Clients::OnThisMachine } else { Clients::Elsewhere },
        ..Settings::in_namespace(&namespace)
    };
    if loopback_members {
        tracing::warn!(
            "--loopback-members: loopback addresses become members; only clients on this machine reach them, so do \
             without it for any other"
        );
    }
    let (operator, ended) = start(outside, settings, links.clone())
        .await
        .map_err(|error| CliError::Runtime(format!("cannot start the operator: {error}")))?;
    tracing::info!(%http, namespace, version = env!("CARGO_PKG_VERSION"), "amko runs");
    let hooks = if test_hooks { TestHooks::On } else { TestHooks::Off };
    let serving = async {
        match api_listener {
            None => serve(listener, router(links, hooks), Limits::default()).await,
            Some(api_listener) => {
                let probes = serve(listener, probes(links.clone(), hooks), Limits::default());
                tokio::join!(probes, serve(api_listener, api(links), Limits::default()));
            }
        }
    };
    tokio::select! {
        signal = stop_signal() => tracing::info!(signal, "stopping"),
        () = serving => return Err(CliError::Runtime("the HTTP server ended, which is a bug".into())),
        _ = ended => return Err(CliError::Runtime("the root actor ended, which is a bug".into())),
    }
    // Past the deadline the process ends anyway; what was in flight is decided again at the next start.
    if timeout(STOP, operator.stop_and_wait(None, None)).await.is_err() {
        tracing::warn!("not everything stopped in time");
    }
    Ok(())
}

async fn listen(address: SocketAddr, option: &str) -> Result<TcpListener, CliError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| CliError::Configuration(format!("cannot listen on {address} ({option}): {error}")))
}

fn is_true(text: &str) -> bool {
    TRUE.contains(&text)
}

fn transport(tls: &TlsSettings) -> Result<Arc<dyn AviTransport>, String> {
    let transport = ReqwestTransport::new(tls, Timeouts::default()).map_err(|error| error.to_string())?;
    Ok(Arc::new(transport))
}

/// In a pod its API server is reached directly.
fn own_client(context: Option<&str>, members: Option<&Kubeconfig>, proxies: &Proxies) -> Result<Client, CliError> {
    let made = match context {
        None => {
            let config = Config::incluster().map_err(|error| {
                CliError::Configuration(format!(
                    "no in-cluster configuration ({error}); outside of a pod use --context"
                ))
            })?;
            client_of(config, "in-cluster", &Proxies::default())
        }
        Some(context) => client_of(context_config(context, members)?, context, proxies),
    };
    made.map_err(|error| CliError::Configuration(error.to_string()))
}

/// The context may be one of the members, or of the usual kubeconfig.
fn context_config(context: &str, members: Option<&Kubeconfig>) -> Result<Config, CliError> {
    let unusable =
        |error: &dyn std::fmt::Display| CliError::Configuration(format!("--context {context} cannot be used: {error}"));
    let members = members.filter(|members| members.contexts.iter().any(|named| named.name == context));
    let kubeconfig = match members {
        Some(members) => members.clone(),
        None => Kubeconfig::read().map_err(|error| unusable(&error))?,
    };
    let access = contexts(&kubeconfig).remove(context);
    let access = access.ok_or_else(|| unusable(&"the kubeconfig has no such context"))?;
    access.config().map_err(|error| unusable(&error))
}

/// Waits for SIGTERM or SIGINT and names it.
async fn stop_signal() -> &'static str {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        // Without handlers the signals end the process by themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

#[cfg(test)]
mod tests {
    use super::is_true;

    #[test]
    fn only_the_words_that_go_reads_as_true_switch_something_on() {
        for text in ["1", "t", "T", "TRUE", "true", "True"] {
            assert!(is_true(text), "{text}");
        }
        for text in ["", "0", "false", "tRUE", "yes", "on", " true"] {
            assert!(!is_true(text), "{text}");
        }
    }
}
