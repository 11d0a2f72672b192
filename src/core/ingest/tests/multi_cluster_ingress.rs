//! MultiClusterIngresses to endpoints.

use super::super::{Ingested, multi_cluster_ingress};
use super::only;
use crate::core::endpoint::Backend;
use crate::core::fixtures::{mci, place, status, strings};
use crate::core::object::MultiClusterIngress;

const HOST: &str = "m.example.org";

#[test]
fn it_has_the_paths_of_its_backends_and_is_secure_with_a_secret_for_the_same_hostname() {
    type Case = (&'static str, &'static str, &'static [&'static str], &'static [&'static str], bool);
    let cases: [Case; 6] = [
        ("cert", HOST, &["/a", "", "/a"], &["/a", "/"], true),
        ("cert", HOST, &[], &["/"], true),
        ("", HOST, &["/a"], &["/a"], false),
        ("cert", "", &["/a"], &["/a"], false),
        ("cert", "M.example.org.", &["/a"], &["/a"], true),
        ("cert", "n.example.org", &["/a"], &["/a"], false),
    ];
    for (secret, in_spec, written, paths, tls) in cases {
        let object =
            MultiClusterIngress { hostname: in_spec.to_owned(), ..mci("mci", HOST, secret, written, "10.1.0.5") };
        let offered = only(multi_cluster_ingress::ingest(&object, place("ctx-a")));
        assert_eq!(offered.key.describe(), "MCI/ctx-a/shop/mci/m.example.org");
        assert_eq!(offered.backend, Backend::Paths { paths: strings(paths), tls }, "{secret:?} {in_spec:?}");
        assert_eq!(offered.virtual_service.map(|vs| vs.vs_uuid).as_deref(), Some("virtualservice-m.example.org"));
    }
}

/// OBJ-01, FND-E7.
#[test]
fn without_address_or_hostname_in_the_first_entry_it_is_not_ready_or_says_why_it_never_will_be() {
    let object = MultiClusterIngress { addresses: vec![], ..mci("mci", HOST, "", &["/"], "10.1.0.5") };
    assert_eq!(multi_cluster_ingress::ingest(&object, place("ctx-a")), Ingested::default());
    for (addresses, why) in [
        (vec![status("", HOST), status("10.1.0.5", HOST)], "its status has no address"),
        (vec![status("10.1.0.5", "")], "no entry of its status names the host"),
    ] {
        let object = MultiClusterIngress { addresses, ..mci("mci", HOST, "", &["/"], "10.1.0.5") };
        let told = only(multi_cluster_ingress::ingest(&object, place("ctx-a")));
        assert_eq!((told.key.hostname.as_str(), told.is_bare()), (HOST, true));
        let reason = told.withheld.unwrap().reason;
        assert!(reason.starts_with(why), "{reason}");
    }
    let garbage = mci("mci", HOST, "", &["/"], "ten");
    let Ingested { endpoints, refusals } = multi_cluster_ingress::ingest(&garbage, place("ctx-a"));
    assert_eq!((endpoints, refusals.len()), (vec![], 1));
    assert_eq!(refusals[0].object, "MultiClusterIngress shop/mci");
}
