//! Kinds that a cluster may serve or not, now or later, and what else decides about services beside their endpoints:
//! naming, rules and aliases.

use crate::support::ako_crds::{HOST_RULES, ROUTES, host_rule, install_ako_crds, install_route_crd, remove_crd, route};
use crate::support::objects::{apply, delete_ingress, patch_config, policy, web};
use crate::support::{LEADER, UUID, World, lines};
use amko::actors::board::{ClusterNotice, KindNotice, RulesNotice};
use amko::actors::gs_directory::GsDirectoryMsg;
use amko::actors::operator::{Child, OperatorMsg};
use amko::core::aliases::AliasClaim;
use amko::core::host_rule::{HostRule, RuleState};
use amko::core::inventory::Offer;
use amko::core::naming::Naming;
use amko::core::owner::Owner;
use amko::core::policy::{DeploymentPolicy, DeploymentState, Installation, PolicySnapshot};
use amko::core::precedence::ObjectName;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Longer than it takes to notice a new CRD.
pub const NOTICED: Duration = Duration::from_secs(45);

/// An Ingress `web` in each of the two clusters.
async fn busy_world() -> World {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    world.start().await;
    assert_eq!(world.service_names(), ["web.example.org"]);
    world
}

pub fn notice(world: &World, context: &str) -> ClusterNotice {
    world.links().board.read().clusters[context].clone()
}

pub fn kind(world: &World, context: &str, kind: &str) -> KindNotice {
    notice(world, context).kinds[kind]
}

/// Lets time pass, and asserts that no actor was restarted.
pub async fn later(world: &World) {
    tokio::time::sleep(NOTICED).await;
    let restarts = world.links().board.read().actors.values().map(|actor| actor.restarts).sum::<u64>();
    assert_eq!(restarts, 0);
}

