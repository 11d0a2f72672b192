//! The simulated server, on a socket with TLS.

use std::collections::BTreeMap;

use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use amko_lab::kube::{KubeWorld, KubeWorldConfig, UserInfo};
use amko_lab::up::client_certificates::ClientAuthority;
use amko_lab::up::serve::{Door, Listener};
use amko_lab::up::tls::LabTls;

use crate::target::{CERTIFICATE_GROUP, CERTIFICATE_USER, Features, Target};

const TOKEN: &str = "conformance-administrator";

/// Serves until it is dropped.
pub(crate) struct Simulator {
    _listener: Listener,
    target: Target,
}

impl Simulator {
    pub(crate) async fn start() -> Self {
        let (clock, chance) = (Clock::real(), Chance::seeded(9));
        let world = KubeWorld::new(KubeWorldConfig { name: "conformance".into(), clock, chance, history: 10_000 });
        world.collect_garbage();
        world.track_field_managers();
        let administrator = UserInfo {
            username: "administrator".into(),
            uid: "conformance".into(),
            groups: vec!["system:masters".into(), "system:authenticated".into()],
        };
        let tls = LabTls::generate("example.com").unwrap();
        let router = world.router_with_tokens(BTreeMap::from([(TOKEN.to_owned(), administrator)]));
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let authority = ClientAuthority::generate().unwrap();
        let door = Door::Clients(authority.door(&tls).unwrap());
        let listener = Listener::open("the simulated API server".into(), address, router, door).unwrap();
        let target = Target {
            name: "simulator".into(),
            url: format!("https://{address}"),
            ca: tls.ca,
            admin_token: TOKEN.into(),
            client_certificate: Some(authority.certificate(CERTIFICATE_USER, CERTIFICATE_GROUP).unwrap()),
            features: Features { controllers: true, cel: false },
        };
        Self { _listener: listener, target }
    }

    pub(crate) fn target(&self) -> Target {
        self.target.clone()
    }
}
