//! DB-01: blindness is not absence.

use super::*;
use crate::core::endpoint::{Backend, Kind};
use crate::core::fixtures::{
    Anyone, World, deployment, dual_stack, endpoint, in_force, ingress, lb_service, route_endpoint, rule, share,
    strings, third_party, tls_ingress,
};
use crate::core::host_rule::HostRule;
use crate::core::monitor::port_monitor_name;
use crate::core::plan::{Write, plan};
use crate::core::policy::DeploymentPolicy;

const WEB: &str = "web.example.org";
const ROOT_HM: &str = "amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa";

fn unseen(clusters: &[&str]) -> Unseen {
    strings(clusters).into_iter().collect()
}

/// The host in both clusters, settled; `ctx-b` in a pool of its own with a path of its own.
fn both() -> World {
    let mut world = World::new();
    world.policy = in_force(DeploymentPolicy { traffic_split: [share("ctx-b", 4, 15)].into(), ..deployment() });
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.5"));
    world.set_ingress("ctx-b", ingress("web", WEB, &["/api"], "10.2.0.5"));
    world.settle(WEB);
    world
}

/// Decides with `ctx-b` out of sight, as after a restart.
fn in_the_dark(world: &mut World) -> Decision {
    world.ingresses.retain(|(cluster, _), _| *cluster != "ctx-b");
    world.services.retain(|(cluster, _), _| *cluster != "ctx-b");
    keep_unseen(world.built(WEB).decision, &world.controller.observed, &unseen(&["ctx-b"]), &Anyone)
}

fn service(decision: Decision) -> GslbService {
    match decision {
        Decision::Service(desired) => desired.service,
        other => panic!("{other:?}"),
    }
}

fn addresses(service: &GslbService) -> Vec<String> {
    service.pools.iter().flat_map(|pool| &pool.members).map(|member| member.address.to_string()).collect()
}

#[test]
fn an_unseen_cluster_keeps_members_pool_weight_description_and_monitors() {
    let mut world = both();
    let before = world.controller.observed.clone();
    let decision = in_the_dark(&mut world);
    assert_eq!(world.controller.settle(&decision), Vec::<String>::new());
    assert_eq!(world.controller.observed, before);
}

/// The description names the objects behind members; a HostRule that gives an alias is not among them.
#[test]
fn an_alias_stays_while_a_cluster_is_unseen_that_has_no_member_here() {
    let mut world = World::new();
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.5"));
    world.settle(WEB);
    let mut with_alias = match world.built(WEB).decision {
        Decision::Service(desired) => desired,
        other => panic!("{other:?}"),
    };
    with_alias.service.domain_names = strings(&["alias.example.org", WEB]);
    let with_alias = Decision::Service(with_alias);
    world.controller.settle(&with_alias);
    let (decision, observed) = (world.built(WEB).decision, &world.controller.observed);
    assert_eq!(keep_unseen(decision.clone(), observed, &unseen(&["ctx-b"]), &Anyone), with_alias);
    assert_eq!(keep_unseen(decision.clone(), observed, &unseen(&[]), &Anyone), decision);
}

#[test]
fn a_service_of_unseen_clusters_alone_is_neither_deleted_nor_changed() {
    let mut world = both();
    world.ingresses.clear();
    assert!(matches!(in_the_dark(&mut world), Decision::Wait(_)));
    let all = unseen(&["ctx-a", "ctx-b", "ctx-c"]);
    let decision = keep_unseen(Decision::Nothing, &world.controller.observed, &all, &Anyone);
    assert!(matches!(decision, Decision::Wait(_)), "{decision:?}");
}

#[test]
fn once_seen_or_not_named_a_cluster_explains_nothing_any_more() {
    let mut world = both();
    world.ingresses.clear();
    for seen in [unseen(&[]), unseen(&["ctx-c"])] {
        assert_eq!(keep_unseen(Decision::Nothing, &world.controller.observed, &seen, &Anyone), Decision::Nothing);
    }
    let nothing = Observed::default();
    assert_eq!(keep_unseen(Decision::Nothing, &nothing, &unseen(&["ctx-b"]), &Anyone), Decision::Nothing);
    let wait = Decision::Wait("test".into());
    assert_eq!(keep_unseen(wait.clone(), &world.controller.observed, &unseen(&["ctx-b"]), &Anyone), wait);
}

