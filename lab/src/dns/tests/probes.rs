//! Checks, their streaks, and the tasks that run them, on paused time.

use super::super::checker::{Checker, NetChecker, Target, http_text, status};
use super::super::control::Silence;
use super::super::monitor::{self, Check};
use super::super::probe::SiteProbes;
use super::super::streak::{Streak, StreakRule};
use super::*;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const RULE: StreakRule = StreakRule { successful_checks: 3, failed_checks: 2, quick_start: true };

/// The verdicts in order of the checks, `g`ood or `b`ad: `+` up, `-` down, `.` no change.
fn verdicts(rule: StreakRule, start: Option<bool>, checks: &str) -> String {
    let mut streak = Streak::new(rule, start);
    let sign = |edge| match edge {
        Some(true) => '+',
        Some(false) => '-',
        None => '.',
    };
    checks.chars().map(|check| sign(streak.observe(check == 'g'))).collect()
}

#[test]
fn a_streak_of_checks_changes_the_verdict() {
    let slow = StreakRule { quick_start: false, ..RULE };
    for (rule, start, checks, expected) in [
        (RULE, None, "ggg", "+.."),
        (RULE, None, "bggg", ".+.."),
        (RULE, None, "bb", ".-"),
        (slow, None, "ggg", "..+"),
        (RULE, None, "gbgbbgggbb", "+...-..+.-"),
        (RULE, Some(true), "bb", ".-"),
        (RULE, Some(false), "ggbggg", ".....+"),
    ] {
        assert_eq!(verdicts(rule, start, checks), expected, "{checks} from {start:?}");
    }
}

/// Members that fail, and how long the others take.
#[derive(Default)]
struct Script {
    down: Mutex<BTreeSet<IpAddr>>,
    takes: Mutex<Duration>,
    checks: Mutex<Vec<(IpAddr, Duration)>>,
    start: Option<Instant>,
}

impl Checker for Script {
    async fn check(&self, target: &Target) -> bool {
        let at = self.start.map(|start| start.elapsed()).unwrap_or_default();
        self.checks.lock().push((target.address, at));
        let (takes, down) = (*self.takes.lock(), self.down.lock().contains(&target.address));
        sleep(takes).await;
        !down
    }
}

struct World {
    script: Arc<Script>,
    board: HealthBoard,
    probes: SiteProbes<Script>,
}

fn world() -> World {
    let (script, board) = (Arc::new(Script { start: Some(Instant::now()), ..Script::default() }), HealthBoard::new());
    World { probes: SiteProbes::new(SITE, script.clone(), board.clone()), script, board }
}

fn shop(members: &[&str]) -> SiteObjects {
    let members: Vec<Value> = members.iter().map(|ip| member(ip, 1)).collect();
    objects(&[monitored(service(&[pool(10, &members)]))])
}

#[tokio::test(start_paused = true)]
async fn a_new_member_is_up_after_its_first_probe_and_down_after_three_bad_ones() {
    let mut world = world();
    world.probes.refresh(shop(&["192.0.2.1"]));
    assert_eq!(world.board.probe(&key("192.0.2.1")), None);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(world.board.probe(&key("192.0.2.1")), Some(true));
    world.script.down.lock().insert("192.0.2.1".parse().unwrap());
    sleep(Duration::from_secs(29)).await;
    assert_eq!(world.board.probe(&key("192.0.2.1")), Some(true), "two bad checks");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.board.probe(&key("192.0.2.1")), Some(false), "three bad checks");
    world.script.down.lock().clear();
    sleep(Duration::from_secs(29)).await;
    assert_eq!(world.board.probe(&key("192.0.2.1")), Some(false), "two good checks");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.board.probe(&key("192.0.2.1")), Some(true), "three good checks");
}

#[tokio::test(start_paused = true)]
async fn a_check_that_outlasts_the_receive_timeout_has_failed() {
    let mut world = world();
    *world.script.takes.lock() = Duration::from_secs(5);
    world.probes.refresh(shop(&["192.0.2.1"]));
    sleep(Duration::from_millis(23_900)).await;
    assert_eq!(world.board.probe(&key("192.0.2.1")), None);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(world.board.probe(&key("192.0.2.1")), Some(false), "at 2 intervals and one timeout");
}

