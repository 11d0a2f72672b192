//! Names and contents of health monitors.

use super::*;
use crate::core::fixtures::{UUID, endpoint, strings, template};

const SUBJECT: Subject<'_> = Subject { tenant: "admin", gs_name: "web.example.org" };

fn with_paths(name: &str, paths: &[&str], tls: bool) -> Endpoint {
    Endpoint { backend: Backend::Paths { paths: strings(paths), tls }, ..endpoint("ctx-a", name, "10.1.0.5") }
}

fn with_port(name: &str, port: u16, protocol: Protocol) -> Endpoint {
    Endpoint { backend: Backend::Port { port, protocol }, ..endpoint("ctx-a", name, "10.1.0.5") }
}

fn owner() -> Owner {
    Owner::from_uuid(UUID.parse().unwrap())
}

fn passthrough(name: &str) -> Endpoint {
    Endpoint { backend: Backend::Passthrough, ..endpoint("ctx-a", name, "10.1.0.5") }
}

fn own(subject: Subject<'_>, members: &[Endpoint], template: Option<&Template>) -> OwnMonitors {
    subject.monitors(&members.iter().collect::<Vec<_>>(), template, &owner())
}

fn monitors(members: &[Endpoint]) -> Vec<HealthMonitor> {
    let own = own(SUBJECT, members, None);
    assert_eq!(own.unmonitored, []);
    own.monitors
}

/// The names of the worked examples, see `docs/RULES.md#names-of-monitors`.
#[test]
fn names_are_those_that_upstream_gives() {
    let paths = [
        ("web.example.org", "/", false, "amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa"),
        ("web.example.org", "/api", false, "amko--01acdcd35ff9d17b9538b23fe3e6ddaa83934c2c"),
        ("sec.example.org", "/", true, "amko--f050ab68b1757c43d9457b3d2fc9b9fb8fc5789d"),
        ("sec.example.org", "/login", true, "amko--3ecc7e02934eb4e8e5e7b04033ca847cdd6bdfea"),
        ("edge.example.org", "/cart", true, "amko--ca961438d73ce81f64ecf6a934a89fd14bf8f925"),
        ("cart.apps.example.org", "/", false, "amko--cc2dbb68b51f64bba8b36a6e16f1cad5e153de45"),
        ("global.example.org", "/", false, "amko--cd0b89cd3f5b24d430e6be0aa9db9cca9fbe0d73"),
        ("global2.example.org", "/", false, "amko--0a6bc5b0198b04c0ac2296677143b4268a8fd314"),
        ("mix.example.org", "/", true, "amko--ad78cfd6035cb14d193d188ff0e1ffa5e5d08a19"),
    ];
    for (gs, path, secure, name) in paths {
        assert_eq!(path_monitor_name(gs, path, secure), name, "{gs}{path}");
    }
    assert_eq!(port_monitor_name("db.example.org"), "amko--bec897decb74c34a3045009860a9c8f5bdc102e6");
    assert_eq!(port_monitor_name("dns.example.org"), "amko--ccd26eff248446d24b3e7e00deb71cbd1ad4a78b");
    let shared = format!("amko--passthrough-hm-tcp-{UUID}");
    assert_eq!(passthrough_monitor_name(&owner()), shared);
    assert!(is_shared(&shared) && !is_shared("amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa"));
}

/// EX-01.
#[test]
fn an_insecure_path_is_probed_by_http_on_port_80() {
    let expected = HealthMonitor {
        tenant: "admin".to_owned(),
        name: "amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa".to_owned(),
        description: "created by: amko, gsname: web.example.org, path: /, protocol: http".to_owned(),
        port: 80,
        probe: Probe::Http(HttpProbe {
            request: "HEAD / HTTP/1.0".to_owned(),
            response_codes: strings(&["HTTP_2XX", "HTTP_3XX"]),
        }),
    };
    assert_eq!(monitors(&[with_paths("web", &["/"], false)]), [expected]);
}

fn paths_of(kinds: &[(&str, bool)]) -> Vec<HealthMonitor> {
    kinds.iter().map(|(path, secure)| SUBJECT.path_monitor(path, *secure, None)).collect()
}

