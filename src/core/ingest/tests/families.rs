//! IPv4 and IPv6 side by side.

use super::super::{Ingested, ingress, multi_cluster_ingress, route, service};
use super::only;
use crate::core::endpoint::Endpoint;
use crate::core::fixtures::{admission, ingress, lb_service, mci, place, route, status};
use crate::core::object::LoadBalancerAddress;

const HOST: &str = "web.example.org";

fn texts(endpoint: &Endpoint) -> Vec<String> {
    endpoint.addresses.iter().map(|address| address.to_string()).collect()
}

fn nameless(ip: &str) -> LoadBalancerAddress {
    LoadBalancerAddress { ip: Some(ip.to_owned()), hostname: None }
}

/// DB-22 and DB-30.
#[test]
fn an_ingress_hostname_gets_the_smallest_address_of_each_family_whatever_their_order() {
    let ips = ["2001:db8::2", "10.1.0.9", "9.255.0.1", "10.1.0.10", "2001:db8::1"];
    for turn in 0..ips.len() {
        let mut object = ingress("web", HOST, &["/"], "10.1.0.5");
        object.addresses = ips.iter().cycle().skip(turn).take(ips.len()).map(|ip| status(ip, HOST)).collect();
        let offered = only(ingress::ingest(&object, place("ctx-a")));
        assert_eq!(texts(&offered), ["9.255.0.1", "2001:db8::1"]);
    }
}

/// DB-30.
#[test]
fn the_first_status_entry_decides_and_a_later_one_adds_the_other_family() {
    let other = || status("2001:db8::9", "other.example.org");
    let cases: [(Vec<LoadBalancerAddress>, Vec<&str>); 8] = [
        (vec![status("10.1.0.7", HOST)], vec!["10.1.0.7"]),
        (vec![status("10.1.0.7", HOST), status("10.1.0.8", HOST)], vec!["10.1.0.7"]),
        (vec![status("10.1.0.7", HOST), status("2001:db8::1", HOST)], vec!["10.1.0.7", "2001:db8::1"]),
        (vec![status("2001:db8::1", HOST), nameless("10.1.0.7")], vec!["10.1.0.7", "2001:db8::1"]),
        (vec![status("10.1.0.7", HOST), other(), nameless("2001:db8::2")], vec!["10.1.0.7", "2001:db8::2"]),
        (vec![status("10.1.0.7", HOST), status("2001:db8::2", HOST), nameless("::1")], vec!["10.1.0.7", "2001:db8::2"]),
        (vec![status("2001:db8::1", HOST), status("", HOST), other()], vec!["2001:db8::1"]),
        (vec![nameless("10.1.0.7"), status("2001:db8::1", HOST)], vec![]),
    ];
    for (addresses, expected) in cases {
        let mut object = lb_service("db", HOST, &[(80, "TCP")], "10.1.0.7");
        object.addresses.clone_from(&addresses);
        let offered = service::ingest(&object, place("ctx-a"));
        assert_eq!(offered.endpoints.iter().flat_map(texts).collect::<Vec<_>>(), expected, "Service {addresses:?}");
        let mut object = mci("mci", HOST, "", &["/"], "10.1.0.7");
        object.addresses.clone_from(&addresses);
        let offered = multi_cluster_ingress::ingest(&object, place("ctx-a"));
        assert_eq!(offered.endpoints.iter().flat_map(texts).collect::<Vec<_>>(), expected, "MCI {addresses:?}");
    }
}

#[test]
fn a_later_entry_that_does_not_parse_is_refused_and_the_first_still_counts() {
    let mut object = lb_service("db", HOST, &[(80, "TCP")], "10.1.0.7");
    object.addresses.push(nameless("10.1.0.256"));
    let Ingested { endpoints, refusals } = service::ingest(&object, place("ctx-a"));
    assert_eq!(endpoints.iter().flat_map(texts).collect::<Vec<_>>(), ["10.1.0.7"]);
    assert_eq!(
        refusals.iter().map(|refusal| refusal.reason.as_str()).collect::<Vec<_>>(),
        ["status.loadBalancer.ingress[].ip \"10.1.0.256\" is not an IP address; check the controller that writes \
             this status"]
    );
}

/// DB-30.
#[test]
fn a_route_gets_the_first_address_of_each_family_over_all_of_akos_admissions() {
    let mut object = route("r", HOST, "/", None, "10.1.0.9");
    object.admissions.push(admission("ako-v6", HOST, "", "2001:db8::2"));
    object.admissions.push(admission("ako-more", HOST, "", "10.1.0.1"));
    object.admissions.push(admission("ako-more", HOST, "", "2001:db8::1"));
    assert_eq!(texts(&only(route::ingest(&object, place("ctx-a")))), ["10.1.0.9", "2001:db8::2"]);
}