#[tokio::test(start_paused = true)]
async fn probes_start_and_stop_with_their_members() {
    let mut world = world();
    world.probes.refresh(shop(&["192.0.2.1", "192.0.2.2"]));
    sleep(Duration::from_secs(1)).await;
    world.probes.refresh(shop(&["192.0.2.2", "192.0.2.3"]));
    sleep(Duration::from_secs(11)).await;
    let addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
    assert_eq!(addresses.map(|ip| world.board.probe(&key(ip))), [None, Some(true), Some(true)]);
    let mut checks = std::mem::take(&mut *world.script.checks.lock());
    checks.sort();
    let times: Vec<(String, u64)> = checks.iter().map(|(ip, at)| (ip.to_string(), at.as_secs())).collect();
    let expected = [(0, 0), (1, 0), (1, 10), (2, 1), (2, 11)].map(|(n, at)| (addresses[n].to_string(), at));
    assert_eq!(times, expected, "the member that stayed was not probed anew");
}

#[tokio::test(start_paused = true)]
async fn a_changed_monitor_goes_on_from_the_verdict() {
    let mut world = world();
    world.probes.refresh(shop(&["192.0.2.1"]));
    sleep(Duration::from_secs(1)).await;
    world.script.down.lock().insert("192.0.2.1".parse().unwrap());
    let faster = with(monitor(), json!({"send_interval": 5}));
    world.probes.refresh(SiteObjects { monitors: vec![Arc::new(faster)], ..shop(&["192.0.2.1"]) });
    sleep(Duration::from_secs(9)).await;
    assert_eq!(world.board.probe(&key("192.0.2.1")), Some(true));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.board.probe(&key("192.0.2.1")), Some(false), "three bad checks, 5 s apart");
}

#[tokio::test(start_paused = true)]
async fn a_silent_site_is_tolerated_for_its_patience() {
    let (mut silence, patience) = (Silence::default(), Duration::from_secs(300));
    let mut seen = Vec::new();
    for (wait, available) in [(0, true), (10, false), (299, false), (1, false), (50, true), (1, false)] {
        sleep(Duration::from_secs(wait)).await;
        seen.push(silence.is_tolerable(SITE, available, patience));
    }
    assert_eq!(seen, [true, true, true, false, true, true]);
}

#[test]
fn http_checks_send_the_request_with_a_host_and_accept_classes_of_codes() {
    let compiled = monitor::compile(&[Arc::new(monitor())]);
    let Check::Http(http) = &compiled[MONITOR].check else { panic!("not HTTP") };
    let expected = "HEAD / HTTP/1.0\r\nHost: shop\r\nUser-Agent: gslb-health\r\nConnection: close\r\n\r\n";
    assert_eq!(http_text(http, "shop"), expected);
    assert_eq!([199, 200, 302, 404, 503].map(|code| http.accepts(code)), [false, true, true, false, false]);
    assert_eq!(["HTTP/1.1 302 Found\r\n", "SSH-2.0 200", ""].map(status), [Some(302), None, None]);
}

#[tokio::test]
async fn real_checks_tell_open_refused_and_silent_ports_apart() {
    let tcp = tokio::net::TcpListener::bind("127.84.1.1:0").await.unwrap();
    let silent = tokio::net::UdpSocket::bind("127.84.1.1:0").await.unwrap();
    let (open, silent_port) = (tcp.local_addr().unwrap().port(), silent.local_addr().unwrap().port());
    // Nobody listens where the other protocol does, unless by a rare accident.
    let table = [
        ("TCP", open, json!({}), true),
        ("TCP", silent_port, json!({}), false),
        ("UDP", silent_port, json!({"udp_request": "?"}), true),
        ("UDP", silent_port, json!({"udp_request": "?", "udp_response": "!"}), false),
        ("UDP", open, json!({"udp_request": "?"}), false),
    ];
    let checker = NetChecker::new(|port| port);
    for (kind, port, part, expected) in table {
        let mut object = json!({"uuid": MONITOR, "type": format!("HEALTH_MONITOR_{kind}"), "monitor_port": port,
            "receive_timeout": 1});
        object[format!("{}_monitor", kind.to_lowercase())] = part.clone();
        let monitor = monitor::compile(&[Arc::new(object)])[MONITOR].clone();
        let target = Target { address: "127.84.1.1".parse().unwrap(), monitor, host: "shop".into() };
        assert_eq!(checker.check(&target).await, expected, "{kind} {part}");
    }
}

#[test]
fn monitors_of_other_kinds_do_not_count() {
    let ping = Arc::new(json!({"uuid": "ping", "type": "HEALTH_MONITOR_PING"}));
    let tcp = Arc::new(json!({"uuid": "tcp", "type": "HEALTH_MONITOR_TCP", "tcp_monitor": {"tcp_half_open": false}}));
    let compiled = monitor::compile(&[ping, tcp]);
    assert_eq!(compiled.keys().collect::<Vec<_>>(), ["tcp"]);
}
