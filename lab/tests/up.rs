//! The program `amko-lab` on real sockets, as a newcomer starts it, without the operator.

#[allow(dead_code, reason = "other test programs use the rest")]
#[cfg(test)]
mod up_support;

use std::process::Command;
use up_support::{LabProcess, fetch, kubectl, primary_server, served, typed};

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
    let lab = LabProcess::start("a blackout");
    let pages = || SITES.map(|(_, address, _)| fetch(served(address), "any").is_some());
    let servers = || lab.dns_addresses().into_iter().map(|s| primary_server(s, "avi.iberia.local.").is_some());
    assert_eq!(pages(), [true, true, true]);

    let (code, said) = lab.command(&["blackout", "site1"]);
    let restore = lab.as_typed(&["restore", "site1"]);
    assert_eq!((code, said), (Some(0), format!("site1 is blacked out; `{restore}` brings it back")));
    assert_eq!(pages(), [false, false, true]);
    assert_eq!(servers().collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(lab.command(&["fault", "list"]), (Some(0), "site1: blackout of site1".into()));

    assert_eq!(typed(&restore), (Some(0), "site1 answers again".into()), "the command works as it was printed");
    assert_eq!(pages(), [true, true, true]);
    assert_eq!(lab.command(&["restore", "all"]), (Some(0), "all answers again".into()));
    assert_eq!(pages(), [true, true, true]);
    assert_eq!(servers().collect::<Vec<_>>(), [true, true, true]);
    assert_eq!(lab.command(&["blackout", "mars"]).0, Some(1));
}

#[test]
fn faults_come_and_go_by_command() {
    let lab = LabProcess::start("some faults");
    let add = ["fault", "add", "server-error", "--target", "neutral", "--status", "502", "--times", "20"];
    let clear = lab.as_typed(&["fault", "clear", "1"]);
    assert_eq!(lab.command(&add), (Some(0), format!("fault 1: server-error of neutral; `{clear}` mends it")));
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
    assert_eq!(typed(&clear), (Some(0), "1 mended".into()), "the command works as it was printed");
    assert_eq!(lab.command(&["fault", "clear", "1"]).0, Some(1));
    assert_eq!(lab.command(&["fault", "clear", "site2"]).0, Some(0));
    assert_eq!(lab.command(&["fault", "list"]).1, "2: silence of all --for 1h --path /none");
    assert_eq!(lab.command(&["fault", "clear"]), (Some(0), "all mended".into()));
    assert_eq!(lab.command(&["fault", "list"]), (Some(0), "no faults".into()));
    assert!(lab.command(&["fault", "list", "--known"]).1.contains("server-error (F-2): "));
}

/// The commands of this program among those that are printed when a lab is up.
#[test]
fn what_a_lab_prints_to_try_works_as_printed() {
    let (base, config) = (up_support::free_port_base(), up_support::CONFIG);
    let lab = LabProcess::launch("to try", base, config, &["--no-operator"]);
    let kubeconfig = lab.prints("export KUBECONFIG=", up_support::START);
    let blackout = lab.prints(" blackout ", up_support::START);
    lab.prints("lab ready", up_support::START);
    let there = format!("{kubeconfig}; test -f \"$KUBECONFIG\" && echo there");
    assert_eq!(typed(&there), (Some(0), "there".into()));
    let (code, said) = typed(&blackout);
    let (_, restore) = said.split_once('`').unwrap();
    let (restore, _) = restore.split_once('`').unwrap();
    assert_eq!((code, typed(restore)), (Some(0), (Some(0), "site2 answers again".into())), "{said}");
}

/// The remedy of a directory without a lab names the directory.
#[test]
fn a_directory_without_a_lab_is_told_with_a_command_that_starts_one_there() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("no lab");
    let program = env!("CARGO_BIN_EXE_amko-lab");
    let output = Command::new(program).args(["restore", "all", "--dir"]).arg(&dir).output().unwrap();
    let expected = format!(
        "amko-lab: no lab in {0}: start one with `{program} up --dir '{0}'`, or name its directory with --dir\n",
        dir.display()
    );
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(2), expected));
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
