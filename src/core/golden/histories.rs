//! Whatever the order in which two clusters tell what they hold, the same services follow, byte for byte.

use crate::avi::wire::{monitor_body, service_body};
use crate::core::aliases::AliasTable;
use crate::core::build::{Decision, Desired, Inputs, build};
use crate::core::endpoint::{Endpoint, Kind};
use crate::core::fixtures::{
    Controller, ako_host_rule, deployment, in_force, ingress, installation, lb_service, mci, namespace, route, rule,
    share, strings, third_party, tls_ingress,
};
use crate::core::host_rule::RuleState;
use crate::core::inventory::{Inventory, Seen};
use crate::core::object::{AkoHostRule, Namespace};
use crate::core::policy::PolicySnapshot;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const CLUSTERS: [&str; 2] = ["ctx-a", "ctx-b"];
const HOSTS: [&str; 3] = ["a.example.org", "b.example.org", "c.example.org"];
const KINDS: [Kind; 4] = [Kind::Ingress, Kind::Route, Kind::Service, Kind::MultiClusterIngress];

/// What one cluster holds; names are unique per kind.
#[derive(Debug, Clone)]
struct Cluster {
    objects: Vec<Seen>,
    rules: Vec<AkoHostRule>,
    namespace: Namespace,
}

/// What a cluster tells of its end state.
#[derive(Debug, Clone)]
enum Event {
    Object(Seen),
    Rule(AkoHostRule),
    Namespace(Namespace),
}

fn an_object() -> impl Strategy<Value = Seen> {
    let shape = (select(KINDS.to_vec()), select(vec!["x", "y", "z"]), select(HOSTS.to_vec()), any::<bool>());
    (shape, select(vec!["/", "/api"]), 1..6_u8).prop_map(|((kind, name, host, secure), path, last)| {
        let ip = format!("10.1.0.{last}");
        match kind {
            Kind::Ingress if secure => Seen::Ingress(tls_ingress(name, host, &[path], &ip)),
            Kind::Ingress => Seen::Ingress(ingress(name, host, &[path], &ip)),
            Kind::Route => Seen::Route(route(name, host, path, secure.then_some("passthrough"), &ip)),
            Kind::Service => Seen::Service(lb_service(name, host, &[(443, "TCP")], &ip)),
            Kind::MultiClusterIngress => Seen::MultiClusterIngress(mci(name, host, "", &[path], &ip)),
        }
    })
}

fn a_rule() -> impl Strategy<Value = AkoHostRule> {
    let aliases = vec(select(vec!["alias.example.org", "other.example.org"]), 0..3);
    (select(vec!["p", "q"]), select(HOSTS.to_vec()), aliases, any::<bool>()).prop_map(
        |(name, fqdn, aliases, secure)| {
            let certificate = if secure { "cert" } else { "" }.to_owned();
            AkoHostRule { aliases: strings(&aliases), certificate, ..ako_host_rule(name, fqdn) }
        },
    )
}

fn a_cluster() -> impl Strategy<Value = Cluster> {
    let tenant = prop_oneof![4 => Just(None), 1 => Just(Some("blue"))];
    (vec(an_object(), 0..8), vec(a_rule(), 0..3), tenant).prop_map(|(objects, rules, tenant)| {
        let objects: BTreeMap<_, _> = objects.into_iter().map(|seen| (seen.id(), seen)).collect();
        let rules: BTreeMap<_, _> = rules.into_iter().map(|rule| (rule.name.clone(), rule)).collect();
        Cluster {
            objects: objects.into_values().collect(),
            rules: rules.into_values().collect(),
            namespace: namespace(&[("env", "prod")], tenant),
        }
    })
}

/// A cluster with what it held before, and its end state in two orders.
fn a_history() -> impl Strategy<Value = (Cluster, Cluster, Vec<Event>)> {
    (a_cluster(), a_cluster()).prop_flat_map(|(before, cluster)| {
        let events = Just(cluster.events()).prop_shuffle();
        (Just(before), Just(cluster), events)
    })
}

fn a_policy() -> impl Strategy<Value = PolicySnapshot> {
    let split = vec((0..2_usize, 1..21_u32, 0..101_u32), 0..3);
    (split, any::<bool>(), prop::option::of(0..86_401_u32)).prop_map(|(split, control_plane_only, ttl)| {
        let traffic_split = split.into_iter().map(|(at, weight, priority)| share(CLUSTERS[at], weight, priority));
        let traffic_split = traffic_split.collect();
        in_force(crate::core::policy::DeploymentPolicy { traffic_split, control_plane_only, ttl, ..deployment() })
    })
}

/// Of the first host only.
fn a_host_rule() -> impl Strategy<Value = RuleState> {
    let members = vec((select(vec!["tp1", "tp2"]), 1..6_u8), 0..3);
    (members, any::<bool>()).prop_map(|(members, in_force)| {
        let third_party = members.iter().map(|(site, last)| third_party(site, &format!("10.1.0.{last}"), None));
        let rule = crate::core::host_rule::HostRule { third_party: third_party.collect(), ..rule(HOSTS[0]) };
        if in_force { RuleState::InForce(Arc::new(rule)) } else { RuleState::None }
    })
}

