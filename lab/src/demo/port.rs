//! One port of one virtual IP: bound while the virtual IP is not blacked out.

use super::DemoPort;
use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::routing::get;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Time between attempts to bind an address that is taken.
const BIND_AGAIN: Duration = Duration::from_millis(200);

/// What is served where.
#[derive(Clone)]
pub struct Serving {
    pub vip: IpAddr,
    pub port: DemoPort,
    pub text: Arc<ArcSwap<String>>,
    pub tls: Option<RustlsConfig>,
}

/// A running server. Dropping it closes the port and all connections.
pub struct PortServer(JoinHandle<()>);

enum Socket {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

/// Cuts the open connections when the serving ends, however it ends.
struct Cut(Handle<SocketAddr>);

impl Drop for Cut {
    fn drop(&mut self) {
        self.0.shutdown();
    }
}

impl PortServer {
    /// Binds now, unless it is dark, and says how that went; a failure is tried again in the background.
    pub fn start(serving: Serving, dark: watch::Receiver<bool>) -> (Self, io::Result<()>) {
        let socket = if *dark.borrow() { Ok(None) } else { serving.bind().map(Some) };
        let (socket, outcome) = match socket {
            Ok(socket) => (socket, Ok(())),
            Err(error) => (None, Err(error)),
        };
        (Self(tokio::spawn(serving.run(socket, dark))), outcome)
    }

    /// Closes the port and waits until it is free.
    pub async fn stop(mut self) {
        self.0.abort();
        // The only outcome is the cancellation just asked for.
        let _ = (&mut self.0).await;
    }
}

impl Drop for PortServer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Serving {
    async fn run(self, mut socket: Option<Socket>, mut dark: watch::Receiver<bool>) {
        loop {
            if dark.wait_for(|dark| !dark).await.is_err() {
                return;
            }
            let served = async {
                match socket.take().map_or_else(|| self.bind(), Ok) {
                    Ok(socket) => self.serve(socket).await,
                    Err(error) => Err(error),
                }
            };
            tokio::select! {
                outcome = served => {
                    if let Err(error) = outcome {
                        tracing::warn!(%error, "a demo server failed, trying again");
                    }
                    sleep(BIND_AGAIN).await;
                }
                gone = async { dark.wait_for(|dark| *dark).await.is_err() } => {
                    if gone {
                        return;
                    }
                }
            }
        }
    }

    fn bind(&self) -> io::Result<Socket> {
        let bound =
            match self.port {
                DemoPort::Http(port) | DemoPort::Https(port) => TcpListener::bind((self.vip, port))
                    .and_then(|tcp| tcp.set_nonblocking(true).map(|()| Socket::Tcp(tcp))),
                DemoPort::Udp(port) => UdpSocket::bind((self.vip, port))
                    .and_then(|udp| udp.set_nonblocking(true).map(|()| Socket::Udp(udp))),
            };
        bound
            .map_err(|error| io::Error::new(error.kind(), format!("cannot bind {} {:?}: {error}", self.vip, self.port)))
    }

    async fn serve(&self, socket: Socket) -> io::Result<()> {
        let tcp = match socket {
            Socket::Udp(udp) => return self.serve_udp(tokio::net::UdpSocket::from_std(udp)?).await,
            Socket::Tcp(tcp) => tcp,
        };
        let cut = Cut(Handle::new());
        let server = axum_server::from_tcp(tcp)?.handle(cut.0.clone());
        let service = self.router().into_make_service();
        match (self.port, &self.tls) {
            (DemoPort::Https(_), Some(tls)) => server.acceptor(RustlsAcceptor::new(tls.clone())).serve(service).await,
            _ => server.serve(service).await,
        }
    }

    async fn serve_udp(&self, socket: tokio::net::UdpSocket) -> io::Result<()> {
        let mut buffer = [0u8; 512];
        loop {
            let (_, client) = socket.recv_from(&mut buffer).await?;
            socket.send_to(message(&self.text.load()).as_bytes(), client).await?;
        }
    }

    fn router(&self) -> Router {
        Router::new().fallback_service(get(page).with_state(self.clone()))
    }
}

async fn page(State(serving): State<Serving>, uri: Uri, headers: HeaderMap) -> String {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("-");
    let message = message(&serving.text.load());
    format!("{message}HOSTNAME: {host}\nPATH: {}\nVIP: {}\n", uri.path(), serving.vip)
}

fn message(text: &str) -> String {
    format!("MESSAGE: {text}\n")
}