/// DB-51 in the dark: the virtual service says whose the old address was.
#[test]
fn what_a_seen_cluster_changes_is_changed_in_the_dark_too() {
    let mut world = both();
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.99"));
    // The worked examples name a virtual service by its host alone; here each cluster has its own.
    let held = &mut world.controller.observed.only_mut().service_mut().content;
    held.pools[0].members[0].vs_uuid = Some("virtualservice-of-b".to_owned());
    assert_eq!(addresses(&service(in_the_dark(&mut world))), ["10.2.0.5", "10.1.0.99"]);
}

/// The worked examples give both clusters the same UUID; then it tells nothing about whose address is whose.
#[test]
fn a_uuid_that_several_members_name_explains_no_new_address() {
    let mut world = both();
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.99"));
    assert_eq!(addresses(&service(in_the_dark(&mut world))), ["10.2.0.5", "10.1.0.99", "10.1.0.5"]);
}

/// FND-E4, DB-26: an address is one member, and while the cluster is unseen that has it, it stays that cluster's.
#[test]
fn an_equal_address_of_another_controller_stays_the_member_that_it_was() {
    for priority in [15, 10] {
        let mut world = both();
        let held = &mut world.controller.observed.only_mut().service_mut().content;
        held.pools[0].priority = priority;
        let member = &mut held.pools[0].members[0];
        member.address = "10.1.0.5".parse().unwrap();
        member.vs_uuid = Some("virtualservice-of-b".to_owned());
        member.cluster_uuid = Some("another-controller".to_owned());
        let member = member.clone();
        if priority == 10 {
            held.pools.remove(1);
        }
        let found = service(in_the_dark(&mut world));
        assert!(found.pools.iter().flat_map(|pool| &pool.members).any(|found| *found == member), "{found:?}");
        assert_eq!(addresses(&found).len(), found.pools.len(), "once in each pool");
    }
}

/// FND-A7: the insecure member of an unseen cluster goes on passing one of the two monitors.
#[test]
fn an_unseen_member_that_differs_in_tls_keeps_both_monitors_and_that_one_is_enough() {
    let mut world = World::new();
    let mut policy = deployment();
    policy.clusters.values_mut().for_each(|cluster| cluster.sync_vip_only = true);
    world.policy = in_force(policy);
    world.set_ingress("ctx-a", tls_ingress("web", WEB, &["/"], "10.1.0.5"));
    world.set_ingress("ctx-b", ingress("web", WEB, &["/"], "10.2.0.5"));
    world.settle(WEB);
    let before = world.controller.observed.only().service.clone().unwrap().content.clone();
    assert_eq!((before.pools[0].min_health_monitors_up, before.monitors.len()), (1, 2));
    let mut dark = service(in_the_dark(&mut world));
    dark.monitors.sort();
    let mut expected = before;
    expected.monitors.sort();
    assert_eq!(dark, expected);
}

/// Without UUIDs only the pool tells two members with one address apart.
#[test]
fn a_seen_member_explains_its_own_pool_before_another() {
    let mut world = both();
    let mut policy = DeploymentPolicy { traffic_split: [share("ctx-b", 1, 15)].into(), ..deployment() };
    policy.clusters.values_mut().for_each(|cluster| cluster.sync_vip_only = true);
    world.policy = in_force(policy);
    world.set_ingress("ctx-b", ingress("web", WEB, &["/"], "10.1.0.5"));
    world.settle(WEB);
    let before = world.controller.observed.only().service.clone().unwrap().content.clone();
    assert_eq!(service(in_the_dark(&mut world)).pools, before.pools);
}

/// Rule GS-05: an entry that cannot be read may be of any cluster, and no entry at all even more so.
#[test]
fn an_unreadable_description_protects_the_service_while_any_cluster_is_unseen() {
    for description in ["", "edited by hand"] {
        let mut world = both();
        world.controller.observed.only_mut().service_mut().content.description = description.to_owned();
        let dark = |decision| keep_unseen(decision, &world.controller.observed, &unseen(&["ctx-c"]), &Anyone);
        assert!(matches!(dark(Decision::Nothing), Decision::Wait(_)), "{description:?}");
        assert_eq!(
            keep_unseen(Decision::Nothing, &world.controller.observed, &unseen(&[]), &Anyone),
            Decision::Nothing
        );
        match dark(world.built(WEB).decision) {
            Decision::Service(desired) => assert!(desired.service.description.ends_with(",edited by hand")),
            Decision::Wait(_) => assert_eq!(description, ""),
            Decision::Nothing => panic!("{description:?}"),
        }
    }
}

