//! One real check of one member over the network.

use super::monitor::{Check, HttpCheck, Monitor};
use rustls::pki_types::ServerName;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How much of a response is read at most: enough for the status line and a keyword.
const RESPONSE_LIMIT: usize = 2048;

/// What to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub address: IpAddr,
    pub monitor: Arc<Monitor>,
    /// For the Host header and the TLS server name.
    pub host: String,
}

/// Runs single checks. Tests script it.
pub trait Checker: Send + Sync + 'static {
    /// Whether the member passes. The caller bounds the time.
    fn check(&self, target: &Target) -> impl Future<Output = bool> + Send;
}

/// Checks through sockets. Certificates are not verified, as service engines do not either without a PKI profile.
#[derive(Clone)]
pub struct NetChecker {
    port_map: fn(u16) -> u16,
    tls: TlsConnector,
}

impl NetChecker {
    /// `port_map` says where a port is really served.
    pub fn new(port_map: fn(u16) -> u16) -> Self {
        Self { port_map, tls: TlsConnector::from(Arc::new(super::trust::trust_anything())) }
    }

    async fn run(&self, target: &Target) -> io::Result<bool> {
        let address = SocketAddr::new(target.address, (self.port_map)(target.monitor.port()));
        match &target.monitor.check {
            Check::Http(http) => http_check(TcpStream::connect(address).await?, http, &target.host).await,
            Check::Https(http) => {
                let name = server_name(&target.host, target.address);
                let stream = self.tls.connect(name, TcpStream::connect(address).await?).await?;
                http_check(stream, http, &target.host).await
            }
            Check::Tcp { request, response } => {
                talk(TcpStream::connect(address).await?, request.as_bytes(), response).await
            }
            Check::Udp { request, response } => {
                // Silence must be told from a refusal before the caller's time is over.
                let answer = udp_exchange(address, request.as_bytes());
                match timeout(target.monitor.timeout / 2, answer).await {
                    Ok(answer) => Ok(String::from_utf8_lossy(&answer?).contains(response)),
                    Err(_) => Ok(response.is_empty()),
                }
            }
        }
    }
}

impl Checker for NetChecker {
    async fn check(&self, target: &Target) -> bool {
        let refused = |error: io::Error| {
            tracing::debug!(%error, address = %target.address, monitor = %target.monitor.uuid, "a check failed");
            false
        };
        self.run(target).await.unwrap_or_else(refused)
    }
}

/// Names that TLS cannot carry (wildcards) are replaced by the address, which sends none.
fn server_name(host: &str, address: IpAddr) -> ServerName<'static> {
    ServerName::try_from(host.to_owned()).unwrap_or_else(|_| ServerName::IpAddress(address.into()))
}

async fn http_check(stream: impl AsyncRead + AsyncWrite + Unpin, http: &HttpCheck, host: &str) -> io::Result<bool> {
    let head = http_text(http, host);
    let response = exchange(stream, head.as_bytes(), |read| http.keyword.is_empty() && read.contains(&b'\n')).await?;
    let text = String::from_utf8_lossy(&response);
    Ok(status(&text).is_some_and(|status| http.accepts(status)) && text.contains(&http.keyword))
}

/// The request as it goes over the wire.
pub(super) fn http_text(http: &HttpCheck, host: &str) -> String {
    if http.exact {
        return http.request.clone();
    }
    let request = http.request.trim_end().replace("\r\n", "\n").replace('\n', "\r\n");
    format!("{request}\r\nHost: {host}\r\nUser-Agent: gslb-health\r\nConnection: close\r\n\r\n")
}

/// The status code in `HTTP/1.1 200 OK`.
pub(super) fn status(response: &str) -> Option<u16> {
    let mut words = response.lines().next()?.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

/// Passes as soon as the response has the text in it; without a text, when everything could be sent.
async fn talk(mut stream: TcpStream, request: &[u8], expected: &str) -> io::Result<bool> {
    if expected.is_empty() {
        stream.write_all(request).await?;
        return Ok(true);
    }
    let found = |read: &[u8]| String::from_utf8_lossy(read).contains(expected);
    Ok(found(&exchange(stream, request, found).await?))
}

/// Sends, then reads until enough is there, the limit is reached or the peer closes.
async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &[u8],
    enough: impl Fn(&[u8]) -> bool,
) -> io::Result<Vec<u8>> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut read = Vec::with_capacity(RESPONSE_LIMIT);
    let mut stream = stream.take(RESPONSE_LIMIT as u64);
    while !enough(&read) && stream.read_buf(&mut read).await? > 0 {}
    Ok(read)
}

/// Sends one datagram and waits for one; a refused port is an error.
async fn udp_exchange(address: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let any = if address.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(address).await?;
    socket.send(request).await?;
    let mut buffer = vec![0; RESPONSE_LIMIT];
    let length = socket.recv(&mut buffer).await?;
    buffer.truncate(length);
    Ok(buffer)
}
