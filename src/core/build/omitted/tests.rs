//! What a service cannot have, and who reads why.

use super::*;
use crate::core::build::{Built, Decision, Inputs, build};
use crate::core::endpoint::VirtualServiceRef;
use crate::core::fixtures::{Controller, deployment, endpoint, in_force, rule, share, strings, third_party};
use crate::core::gslb::PoolAlgorithm;
use crate::core::host_rule::{HostRule, RuleState};
use crate::core::omission::{Refusal, Refused};
use crate::core::plan::Observed;
use crate::core::policy::TrafficShare;
use crate::core::references::{Answer, Catalog, Question};
use std::collections::BTreeMap;
use std::sync::Arc;

const FQDN: &str = "web.example.org";

fn gslb(sites: &[&str], domains: &[&str]) -> Catalog {
    let set = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    [(Question::Gslb, Answer::Gslb(GslbFacts { sites: set(sites), domains: set(domains) }))].into_iter().collect()
}

fn endpoints() -> [Endpoint; 2] {
    let mut all = [endpoint("ctx-a", "web", "10.1.0.5"), endpoint("ctx-b", "web", "10.2.0.5")];
    all[1].virtual_service.as_mut().unwrap().cluster_uuid = "stranger".to_owned();
    all
}

fn with(catalog: &Catalog, present: &Observed, aliases: &[&str]) -> Built {
    let policy = in_force(deployment());
    let aliases: Vec<Arc<str>> = aliases.iter().map(|alias| Arc::from(*alias)).collect();
    let inputs = Inputs { catalog, present: Some(present), aliases: &aliases, ..Inputs::plain(FQDN, &policy) };
    build(inputs, &endpoints())
}

fn service(built: &Built) -> &GslbService {
    match &built.decision {
        Decision::Service(desired) => &desired.service,
        other => panic!("{other:?}"),
    }
}

fn addresses(service: &GslbService) -> Vec<String> {
    service.members().map(|member| member.address.to_string()).collect()
}

/// FND-E1
#[test]
fn an_alias_outside_of_the_domains_of_the_gslb_is_left_out_unless_the_controller_has_it() {
    let known = gslb(&[], &["example.org"]);
    let aliases = ["shop.example.com", "Www.Example.Org", "badexample.org"];
    let built = with(&known, Observed::EMPTY, &aliases);
    assert_eq!(service(&built).domain_names, strings(&["Www.Example.Org", FQDN]));
    let why = "it is in none of the DNS domains of the GSLB (example.org), and the whole service would be refused for it; \
               remove it, or add its domain to the GSLB";
    let names = ["badexample.org", "shop.example.com"].map(|name| (name.to_owned(), why.to_owned()));
    assert_eq!(built.refused_names, names);
    assert_eq!(
        built.limitations,
        names.map(|(name, why)| format!("the alias {name} of a HostRule is not used: {why}"))
    );

    let unknown = with(Catalog::EMPTY, Observed::EMPTY, &aliases);
    assert_eq!(service(&unknown).domain_names.len(), 4, "nothing is known");
    let mut controller = Controller::default();
    controller.settle(&unknown.decision);
    assert_eq!(service(&with(&known, &controller.observed, &aliases)).domain_names.len(), 4, "it has them all");
}

/// FND-E1
#[test]
fn a_member_whose_controller_is_no_site_is_left_out_where_another_one_is_and_not_where_it_is_there() {
    let known = gslb(&["cluster-avi-web"], &[]);
    let built = with(&known, Observed::EMPTY, &[]);
    assert_eq!(addresses(service(&built)), ["10.1.0.5"]);
    assert_eq!(service(&built).description, format!("INGRESS/ctx-a/shop/web/{FQDN}"));
    let why = "its address 10.2.0.5 is left out: its controller, stranger in its annotations, is no site of the GSLB, and \
               the whole service would be refused for it; add the site to the GSLB, or set syncVipOnly for its cluster \
               in spec.matchClusters";
    assert_eq!(built.refused, [(endpoints()[1].key.clone(), why.to_owned())]);
    assert_eq!(built.members.len(), 1);

    assert_eq!(
        addresses(service(&with(&gslb(&["other"], &[]), Observed::EMPTY, &[]))).len(),
        2,
        "it knows none of them"
    );
    let mut controller = Controller::default();
    controller.settle(&with(Catalog::EMPTY, Observed::EMPTY, &[]).decision);
    assert_eq!(addresses(service(&with(&known, &controller.observed, &[]))).len(), 2, "the controller has it");
}