#[test]
fn contexts_are_found_in_entries_even_when_their_names_have_slashes() {
    let eks = "arn:aws:eks:eu-west-1:1:cluster/prod";
    let cases = [
        ("INGRESS/ctx-b/shop/web/web.example.org", "ctx-b", true),
        ("LBSVC/ctx-b/shop/db", "ctx-b", true),
        ("MCI/ctx-b/shop/web/web.example.org", "ctx-b", true),
        ("INGRESS/ctx-b/shop/web/web.example.org", "ctx", false),
        ("INGRESS/ctx-b/shop/web/web.example.org", "shop", false),
        ("INGRESS/arn:aws:eks:eu-west-1:1:cluster/prod/shop/web/web.example.org", eks, true),
        ("INGRESS/arn:aws:eks:eu-west-1:1:cluster/test/shop/web/web.example.org", eks, false),
        ("INGRESS/ctx-a", "ctx-b", true),
        ("POD/ctx-a/shop/web", "ctx-b", true),
        ("", "ctx-b", true),
    ];
    for (entry, context, expected) in cases {
        assert_eq!(may_be_of(entry, &unseen(&[context])), expected, "{entry} {context}");
    }
}

#[test]
fn a_tenant_does_not_change_in_the_dark() {
    let mut world = both();
    let mut held = world.controller.observed.only().clone();
    held.tenant = "tenant2".to_owned();
    held.service_mut().content.tenant = "tenant2".to_owned();
    world.controller.observed = [held].into_iter().collect();
    assert!(matches!(in_the_dark(&mut world), Decision::Wait(_)));
}

/// These are decisions of the user, not blindness.
#[test]
fn a_deleted_policy_or_an_unmatched_cluster_leaves_nothing_to_wait_for() {
    let dark = unseen(&["ctx-b", "ctx-c"]);
    let with = |deployment| PolicySnapshot { deployment, ..in_force(DeploymentPolicy::default()) };
    assert_eq!(relevant_unseen(&dark, &with(DeploymentState::Absent)), unseen(&[]));
    assert_eq!(relevant_unseen(&dark, &with(DeploymentState::Unknown)), dark);
    assert_eq!(relevant_unseen(&dark, &with(DeploymentState::Missing)), dark);
    assert_eq!(relevant_unseen(&dark, &in_force(deployment())), unseen(&["ctx-b"]));
}

/// See `docs/RULES.md#type-and-port-of-monitors`.
#[test]
fn the_lower_port_of_an_unseen_service_stays_monitored() {
    let mut world = World::new();
    world.set_service("ctx-a", lb_service("web", WEB, &[(9090, "TCP")], "10.1.0.5"));
    world.set_service("ctx-b", lb_service("web", WEB, &[(53, "UDP")], "10.2.0.5"));
    world.settle(WEB);
    let decision = in_the_dark(&mut world);
    let Decision::Service(desired) = &decision else { panic!("{decision:?}") };
    assert_eq!((desired.monitors[0].port, &desired.monitors[0].probe), (53, &Probe::Udp));
}

/// FND-G1: an attempt that broke off has left the service with a stand-in, which does not stay.
#[test]
fn a_stand_in_stays_in_the_dark_as_what_it_stands_in_for() {
    let mut world = World::new();
    world.set_service("ctx-a", lb_service("web", WEB, &[(9090, "TCP")], "10.1.0.5"));
    world.set_service("ctx-b", lb_service("web", WEB, &[(5432, "TCP")], "10.2.0.5"));
    world.settle(WEB);
    world.set_service("ctx-a", lb_service("web", WEB, &[(443, "TCP")], "10.1.0.5"));
    let writes = plan(&world.built(WEB).decision, &world.controller.observed);
    let referring = writes.iter().position(|write| matches!(write, Write::UpdateService { .. })).unwrap();
    for write in &writes[..=referring] {
        let write = world.controller.observed.refresh(write.clone());
        world.controller.apply(&write);
    }
    let refers = world.controller.held().unwrap().monitors.clone();
    assert_eq!(refers, [format!("{}-next", port_monitor_name(WEB))]);

    world.set_service("ctx-a", lb_service("web", WEB, &[(9090, "TCP")], "10.1.0.5"));
    let decision = in_the_dark(&mut world);
    world.controller.settle(&decision);
    assert_eq!(world.controller.held().unwrap().monitors, [port_monitor_name(WEB)]);
    let left: Vec<String> = world.controller.observed.only().monitors.keys().cloned().collect();
    assert_eq!(left, [port_monitor_name(WEB)]);
}

