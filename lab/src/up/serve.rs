//! Serves a router over TLS on one address, with a switch that makes the address go dark.

use super::client_certificates::ClientDoor;
use super::wire::Wire;
use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use parking_lot::Mutex;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long running requests may take when the lab stops.
const GRACE: Duration = Duration::from_millis(500);

/// An address that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{what}: port {} on {} is already in use; {remedy}", address.port(), address.ip())]
    InUse { what: String, address: SocketAddr, remedy: &'static str },
    #[error("{what}: cannot listen on {address}: {source}")]
    Bind { what: String, address: SocketAddr, source: io::Error },
}

impl ServeError {
    /// Says what was to be served, where, and what to change.
    pub fn new(what: impl Into<String>, address: SocketAddr, remedy: &'static str, source: io::Error) -> Self {
        let what = what.into();
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { what, address, remedy },
            _ => Self::Bind { what, address, source },
        }
    }
}

/// What to do about a port that belongs to the block of `--port-base`.
pub const MOVE_PORT_BASE: &str = "stop what uses it or choose other ports with --port-base";

/// One address that serves one router.
pub struct Listener {
    what: String,
    address: SocketAddr,
    router: Router,
    door: Door,
    gate: Mutex<Gate>,
}

/// Whether the address is open, and why not.
#[derive(Default)]
struct Gate {
    dark: bool,
    refused: bool,
    running: Option<Running>,
}

/// How connections are accepted.
pub enum Door {
    Tls(RustlsConfig),
    /// Clients may show certificates.
    Clients(ClientDoor),
    /// As the faults of a controller say.
    Wire(Wire),
}

struct Running {
    handle: Handle<SocketAddr>,
    task: JoinHandle<io::Result<()>>,
}

impl Listener {
    /// Binds the address and serves; `what` stands in error messages, such as `API server of s2`.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn open(what: String, address: SocketAddr, router: Router, door: Door) -> Result<Self, ServeError> {
        let listener = Self { what, address, router, door, gate: Mutex::default() };
        listener.restore()?;
        Ok(listener)
    }

    /// Closes the port and cuts every connection: clients see a reset, then refusals. No effect when dark already.
    pub async fn black_out(&self) {
        self.gate.lock().dark = true;
        self.close().await;
    }

    /// Serves again, unless a fault refuses connections. No effect when not dark.
    ///
    /// # Errors
    /// When somebody else took the port meanwhile.
    pub fn restore(&self) -> Result<(), ServeError> {
        self.gate.lock().dark = false;
        self.open_again()
    }

    /// Closes the port because of a fault, or opens it again unless it is dark.
    ///
    /// # Errors
    /// When somebody else took the port meanwhile.
    pub async fn refuse(&self, refused: bool) -> Result<(), ServeError> {
        self.gate.lock().refused = refused;
        if refused {
            self.close().await;
        }
        self.open_again()
    }

    async fn close(&self) {
        let running = self.gate.lock().running.take();
        if let Some(Running { handle, task }) = running {
            handle.shutdown();
            // The task only ends by the shutdown above; what it returns says nothing more.
            let _ = task.await;
        }
    }

    fn open_again(&self) -> Result<(), ServeError> {
        let mut gate = self.gate.lock();
        if !gate.dark && !gate.refused && gate.running.is_none() {
            gate.running = Some(self.start().map_err(|error| self.explain(error))?);
        }
        Ok(())
    }

    /// Lets running requests end for a moment, then closes.
    pub async fn stop(&self) {
        let running = self.gate.lock().running.take();
        if let Some(Running { handle, task }) = running {
            handle.graceful_shutdown(Some(GRACE));
            let _ = task.await;
        }
    }

    fn start(&self) -> io::Result<Running> {
        let socket = TcpListener::bind(self.address)?;
        socket.set_nonblocking(true)?;
        let handle = Handle::new();
        let (service, handle_of_server) = (self.router.clone().into_make_service(), handle.clone());
        let task = match &self.door {
            Door::Tls(tls) => {
                let server = axum_server::from_tcp_rustls(socket, tls.clone())?.handle(handle_of_server);
                tokio::spawn(server.serve(service))
            }
            Door::Clients(door) => {
                let server = axum_server::from_tcp(socket)?.acceptor(door.clone()).handle(handle_of_server);
                tokio::spawn(server.serve(service))
            }
            Door::Wire(wire) => {
                let server = axum_server::from_tcp(socket)?.acceptor(wire.clone()).handle(handle_of_server);
                tokio::spawn(server.serve(service))
            }
        };
        Ok(Running { handle, task })
    }

    fn explain(&self, error: io::Error) -> ServeError {
        ServeError::new(self.what.clone(), self.address, MOVE_PORT_BASE, error)
    }
}
