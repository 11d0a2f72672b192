//! Routes to endpoints.

use super::super::annotations::{CLUSTER_UUID, TENANT, VS_UUID_MAP};
use super::super::{Ingested, Place, route};
use super::only;
use crate::core::endpoint::{Backend, Endpoint, VirtualServiceRef};
use crate::core::fixtures::{PLAIN, admission, custom_naming, labels, place, route, strings};
use crate::core::naming::Naming;
use crate::core::object::{Route, RouteAdmission, RouteCondition};
use serde_json::json;

const HOST: &str = "edge.example.org";

fn ingest(object: &Route) -> Ingested {
    route::ingest(object, place("ctx-a"))
}

fn with(admissions: Vec<RouteAdmission>) -> Route {
    Route { admissions, ..route("edge", HOST, "/", None, "10.1.0.5") }
}

fn vs(vs_uuid: &str, cluster_uuid: &str) -> Option<VirtualServiceRef> {
    Some(VirtualServiceRef { vs_uuid: vs_uuid.to_owned(), cluster_uuid: cluster_uuid.to_owned() })
}

fn reason(map: &str, cluster: &str, tenant: &str) -> String {
    let texts = [(VS_UUID_MAP, map), (CLUSTER_UUID, cluster), (TENANT, tenant)];
    json!(labels(&texts.into_iter().filter(|(_, text)| !text.is_empty()).collect::<Vec<_>>())).to_string()
}

/// EX-12 and EX-13.
#[test]
fn the_termination_decides_what_is_behind_a_route() {
    let paths = |path: &str, tls| Backend::Paths { paths: strings(&[path]), tls };
    let cases = [
        (None, "", paths("/", false)),
        (None, "/cart", paths("/cart", false)),
        (Some("edge"), "/cart", paths("/cart", true)),
        (Some("reencrypt"), "", paths("/", true)),
        (Some(""), "", paths("/", true)),
        (Some("passthrough"), "/cart", Backend::Passthrough),
    ];
    for (termination, path, expected) in cases {
        let offered = only(ingest(&route("edge", HOST, path, termination, "10.1.0.5")));
        assert_eq!(offered.key.describe(), "ROUTE/ctx-a/shop/edge");
        assert_eq!(offered.key.hostname, HOST);
        assert_eq!(offered.backend, expected, "{termination:?} {path:?}");
        assert_eq!(offered.virtual_service, vs("virtualservice-edge.example.org", "cluster-avi-edge"));
    }
}

/// OBJ-02.
#[test]
fn with_custom_names_a_passthrough_route_gives_nothing() {
    let custom = custom_naming();
    let offered = |termination| {
        let object = route("edge", HOST, "/", termination, "10.1.0.5");
        route::ingest(&object, Place { naming: &custom, ..place("ctx-a") })
    };
    assert!(only(offered(Some("passthrough"))).is_bare());
    assert_eq!(only(offered(Some("edge"))).key.hostname, HOST);
}

/// EX-14 and DB-28.
#[test]
fn a_host_comes_before_a_subdomain_which_needs_a_default_domain() {
    let cases = [
        ("h.example.org", "cart", Some("apps.example.org"), Some("h.example.org")),
        ("", "cart", Some("apps.example.org"), Some("cart.apps.example.org")),
        ("", "cart", Some(".apps.example.org"), Some("cart.apps.example.org")),
        ("", "cart", None, Some("")),
        ("", "", Some("apps.example.org"), None),
    ];
    for (host, subdomain, domain, expected) in cases {
        let naming = Naming { default_domain: domain.map(str::to_owned), ..PLAIN.clone() };
        let admissions =
            ["h.example.org", "cart.apps.example.org", ""].map(|host| admission("ako-a", host, "", "10.1.0.5"));
        let object = Route { host: host.to_owned(), subdomain: subdomain.to_owned(), ..with(admissions.into()) };
        let offered = route::ingest(&object, Place { naming: &naming, ..place("ctx-a") });
        let hostnames: Vec<_> = offered.endpoints.iter().map(|endpoint| endpoint.key.hostname.as_str()).collect();
        assert_eq!(hostnames, expected.into_iter().collect::<Vec<_>>(), "{host:?} {subdomain:?} {domain:?}");
        assert_eq!(offered.refusals, []);
    }
}

#[test]
fn only_a_message_of_akos_admission_for_the_same_host_is_an_address() {
    let conditions = |messages: &[&str]| RouteAdmission {
        conditions: messages
            .iter()
            .map(|message| RouteCondition { reason: String::new(), message: (*message).to_owned() })
            .collect(),
        ..admission("ako-a", HOST, "", "")
    };
    let cases = [
        (vec![], None),
        (vec![admission("default", HOST, "", "10.1.0.5")], None),
        (vec![admission("ako-a", "other.example.org", "", "10.1.0.5")], None),
        (vec![admission("ako-a", HOST, "", "waiting for a virtual service")], None),
        (vec![conditions(&[])], None),
        (vec![conditions(&["admitted", "10.1.0.6", "10.1.0.5"])], Some("10.1.0.6")),
        (
            vec![
                admission("default", HOST, "", "10.1.0.1"),
                conditions(&["no"]),
                admission("ako-b", HOST, "", "10.1.0.7"),
            ],
            Some("10.1.0.7"),
        ),
    ];
    for (admissions, expected) in cases {
        let Ingested { endpoints, refusals } = ingest(&with(admissions.clone()));
        let found: Vec<String> = endpoints.iter().flat_map(|e| e.addresses.iter()).map(|ip| ip.to_string()).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{admissions:?}");
        assert_eq!(refusals, [], "what is not ready is not wrong: {admissions:?}");
    }
}

