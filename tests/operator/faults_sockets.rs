//! The operator's client on real sockets, where certificates, handshakes and idle connections go wrong.

use amko::avi::call_error::{CallError, Failure};
use amko::avi::session::{AviClient, SessionSettings};
use amko::avi::transport::{ReqwestTransport, Timeouts, TlsSettings, TransportError};
use amko::avi::wire::text_of;
use amko_lab::avi::{AviWorld, AviWorldConfig, FaultOrder, SiteConfig};
use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use amko_lab::up::serve::{Door, Listener};
use amko_lab::up::tls::LabTls;
use amko_lab::up::wire::Wire;
use http::Method;
use serde_json::json;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const SITE: &str = "alpha";
const MONITORS: &str = "/api/healthmonitor";
/// Longer than a connection takes to notice that its fault has begun.
const NOTICED: Duration = Duration::from_millis(500);

/// A controller on a socket, and the operator's client for it.
struct Served {
    world: AviWorld,
    client: AviClient,
    _listener: Listener,
}

impl Served {
    fn new() -> Self {
        // Another test may have installed the same provider before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let site = SiteConfig { name: SITE.into(), address: address.to_string() };
        let world = AviWorld::new(AviWorldConfig::new(vec![site], Clock::real(), Chance::seeded(1)));
        let tls = LabTls::generate("lab.example").unwrap();
        let door = Door::Wire(Wire::new(&world, SITE, &tls).unwrap());
        let listener = Listener::open("controller".into(), address, world.router(SITE).unwrap(), door).unwrap();
        let trusted = TlsSettings { ca_pem: Some(tls.ca.into_bytes()), insecure_skip_verify: false };
        let timeouts = Timeouts { connect: Duration::from_secs(2), ..Timeouts::default() };
        let settings = SessionSettings {
            address: address.to_string(),
            username: "admin".into(),
            password: "avi123".to_owned().into(),
            version: "30.2.1".into(),
        };
        let transport = Arc::new(ReqwestTransport::new(&trusted, timeouts).unwrap());
        Self { world, client: AviClient::new(transport, settings).unwrap(), _listener: listener }
    }

    fn suffer(&self, order: FaultOrder) {
        self.world.add_fault(&order).unwrap();
    }

    async fn read(&self) -> Result<(), CallError> {
        self.client.request(Method::GET, MONITORS, "admin", None).await.map(drop)
    }

    async fn write(&self, name: &str) -> Result<(), CallError> {
        let monitor = json!({"name": name, "type": "HEALTH_MONITOR_TCP", "monitor_port": 80, "is_federated": true});
        self.client.request(Method::POST, MONITORS, "admin", Some(&text_of(&monitor))).await.map(drop)
    }

    fn logins(&self) -> usize {
        self.world.requests().iter().filter(|record| record.path_and_query == "/login").count()
    }

    fn monitors(&self) -> Vec<String> {
        let monitors = self.world.objects(SITE, "healthmonitor");
        let names = monitors.iter().map(|monitor| monitor["name"].as_str().unwrap().to_owned());
        names.filter(|name| name.starts_with("of-the-test")).collect()
    }
}

fn transport_error(outcome: Result<(), CallError>) -> TransportError {
    match outcome.unwrap_err().failure {
        Failure::Transport(error) => error,
        other => panic!("{other}"),
    }
}

/// F-38: a certificate that replaces the old one is as good, and the session survives.
#[tokio::test]
async fn f_38_a_renewed_certificate_is_accepted_without_a_login() {
    let served = Served::new();
    served.read().await.unwrap();
    served.suffer(FaultOrder::new("certificate"));
    sleep(NOTICED).await;
    served.write("of-the-test").await.unwrap();
    assert_eq!((served.monitors(), served.logins()), (vec!["of-the-test".to_owned()], 1));
}

/// F-38, DB-34: a certificate of another host, or one whose time is over, is refused by name; nothing is sent.
#[tokio::test]
async fn f_38_a_wrong_certificate_is_refused_and_the_session_survives() {
    for kind in ["wrong-name", "expired"] {
        let served = Served::new();
        served.read().await.unwrap();
        served.suffer(FaultOrder::new("certificate").with("kind", kind));
        sleep(NOTICED).await;
        let asked = served.world.last_request();
        let error = transport_error(served.write("of-the-test").await);
        assert!(matches!(error, TransportError::Tls(_)) && !error.may_have_been_executed(), "{kind}: {error:?}");
        assert!(error.to_string().contains("CN=AMKO lab"), "{kind}: {error}");
        assert_eq!((served.world.last_request(), served.monitors()), (asked, vec![]), "{kind}");
        served.world.clear_faults();
        served.write("of-the-test").await.unwrap();
        assert_eq!(served.logins(), 1, "{kind}");
    }
}

/// F-39: a handshake without an end is given up, one without a common version fails; nothing is sent.
#[tokio::test]
async fn f_39_a_handshake_that_fails_is_known_to_have_sent_nothing() {
    for kind in ["stall", "old-protocol"] {
        let served = Served::new();
        served.suffer(FaultOrder::new("handshake").with("kind", kind));
        let error = transport_error(served.write("of-the-test").await);
        let expected = match kind {
            "stall" => matches!(error, TransportError::Connect(_)),
            _ => matches!(error, TransportError::Tls(_)),
        };
        assert!(expected && !error.may_have_been_executed(), "{kind}: {error:?}");
        served.world.clear_faults();
        served.write("of-the-test").await.unwrap();
        assert_eq!((served.monitors().len(), served.logins()), (1, 1), "{kind}");
    }
}

/// F-51: connections that the server closed meanwhile are not used again, so that no request is lost with them.
#[tokio::test]
async fn f_51_connections_that_were_closed_while_idle_are_replaced() {
    let served = Served::new();
    served.suffer(FaultOrder::new("keep-alive-trap").with("idle", "100ms"));
    for n in 0..4 {
        served.write(&format!("of-the-test-{n}")).await.unwrap();
        served.read().await.unwrap();
        sleep(NOTICED).await;
    }
    assert_eq!((served.monitors().len(), served.logins()), (4, 1));
}
