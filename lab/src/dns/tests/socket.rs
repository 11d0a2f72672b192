//! The whole way on sockets: a service posted to a simulated controller is answered by a DNS server.

use super::super::{ControlWatch, DnsConfig, DnsHandle, DnsServer, ProbeConfig, Prober};
use super::*;
use crate::avi::{AviWorld, AviWorldConfig, SiteConfig, VirtualService};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::demo::{DemoPort, DemoServers, DemoTls};
use axum::body::Body;
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tower::ServiceExt;

const VIPS: [&str; 2] = ["127.84.0.10", "127.84.0.20"];
const SILENCE: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(20);

fn avi_world() -> AviWorld {
    let site = SiteConfig { name: SITE.into(), address: "198.51.100.10".into() };
    AviWorld::new(AviWorldConfig::new(vec![site], Clock::real(), Chance::seeded(1)))
}

async fn send(world: &AviWorld, path: &str, cookies: &str, body: &Value) -> http::Response<Body> {
    let token = cookies.split("csrftoken=").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default();
    let request = http::Request::post(format!("https://198.51.100.10{path}"))
        .header("Content-Type", "application/json")
        .header("X-Avi-Version", "30.2.1")
        .header("Referer", "https://198.51.100.10/")
        .header("X-CSRFToken", token)
        .header("Cookie", cookies)
        .body(Body::from(body.to_string()));
    world.router(SITE).unwrap().oneshot(request.unwrap()).await.unwrap()
}

async fn post(world: &AviWorld, kind: &str, body: &Value) -> Value {
    let login = send(world, "/login", "", &json!({"username": "admin", "password": "avi123"})).await;
    let cookies = login.headers().get_all("set-cookie").iter();
    let cookies: Vec<&str> = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap()).collect();
    let response = send(world, &format!("/api/{kind}"), &cookies.join("; "), body).await;
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&bytes));
    serde_json::from_slice(&bytes).unwrap()
}

async fn dns(world: &AviWorld, board: &HealthBoard) -> DnsHandle {
    let address = "127.0.0.1:0".parse().unwrap();
    let config = DnsConfig { site: SITE.into(), zone: ZONE.into(), address, error_response: ErrorResponse::Nxdomain };
    DnsServer::start(config, world.clone(), board.clone()).await.unwrap()
}

async fn ask_udp(server: SocketAddr, query: &Message) -> Option<Message> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(&query.to_vec().unwrap(), server).await.unwrap();
    let mut buffer = [0; 4096];
    let length = timeout(SILENCE, socket.recv(&mut buffer)).await.ok()?.unwrap();
    Some(Message::from_vec(&buffer[..length]).unwrap())
}

async fn ask_tcp(server: SocketAddr, query: &Message) -> Message {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let bytes = query.to_vec().unwrap();
    stream.write_u16(bytes.len() as u16).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let mut buffer = vec![0; usize::from(stream.read_u16().await.unwrap())];
    stream.read_exact(&mut buffer).await.unwrap();
    Message::from_vec(&buffer).unwrap()
}