impl Cluster {
    fn events(&self) -> Vec<Event> {
        let rules = self.rules.iter().cloned().map(Event::Rule);
        let objects = self.objects.iter().cloned().map(Event::Object);
        rules.chain(objects).chain([Event::Namespace(self.namespace.clone())]).collect()
    }
}

fn tell(inventory: &mut Inventory, events: &[Event]) {
    for event in events.iter().cloned() {
        match event {
            Event::Object(seen) => drop(inventory.put(seen)),
            Event::Rule(rule) => drop(inventory.put_host_rule(rule)),
            Event::Namespace(namespace) => drop(inventory.put_namespace(namespace)),
        }
    }
}

/// Told of the end state in its order, and of nothing else.
fn plainly(context: &str, cluster: &Cluster) -> Inventory {
    let mut inventory = Inventory::new(context, Arc::default());
    tell(&mut inventory, &cluster.events());
    inventory
}

/// Told of an earlier state, of the end state in another order, and of what is gone by complete lists or one by one.
fn eventfully(context: &str, (before, cluster, events): &(Cluster, Cluster, Vec<Event>), relist: bool) -> Inventory {
    let mut inventory = plainly(context, before);
    tell(&mut inventory, events);
    inventory.replace_host_rules(cluster.rules.clone(), Vec::new());
    for kind in KINDS {
        let listed: Vec<Seen> = cluster.objects.iter().filter(|seen| seen.id().kind == kind).cloned().collect();
        if relist {
            inventory.replace(kind, listed, Vec::new());
            continue;
        }
        let kept: BTreeSet<_> = listed.iter().map(Seen::id).collect();
        let gone = before.objects.iter().map(Seen::id).filter(|id| id.kind == kind && !kept.contains(id));
        gone.for_each(|id| drop(inventory.remove(&id)));
    }
    inventory
}

/// What follows for each host, with the clusters in the given order.
fn decisions<'a>(
    inventories: impl Iterator<Item = (&'a str, Inventory)>,
    policy: &PolicySnapshot,
    rule: &RuleState,
) -> Vec<Decision> {
    let mut aliases = AliasTable::default();
    let mut offered = BTreeMap::<String, Vec<Arc<Endpoint>>>::new();
    for (context, inventory) in inventories {
        for (fqdn, offer) in inventory.offers() {
            aliases.set(context, &fqdn, offer.aliases);
            offered.entry(fqdn).or_default().extend(offer.endpoints.iter().cloned());
        }
    }
    let decide = |fqdn: &str| {
        let rule = if fqdn == HOSTS[0] { rule } else { &RuleState::None };
        let granted = aliases.granted(fqdn);
        let inputs = Inputs { rule, aliases: &granted, ..Inputs::plain(fqdn, policy) };
        build(inputs, offered.get(fqdn).into_iter().flatten().map(AsRef::as_ref)).decision
    };
    HOSTS.map(decide).into()
}

/// The bodies as they go over the wire.
fn bytes(decisions: &[Decision]) -> Vec<String> {
    let owner = installation().owner;
    let of = |desired: &Desired| {
        let monitors = desired.monitors.iter().map(|monitor| monitor_body(monitor, &owner).to_string());
        monitors.chain([service_body(&desired.service, &owner).to_string()]).collect::<Vec<_>>()
    };
    let desired = decisions.iter().filter_map(|decision| match decision {
        Decision::Service(desired) => Some(of(desired)),
        Decision::Nothing | Decision::Wait(_) => None,
    });
    desired.flatten().collect()
}

proptest! {
    /// DB-09, DB-25
    #[test]
    fn any_order_of_events_gives_the_same_services_the_same_bytes_and_no_second_write(
        a in a_history(), b in a_history(), policy in a_policy(), rule in a_host_rule(), relist in any::<bool>(),
    ) {
        let plain = [("ctx-a", plainly("ctx-a", &a.1)), ("ctx-b", plainly("ctx-b", &b.1))];
        let eventful = [("ctx-b", eventfully("ctx-b", &b, relist)), ("ctx-a", eventfully("ctx-a", &a, relist))];
        let first = decisions(plain.into_iter(), &policy, &rule);
        let second = decisions(eventful.into_iter(), &policy, &rule);
        prop_assert_eq!(&first, &second);
        prop_assert_eq!(bytes(&first), bytes(&second));
        for (first, second) in first.iter().zip(&second) {
            let mut controller = Controller::default();
            controller.settle(first);
            prop_assert_eq!(controller.settle(second), Vec::<String>::new());
            if let Decision::Service(desired) = first {
                let pools = &desired.service.pools;
                prop_assert!(desired.service.monitors.len() <= 6);
                prop_assert!(pools.iter().all(|pool| pool.priority <= 100 && !pool.members.is_empty()));
                prop_assert!(pools.iter().flat_map(|pool| &pool.members).all(|m| (1..=20).contains(&m.ratio)));
            }
        }
    }
}
