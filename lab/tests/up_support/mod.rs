//! Starts `amko-lab` as a process and asks it the questions of kubectl, curl and dig.

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RData, RecordType};
use parking_lot::{Mutex, MutexGuard};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Addresses of its own and no port below 1024, so that a lab of the user may run at the same time.
const CONFIG: &str = "\
ports: {wellKnown: false}
sites:
- {name: neutral, dns: 127.110.24.186, leader: true}
- {name: site1, dns: 127.110.24.41}
- {name: site2, dns: 127.120.24.186}
clusters:
- {context: s1az1, site: site1, vipCidr: 127.110.25.0/24, firstVip: 127.110.25.46, weight: 6, message: This service resides in SITE1 AZ1}
- {context: s1az2, site: site1, vipCidr: 127.110.26.0/24, firstVip: 127.110.26.46, weight: 4, message: This service resides in SITE1 AZ2}
- {context: s2, site: site2, vipCidr: 127.120.25.0/24, firstVip: 127.120.25.46, weight: 2, message: This service resides in SITE2}
";
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a lab may take to start, and to stop.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(15);

/// The tests of one program may share addresses, so their labs run one after the other.
static ONE_LAB: Mutex<()> = Mutex::new(());

/// A running lab. Stopped when dropped.
pub struct LabProcess {
    child: Child,
    dir: PathBuf,
    base: u16,
    arguments: Vec<String>,
    printed: mpsc::Receiver<String>,
    _alone: MutexGuard<'static, ()>,
}

impl LabProcess {
    /// Starts a lab without the operator in a directory of its own and waits for `lab ready`.
    pub fn start(name: &str) -> Self {
        let lab = Self::launch(name, free_port_base(), CONFIG, &["--no-operator"]);
        lab.prints("lab ready", START);
        lab
    }

    /// Starts a lab with this configuration and does not wait for it.
    pub fn launch(name: &str, base: u16, config: &str, more: &[&str]) -> Self {
        let alone = ONE_LAB.lock();
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("config.yaml"), config).unwrap();
        let mut arguments = arguments(&dir, base);
        arguments.extend(more.iter().map(|&word| word.to_owned()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_amko-lab"));
        let mut child = command.args(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let printed = lines_of(child.stdout.take().unwrap());
        Self { child, dir, base, arguments, printed, _alone: alone }
    }

    /// Waits for a line that contains `part` and gives it.
    pub fn prints(&self, part: &str, within: Duration) -> String {
        let mut seen = Vec::new();
        loop {
            match self.printed.recv_timeout(within) {
                Ok(line) if line.contains(part) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("the lab did not print {part:?} ({error}) after {seen:#?}"),
            }
        }
    }

    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    pub fn port_base(&self) -> u16 {
        self.base
    }

    /// The directory of the lab's files.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn members(&self) -> PathBuf {
        self.dir.join("gslb-members")
    }

    /// What `lab.json` says.
    pub fn report(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.dir.join("lab.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The DNS servers of `lab.json`.
    pub fn dns_addresses(&self) -> Vec<SocketAddr> {
        let report = self.report();
        let servers = report["dns"].as_array().unwrap().iter();
        servers.map(|server| server["address"].as_str().unwrap().parse().unwrap()).collect()
    }

    /// Runs another `amko-lab` command against this lab; gives exit code and output.
    pub fn command(&self, words: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amko-lab"));
        let output = command.args(words).arg("--dir").arg(&self.dir).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    /// Sends SIGTERM and gives the exit code.
    pub fn stop(mut self) -> Option<i32> {
        terminate(self.child.id());
        // The end of its output is the end of the process.
        while self.printed.recv_timeout(STOP).is_ok() {}
        self.child.wait().unwrap().code()
    }
}

impl Drop for LabProcess {
    /// Stops the lab of a test that failed in order, so that its operator does not outlive the test by seconds.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            terminate(self.child.id());
            while self.printed.recv_timeout(STOP).is_ok() {}
        }
        // Both fail only for a process that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends SIGTERM to a process.
pub fn terminate(process: u32) {
    kill_process(Pid::from_raw(process.try_into().unwrap()).unwrap(), Signal::TERM).unwrap();
}

fn lines_of(output: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, printed) = mpsc::channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        // The receiver is gone when nobody wants to know any more.
        lines.map(|line| sender.send(line)).take_while(Result::is_ok).count();
    });
    printed
}

fn arguments(dir: &Path, base: u16) -> Vec<String> {
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let (dir, config) = (text(dir.to_owned()), text(dir.join("config.yaml")));
    ["up", "--dir", &dir, "--config", &config, "--port-base", &base.to_string()].map(str::to_owned).to_vec()
}

/// A base for `--port-base` whose ports nobody uses; the one 50 above is left to the operator.
pub fn free_port_base() -> u16 {
    let free = |base: &u16| {
        [0, 1, 2, 20, 21, 22, 40, 50].iter().all(|n| TcpListener::bind((Ipv4Addr::LOCALHOST, base + n)).is_ok())
    };
    (20_000..30_000).step_by(100).find(free).expect("no free ports on 127.0.0.1")
}

/// What kubectl prints. Without kubectl: `None` and a note, or a failure where `CI` is `true`.
pub fn kubectl(lab: &LabProcess, words: &[&str]) -> Option<String> {
    let output = match Command::new("kubectl").arg("--kubeconfig").arg(lab.members()).args(words).output() {
        Ok(output) => output,
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "kubectl: {error}");
            writeln!(std::io::stderr(), "skipped: kubectl {}: {error}", words.join(" ")).unwrap();
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Where port 80 of a virtual address is served when ports below 1024 are moved up.
pub fn served(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().unwrap(), 8080)
}

/// The page at `http://address:port/` for this host, as `curl --resolve` gets it; `None` when nobody answers.
pub fn fetch(address: SocketAddr, host: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").ok()?;
    let mut page = String::new();
    stream.read_to_string(&mut page).ok()?;
    page.starts_with("HTTP/1.1 200").then_some(page)
}

/// The primary server in the SOA of the zone, as `dig SOA` shows it; `None` when nobody answers.
pub fn primary_server(server: SocketAddr, zone: &str) -> Option<String> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut question = Message::query();
    question.add_query(Query::query(Name::from_ascii(zone).unwrap(), RecordType::SOA));
    socket.send_to(&question.to_vec().unwrap(), server).unwrap();
    let mut buffer = [0; 1500];
    let (length, _) = socket.recv_from(&mut buffer).ok()?;
    let answer = Message::from_vec(&buffer[..length]).unwrap();
    answer.answers.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(soa.mname.to_string()),
        _ => None,
    })
}
