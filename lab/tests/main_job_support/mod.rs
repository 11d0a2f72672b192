//! A lab with the real operator, and the ways to look at it: kubectl, the controllers, DNS, the operator's HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

pub mod controller;
pub mod dns;
pub mod expected;
pub mod kubectl;
pub mod questions;
pub mod requests;
pub mod tool;

use crate::up_support::{LabProcess, free_port_base};
use amko_lab::testing::PATIENCE;
use serde_json::Value;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

/// A running lab with an operator, and clients for both.
pub struct World {
    pub lab: LabProcess,
    /// URL of the operator's HTTP interface.
    pub operator: String,
    pub http: reqwest::Client,
    /// Virtual addresses of the demo application in s1az1, s1az2 and s2.
    pub addresses: [String; 3],
}

impl World {
    /// Starts a lab and waits until it is ready; gives the process number of the operator as well.
    pub fn start(name: &str) -> (Self, u32) {
        amko();
        let (base, net) = (free_port_base(), free_network());
        let lab = LabProcess::launch(name, base, &config(base, net), &["--operator-arg", "--test-hooks"]);
        let started = lab.prints("operator started as process ", PATIENCE);
        let process = started.split([' ', ',']).find_map(|word| word.parse().ok()).unwrap();
        lab.prints("lab ready", PATIENCE);
        let operator = format!("http://127.0.0.1:{}", base + 50);
        let far = net + 100;
        let addresses = [format!("127.{net}.25.46"), format!("127.{net}.26.46"), format!("127.{far}.25.46")];
        let http = client(&lab);
        (Self { lab, operator, http, addresses }, process)
    }

    /// What the operator answers at this path; `Null` while it does not.
    pub async fn ask(&self, path: &str) -> Value {
        let Ok(answer) = self.http.get(format!("{}{path}", self.operator)).send().await else { return Value::Null };
        answer.json().await.unwrap_or_default()
    }

    /// Whether the operator has written everything that it wants, for exactly these hosts.
    pub async fn in_sync(&self, hosts: &[&str]) -> bool {
        let services = self.ask("/api/gs").await;
        let Some(services) = services.as_array() else { return false };
        let wanted: Vec<_> = services.iter().filter(|service| service["wanted"].is_object()).collect();
        let names: Vec<_> = wanted.iter().filter_map(|service| service["fqdn"].as_str()).collect();
        names == hosts && wanted.iter().all(|service| service["state"] == "in-sync")
    }

    /// Makes an actor of the operator fail; gives the status of the answer.
    pub async fn poison(&self, actor: &str) -> u16 {
        let answer = self.http.post(format!("{}/test/poison/{actor}", self.operator)).send().await.unwrap();
        answer.status().as_u16()
    }

    /// What `/api/status` says about an actor.
    pub async fn actor(&self, actor: &str) -> Value {
        let status = self.ask("/api/status").await;
        match actor.strip_prefix("gs/") {
            Some(fqdn) => status["restarted_services"][fqdn].clone(),
            None => status["actors"][actor].clone(),
        }
    }

    /// The arguments with which the lab starts the operator.
    pub fn operator_arguments(&self) -> Vec<String> {
        let members = self.lab.members().to_str().unwrap().to_owned();
        let http = self.operator.trim_start_matches("http://");
        [
            "run",
            "--context",
            "s1az1",
            "--namespace",
            "avi-system",
            "--http",
            http,
            "--loopback-members",
            "--members",
            &members,
        ]
        .map(str::to_owned)
        .to_vec()
    }
}

/// The operator's executable, beside that of the lab.
pub fn amko() -> PathBuf {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_amko-lab")).with_file_name("amko");
    assert!(path.is_file(), "no operator at {}: build it with cargo build -p amko", path.display());
    path
}

fn client(lab: &LabProcess) -> reqwest::Client {
    // Another test of this program may have installed the same provider before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ca = std::fs::read(lab.dir().join("ca.crt")).unwrap();
    let ca = reqwest::Certificate::from_pem(&ca).unwrap();
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).tls_certs_only([ca]).build().unwrap()
}

/// The second part of addresses 127.x that no other lab uses.
fn free_network() -> u8 {
    let free = |net: &u8| UdpSocket::bind(SocketAddr::from(([127, *net, 24, 186], 8053))).is_ok();
    (30..100).find(free).expect("no free addresses in 127.0.0.0/8")
}

/// The default topology on addresses of its own, without ports below 1024.
fn config(base: u16, net: u8) -> String {
    let (http, far) = (base + 50, net + 100);
    let cluster = |context: &str, site: &str, range: String, weight: u8| {
        format!(
            "- {{context: {context}, site: {site}, vipCidr: {range}.0/24, firstVip: {range}.46, weight: {weight}, \
             message: This is {context}}}\n"
        )
    };
    [
        format!("ports: {{wellKnown: false}}\noperatorHttp: 127.0.0.1:{http}\nsites:\n"),
        format!("- {{name: neutral, dns: 127.{net}.24.186, leader: true}}\n"),
        format!("- {{name: site1, dns: 127.{net}.24.41}}\n- {{name: site2, dns: 127.{far}.24.186}}\nclusters:\n"),
        cluster("s1az1", "site1", format!("127.{net}.25"), 6),
        cluster("s1az2", "site1", format!("127.{net}.26"), 4),
        cluster("s2", "site2", format!("127.{far}.25"), 2),
    ]
    .concat()
}