/// FND-A7, DB-31, EX-33.
#[test]
fn members_that_differ_in_tls_have_both_monitors_of_each_path_and_only_https_once_all_have_it() {
    let subject = Subject { tenant: "admin", gs_name: "mix.example.org" };
    let members = [with_paths("a", &["/"], false), with_paths("b", &["/"], true)];
    let monitor = |name: &str, protocol: &str, port: u16, probe: fn(HttpProbe) -> Probe| HealthMonitor {
        tenant: "admin".to_owned(),
        name: name.to_owned(),
        description: format!("created by: amko, gsname: mix.example.org, path: /, protocol: {protocol}"),
        port,
        probe: probe(HttpProbe {
            request: "HEAD / HTTP/1.0".to_owned(),
            response_codes: strings(&["HTTP_2XX", "HTTP_3XX"]),
        }),
    };
    let http = monitor("amko--25218930589c5f21f6ff5af0be664df09ae6cd41", "http", 80, Probe::Http);
    let https = monitor("amko--ad78cfd6035cb14d193d188ff0e1ffa5e5d08a19", "https", 443, Probe::Https);
    let expected = OwnMonitors { monitors: vec![http, https.clone()], differ: true, ..OwnMonitors::default() };
    assert_eq!(own(subject, &members, None), expected);
    let secure = members.map(|member| with_paths(&member.key.name, &["/"], true));
    let expected = OwnMonitors { monitors: vec![https], ..OwnMonitors::default() };
    assert_eq!(own(subject, &secure, None), expected);
}

/// FND-A7
#[test]
fn where_both_monitors_of_each_path_are_too_many_those_by_http_are_used_and_that_is_told() {
    let differing = |paths: &[&str]| own(SUBJECT, &[with_paths("a", paths, false), with_paths("b", paths, true)], None);
    let three = differing(&["/1", "/2", "/3"]);
    let both = [("/1", false), ("/1", true), ("/2", false), ("/2", true), ("/3", false), ("/3", true)];
    assert_eq!((three.monitors, three.limitation), (paths_of(&both), None));
    let four = differing(&["/1", "/2", "/3", "/4"]);
    let limitation = "some members have TLS and some do not, and a health monitor by HTTP and one by HTTPS for each of \
                      the 4 paths of GSLB service web.example.org would be 8, but the controller accepts 6: only those \
                      by HTTP are used until all members have TLS; use fewer distinct paths or healthMonitorRefs";
    let expected = OwnMonitors {
        monitors: paths_of(&[("/1", false), ("/2", false), ("/3", false), ("/4", false)]),
        limitation: Some(limitation.to_owned()),
        differ: true,
        ..OwnMonitors::default()
    };
    assert_eq!(four, expected);
}

/// FND-E4: a newcomer that sorts first does not take the monitors of who was there.
#[test]
fn of_more_paths_than_the_controller_accepts_those_of_the_oldest_objects_are_monitored() {
    let aged = |name: &str, paths: &[&str], second: i64| Endpoint {
        created: jiff::Timestamp::from_second(second).unwrap().into(),
        ..with_paths(name, paths, false)
    };
    let newcomer = aged("a", &["/new", "/5"], 2_000);
    let first = aged("b", &["/1", "/2", "/3", "/4", "/5", "/6"], 1_000);
    let found = own(SUBJECT, &[newcomer.clone(), first], None);
    assert_eq!(
        found.monitors,
        paths_of(&[("/5", false), ("/1", false), ("/2", false), ("/3", false), ("/4", false), ("/6", false)])
    );
    assert_eq!(found.unmonitored.iter().map(|(key, _)| key).collect::<Vec<_>>(), [&newcomer.key]);
}

/// DB-32.
#[test]
fn any_path_member_means_path_monitors_otherwise_the_lowest_port_is_probed() {
    let (tcp, udp) = (with_port("tcp", 8080, Protocol::Tcp), with_port("udp", 53, Protocol::Udp));
    assert_eq!(monitors(&[tcp.clone(), udp.clone()]), [SUBJECT.port_monitor(53, Protocol::Udp)]);
    assert_eq!(monitors(&[udp, tcp, with_paths("web", &["/"], false)]), [SUBJECT.path_monitor("/", false, None)]);
}

#[test]
fn paths_of_all_members_count_once_each_in_their_order() {
    let members = [with_paths("a", &["/z", "/a"], false), with_paths("b", &["/a", "/b"], false)];
    let expected = ["/z", "/a", "/b"].map(|path| SUBJECT.path_monitor(path, false, None));
    assert_eq!(monitors(&members), expected);
}

#[test]
fn the_seventh_path_is_reported_and_not_monitored() {
    let members = [
        with_paths("a", &["/1", "/2", "/3", "/4", "/5"], false),
        with_paths("b", &["/6", "/7", "/8"], false),
        with_paths("c", &["/6"], false),
    ];
    let own = own(SUBJECT, &members, None);
    assert_eq!(own.monitors, ["/1", "/2", "/3", "/4", "/5", "/6"].map(|path| SUBJECT.path_monitor(path, false, None)));
    let [(key, reason)] = own.unmonitored.as_slice() else { panic!("{:?}", own.unmonitored) };
    assert_eq!(key, &members[1].key);
    assert!(reason.contains("/7") && reason.contains("healthMonitorRefs"), "{reason}");
}

