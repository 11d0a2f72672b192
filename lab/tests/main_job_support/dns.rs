//! DNS questions, many at a time.

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Command;
use std::time::Duration;

/// Questions on the way at the same time.
const WINDOW: u16 = 50;

/// A client of one DNS server.
pub struct Resolver {
    server: SocketAddr,
    socket: UdpSocket,
}

impl Resolver {
    pub fn new(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        socket.connect(server).unwrap();
        Self { server, socket }
    }

    /// One answer.
    pub fn ask(&self, name: &str, kind: RecordType) -> Message {
        self.socket.send(&question(name, kind, 1)).unwrap();
        self.receive()
    }

    /// Response code and data of the answers, as text.
    pub fn answers(&self, name: &str, kind: RecordType) -> (ResponseCode, Vec<String>) {
        let message = self.ask(name, kind);
        let answers = message.answers.iter().map(|record| record.data.to_string());
        (message.metadata.response_code, answers.collect())
    }

    /// Asks `count` times for the address of `name`; gives how often each came, and the TTLs that came with them.
    pub fn count(&self, name: &str, count: u16) -> (BTreeMap<String, u32>, Vec<u32>) {
        let (mut found, mut ttls) = (BTreeMap::new(), Vec::new());
        for start in (0..count).step_by(WINDOW.into()) {
            let ids = start..count.min(start + WINDOW);
            for id in ids.clone() {
                self.socket.send(&question(name, RecordType::A, id)).unwrap();
            }
            for _ in ids {
                let message = self.receive();
                assert_eq!(message.answers.len(), 1, "one address in each answer");
                let RData::A(address) = &message.answers[0].data else { panic!("no address: {message}") };
                *found.entry(address.to_string()).or_default() += 1;
                ttls.push(message.answers[0].ttl);
            }
        }
        ttls.sort_unstable();
        ttls.dedup();
        (found, ttls)
    }

    fn receive(&self) -> Message {
        let mut buffer = [0; 1500];
        let length = self.socket.recv(&mut buffer).unwrap_or_else(|error| panic!("DNS {}: {error}", self.server));
        Message::from_vec(&buffer[..length]).unwrap()
    }

    /// What `dig` prints for these words.
    pub fn dig(&self, words: &[&str]) -> String {
        let (ip, port) = (format!("@{}", self.server.ip()), self.server.port().to_string());
        let output = Command::new("dig").args([&ip, "-p", &port]).args(words).output().unwrap();
        assert!(output.status.success(), "dig: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The statistics of `dnsperf` over `count` questions for `name`, one `title: value` a line.
    pub fn dnsperf(&self, name: &str, count: u32, questions: &std::path::Path) -> BTreeMap<String, String> {
        std::fs::write(questions, format!("{name} A\n").repeat(count.try_into().unwrap())).unwrap();
        let (ip, port) = (self.server.ip().to_string(), self.server.port().to_string());
        let mut command = Command::new("dnsperf");
        let output = command.args(["-s", &ip, "-p", &port, "-n", "1", "-d"]).arg(questions).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "dnsperf: {text}{}", String::from_utf8_lossy(&output.stderr));
        let lines = text.lines().filter_map(|line| line.trim().split_once(':'));
        lines.map(|(title, value)| (title.to_owned(), value.trim().to_owned())).collect()
    }
}

fn question(name: &str, kind: RecordType, id: u16) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.id = id;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message.to_vec().unwrap()
}