/// Asks until the answers are those, all members at once.
async fn until_answers(server: SocketAddr, expected: &[&str]) {
    let query = query("shop.gslb.example.com.", RecordType::A);
    let mut seen = Vec::new();
    let wait = async {
        loop {
            let answers = ask_udp(server, &query).await.map(|answer| answer.answers).unwrap_or_default();
            seen = answers.iter().filter_map(|record| record.data.ip_addr()).map(|ip| ip.to_string()).collect();
            seen.sort();
            if seen == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(PATIENCE, wait).await.is_ok(), "{seen:?} instead of {expected:?}");
}

#[tokio::test]
async fn udp_and_tcp_answer_and_a_blackout_is_silent() {
    let world = avi_world();
    let server = dns(&world, &HealthBoard::new()).await;
    post(&world, "gslbservice", &service(&[pool(10, &[member("192.0.2.1", 1)])])).await;
    until_answers(server.address(), &["192.0.2.1"]).await;
    let query = query("shop.gslb.example.com.", RecordType::A);
    let mut expected = response(&query, ResponseCode::NoError, true);
    expected.add_answer(record("shop.gslb.example.com.", 30, "192.0.2.1"));
    assert_eq!(ask_udp(server.address(), &query).await, Some(expected.clone()));
    assert_eq!(ask_tcp(server.address(), &query).await, expected);
    server.set_enabled(false);
    assert_eq!(ask_udp(server.address(), &query).await, None);
    server.set_enabled(true);
    assert_eq!(ask_udp(server.address(), &query).await, Some(expected));
    server.stop().await;
}

fn demo() -> (DemoServers, u16) {
    let port = std::net::TcpListener::bind((VIPS[0], 0)).unwrap().local_addr().unwrap().port();
    let certified = rcgen::generate_simple_self_signed(vec!["shop".into()]).unwrap();
    let tls = DemoTls { certificate: certified.cert.pem(), key: certified.signing_key.serialize_pem() };
    (DemoServers::new(Some(tls)).unwrap(), port)
}

/// The monitor's port is the one that the demo servers got, so ports are served as they are.
async fn post_https_shop(world: &AviWorld, port: u16) {
    let https = json!({"name": "hm", "type": "HEALTH_MONITOR_HTTPS", "is_federated": true, "monitor_port": port,
        "send_interval": 2, "receive_timeout": 1, "successful_checks": 1, "failed_checks": 1,
        "https_monitor": {"http_request": "HEAD /shop HTTP/1.0", "http_response_code": ["HTTP_2XX"]}});
    let monitor = post(world, "healthmonitor", &https).await;
    let members = VIPS.map(|vip| member(vip, 1));
    let fields = json!({"health_monitor_refs": [monitor["url"]], "num_dns_ip": 0});
    post(world, "gslbservice", &with(service(&[pool(10, &members)]), fields)).await;
}

#[tokio::test]
async fn members_come_and_go_with_their_web_servers() {
    let ((servers, port), world, board) = (demo(), avi_world(), HealthBoard::new());
    for vip in VIPS {
        servers.ensure(vip.parse().unwrap(), &[DemoPort::Https(port)], "text").unwrap();
    }
    let server = dns(&world, &board).await;
    let probes = Prober::start(ProbeConfig { sites: vec![SITE.into()], port_map: |port| port }, world.clone(), board);
    post_https_shop(&world, port).await;
    until_answers(server.address(), &VIPS).await;
    servers.set_blackout(|vip| vip.to_string() == VIPS[0]);
    until_answers(server.address(), &VIPS[1..]).await;
    servers.set_blackout(|_| false);
    until_answers(server.address(), &VIPS).await;
    probes.stop().await;
}

#[tokio::test]
async fn a_virtual_service_that_its_controller_disables_takes_its_member_out() {
    let (world, board) = (avi_world(), HealthBoard::new());
    let shop = |enabled| VirtualService {
        name: "shop".into(),
        fqdns: vec![],
        address: "192.0.2.1".parse().unwrap(),
        ports: vec![(80, false)],
        enabled,
    };
    let vs = world.upsert_virtual_service(SITE, shop(true));
    let known = json!({"cluster_uuid": world.cluster_uuid(SITE), "vs_uuid": vs});
    let members = [with(member("192.0.2.1", 1), known), member("192.0.2.2", 1)];
    post(&world, "gslbservice", &with(service(&[pool(10, &members)]), json!({"num_dns_ip": 0}))).await;
    let server = dns(&world, &board).await;
    let control = ControlWatch::start(vec![SITE.into()], world.clone(), board);
    until_answers(server.address(), &["192.0.2.1", "192.0.2.2"]).await;
    world.upsert_virtual_service(SITE, shop(false));
    until_answers(server.address(), &["192.0.2.2"]).await;
    control.stop().await;
}