/// DB-08 and DB-33.
#[test]
fn the_description_names_the_gslb_service_exactly() {
    let name = |monitor: HealthMonitor| gs_name(&monitor.description).map(str::to_owned);
    let expected = Some("web.example.org".to_owned());
    assert_eq!(name(SUBJECT.path_monitor("/a,b: c, path: /x", true, None)), expected);
    assert_eq!(name(SUBJECT.port_monitor(80, Protocol::Tcp)), expected);
    for other in ["created by: amko", "created by: amko, gsname: ", "gsname: web.example.org", ""] {
        assert_eq!(gs_name(other), None, "{other:?}");
    }
}

/// EX-12.
#[test]
fn passthrough_alone_is_probed_by_the_shared_monitor_on_port_443() {
    let expected = HealthMonitor {
        tenant: "admin".to_owned(),
        name: format!("amko--passthrough-hm-tcp-{UUID}"),
        description: "created by: amko".to_owned(),
        port: 443,
        probe: Probe::Tcp,
    };
    assert_eq!(monitors(&[passthrough("a"), passthrough("b")]), [expected]);
    assert_eq!(monitors(&[]), []);
}

/// DB-32: beside Services a passthrough Route counts as port 443, and port 0 is none.
#[test]
fn passthrough_beside_others_gives_way_to_paths_and_joins_the_ports() {
    let port = |port, protocol| SUBJECT.port_monitor(port, protocol);
    let cases = [
        (with_port("db", 8080, Protocol::Tcp), port(443, Protocol::Tcp)),
        (with_port("db", 53, Protocol::Udp), port(53, Protocol::Udp)),
        (with_port("db", 443, Protocol::Udp), port(443, Protocol::Tcp)),
        (with_port("db", 0, Protocol::Udp), port(443, Protocol::Tcp)),
        (with_paths("web", &["/"], true), SUBJECT.path_monitor("/", true, None)),
    ];
    for (other, expected) in cases {
        assert_eq!(monitors(&[passthrough("pt"), other.clone()]), [expected], "{other:?}");
    }
}

/// EX-19: interval, port and type stay the operator's.
#[test]
fn a_template_gives_method_version_and_answers_of_path_monitors() {
    let expected = |secure: bool| {
        let probe = HttpProbe { request: "GET /x HTTP/1.1".to_owned(), response_codes: strings(&["HTTP_2XX"]) };
        let protocol = if secure { "https" } else { "http" };
        HealthMonitor {
            description: format!(
                "created by: amko, gsname: web.example.org, path: /x, protocol: {protocol}, created from: tmpl1"
            ),
            probe: if secure { Probe::Https(probe) } else { Probe::Http(probe) },
            ..SUBJECT.path_monitor("/x", secure, None)
        }
    };
    let template = template("tmpl1", "HTTP/1.1");
    for secure in [false, true] {
        let made = own(SUBJECT, &[with_paths("web", &["/x"], secure)], Some(&template));
        assert_eq!(made.monitors, [expected(secure)]);
    }
    let without_answers = Template { response_codes: Vec::new(), ..template.clone() };
    let Probe::Http(probe) = SUBJECT.path_monitor("/", false, Some(&without_answers)).probe else { panic!() };
    assert_eq!(probe.response_codes, ["HTTP_2XX", "HTTP_3XX"]);
}

#[test]
fn a_template_changes_nothing_where_no_path_is_probed() {
    let template = template("tmpl1", "HTTP/1.1");
    for members in [vec![passthrough("pt")], vec![with_port("db", 80, Protocol::Tcp)]] {
        assert_eq!(own(SUBJECT, &members, Some(&template)), own(SUBJECT, &members, None));
    }
}

/// DB-33.
#[test]
fn a_path_with_commas_and_colons_is_asked_for_as_it_is() {
    let expected = HealthMonitor {
        tenant: "admin".to_owned(),
        name: "amko--dcd868a563ef13bf15172ce25b7f55ab60bfe96c".to_owned(),
        description: "created by: amko, gsname: web.example.org, path: /a,b:%20c, protocol: http".to_owned(),
        port: 80,
        probe: Probe::Http(HttpProbe {
            request: "HEAD /a,b:%20c HTTP/1.0".to_owned(),
            response_codes: strings(&["HTTP_2XX", "HTTP_3XX"]),
        }),
    };
    assert_eq!(monitors(&[with_paths("web", &["/a,b: c"], false)]), [expected]);
}