/// FND-E1: an edit, of annotations or of syncVipOnly, that would make a member one of a controller that is no site does
/// not take it out.
#[test]
fn a_member_stays_what_it_is_where_its_new_controller_is_no_site() {
    let known = gslb(&["cluster-avi-web", "cluster-avi-other"], &[]);
    let why = "its address 10.2.0.5 stays the member that it was: its controller, stranger in its annotations, is no site \
               of the GSLB, and the whole service would be refused for it; add the site to the GSLB, or set syncVipOnly \
               for its cluster in spec.matchClusters";
    for before in [None, Some("cluster-avi-other")] {
        let mut all = endpoints();
        if let Some(uuid) = before {
            all[1].virtual_service = Some(VirtualServiceRef { vs_uuid: "vs-1".into(), cluster_uuid: uuid.into() });
        }
        let mut deployed = deployment();
        deployed.clusters.get_mut("ctx-b").unwrap().sync_vip_only = before.is_none();
        let policy = in_force(deployed);
        let mut controller = Controller::default();
        controller.settle(&build(Inputs { catalog: &known, ..Inputs::plain(FQDN, &policy) }, &all).decision);
        let held = controller.observed.services().next().unwrap().content.clone();
        assert_eq!(addresses(&held), ["10.1.0.5", "10.2.0.5"]);
        let built = with(&known, &controller.observed, &[]);
        assert_eq!((service(&built), built.members.len()), (&held, 2), "{before:?}");
        assert_eq!(built.refused, [(endpoints()[1].key.clone(), why.to_owned())]);
    }
}

/// FND-E1: the same address with another public one is there, and nothing is said of its object.
#[test]
fn of_one_address_twice_only_the_object_that_is_left_out_is_told_of() {
    let policy = in_force(deployment());
    let public = [("ctx-a".to_owned(), "203.0.113.7".parse().unwrap())].into();
    let rule = RuleState::InForce(Arc::new(HostRule { public_addresses: public, ..rule(FQDN) }));
    let [a, mut b] = endpoints();
    b.addresses = a.addresses;
    let both = [a, b];
    let wanted = service(&build(Inputs { rule: &rule, ..Inputs::plain(FQDN, &policy) }, &both)).clone();
    assert_eq!(addresses(&wanted), ["10.1.0.5", "10.1.0.5"]);
    let mut omissions = Omissions::default();
    let text = "Member 10.1.0.5 is listed twice in pool amko-gs-group-10".to_owned();
    assert!(omissions.refused(Refusal { of: Refused::Service, text }, &wanted, None));
    let built = build(Inputs { rule: &rule, omissions: &omissions, ..Inputs::plain(FQDN, &policy) }, &both);
    let there: Vec<_> = built.members.iter().map(|placed| placed.origin.clone()).collect();
    let told: Vec<_> = built.refused.iter().map(|(key, _)| Origin::Object(key.clone())).collect();
    let mut all = [there.clone(), told].concat();
    all.sort_by_key(|origin| format!("{origin:?}"));
    assert_eq!((there.len(), all), (1, both.map(|endpoint| Origin::Object(endpoint.key.clone())).to_vec()));
}

/// FND-E1: a change of priorities would bring two members of one address into one pool. Neither is taken out.
#[test]
fn a_member_whose_change_the_controller_refuses_stays_what_it_is() {
    let policy = in_force(deployment());
    let public: BTreeMap<_, _> = [("ctx-b".to_owned(), "203.0.113.7".parse().unwrap())].into();
    let with_shares = |shares: [(String, TrafficShare); 2]| {
        let traffic_split = shares.into();
        RuleState::InForce(Arc::new(HostRule { public_addresses: public.clone(), traffic_split, ..rule(FQDN) }))
    };
    let [a, mut b] = endpoints();
    b.addresses = a.addresses;
    let both = [a, b];
    let apart = with_shares([share("ctx-a", 3, 10), share("ctx-b", 4, 20)]);
    let mut controller = Controller::default();
    controller.settle(&build(Inputs { rule: &apart, ..Inputs::plain(FQDN, &policy) }, &both).decision);
    let (inside, outside) = ("10.1.0.5", "10.1.0.5/203.0.113.7");
    let held = |controller: &Controller| controller.observed.services().next().unwrap().content.clone();
    assert_eq!(places(&held(&controller)), [place(20, 4, outside), place(10, 3, inside)]);

    let together = with_shares([share("ctx-a", 5, 20), share("ctx-b", 6, 20)]);
    let (mut omissions, mut refused) = (Omissions::default(), Vec::new());
    let built = loop {
        let inputs = Inputs { rule: &together, present: Some(&controller.observed), ..Inputs::plain(FQDN, &policy) };
        let built = build(Inputs { omissions: &omissions, ..inputs }, &both);
        let sent = service(&built).clone();
        let is_there = sent == held(&controller);
        if is_there && !omissions.is_searching() {
            break built;
        }
        if is_there || sent.pools.iter().all(|pool| pool.members.len() == 1) {
            controller.settle(&built.decision);
            omissions.accepted();
            continue;
        }
        refused.push(places(&sent));
        let text = "Member 10.1.0.5 is listed twice in pool amko-gs-group-20".to_owned();
        assert!(omissions.refused(Refusal { of: Refused::Service, text }, &sent, Some(&held(&controller))));
    };
    assert_eq!(
        refused,
        [[place(20, 5, inside), place(20, 6, outside)], [place(20, 5, inside), place(20, 4, outside)]],
        "both are tried, and then one after the other"
    );
    assert_eq!(places(service(&built)), [place(20, 6, outside), place(10, 3, inside)]);
    let why = "its address 10.1.0.5 stays as it is on the controller: the controller refuses the GSLB service with it \
               (Member 10.1.0.5 is listed twice in pool amko-gs-group-20); correct it, or the controller; it is tried \
               again at the next full read";
    assert_eq!(built.refused, [(both[0].key.clone(), why.to_owned())]);
}