/// FND-E7
#[test]
fn a_route_without_an_address_of_ako_says_why_and_one_that_nobody_admitted_says_nothing() {
    let cases = [
        (vec![], None),
        (
            vec![admission("default", HOST, "", "")],
            Some("no router of AKO has admitted it, only \"default\": its status has no address"),
        ),
        (
            vec![admission("ako-a", "other.example.org", "", "10.1.0.5")],
            Some("no entry of its status names the host: router ako-a has admitted it as \"other.example.org\""),
        ),
        (
            vec![admission("ako-a", HOST, "", "no address left")],
            Some("its status has no address: AKO's router says \"no address left\""),
        ),
    ];
    for (admissions, why) in cases {
        let endpoints = ingest(&with(admissions.clone())).endpoints;
        let told: Vec<_> =
            endpoints.iter().map(|e| (e.key.hostname.as_str(), &*e.withheld.as_ref().unwrap().reason)).collect();
        assert_eq!(told.len(), usize::from(why.is_some()), "{admissions:?}");
        for ((host, told), why) in told.into_iter().zip(why) {
            assert!(host == HOST && told.starts_with(why), "{host}: {told}");
        }
    }
    let subdomain =
        Route { host: String::new(), subdomain: "cart".to_owned(), ..route("edge", HOST, "/", None, "10.1.0.5") };
    let told = only(ingest(&subdomain));
    assert!(told.is_nameless() && told.withheld.unwrap().reason.contains("has no defaultDomain"));
}

/// OBJ-08, FND-E5.
#[test]
fn the_host_of_a_route_and_those_of_its_admissions_are_one_name_in_any_case() {
    let object = Route {
        host: "Edge.example.org.".to_owned(),
        ..with(vec![admission("ako-a", "EDGE.example.org", "", "10.1.0.5")])
    };
    let offered = only(ingest(&object));
    assert_eq!(
        (offered.key.hostname.as_str(), offered.virtual_service),
        (HOST, vs("virtualservice-edge.example.org", "cluster-avi-edge"))
    );
}

/// Rule OBJ-03.
#[test]
fn the_uuids_and_the_tenant_in_the_status_come_before_the_annotations() {
    let map = |uuid: &str| json!({ HOST: uuid }).to_string();
    let annotated = || vs("virtualservice-edge.example.org", "cluster-avi-edge");
    let address = || admission("ako-a", HOST, "", "10.1.0.5");
    let other = |reason: &str| admission("default", HOST, reason, "");
    let full = reason(&map("vs-1"), "cluster-1", "tenant-1");
    let cases = [
        (vec![address()], annotated(), Some("annotated")),
        (vec![address(), other(&full)], vs("vs-1", "cluster-1"), Some("tenant-1")),
        (vec![admission("ako-a", HOST, &full, "10.1.0.5")], vs("vs-1", "cluster-1"), Some("tenant-1")),
        (vec![address(), other(&reason(&map("vs-1"), "cluster-1", ""))], vs("vs-1", "cluster-1"), Some("annotated")),
        (vec![address(), other(&reason(&map("vs-1"), "", "tenant-1"))], annotated(), Some("tenant-1")),
        (vec![address(), other(&reason("", "cluster-1", ""))], annotated(), Some("annotated")),
        (vec![address(), other(&reason("{}", "cluster-1", ""))], None, Some("annotated")),
        (vec![address(), other("Admitted")], annotated(), Some("annotated")),
        (vec![address(), admission("default", "other.example.org", &full, "")], annotated(), Some("annotated")),
        (
            vec![address(), other(&full), other(&reason(&map("vs-2"), "cluster-2", "tenant-2"))],
            vs("vs-1", "cluster-1"),
            Some("tenant-1"),
        ),
    ];
    for (admissions, uuids, tenant) in cases {
        let mut object = with(admissions.clone());
        object.meta.annotations = object.meta.annotations.with(TENANT, "annotated");
        let Endpoint { virtual_service, object_tenant, .. } = only(ingest(&object));
        assert_eq!((virtual_service, object_tenant.as_deref()), (uuids, tenant), "{admissions:?}");
    }
}

/// Rule OBJ-03.
#[test]
fn json_of_ako_that_cannot_be_read_is_refused_and_the_annotations_count() {
    let inner = "in the reason of a condition in its status, ako.vmware.com/host-fqdn-vs-uuid-map is not a JSON object \
                 from hostname to virtual service UUID (EOF while parsing an object at line 1 column 1); AKO writes it, \
                 so delete it and let AKO write it again";
    let outer = "the reason that router ako-a wrote into its status is not a JSON object of texts (invalid type: integer \
                 `7`, expected a string at line 1 column 6); check the AKO of this cluster";
    for (text, why) in [(reason("{", "cluster-1", ""), inner), (r#"{"a":7}"#.to_owned(), outer)] {
        let Ingested { endpoints, refusals } = ingest(&with(vec![admission("ako-a", HOST, &text, "10.1.0.5")]));
        assert_eq!(endpoints[0].virtual_service, vs("virtualservice-edge.example.org", "cluster-avi-edge"));
        let refusals: Vec<_> = refusals.iter().map(|r| (r.object.as_str(), r.reason.as_str())).collect();
        assert_eq!(refusals, [("Route shop/edge", why)]);
    }
}
