//! DNS questions to the sites of a lab: one at a time, and without a pause in the background.

use super::script::Failure;
use crate::up::report::DnsReport;
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two questions of a [`Survey`] to one server.
const BEAT: Duration = Duration::from_millis(50);

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// The first address, and how many seconds it may be kept.
    Address(IpAddr, u32),
    /// No address, with the response code.
    Empty(String),
    Silence,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address, _) => write!(f, "{address}"),
            Self::Empty(code) => write!(f, "no address ({code})"),
            Self::Silence => write!(f, "silence"),
        }
    }
}

/// The DNS of one site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolver {
    pub site: String,
    server: SocketAddr,
}

impl Resolver {
    /// # Errors
    /// When the lab's report has no address.
    pub fn new(dns: &DnsReport) -> Result<Self, Failure> {
        let server = dns.address.parse().map_err(|error| Failure::broken(dns.address.clone(), error))?;
        Ok(Self { site: dns.site.clone(), server })
    }

    /// Asks for the IPv4 address of a name.
    pub async fn ask(&self, name: &str) -> Answer {
        match timeout(PATIENCE, self.exchange(name)).await {
            Ok(Some(message)) => read(&message),
            Ok(None) | Err(_) => Answer::Silence,
        }
    }

    /// How often each answer came to this many questions, one after the other.
    pub async fn count(&self, name: &str, questions: u32) -> BTreeMap<Answer, u32> {
        let mut found = BTreeMap::new();
        for _ in 0..questions {
            *found.entry(self.ask(name).await).or_default() += 1;
        }
        found
    }

    async fn exchange(&self, name: &str) -> Option<Message> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.ok()?;
        socket.connect(self.server).await.ok()?;
        let mut question = Message::query();
        question.add_query(Query::query(Name::from_ascii(name).ok()?, RecordType::A));
        socket.send(&question.to_vec().ok()?).await.ok()?;
        let mut buffer = [0; 1500];
        let length = socket.recv(&mut buffer).await.ok()?;
        Message::from_vec(&buffer[..length]).ok()
    }
}

fn read(message: &Message) -> Answer {
    let address = message.answers.iter().find_map(|record| match &record.data {
        RData::A(address) => Some(Answer::Address(IpAddr::V4(address.0), record.ttl)),
        _ => None,
    });
    let code = message.metadata.response_code;
    let code = if code == ResponseCode::NoError { "NOERROR".to_owned() } else { format!("{code:?}").to_uppercase() };
    address.unwrap_or(Answer::Empty(code))
}

/// Questions for one name to several servers, one after the other without an end. Ends when dropped.
pub struct Survey {
    tasks: Vec<JoinHandle<()>>,
    seen: std::sync::Arc<parking_lot::Mutex<Vec<Seen>>>,
}

/// One answer of a survey.
#[derive(Debug, Clone)]
pub struct Seen {
    pub at: Instant,
    pub site: String,
    pub answer: Answer,
}

impl Survey {
    /// Starts to ask these servers.
    pub fn start(resolvers: impl IntoIterator<Item = Resolver>, name: &str) -> Self {
        let seen = std::sync::Arc::<parking_lot::Mutex<Vec<Seen>>>::default();
        let ask = |resolver: Resolver| {
            let (seen, name) = (seen.clone(), name.to_owned());
            tokio::spawn(async move {
                loop {
                    let answer = resolver.ask(&name).await;
                    seen.lock().push(Seen { at: Instant::now(), site: resolver.site.clone(), answer });
                    sleep(BEAT).await;
                }
            })
        };
        Self { tasks: resolvers.into_iter().map(ask).collect(), seen: seen.clone() }
    }

    /// All answers so far, oldest first.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().clone()
    }
}

impl Drop for Survey {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// `612 answers: 127.200.25.46 ×306, …`, and how many of them had no address.
pub fn tally(seen: &[Seen]) -> (String, usize) {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    seen.iter().for_each(|seen| *found.entry(seen.answer.to_string()).or_default() += 1);
    let bad = seen.iter().filter(|seen| !matches!(seen.answer, Answer::Address(..))).count();
    let parts: Vec<String> = found.iter().map(|(answer, count)| format!("{answer} ×{count}")).collect();
    (format!("{} answers: {}", seen.len(), parts.join(", ")), bad)
}

/// The addresses among answers.
pub fn addresses<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> BTreeSet<IpAddr> {
    let address = |answer: &Answer| match answer {
        Answer::Address(address, _) => Some(*address),
        _ => None,
    };
    answers.into_iter().filter_map(address).collect()
}