#[test]
fn monitors_kept_in_the_dark_never_exceed_what_the_controller_accepts() {
    let mut world = both();
    world.set_ingress("ctx-a", ingress("web", WEB, &["/1", "/2", "/3", "/4", "/5", "/6"], "10.1.0.5"));
    let kept = service(in_the_dark(&mut world));
    assert_eq!(kept.monitors.len(), MAX_PER_SERVICE);
    assert!(!kept.monitors.contains(&ROOT_HM.to_owned()));
}

/// See `docs/RULES.md#site-persistence`.
#[test]
fn persistence_is_not_switched_on_in_the_dark() {
    let mut world = both();
    let [site_persistence, pki_profile] = ["gap-1", "pki-x"].map(|name| Some(name.to_owned()));
    world.policy = in_force(DeploymentPolicy { site_persistence, pki_profile, ..deployment() });
    world.set_ingress("ctx-a", tls_ingress("web", WEB, &["/"], "10.1.0.5"));
    assert_eq!(service(in_the_dark(&mut world)).persistence, None);
    assert!(service(world.built(WEB).decision).persistence.is_some());
}

#[test]
fn a_policy_without_own_monitors_drops_them_in_the_dark_too() {
    let mut world = both();
    let monitors = Some(crate::core::policy::MonitorSource::Refs(strings(&["my-hm1"])));
    world.policy = in_force(DeploymentPolicy { monitors, ..deployment() });
    assert_eq!(service(in_the_dark(&mut world)).monitors, ["my-hm1"]);
}

/// DB-51 in the dark: an address of one family says nothing about that of the other.
#[test]
fn a_new_address_of_one_family_replaces_the_old_one_of_that_family_in_the_dark() {
    let mut world = both();
    let dual = |v4: &str| dual_stack("ctx-a", "six", v4, "2001:db8::5");
    world.offered = vec![dual("10.1.0.6")];
    world.settle(WEB);
    world.offered = vec![dual("10.1.0.99")];
    let kept = addresses(&service(in_the_dark(&mut world)));
    assert_eq!(kept, ["10.2.0.5", "10.1.0.99", "2001:db8::5", "10.1.0.5"]);
}

/// Of a member without virtual service nobody can tell whose it is; it goes once every cluster has been seen.
#[test]
fn a_third_party_member_that_leaves_the_rule_stays_until_every_cluster_was_seen() {
    let mut world = both();
    let site = third_party("tp-site", "198.51.100.7", None);
    world.set_rule(HostRule { third_party: vec![site], ..rule(WEB) });
    world.settle(WEB);
    world.rules.clear();
    let kept = service(in_the_dark(&mut world));
    assert_eq!(addresses(&kept), ["10.2.0.5", "10.1.0.5", "198.51.100.7"]);
    let seen = keep_unseen(world.built(WEB).decision, &world.controller.observed, &unseen(&[]), &Anyone);
    assert_eq!(addresses(&service(seen)), ["10.1.0.5"]);
}

#[test]
fn aliases_stay_domain_names_in_the_dark() {
    let mut world = both();
    world.set_aliases(WEB, &["alias.example.org"]);
    world.settle(WEB);
    world.set_aliases(WEB, &["zz.example.org"]);
    assert_eq!(service(in_the_dark(&mut world)).domain_names, ["alias.example.org", WEB, "zz.example.org"]);
}

