//! The simulated Avi controllers, of which the one that leads listens on a port.

use amko_lab::avi::{AviWorld, AviWorldConfig, SiteConfig};
use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use amko_lab::up::serve::{Door, Listener};
use amko_lab::up::tls::LabTls;
use amko_lab::up::wire::Wire;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// The site whose controller leads.
const LEADER: &str = "neutral";
/// Ports may be lost to somebody who is faster.
const TRIES: usize = 5;

pub const USER: &str = "admin";
pub const PASSWORD: &str = "avi123";

/// The controllers of three sites.
pub struct Controller {
    world: AviWorld,
    pub address: SocketAddr,
    /// PEM of the CA that signed its certificate.
    pub ca: String,
    // Open as long as this is there.
    _listener: Listener,
}

impl Controller {
    pub fn start() -> Self {
        let tls = LabTls::generate("example.org").unwrap();
        let found = (0..TRIES).find_map(|_| Self::on(free_port(), &tls));
        found.expect("no port of 127.0.0.1 is free")
    }

    fn on(address: SocketAddr, tls: &LabTls) -> Option<Self> {
        let site = |name: &str| SiteConfig { name: name.to_owned(), address: address.to_string() };
        let sites = [LEADER, "site1", "site2"].map(site).to_vec();
        let mut config = AviWorldConfig::new(sites, Clock::real(), Chance::seeded(1));
        config.domain = "example.org".to_owned();
        let world = AviWorld::new(config);
        let door = Door::Wire(Wire::new(&world, LEADER, tls).unwrap());
        let router = world.router(LEADER).unwrap();
        let listener = Listener::open("Avi controller".to_owned(), address, router, door).ok()?;
        Some(Self { world, address, ca: tls.ca.clone(), _listener: listener })
    }

    /// The UUID of the controller of a site, which AKO writes on its objects.
    pub fn cluster_uuid(&self, site: &str) -> String {
        self.world.cluster_uuid(site).unwrap()
    }

    /// The newest request.
    pub fn now(&self) -> u64 {
        self.world.last_request()
    }

    /// `METHOD kind` of each write after a request.
    pub fn writes_since(&self, request: u64) -> Vec<String> {
        let records = self.world.requests().into_iter();
        let writes = records.filter(|record| {
            let login = record.path_and_query.contains("login") || record.path_and_query.contains("logout");
            record.seq > request && record.method != "GET" && !login
        });
        writes.map(|w| format!("{} {}", w.method, w.path_and_query.split('/').nth(2).unwrap_or_default())).collect()
    }

    /// The GSLB services of the leader, by name.
    pub fn services(&self) -> Vec<String> {
        let services = self.world.objects(LEADER, "gslbservice");
        let mut names: Vec<String> = services.iter().map(|s| s["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    /// A GSLB service of the leader as [`service`] shows it; `Null` when there is none.
    pub fn service(&self, name: &str) -> Value {
        let services = self.world.objects(LEADER, "gslbservice");
        let found = services.iter().find(|service| service["name"] == name);
        found.map(|found| shown(found)).unwrap_or_default()
    }
}

/// What a user decides about a service: its names, TTL and pools, without what the controller adds.
fn shown(found: &Value) -> Value {
    let member = |member: &Value| {
        json!({"ip": member["ip"]["addr"], "ratio": member["ratio"], "cluster_uuid": member["cluster_uuid"],
            "vs_uuid": member["vs_uuid"], "enabled": member["enabled"]})
    };
    let pool = |pool: &Value| {
        let members: Vec<Value> = pool["members"].as_array().unwrap().iter().map(member).collect();
        json!({"priority": pool["priority"], "members": members})
    };
    let pools: Vec<Value> = found["groups"].as_array().unwrap().iter().map(pool).collect();
    json!({"name": found["name"], "domain_names": found["domain_names"], "ttl": found["ttl"],
        "created_by": found["created_by"], "description": found["description"], "pools": pools,
        "monitors": found["health_monitor_refs"].as_array().map_or(0, Vec::len)})
}

/// A port of 127.0.0.1 that was free a moment ago.
pub fn free_port() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}
