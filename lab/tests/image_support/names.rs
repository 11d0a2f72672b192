//! A name server as a cluster's: what it does not know does not exist.

use super::tell;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;

const PORT: u16 = 53;
/// Length of the header of a message.
const HEADER: usize = 12;
/// One record for the name of the question: type A, class IN, 30 seconds, 127.0.0.1.
const HERE: [u8; 16] = [0xc0, HEADER as u8, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 127, 0, 0, 1];
const TYPE_A: u8 = 1;
/// Response, recursion desired and available.
const ANSWER: [u8; 2] = [0x81, 0x80];
const TRUNCATED: u8 = 0x02;
const NO_SUCH_NAME: u8 = 3;

/// Answers with 127.0.0.1 for known names. Of names that begin with `long` UDP gives only the advice to use TCP.
pub struct NameServer {
    asked: Arc<Mutex<Vec<String>>>,
}

impl NameServer {
    /// `None`, which is said, where port 53 may not be opened.
    pub fn start(address: &str, known: &[&str]) -> Option<Self> {
        let bound = UdpSocket::bind((address, PORT)).and_then(|udp| Ok((udp, TcpListener::bind((address, PORT))?)));
        let (udp, tcp) = match bound {
            Ok(bound) => bound,
            Err(error) => {
                tell(&format!("skipped: image, names: port {PORT} on {address}: {error}"));
                return None;
            }
        };
        let known: Arc<BTreeSet<String>> = Arc::new(known.iter().map(|&name| name.to_owned()).collect());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (names, log) = (known.clone(), asked.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = udp.recv_from(&mut buffer) {
                let answer = answer(&buffer[..length], &names, &log, "");
                udp.send_to(&answer, from).unwrap();
            }
        });
        let log = asked.clone();
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = tcp.accept() {
                let mut length = [0; 2];
                stream.read_exact(&mut length).unwrap();
                let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
                stream.read_exact(&mut question).unwrap();
                let answer = answer(&question, &known, &log, " over TCP");
                stream.write_all(&(answer.len() as u16).to_be_bytes()).unwrap();
                stream.write_all(&answer).unwrap();
            }
        });
        Some(Self { asked })
    }

    /// The names that were asked for since the last look, in order; for both kinds of address, each once.
    pub fn questions(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock());
        let mut seen = BTreeSet::new();
        asked.retain(|name| seen.insert(name.clone()));
        asked
    }
}

fn answer(question: &[u8], known: &BTreeSet<String>, asked: &Mutex<Vec<String>>, way: &str) -> Vec<u8> {
    let (name, end) = name(question);
    asked.lock().push(format!("{name}{way}"));
    let mut answer = question[..end + 4].to_vec();
    answer[2..4].copy_from_slice(&ANSWER);
    // No records but the question.
    answer[6..HEADER].fill(0);
    if !known.contains(&name) {
        answer[3] |= NO_SUCH_NAME;
    } else if name.starts_with("long") && way.is_empty() {
        answer[2] |= TRUNCATED;
    } else if question[end + 1] == TYPE_A {
        answer[7] = 1;
        answer.extend(HERE);
    }
    answer
}

/// The name of the question, and where it ends.
fn name(question: &[u8]) -> (String, usize) {
    let (mut labels, mut at) = (Vec::new(), HEADER);
    while question[at] != 0 {
        let next = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8(question[at + 1..next].to_vec()).unwrap());
        at = next;
    }
    (labels.join("."), at + 1)
}
