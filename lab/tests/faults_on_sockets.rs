//! What plain clients see of the faults of the wire on real sockets.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use amko_lab::avi::{AviWorld, AviWorldConfig, FaultOrder, SiteConfig};
use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use amko_lab::up::serve::{Door, Listener};
use amko_lab::up::tls::LabTls;
use amko_lab::up::wire::{Wire, keep_gate};
use reqwest::tls::TlsInfo;
use reqwest::{Certificate, Client, ClientBuilder, Response};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const SITE: &str = "alpha";
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);
const BRIEF: Duration = Duration::from_millis(300);

/// One controller on a socket.
struct Served {
    world: AviWorld,
    address: SocketAddr,
    tls: LabTls,
    gate: JoinHandle<()>,
}

impl Served {
    fn new() -> Self {
        // Another test may have installed the same provider before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let site = SiteConfig { name: SITE.into(), address: "127.0.0.1".into() };
        let world = AviWorld::new(AviWorldConfig::new(vec![site], Clock::real(), Chance::seeded(1)));
        let tls = LabTls::generate("lab.example").unwrap();
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let door = Door::Wire(Wire::new(&world, SITE, &tls).unwrap());
        let router = world.router(SITE).unwrap();
        let listener = Arc::new(Listener::open("controller".into(), address, router, door).unwrap());
        let gate = tokio::spawn(keep_gate(world.clone(), SITE.into(), listener));
        Self { world, address, tls, gate }
    }

    fn suffer(&self, order: FaultOrder) {
        self.world.add_fault(&order.on(SITE)).unwrap();
    }

    fn builder(&self) -> ClientBuilder {
        let ca = Certificate::from_pem(self.tls.ca.as_bytes()).unwrap();
        Client::builder().no_proxy().http1_only().tls_certs_only([ca]).timeout(PATIENCE)
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    async fn get(&self, client: &Client) -> Result<Response, reqwest::Error> {
        client.get(format!("https://{}/api/initial-data", self.address)).send().await
    }

    async fn log_in(&self, client: &Client) -> Result<Response, reqwest::Error> {
        let body = json!({"username": "admin", "password": "avi123"}).to_string();
        let login = client.post(format!("https://{}/login", self.address));
        login.header("content-type", "application/json").body(body).send().await
    }

    /// A connection of one's own, for what libraries hide.
    async fn connect(&self) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.tls.ca.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let tcp = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::IpAddress(Ipv4Addr::LOCALHOST.into());
        TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.gate.abort();
    }
}

async fn ask(connection: &mut TlsStream<TcpStream>) {
    connection.write_all(b"GET /api/initial-data HTTP/1.1\r\nhost: avi\r\n\r\n").await.unwrap();
}

fn fault(name: &str) -> FaultOrder {
    FaultOrder::new(name)
}

/// F-3 and F-4.
#[tokio::test]
async fn a_reset_leaves_the_client_without_an_answer_and_the_effect_depends_on_the_phase() {
    for (name, sessions) in [("reset-before-commit", 0), ("reset-after-commit", 1)] {
        let served = Served::new();
        served.suffer(fault(name).with("times", 1));
        let error = served.log_in(&served.client()).await.unwrap_err();
        assert!(error.is_request() && !error.is_connect() && !error.is_timeout(), "{error:?}");
        assert_eq!(served.world.session_count(SITE), sessions, "{name}");
        assert_eq!(served.get(&served.client()).await.unwrap().status(), 200, "the next one is answered");
    }
}