fn place(priority: u32, weight: u32, addresses: &str) -> String {
    format!("{addresses} in {priority} with {weight}")
}

fn places(service: &GslbService) -> Vec<String> {
    let text = |(priority, member): (u32, &Member)| {
        let public = member.public_address.map(|public| format!("/{public}")).unwrap_or_default();
        place(priority, member.ratio, &format!("{}{public}", member.address))
    };
    service.placed_members().map(text).collect()
}

/// FND-E1: a geo algorithm without a location database, say.
#[test]
fn a_refused_algorithm_is_left_out_and_the_pools_choose_as_before() {
    let policy = in_force(deployment());
    let algorithm = |algorithm| RuleState::InForce(Arc::new(HostRule { algorithm: Some(algorithm), ..rule(FQDN) }));
    let topology = algorithm(PoolAlgorithm::Topology);
    let mut controller = Controller::default();
    let all = endpoints();
    controller.settle(&build(Inputs { rule: &topology, ..Inputs::plain(FQDN, &policy) }, &all).decision);
    let held = controller.observed.services().next().unwrap().content.clone();

    let hash = algorithm(PoolAlgorithm::ConsistentHash { mask: 31 });
    for (present, before) in [(&controller.observed, Some(&held)), (Observed::EMPTY, None)] {
        let inputs = Inputs { rule: &hash, present: Some(present), ..Inputs::plain(FQDN, &policy) };
        let wanted = service(&build(inputs, &all)).clone();
        let mut omissions = Omissions::default();
        let refusal = || Refusal { of: Refused::Service, text: "no".to_owned() };
        while omissions.why(&Part::Setting(Setting::Algorithm)).is_none() {
            assert!(omissions.refused(refusal(), &wanted, before));
        }
        let built = build(Inputs { omissions: &omissions, ..inputs }, &all);
        let found: Vec<_> = service(&built).pools.iter().map(|pool| pool.algorithm).collect();
        assert_eq!(found, [before.map_or(PoolAlgorithm::RoundRobin, |_| PoolAlgorithm::Topology)]);
        assert!(built.limitations[0].starts_with("poolAlgorithmSettings is left out: "), "{:?}", built.limitations);
    }
}

/// FND-E1: parts that the controller refused.
#[test]
fn what_was_refused_is_left_out_and_told_of_who_brought_it() {
    let policy = in_force(deployment());
    let third = HostRule { third_party: vec![third_party("cdn", "198.51.100.7", None)], ttl: Some(7), ..rule(FQDN) };
    let rule = RuleState::InForce(Arc::new(third));
    let monitor = path_monitor_name(FQDN, "/", false);
    let mut omissions = Omissions::default();
    let plain = build(Inputs { rule: &rule, ..Inputs::plain(FQDN, &policy) }, &endpoints());
    let wanted = service(&plain).clone();
    let refusals = [
        (Refused::Monitor(monitor.clone()), "bad request line"),
        (Refused::Service, "Member 10.2.0.5 is odd"),
        (Refused::Service, "Member 198.51.100.7 is odd"),
    ];
    for (of, text) in refusals {
        assert!(omissions.refused(Refusal { of, text: text.to_owned() }, &wanted, None));
    }
    let built = build(Inputs { rule: &rule, omissions: &omissions, ..Inputs::plain(FQDN, &policy) }, &endpoints());
    let found = service(&built);
    assert_eq!((addresses(found), &found.monitors), (strings(&["10.1.0.5"]), &Vec::<String>::new()));
    assert_eq!(found.pools.iter().map(|pool| pool.min_health_monitors_up).collect::<Vec<_>>(), [1]);
    let tail = |words: &str| {
        format!(
            "the controller refuses the GSLB service with it ({words}); correct it, or the controller; it is tried again \
             at the next full read"
        )
    };
    let path = |endpoint: &Endpoint| {
        let why = tail("bad request line");
        (endpoint.key.clone(), format!("its path / is not probed by health monitor {monitor}: {why}"))
    };
    let [a, b] = endpoints();
    let member = (&b.key, format!("its address 10.2.0.5 is left out: {}", tail("Member 10.2.0.5 is odd")));
    let of_b = (b.key.clone(), format!("{}; {}", member.1, path(&b).1));
    assert_eq!(built.refused, [path(&a), of_b], "all of one object in one sentence");
    let told = format!("the member 198.51.100.7 of site cdn is left out: {}", tail("Member 198.51.100.7 is odd"));
    assert_eq!(built.limitations, [told]);
}