/// EX-12, DB-32: passthrough members keep their monitor, until a port or a path is enough to know better.
#[test]
fn the_shared_monitor_stays_for_unseen_members_until_another_comes() {
    let mut world = World::new();
    let passthrough = |cluster, ip| route_endpoint(cluster, "pt", WEB, ip, Backend::Passthrough);
    world.offered = vec![passthrough("ctx-a", "10.1.0.5"), passthrough("ctx-b", "10.2.0.5")];
    world.settle(WEB);
    let before = world.controller.observed.clone();
    world.offered.pop();
    let decision = in_the_dark(&mut world);
    assert_eq!(world.controller.settle(&decision), Vec::<String>::new());
    assert_eq!(world.controller.observed, before);

    world.offered.clear();
    world.set_service("ctx-a", lb_service("web", WEB, &[(8080, "TCP")], "10.1.0.5"));
    assert_eq!(service(in_the_dark(&mut world)).monitors, [port_monitor_name(WEB)]);
    world.services.clear();
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.5"));
    assert_eq!(service(in_the_dark(&mut world)).monitors, [ROOT_HM]);
}

/// DB-32: what is there may be of an unseen member, so that nothing weaker comes beside it; nor does a restart write.
#[test]
fn seen_members_with_a_weaker_monitor_add_none_in_the_dark() {
    let passthrough = |cluster, ip| route_endpoint(cluster, "pt", WEB, ip, Backend::Passthrough);
    let port = || lb_service("web", WEB, &[(8080, "TCP")], "10.1.0.5");
    let nothing = Vec::<String>::new();

    let mut paths = World::new();
    paths.set_ingress("ctx-b", ingress("web", WEB, &["/"], "10.2.0.5"));
    paths.offered = vec![passthrough("ctx-a", "10.1.0.5")];
    paths.settle(WEB);
    let decision = in_the_dark(&mut paths);
    assert_eq!(service(decision.clone()).monitors, [ROOT_HM]);
    assert_eq!(paths.controller.settle(&decision), nothing);

    let mut paths = World::new();
    paths.set_ingress("ctx-b", ingress("web", WEB, &["/"], "10.2.0.5"));
    paths.set_service("ctx-a", port());
    paths.settle(WEB);
    let decision = in_the_dark(&mut paths);
    assert_eq!(paths.controller.settle(&decision), nothing);

    let mut ports = World::new();
    ports.offered = vec![passthrough("ctx-a", "10.1.0.5")];
    ports.set_service("ctx-b", lb_service("web", WEB, &[(8080, "TCP")], "10.2.0.5"));
    ports.settle(WEB);
    let decision = in_the_dark(&mut ports);
    assert_eq!(service(decision.clone()).monitors, [port_monitor_name(WEB)]);
    assert_eq!(ports.controller.settle(&decision), nothing);
}

/// Rule GS-05: entries of every kind name their cluster, whatever follows.
#[test]
fn a_multi_cluster_ingress_keeps_its_service_like_an_ingress() {
    let mut world = both();
    let mut object = endpoint("ctx-b", "mci", "10.2.0.9");
    object.key.kind = Kind::MultiClusterIngress;
    world.offered = vec![object];
    world.ingresses.clear();
    world.settle(WEB);
    let held = world.controller.held().unwrap();
    assert_eq!(held.description, "MCI/ctx-b/shop/mci/web.example.org");
    world.offered.clear();
    assert!(matches!(in_the_dark(&mut world), Decision::Wait(_)));
}

/// The worked examples give both clusters the same UUID, and with it the address of another family could be mistaken.
#[test]
fn a_new_address_never_explains_one_of_the_other_family() {
    let mut world = both();
    world.set_ingress("ctx-b", ingress("web", WEB, &["/"], "2001:db8::5"));
    world.settle(WEB);
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.99"));
    assert_eq!(addresses(&service(in_the_dark(&mut world))), ["2001:db8::5", "10.1.0.99"]);
}

/// FND-A5, DB-01: a kind that cannot be listed keeps what may be of it, and nothing else of its cluster.
#[test]
fn where_routes_alone_cannot_be_listed_nothing_else_of_the_cluster_stays() {
    let unseen: Unseen = [routes_of("ctx-a")].into();
    let cases = [
        ("ROUTE/ctx-a/shop/web", true),
        ("INGRESS/ctx-a/shop/web/web.example.org", false),
        ("ROUTE/ctx-ab/shop/web", false),
        ("ROUTE/ctx-b/shop/web", false),
        ("odd", true),
    ];
    for (entry, expected) in cases {
        assert_eq!(may_be_of(entry, &unseen), expected, "{entry}");
    }
}