/// The objects behind the members of a service.
pub fn description(world: &World, name: &str) -> Value {
    world.on_controller(LEADER, "gslbservice")[name]["description"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_plain_cluster_without_any_optional_kind_is_completely_seen() {
    let world = busy_world().await;
    let ClusterNotice { synced, error, kinds, .. } = notice(&world, "ctx-b");
    let expected = [
        ("HostRule", KindNotice::Absent),
        ("Ingress", KindNotice::Listed),
        ("Namespace", KindNotice::Listed),
        ("Route", KindNotice::Absent),
        ("Service", KindNotice::Listed),
    ];
    assert_eq!((synced, error, kinds), (true, None, BTreeMap::from(expected)));
    let writes = world.writes_after(|world| delete_ingress(world.cluster("ctx-b"), "web")).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"], "what is gone from a seen cluster is known to be gone");
}

#[tokio::test(start_paused = true)]
async fn a_host_rule_crd_that_is_installed_late_is_noticed_without_a_restart() {
    let world = busy_world().await;
    let before = world.avi.last_request();
    install_ako_crds(world.cluster("ctx-a"));
    later(&world).await;
    assert_eq!(kind(&world, "ctx-a", "HostRule"), KindNotice::Listed);
    assert_eq!(kind(&world, "ctx-b", "HostRule"), KindNotice::Absent);
    assert_eq!(world.writes_since(before), [], "there is no HostRule yet");
}

/// DB-01
#[tokio::test(start_paused = true)]
async fn a_crd_that_vanishes_is_told_and_the_cluster_stays_seen() {
    let mut world = World::of_examples();
    install_ako_crds(world.cluster("ctx-a"));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    assert_eq!(kind(&world, "ctx-a", "HostRule"), KindNotice::Listed);
    let before = world.avi.last_request();
    remove_crd(world.cluster("ctx-a"), HOST_RULES);
    later(&world).await;
    assert_eq!(kind(&world, "ctx-a", "HostRule"), KindNotice::Gone);
    assert_eq!((notice(&world, "ctx-a").synced, notice(&world, "ctx-a").error), (true, None));
    assert_eq!(world.writes_since(before), []);

    install_ako_crds(world.cluster("ctx-a"));
    later(&world).await;
    assert_eq!(kind(&world, "ctx-a", "HostRule"), KindNotice::Listed);
}

/// DB-01: the objects went away unseen, together with their kind; a complete list has to say so.
#[tokio::test(start_paused = true)]
async fn a_crd_that_vanishes_during_an_outage_keeps_the_objects_until_a_list_lacks_them() {
    let mut world = World::of_examples();
    install_route_crd(world.cluster("ctx-a"));
    apply(world.cluster("ctx-a"), route("web", "web.example.org", "10.1.0.5", "/"));
    world.start().await;
    assert_eq!((kind(&world, "ctx-a", "Route"), notice(&world, "ctx-a").objects), (KindNotice::Listed, 1));
    let services = world.service_names();
    world.cluster("ctx-a").set_available(false);
    remove_crd(world.cluster("ctx-a"), ROUTES);
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.cluster("ctx-a").set_available(true);
    later(&world).await;
    later(&world).await;
    assert_eq!((kind(&world, "ctx-a", "Route"), notice(&world, "ctx-a").objects), (KindNotice::Gone, 1));
    assert_eq!(world.service_names(), services);

    install_route_crd(world.cluster("ctx-a"));
    // It counts the objects anew when an FQDN changes.
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    later(&world).await;
    assert_eq!(kind(&world, "ctx-a", "Route"), KindNotice::Listed);
    world.settle().await;
    assert_eq!(description(&world, "web.example.org"), "INGRESS/ctx-b/shop/web/web.example.org");
}

/// DB-01: a watcher that starts while a CRD is away does not know the objects that its predecessor knew.
#[tokio::test(start_paused = true)]
async fn a_watcher_restarted_while_a_crd_is_gone_takes_nothing_away() {
    let mut world = World::of_examples();
    install_route_crd(world.cluster("ctx-a"));
    apply(world.cluster("ctx-a"), route("web", "web.example.org", "10.1.0.5", "/"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    world.start().await;
    let before = world.on_controller(LEADER, "gslbservice");
    world.cluster("ctx-a").set_available(false);
    remove_crd(world.cluster("ctx-a"), ROUTES);
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.cluster("ctx-a").set_available(true);
    tokio::time::sleep(NOTICED).await;
    assert_eq!(kind(&world, "ctx-a", "Route"), KindNotice::Gone);
    world.links().operator.cast(OperatorMsg::Poison(Child::ClusterWatcher("ctx-a".into())));
    tokio::time::sleep(NOTICED).await;
    let ClusterNotice { synced, error, .. } = notice(&world, "ctx-a");
    let expected = "Route objects were there and the cluster does not serve their kind at present, so the cluster's \
                    members stay as last seen: install the CRD or API of Route again, or restart the operator if it \
                    is gone for good";
    assert_eq!((synced, error.as_deref()), (false, Some(expected)));
    assert_eq!(world.on_controller(LEADER, "gslbservice"), before);

    install_route_crd(world.cluster("ctx-a"));
    tokio::time::sleep(NOTICED).await;
    world.settle().await;
    assert_eq!(notice(&world, "ctx-a").error, None);
    assert_eq!(description(&world, "web.example.org"), "INGRESS/ctx-b/shop/web/web.example.org");
}

/// DB-01
#[tokio::test(start_paused = true)]
async fn a_cluster_whose_kinds_cannot_be_asked_for_is_not_seen_and_loses_nothing() {
    for (path, status, remedy) in [
        ("/apis/ako.vmware.com/v1beta1", 500, ""),
        (
            "/apis/ako.vmware.com/v1beta1",
            403,
            "; the user of the kubeconfig needs the verb get on this URL, which the ClusterRole system:discovery gives \
             to every authenticated user",
        ),
    ] {
        let mut world = busy_world().await;
        world.stop().await;
        let before = world.avi.last_request();
        delete_ingress(world.cluster("ctx-b"), "web");
        world.mischief.refuse_reads.lock().insert("ctx-b".into(), (path, status));
        world.start().await;
        assert_eq!(world.writes_since(before), [], "{path} {status}");
        let ClusterNotice { synced, error, .. } = notice(&world, "ctx-b");
        let begin = format!(
            "cluster ctx-b: cannot watch HostRule objects: cannot ask whether {HOST_RULES} is served: GET {path}: "
        );
        let error = error.unwrap();
        assert!(!synced && error.starts_with(&begin) && error.ends_with(remedy), "{error}");

        world.mischief.refuse_reads.lock().clear();
        tokio::time::sleep(NOTICED).await;
        world.settle().await;
        assert_eq!(lines(&world.writes_since(before)), ["PUT gslbservice/<uuid>"]);
        assert_eq!((notice(&world, "ctx-b").synced, notice(&world, "ctx-b").error), (true, None));
    }
}

/// FND-A5: in a plain cluster Routes only add, and members that are Ingresses do not wait for them.
#[tokio::test(start_paused = true)]
async fn where_routes_cannot_be_asked_for_ingresses_go_on_and_the_cluster_is_not_wholly_seen() {
    let path = "/apis/route.openshift.io/v1";
    let mut world = busy_world().await;
    world.stop().await;
    let before = world.avi.last_request();
    delete_ingress(world.cluster("ctx-b"), "web");
    world.mischief.refuse_reads.lock().insert("ctx-b".into(), (path, 503));
    world.start().await;
    assert_eq!(lines(&world.writes_since(before)), ["PUT gslbservice/<uuid>"]);
    let ClusterNotice { synced, error, .. } = notice(&world, "ctx-b");
    let begin =
        format!("cluster ctx-b: cannot watch Route objects: cannot ask whether {ROUTES} is served: GET {path}: ");
    assert!(!synced && error.as_ref().is_some_and(|error| error.starts_with(&begin)), "{error:?}");

    let before = world.avi.last_request();
    world.mischief.refuse_reads.lock().clear();
    tokio::time::sleep(NOTICED).await;
    world.settle().await;
    assert_eq!(world.writes_since(before), []);
    assert_eq!((notice(&world, "ctx-b").synced, notice(&world, "ctx-b").error), (true, None));
}

/// EX-25
#[tokio::test(start_paused = true)]
async fn ex_25_aliases_of_two_clusters_and_what_stays_when_one_host_rule_goes() {
    let mut world = World::of_examples();
    for (context, ip) in [("ctx-a", "10.1.0.5"), ("ctx-b", "10.2.0.5")] {
        install_ako_crds(world.cluster(context));
        apply(world.cluster(context), web("web", ip));
    }
    world.start().await;
    let names = |world: &World| world.on_controller(LEADER, "gslbservice")["web.example.org"]["domain_names"].clone();
    let declare = |world: &World, context: &str, aliases: Value| {
        apply(world.cluster(context), host_rule("hr", "web.example.org", json!({"aliases": aliases})));
    };
    let writes = world.writes_after(|w| declare(w, "ctx-a", json!(["zz.example.org", "alias.example.org"]))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
    assert_eq!(names(&world), json!(["alias.example.org", "web.example.org", "zz.example.org"]));
    world.writes_after(|w| declare(w, "ctx-b", json!(["alias.example.org", "b.example.org"]))).await;
    assert_eq!(names(&world), json!(["alias.example.org", "b.example.org", "web.example.org", "zz.example.org"]));
    world.writes_after(|w| w.cluster("ctx-a").delete(HOST_RULES, Some("shop"), "hr").unwrap()).await;
    assert_eq!(names(&world), json!(["alias.example.org", "b.example.org", "web.example.org"]));
}

/// EX-26
#[tokio::test(start_paused = true)]
async fn ex_26_in_custom_mode_a_host_rule_names_the_service() {
    let mut world = World::of_examples();
    install_ako_crds(world.cluster("ctx-a"));
    crate::support::objects::patch_config(world.home(), json!({"spec": {"useCustomGlobalFqdn": true}}));
    apply(world.cluster("ctx-a"), web("local", "10.1.0.5"));
    world.start().await;
    assert_eq!(world.writes(), []);
    let named = |fqdn: &str| {
        let gslb = json!({"fqdn": fqdn, "includeAliases": true});
        host_rule("hr", "local.example.org", json!({"gslb": gslb, "aliases": ["al.example.org"]}))
    };
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), named("global.example.org")))).await;
    assert_eq!(lines(&writes), ["POST healthmonitor", "POST gslbservice"]);
    assert_eq!(writes[1].body["domain_names"], json!(["al.example.org", "global.example.org"]));
    assert_eq!(writes[1].body["description"], "INGRESS/ctx-a/shop/local/local.example.org");
    world.writes_after(|w| drop(apply(w.cluster("ctx-a"), named("global2.example.org")))).await;
    assert_eq!(world.service_names(), ["global2.example.org"]);
    let mut rejected = named("global2.example.org");
    rejected["status"]["status"] = json!("Rejected");
    world.writes_after(|w| drop(apply(w.cluster("ctx-a"), rejected))).await;
    assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
}

/// The policy of the examples under another default domain, as the directory is told of it.
fn renamed(contexts: &[&str], domain: &str) -> (Arc<PolicySnapshot>, Arc<Naming>) {
    let deployment = DeploymentPolicy {
        app_selector: [("app".to_owned(), "gslb".to_owned())].into(),
        clusters: contexts.iter().map(|context| ((*context).to_owned(), Default::default())).collect(),
        default_domain: Some(domain.to_owned()),
        ..DeploymentPolicy::default()
    };
    let installation = Installation {
        owner: Owner::from_uuid(UUID.parse().unwrap()),
        default_tenant: "admin".into(),
        member_clusters: contexts.iter().map(|context| (*context).to_owned()).collect(),
        custom_global_fqdn: false,
        status_for_all: false,
    };
    let snapshot =
        PolicySnapshot { installation: Some(installation), deployment: DeploymentState::InForce(deployment) };
    let naming = Arc::new(snapshot.naming());
    (Arc::new(snapshot), naming)
}

/// DB-01, DB-28
#[tokio::test(start_paused = true)]
async fn after_a_change_of_naming_nothing_is_deleted_before_the_clusters_were_seen_under_the_new_one() {
    let world = busy_world().await;
    // What an edit takes away would wait for an approval.
    patch_config(world.home(), json!({"spec": {"deletionGuard": {"maxPercent": 100}}}));
    world.settle().await;
    let directory = world.links().directory.clone();
    let (policy, naming) = renamed(&["ctx-a", "ctx-b"], "new.example.org");
    let seen = |naming: &Arc<Naming>| {
        for cluster in ["ctx-a", "ctx-b"] {
            directory.cast(GsDirectoryMsg::ClusterSeen {
                cluster: cluster.into(),
                offers: BTreeMap::new(),
                complete: true,
                routes: true,
                naming: Arc::clone(naming),
            });
        }
    };
    // The clusters publish under the new naming before the policy has it, and the other way round.
    let writes = world.writes_after(|_| seen(&naming)).await;
    assert_eq!(writes, [], "the new naming does not count yet");
    let writes = world.writes_after(|_| directory.cast(GsDirectoryMsg::Policy(policy))).await;
    assert_eq!(lines(&writes), ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"]);

    let world = busy_world().await;
    let directory = world.links().directory.clone();
    let (policy, naming) = renamed(&["ctx-a", "ctx-b"], "new.example.org");
    let writes = world.writes_after(|_| directory.cast(GsDirectoryMsg::Policy(policy))).await;
    assert_eq!(writes, []);
    let empty = |naming: Arc<Naming>| GsDirectoryMsg::ClusterSeen {
        cluster: "ctx-a".into(),
        offers: BTreeMap::new(),
        complete: true,
        routes: true,
        naming,
    };
    let writes = world.writes_after(|_| directory.cast(empty(Arc::default()))).await;
    assert_eq!(writes, [], "what is missing under the old naming is not known to be gone");
    let writes = world.writes_after(|_| directory.cast(empty(naming))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"], "ctx-a is seen, ctx-b is not");
    assert_eq!(description(&world, "web.example.org"), "INGRESS/ctx-b/shop/web/web.example.org");
}

/// DB-28
#[tokio::test(start_paused = true)]
async fn after_a_change_of_the_default_domain_every_cluster_is_seen_again_without_a_write() {
    let world = busy_world().await;
    let domain = json!({"defaultDomain": "apps.example.org"});
    let writes = world.writes_after(|w| drop(apply(w.home(), policy(&["ctx-a", "ctx-b"], domain)))).await;
    assert_eq!(writes, []);
    let writes = world
        .writes_after(|w| {
            delete_ingress(w.cluster("ctx-a"), "web");
            delete_ingress(w.cluster("ctx-b"), "web");
        })
        .await;
    assert_eq!(lines(&writes).last(), Some(&"DELETE healthmonitor/<uuid>"), "nothing is kept for unseen clusters");
}

#[tokio::test(start_paused = true)]
async fn a_table_of_rules_changes_only_the_services_that_it_is_about() {
    let world = busy_world().await;
    apply(world.cluster("ctx-a"), web("other", "10.1.0.6"));
    world.settle().await;
    let rule = |ttl| HostRule {
        object: ObjectName { namespace: "avi-system".into(), name: "rule".into() },
        managed: false,
        fqdn: "web.example.org".into(),
        ttl: Some(ttl),
        control_plane_only: None,
        monitors: None,
        persistence: None,
        third_party: vec![],
        traffic_split: BTreeMap::new(),
        public_addresses: BTreeMap::new(),
        algorithm: None,
        down_response: None,
        drain: Default::default(),
    };
    for ttl in [30, 40] {
        let table = BTreeMap::from([("web.example.org".to_owned(), RuleState::InForce(Arc::new(rule(ttl))))]);
        let writes = world.writes_after(|w| w.links().directory.cast(GsDirectoryMsg::Rules(Arc::new(table)))).await;
        assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
        assert_eq!((&writes[0].body["name"], &writes[0].body["ttl"]), (&json!("web.example.org"), &json!(ttl)));
    }
}

fn claim(cluster: &str, second: i64, alias: &str) -> AliasClaim {
    AliasClaim {
        undated: false,
        created: Some(jiff::Timestamp::from_second(second).unwrap()),
        cluster: cluster.into(),
        namespace: "shop".into(),
        name: "hr".into(),
        alias: alias.into(),
        uid: None,
    }
}

/// An offer of aliases without endpoints.
fn claims(world: &World, cluster: &str, fqdn: &str, claims: &[AliasClaim]) {
    let offer = Offer { aliases: claims.into(), ..Offer::default() };
    world.links().directory.cast(GsDirectoryMsg::Offer { cluster: cluster.into(), fqdn: fqdn.into(), offer });
}

/// DB-25: claims alone make no service and need no actor.
#[tokio::test(start_paused = true)]
async fn an_alias_goes_to_the_oldest_claim_and_to_the_next_when_that_is_taken_back() {
    let world = busy_world().await;
    let refused = |world: &World| world.links().board.read().refused_aliases;
    let writes = world
        .writes_after(|world| {
            claims(world, "ctx-a", "one.example.org", &[claim("ctx-a", 2, "x.example.org")]);
            claims(world, "ctx-b", "two.example.org", &[claim("ctx-b", 1, "x.example.org")]);
        })
        .await;
    assert_eq!(writes, []);
    let text = "alias x.example.org of one.example.org, wanted by HostRule shop/hr of cluster ctx-a, belongs to \
                two.example.org because of the older HostRule shop/hr of cluster ctx-b: remove it from one of them";
    assert_eq!(refused(&world), [text]);
    let owned = amko::actors::gs_directory::views(&world.links().directory).await.unwrap();
    assert_eq!(owned.iter().map(|view| &*view.fqdn).collect::<Vec<_>>(), ["web.example.org"]);
    world.writes_after(|world| claims(world, "ctx-b", "two.example.org", &[])).await;
    assert_eq!(refused(&world), Vec::<String>::new());
}

/// DB-25: a cluster that leaves the configuration takes its claims along.
#[tokio::test(start_paused = true)]
async fn claims_of_a_cluster_that_leaves_the_configuration_hold_no_alias() {
    let world = busy_world().await;
    claims(&world, "ctx-a", "one.example.org", &[claim("ctx-a", 2, "x.example.org")]);
    claims(&world, "ctx-b", "two.example.org", &[claim("ctx-b", 1, "x.example.org")]);
    world.settle().await;
    assert_eq!(world.links().board.read().refused_aliases.len(), 1);
    apply(world.home(), policy(&["ctx-a"], json!({})));
    crate::support::objects::patch_config(world.home(), crate::support::objects::members(&["ctx-a"]));
    world.settle().await;
    assert_eq!(world.links().board.read().refused_aliases, Vec::<String>::new());
}

/// DB-25
#[tokio::test(start_paused = true)]
async fn an_alias_reaches_the_service_that_it_belongs_to_and_moves_with_the_claims() {
    let world = busy_world().await;
    apply(world.cluster("ctx-a"), web("other", "10.1.0.6"));
    world.settle().await;
    let names = |fqdn: &str| world.on_controller(LEADER, "gslbservice")[fqdn]["domain_names"].clone();
    // Claims come with the endpoints of their cluster; ctx-b offers nothing else for this service.
    claims(&world, "ctx-b", "other.example.org", &[claim("ctx-b", 1, "x.example.org")]);
    world.settle().await;
    assert_eq!(names("other.example.org"), json!(["other.example.org", "x.example.org"]));
    claims(&world, "ctx-b", "other.example.org", &[]);
    world.settle().await;
    assert_eq!(names("other.example.org"), json!(["other.example.org"]));
}

/// DB-25: without this rule the controller would refuse one of the two for ever.
#[tokio::test(start_paused = true)]
async fn an_alias_that_is_the_name_of_a_service_with_members_yields_to_it_and_is_told() {
    let world = busy_world().await;
    let names = |fqdn: &str| world.on_controller(LEADER, "gslbservice")[fqdn]["domain_names"].clone();
    let claimed = [claim("ctx-a", 1, "other.example.org")];
    claims(&world, "ctx-b", "third.example.org", &claimed);
    apply(world.cluster("ctx-a"), web("third", "10.1.0.7"));
    world.settle().await;
    assert_eq!(names("third.example.org"), json!(["other.example.org", "third.example.org"]));
    assert_eq!(world.links().board.read().refused_aliases, Vec::<String>::new());

    apply(world.cluster("ctx-a"), web("other", "10.1.0.6"));
    world.settle().await;
    assert_eq!(names("third.example.org"), json!(["third.example.org"]));
    assert_eq!(names("other.example.org"), json!(["other.example.org"]));
    let text = "alias other.example.org of third.example.org, wanted by HostRule shop/hr of cluster ctx-a, is the name \
                of a GSLB service of its own: remove it from the HostRule";
    assert_eq!(world.links().board.read().refused_aliases, [text]);
    assert_eq!(world.writes_after(|_| ()).await, [], "nobody tries on");

    delete_ingress(world.cluster("ctx-a"), "other");
    world.settle().await;
    assert_eq!(names("third.example.org"), json!(["other.example.org", "third.example.org"]));
    assert_eq!(world.links().board.read().refused_aliases, Vec::<String>::new());
}

/// DB-25: the younger claim changes nothing for any service, and is told all the same.
#[tokio::test(start_paused = true)]
async fn a_claim_that_comes_second_is_told() {
    let world = busy_world().await;
    claims(&world, "ctx-b", "two.example.org", &[claim("ctx-b", 1, "x.example.org")]);
    claims(&world, "ctx-a", "one.example.org", &[claim("ctx-a", 2, "x.example.org")]);
    world.settle().await;
    assert_eq!(world.links().board.read().refused_aliases.len(), 1);
}

fn rules_notice(world: &World) -> RulesNotice {
    world.links().board.read().gslb_host_rules
}

/// DB-01: a missing CRD is an answer.
#[tokio::test(start_paused = true)]
async fn without_the_crd_of_the_gslb_host_rules_services_are_written_and_the_remedy_is_told() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    remove_crd(world.home(), "gslbhostrules.amko.vmware.com");
    world.start().await;
    assert_eq!(world.service_names(), ["web.example.org"]);
    let error = "the CRD gslbhostrules.amko.vmware.com is not installed, so there are no GSLBHostRules: apply the \
                 files of crds/ to use them";
    assert_eq!(rules_notice(&world), RulesNotice { known: true, error: Some(error.into()), ..RulesNotice::default() });
    assert_eq!(
        world.links().board.readiness(),
        Ok("first look done: every GSLB service is as it should be".to_owned())
    );
    crate::support::objects::install_crds(world.home());
    later(&world).await;
    assert_eq!(rules_notice(&world), RulesNotice { known: true, ..RulesNotice::default() });
}

/// DB-01: a refusal is none.
#[tokio::test(start_paused = true)]
async fn while_the_gslb_host_rules_may_not_be_listed_nothing_is_written_and_the_remedy_is_told() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.mischief.refuse_reads.lock().insert("home".into(), ("/apis/amko.vmware.com/v1alpha1/gslbhostrules", 403));
    world.start().await;
    assert_eq!(world.service_names(), Vec::<String>::new());
    let RulesNotice { known, error, .. } = rules_notice(&world);
    let error = error.unwrap();
    let begin = "the GSLBHostRules have never been listed, so no GSLB service is written: ";
    let end = "; give the user of this cluster the verbs list and watch on gslbhostrules.amko.vmware.com";
    assert_eq!((known, error.starts_with(begin), error.ends_with(end)), (false, true, true), "{error}");
    assert_eq!(world.links().board.readiness(), Err(error));
    world.mischief.refuse_reads.lock().clear();
    later(&world).await;
    world.settle().await;
    assert_eq!(world.service_names(), ["web.example.org"]);
    assert_eq!(rules_notice(&world), RulesNotice { known: true, ..RulesNotice::default() });
}
