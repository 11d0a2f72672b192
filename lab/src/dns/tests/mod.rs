//! Builders shared by the tests of this module.

mod answers;
mod choice;
mod families;
mod health;
mod probes;
mod socket;
mod table;

use super::answer::Question;
use super::engine::Engine;
use super::server::DnsHandler;
use super::table::{SiteObjects, absolute};
use super::{ErrorResponse, HealthBoard, ProbeKey};
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::BinEncoder;
use hickory_server::net::NetError;
use hickory_server::net::runtime::TokioTime;
use hickory_server::net::xfer::Protocol;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponse;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

const SITE: &str = "site-a";
const ZONE: &str = "gslb.example.com";
const SERVICE: &str = "gslbservice-1";
const MONITOR: &str = "healthmonitor-1";

fn member(ip: &str, ratio: u32) -> Value {
    json!({"ip": {"addr": ip, "type": "V4"}, "ratio": ratio})
}

fn pool(priority: u32, members: &[Value]) -> Value {
    json!({"name": format!("pool-{priority}"), "priority": priority, "algorithm": "GSLB_ALGORITHM_ROUND_ROBIN",
           "members": members})
}

/// A service for `shop.gslb.example.com` whose members are all up, as nothing judges them.
fn service(pools: &[Value]) -> Value {
    json!({"uuid": SERVICE, "name": "shop", "domain_names": ["shop.gslb.example.com"], "groups": pools})
}

/// The value with the fields of the other set in it.
fn with(mut value: Value, fields: Value) -> Value {
    for (key, field) in fields.as_object().unwrap() {
        value[key] = field.clone();
    }
    value
}

/// The service, judged by a monitor that `board` tells about.
fn monitored(service: Value) -> Value {
    with(service, json!({"health_monitor_refs": [format!("/api/healthmonitor/{MONITOR}#name")]}))
}

fn monitor() -> Value {
    json!({"uuid": MONITOR, "type": "HEALTH_MONITOR_HTTP", "monitor_port": 80, "send_interval": 10,
           "receive_timeout": 4, "successful_checks": 3, "failed_checks": 3,
           "http_monitor": {"http_request": "HEAD / HTTP/1.0", "http_response_code": ["HTTP_2XX", "HTTP_3XX"]}})
}

fn objects(services: &[Value]) -> SiteObjects {
    let arcs = |values: &[Value]| values.iter().cloned().map(Arc::new).collect();
    SiteObjects { site: SITE.into(), services: arcs(services), monitors: arcs(&[monitor()]), gslb: None }
}

fn key(address: &str) -> ProbeKey {
    ProbeKey {
        dns_site: SITE.into(),
        service_uuid: SERVICE.into(),
        address: address.parse().unwrap(),
        monitor_uuid: MONITOR.into(),
    }
}

fn engine_on(services: &[Value], board: &HealthBoard, errors: ErrorResponse) -> Engine {
    let engine = Engine::new(SITE, &absolute(ZONE).unwrap(), errors);
    engine.refresh(objects(services), board);
    engine
}

fn engine(services: &[Value]) -> Engine {
    engine_on(services, &HealthBoard::new(), ErrorResponse::Nxdomain)
}

/// The first address of an answer to an A query from this client.
fn first(engine: &Engine, client: &str) -> Option<IpAddr> {
    addresses(engine, client).first().copied()
}

fn addresses(engine: &Engine, client: &str) -> Vec<IpAddr> {
    let name = absolute("shop.gslb.example.com").unwrap();
    let source = client.parse().unwrap();
    let spelling = Name::from(&name);
    let question = Question { name: &name, spelling: &spelling, record_type: RecordType::A, source, subnet: None };
    let answers = engine.answer(&question).map(|reply| reply.answers).unwrap_or_default();
    answers.iter().filter_map(|record| record.data.ip_addr()).collect()
}

fn query(name: &str, record_type: RecordType) -> Message {
    let mut message = Message::new(77, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), record_type));
    message
}

/// A response to that query as it should be.
fn response(query: &Message, code: ResponseCode, authoritative: bool) -> Message {
    let mut message = Message::response(query.metadata.id, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.metadata.response_code = code;
    message.metadata.authoritative = authoritative;
    message.add_queries(query.queries.clone());
    message
}

fn record(name: &str, ttl: u32, ip: &str) -> Record {
    let data = match ip.parse().unwrap() {
        IpAddr::V4(v4) => RData::A(A(v4)),
        IpAddr::V6(v6) => RData::AAAA(AAAA(v6)),
    };
    Record::from_rdata(Name::from_ascii(name).unwrap(), ttl, data)
}

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Option<Message>>>);

impl Recorder {
    fn take(&self) -> Option<Message> {
        self.0.lock().take()
    }
}

#[async_trait::async_trait]
impl ResponseHandler for Recorder {
    async fn send_response<'a>(
        &mut self,
        response: MessageResponse<
            '_,
            'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
        >,
    ) -> Result<ResponseInfo, NetError> {
        let mut bytes = Vec::new();
        let info = response.destructive_emit(&mut BinEncoder::new(&mut bytes))?;
        *self.0.lock() = Some(Message::from_vec(&bytes).unwrap());
        Ok(info)
    }
}

/// Sends the query through the whole request handler, from a client on a private address.
async fn ask(engine: Engine, query: &Message) -> Option<Message> {
    let handler = DnsHandler { engine: Arc::new(engine), enabled: Arc::new(AtomicBool::new(true)) };
    let client = SocketAddr::from(([10, 0, 0, 1], 5353));
    let request = Request::from_bytes(query.to_vec().unwrap(), client, Protocol::Udp).unwrap();
    let recorder = Recorder::default();
    handler.handle_request::<_, TokioTime>(&request, recorder.clone()).await;
    recorder.take()
}
