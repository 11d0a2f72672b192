//! The program `amko-lab` on real sockets, as a newcomer starts it, without the operator.

#[allow(dead_code, reason = "other test programs use the rest")]
#[cfg(test)]
mod up_support;

use std::process::Command;
use up_support::{LabProcess, fetch, kubectl, primary_server, served};

const SITES: [(&str, &str, &str); 3] = [
    ("s1az1", "127.110.25.46", "This service resides in SITE1 AZ1"),
    ("s1az2", "127.110.26.46", "This service resides in SITE1 AZ2"),
    ("s2", "127.120.25.46", "This service resides in SITE2"),
];

#[test]
fn a_newcomers_lab_answers_kubectl_http_and_dns() {
    let lab = LabProcess::start("newcomer");
    for (context, address, message) in SITES {
        if let Some(table) = kubectl(&lab, &["--context", context, "get", "ingress", "--no-headers"]) {
            let columns: Vec<&str> = table.split_whitespace().take(5).collect();
            assert_eq!(columns, ["hello", "avi-lb", "hello.avi.iberia.local", address, "80"]);
        }
        let page = fetch(served(address), "hello.avi.iberia.local");
        assert!(page.as_ref().is_some_and(|page| page.contains(message)), "{context}: {page:?}");
    }
    for server in lab.dns_addresses() {
        assert_eq!(primary_server(server, "avi.iberia.local."), Some("ns.avi.iberia.local.".into()), "{server}");
    }
    assert_eq!(lab.stop(), Some(0));
}

#[test]
fn a_blackout_takes_a_site_off_the_net_until_it_is_restored() {
    let lab = LabProcess::start("blackout");
    let pages = || SITES.map(|(_, address, _)| fetch(served(address), "any").is_some());
    let servers = || lab.dns_addresses().into_iter().map(|s| primary_server(s, "avi.iberia.local.").is_some());
    assert_eq!(pages(), [true, true, true]);

    assert_eq!(
        lab.command(&["blackout", "site1"]),
        (Some(0), "site1 is blacked out; `amko-lab restore site1` brings it back".into())
    );
    assert_eq!(pages(), [false, false, true]);
    assert_eq!(servers().collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(lab.command(&["fault", "list"]), (Some(0), "site1: blackout of site1".into()));

    assert_eq!(lab.command(&["restore", "all"]), (Some(0), "all answers again".into()));
    assert_eq!(pages(), [true, true, true]);
    assert_eq!(servers().collect::<Vec<_>>(), [true, true, true]);
    assert_eq!(lab.command(&["blackout", "mars"]).0, Some(1));
}

#[test]
fn faults_come_and_go_by_command() {
    let lab = LabProcess::start("faults");
    let add = ["fault", "add", "server-error", "--target", "neutral", "--status", "502", "--times", "20"];
    let said = "fault 1: server-error of neutral; `amko-lab fault clear 1` mends it";
    assert_eq!(lab.command(&add), (Some(0), said.into()));
    assert_eq!(lab.command(&["fault", "add", "silence", "--for=1h", "--path", "/none"]).0, Some(0));
    lab.command(&["blackout", "site2"]);
    let listed = "site2: blackout of site2\n\
                  1: server-error of neutral --status 502 --times 20\n\
                  2: silence of all --for 1h --path /none";
    assert_eq!(lab.command(&["fault", "list"]), (Some(0), listed.into()));

    for wrong in [&["flood"][..], &["silence", "--speed", "1"], &["silence", "--for"], &["silence", "--target", "mars"]]
    {
        assert_eq!(lab.command(&[&["fault", "add"], wrong].concat()).0, Some(2), "{wrong:?}");
    }
    assert_eq!(lab.command(&["fault", "clear", "1"]), (Some(0), "1 mended".into()));
    assert_eq!(lab.command(&["fault", "clear", "1"]).0, Some(1));
    assert_eq!(lab.command(&["fault", "clear", "site2"]).0, Some(0));
    assert_eq!(lab.command(&["fault", "list"]).1, "2: silence of all --for 1h --path /none");
    assert_eq!(lab.command(&["fault", "clear"]), (Some(0), "all mended".into()));
    assert_eq!(lab.command(&["fault", "list"]), (Some(0), "no faults".into()));
    assert!(lab.command(&["fault", "list", "--known"]).1.contains("server-error (F-2): "));
}

#[test]
fn a_second_lab_on_the_same_ports_ends_with_one_clear_line() {
    let lab = LabProcess::start("first");
    let before = std::fs::read(lab.members()).unwrap();
    let second = Command::new(env!("CARGO_BIN_EXE_amko-lab")).args(lab.arguments()).output().unwrap();
    let complaint = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(complaint.contains(&format!("port {} on 127.0.0.1", lab.port_base())), "{complaint}");
    assert!(complaint.contains("--port-base"), "{complaint}");
    assert_eq!(std::fs::read(lab.members()).unwrap(), before, "the running lab's kubeconfig was overwritten");
}
