//! The DNS service of one site on UDP and TCP.

use super::answer::{Question, Reply};
use super::engine::Engine;
use super::follow::Follower;
use super::table::{SiteObjects, absolute};
use super::{ErrorResponse, HealthBoard};
use crate::avi::AviWorld;
use hickory_proto::op::{Edns, Header, HeaderCounts, Metadata, OpCode, ResponseCode};
use hickory_proto::rr::DNSClass;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, UdpSocket};

/// An idle TCP connection is closed after this time.
const TCP_IDLE: Duration = Duration::from_secs(10);
/// Answers that wait to be written, per TCP connection.
const TCP_BUFFER: usize = 32;
/// The size of UDP answers that passes every path unfragmented.
const UDP_PAYLOAD: u16 = 1232;
/// How often a free UDP port is tried that is taken on TCP.
const BIND_ATTEMPTS: usize = 8;

/// Settings of one DNS service.
#[derive(Debug, Clone)]
pub struct DnsConfig {
    /// Name of the Avi site.
    pub site: String,
    /// The zone that it is authoritative for, such as `avi.iberia.local`.
    pub zone: String,
    /// Port 0 picks a free one, the same for UDP and TCP.
    pub address: SocketAddr,
    pub error_response: ErrorResponse,
}

/// Starts DNS services.
pub struct DnsServer;

/// A running DNS service.
pub struct DnsHandle {
    address: SocketAddr,
    enabled: Arc<AtomicBool>,
    server: Server<DnsHandler>,
    _follower: Follower,
}

impl DnsServer {
    /// Binds the address and answers until the handle is stopped or dropped.
    ///
    /// # Errors
    /// When the zone is no domain name, or the address cannot be bound.
    pub async fn start(config: DnsConfig, world: AviWorld, board: HealthBoard) -> io::Result<DnsHandle> {
        let apex = absolute(&config.zone).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("zone {:?} is not a domain name", config.zone))
        })?;
        let engine = Arc::new(Engine::new(&config.site, &apex, config.error_response));
        engine.refresh(SiteObjects::read(&world, &config.site), &board);
        let (udp, tcp) = bind(config.address).await?;
        let address = udp.local_addr()?;
        let enabled = Arc::new(AtomicBool::new(true));
        let mut server = Server::new(DnsHandler { engine: engine.clone(), enabled: enabled.clone() });
        server.register_socket(udp);
        server.register_listener(tcp, TCP_IDLE, TCP_BUFFER);
        let site = config.site;
        let follower = Follower::start(vec![world.changes(), board.changes()], move || {
            engine.refresh(SiteObjects::read(&world, &site), &board);
        });
        Ok(DnsHandle { address, enabled, server, _follower: follower })
    }
}

impl DnsHandle {
    /// The address that it really listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `false` simulates a blackout: queries arrive and nothing comes back.
    pub fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// Closes the sockets.
    pub async fn stop(mut self) {
        if let Err(error) = self.server.shutdown_gracefully().await {
            tracing::warn!(%error, address = %self.address, "a DNS service did not stop cleanly");
        }
    }
}

/// Binds one port for both protocols.
async fn bind(address: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut attempts = if address.port() == 0 { BIND_ATTEMPTS } else { 1 };
    loop {
        let udp = UdpSocket::bind(address).await?;
        attempts -= 1;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) if attempts == 0 => return Err(error),
            Err(_) => continue,
        }
    }
}

/// Turns requests into questions for the engine and its replies into responses.
pub(super) struct DnsHandler {
    pub(super) engine: Arc<Engine>,
    pub(super) enabled: Arc<AtomicBool>,
}

impl DnsHandler {
    fn reply(&self, request: &Request) -> Option<Reply> {
        if !self.enabled.load(Ordering::Relaxed) {
            return None;
        }
        if request.metadata.op_code != OpCode::Query {
            return Some(Reply::empty(ResponseCode::NotImp, false));
        }
        let [query] = request.queries.queries() else {
            return Some(Reply::empty(ResponseCode::FormErr, false));
        };
        if query.query_class() != DNSClass::IN {
            return Some(Reply::empty(ResponseCode::Refused, false));
        }
        self.engine.answer(&Question {
            name: query.name(),
            spelling: query.original().name(),
            record_type: query.query_type(),
            source: request.src().ip(),
            subnet: client_subnet(request),
        })
    }
}

fn client_subnet(request: &Request) -> Option<IpAddr> {
    match request.edns.as_ref()?.option(EdnsCode::Subnet)? {
        EdnsOption::Subnet(subnet) if subnet.source_prefix() > 0 => Some(subnet.addr()),
        _ => None,
    }
}

/// The EDNS part of the response: our payload size, and the client subnet back with the prefix we looked at.
fn response_edns(request: &Edns) -> Edns {
    let mut edns = Edns::new();
    edns.set_max_payload(request.max_payload().clamp(512, UDP_PAYLOAD)).set_version(0);
    if let Some(EdnsOption::Subnet(subnet)) = request.option(EdnsCode::Subnet) {
        let mut echo = *subnet;
        echo.set_scope_prefix(subnet.source_prefix());
        edns.options_mut().insert(EdnsOption::Subnet(echo));
    }
    edns
}

#[async_trait::async_trait]
impl RequestHandler for DnsHandler {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut responses: R) -> ResponseInfo {
        let mut metadata = Metadata::response_from_request(&request.metadata);
        let nothing = |metadata| ResponseInfo::from(Header { metadata, counts: HeaderCounts::default() });
        let Some(reply) = self.reply(request) else { return nothing(metadata) };
        metadata.response_code = reply.code;
        metadata.authoritative = reply.authoritative;
        let edns = request.edns.as_ref().map(response_edns);
        let builder = MessageResponseBuilder::new(&request.queries, edns.as_ref());
        let response = builder.build(metadata, &reply.answers, [], &reply.soa, []);
        responses.send_response(response).await.unwrap_or_else(|error| {
            tracing::debug!(%error, client = %request.src(), "a DNS response could not be sent");
            nothing(metadata)
        })
    }
}