/// F-3: it is a reset, not an orderly end.
#[tokio::test]
async fn a_reset_arrives_as_one() {
    let served = Served::new();
    served.suffer(fault("reset-before-commit"));
    let mut connection = served.connect().await;
    ask(&mut connection).await;
    let read = timeout(PATIENCE, connection.read(&mut [0; 100])).await.unwrap();
    assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// F-5.
#[tokio::test]
async fn silence_keeps_the_connection_and_answers_nothing() {
    let served = Served::new();
    served.suffer(fault("silence"));
    let mut connection = served.connect().await;
    ask(&mut connection).await;
    assert!(timeout(BRIEF, connection.read(&mut [0; 100])).await.is_err());
    let error = served.get(&served.builder().timeout(BRIEF).build().unwrap()).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

/// F-6.
#[tokio::test]
async fn refused_connections_end_with_the_fault() {
    let served = Served::new();
    let client = served.client();
    assert_eq!(served.get(&client).await.unwrap().status(), 200);
    served.suffer(fault("refuse-connections"));
    let closed = async {
        while served.get(&client).await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, closed).await.unwrap();
    let refused = TcpStream::connect(served.address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    served.world.clear_faults();
    let open = async {
        while served.get(&client).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, open).await.unwrap();
}

/// F-33 and F-34.
#[tokio::test]
async fn half_a_body_is_an_error_and_half_a_json_is_not() {
    let served = Served::new();
    served.suffer(fault("truncated-body").with("times", 1));
    let answer = served.get(&served.client()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());
    served.suffer(fault("cut-json").with("times", 1));
    let body = served.get(&served.client()).await.unwrap().bytes().await.unwrap();
    assert!(body.starts_with(b"{") && serde_json::from_slice::<Value>(&body).is_err());
}

/// F-1 and F-36: bodies of any length and speed arrive whole.
#[tokio::test]
async fn what_trickles_and_what_is_huge_is_complete_in_the_end() {
    let served = Served::new();
    served.suffer(fault("slow-answer").with("delay", "0s").with("trickle", 2000).with("times", 1));
    let body: Value = served.get(&served.client()).await.unwrap().json().await.unwrap();
    assert_eq!(body["setup_complete"], true);
    served.suffer(fault("huge-answer").with("objects", 5).with("bytes", 100_000));
    let body: Value = served.get(&served.client()).await.unwrap().json().await.unwrap();
    assert_eq!((&body["count"], body["results"].as_array().unwrap().len()), (&json!(5), 5));
}

/// F-38.
#[tokio::test]
async fn a_renewed_certificate_is_another_one_that_is_trusted_as_well() {
    let served = Served::new();
    let client = served.builder().tls_info(true).build().unwrap();
    let shown = async || {
        let answer = served.get(&client).await.unwrap();
        let certificate = answer.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec();
        // Only a connection whose answer was read can be used again.
        answer.bytes().await.unwrap();
        certificate
    };
    let usual = shown().await;
    assert_eq!(shown().await, usual);
    served.suffer(fault("certificate"));
    let renewed = async {
        while shown().await == usual {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, renewed).await.unwrap();
}

/// F-38.
#[tokio::test]
async fn a_wrong_or_expired_certificate_ends_open_connections_and_fails_new_ones() {
    for kind in ["wrong-name", "expired"] {
        let served = Served::new();
        let client = served.client();
        served.get(&client).await.unwrap().bytes().await.unwrap();
        let mut connection = served.connect().await;
        served.suffer(fault("certificate").with("kind", kind));
        let ended = timeout(PATIENCE, connection.read(&mut [0; 100])).await.unwrap();
        assert_eq!(ended.unwrap_or(0), 0, "{kind}");
        let error = served.get(&served.client()).await.unwrap_err();
        assert!(error.is_connect(), "{kind}: {error:?}");
    }
}

/// F-39.
#[tokio::test]
async fn a_handshake_stalls_until_the_client_gives_up_or_finds_no_version() {
    let served = Served::new();
    served.suffer(fault("handshake").with("for", "1h"));
    let error = served.get(&served.builder().connect_timeout(BRIEF).build().unwrap()).await.unwrap_err();
    assert!(error.is_connect() && error.is_timeout(), "{error:?}");
    served.world.clear_faults();
    served.suffer(fault("handshake").with("kind", "old-protocol"));
    let error = served.get(&served.client()).await.unwrap_err();
    assert!(error.is_connect() && format!("{error:?}").contains("ProtocolVersion"), "{error:?}");
}

/// F-51.
#[tokio::test]
async fn idle_connections_are_closed_and_busy_ones_are_not() {
    let served = Served::new();
    served.suffer(fault("keep-alive-trap").with("idle", "200ms"));
    served.suffer(fault("slow-answer").with("delay", "600ms"));
    let mut connection = served.connect().await;
    ask(&mut connection).await;
    let mut buffer = [0; 4096];
    let length = timeout(PATIENCE, connection.read(&mut buffer)).await.unwrap().unwrap();
    assert!(buffer[..length].starts_with(b"HTTP/1.1 200"), "the answer came although it took longer than that");
    while timeout(PATIENCE, connection.read(&mut buffer)).await.expect("closed in time").is_ok_and(|length| length > 0)
    {
    }
}
