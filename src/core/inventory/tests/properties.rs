//! What holds after any history of one cluster.

use super::super::*;
use crate::core::fixtures::{ako_host_rule, ingress, lb_service, mci, route, status, strings};
use crate::core::object::IngressRule;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

const HOSTS: [&str; 4] = ["a.example.org", "b.example.org", "sub.x.org", "sub.y.org"];
const SERVICES: [&str; 4] = ["", "a.example.org", "g.example.org", "h.example.org"];
const NAMESPACES: [&str; 2] = ["shop", "team"];
const KINDS: [Kind; 4] = [Kind::Ingress, Kind::Route, Kind::Service, Kind::MultiClusterIngress];

/// One thing that a watcher tells its inventory.
#[derive(Debug, Clone)]
enum Event {
    Put(Seen),
    Remove(ObjectId),
    Replace(Kind, Vec<Seen>, Vec<ObjectId>),
    PutRule(AkoHostRule),
    RemoveRule(ObjectName),
    ReplaceRules(Vec<AkoHostRule>, Vec<ObjectName>),
    PutNamespace(Namespace),
    RemoveNamespace(String),
    Naming(Naming),
}

/// What a cluster holds in the end, kept in the simplest way.
#[derive(Debug, Default)]
struct World {
    objects: BTreeMap<ObjectId, Seen>,
    rules: BTreeMap<ObjectName, AkoHostRule>,
    namespaces: BTreeMap<String, Namespace>,
    naming: Naming,
}

fn place(seen: &mut Seen, namespace: &str) {
    let meta = match seen {
        Seen::Ingress(object) => &mut object.meta,
        Seen::Route(object) => &mut object.meta,
        Seen::Service(object) => &mut object.meta,
        Seen::MultiClusterIngress(object) => &mut object.meta,
    };
    meta.namespace = namespace.to_owned();
}

fn object_of(kind: Kind) -> impl Strategy<Value = Seen> {
    let ip = select(vec!["10.1.0.5", "10.1.0.6", "2001:db8::1", "", "ten"]);
    let names = (select(vec!["x", "y"]), select(NAMESPACES.to_vec()));
    let shape = (select(HOSTS.to_vec()), select(HOSTS.to_vec()), any::<bool>(), any::<bool>());
    (names, ip, shape).prop_map(move |((name, namespace), ip, (host, other, secure, special))| {
        let mut seen = match kind {
            Kind::Ingress => {
                let mut object = ingress(name, host, &["/"], ip);
                if special {
                    object.rules.push(IngressRule { host: other.to_owned(), paths: vec![] });
                    object.addresses.push(status("10.1.0.9", other));
                }
                if secure {
                    object.tls_hosts = strings(&[host]);
                }
                Seen::Ingress(object)
            }
            Kind::Route => {
                let termination = [None, Some("edge"), Some("passthrough")][usize::from(secure) + usize::from(special)];
                let mut object = route(name, host, "/", termination, ip);
                if let (true, Some(subdomain)) = (special, host.strip_suffix(".x.org")) {
                    object.host.clear();
                    object.subdomain = subdomain.to_owned();
                }
                Seen::Route(object)
            }
            Kind::Service => Seen::Service(lb_service(name, host, &[(80, "TCP")], ip)),
            Kind::MultiClusterIngress => Seen::MultiClusterIngress(mci(name, host, "", &["/"], ip)),
        };
        place(&mut seen, namespace);
        seen
    })
}

fn an_object() -> impl Strategy<Value = Seen> {
    select(KINDS.to_vec()).prop_flat_map(object_of)
}

fn a_rule() -> impl Strategy<Value = AkoHostRule> {
    let names = (select(NAMESPACES.to_vec()), select(vec!["p", "q", "r"]));
    let targets = (select(HOSTS.to_vec()), select(SERVICES.to_vec()), select(vec!["Accepted", "Accepted", "Rejected"]));
    let extras = (any::<bool>(), any::<bool>(), vec(select(SERVICES.to_vec()), 0..3), prop::option::of(0..3_i64));
    (names, targets, extras).prop_map(
        |((namespace, name), (fqdn, service, status), (include_aliases, secure, aliases, created))| AkoHostRule {
            namespace: namespace.to_owned(),
            created: created.map(|second| jiff::Timestamp::from_second(second).unwrap()),
            status: status.to_owned(),
            global_fqdn: service.to_owned(),
            include_aliases,
            aliases: strings(&aliases),
            certificate: if secure { "cert".to_owned() } else { String::new() },
            ..ako_host_rule(name, fqdn)
        },
    )
}

fn an_event() -> impl Strategy<Value = Event> {
    let unique = |objects: Vec<Seen>| {
        objects.into_iter().map(|seen| (seen.id(), seen)).collect::<BTreeMap<_, _>>().into_values().collect::<Vec<_>>()
    };
    let listed = select(KINDS.to_vec()).prop_flat_map(|kind| {
        let unreadable = vec(object_of(kind).prop_map(|seen| seen.id()), 0..2);
        (Just(kind), vec(object_of(kind), 0..4), unreadable)
    });
    let rules = btree_map(0..9_u8, a_rule(), 0..4).prop_map(|rules| {
        let by_name: BTreeMap<_, _> = rules.into_values().map(|rule| (host_rules::name(&rule), rule)).collect();
        by_name.into_values().collect::<Vec<_>>()
    });
    let tenant = prop::option::of(Just("t".to_owned()));
    let namespace = select(NAMESPACES.to_vec());
    let naming = (any::<bool>(), prop::option::of(select(vec!["x.org", "y.org"])));
    prop_oneof![
        6 => an_object().prop_map(Event::Put),
        3 => an_object().prop_map(|seen| Event::Remove(seen.id())),
        2 => listed.prop_map(move |(kind, objects, unreadable)| Event::Replace(kind, unique(objects), unreadable)),
        6 => a_rule().prop_map(Event::PutRule),
        3 => a_rule().prop_map(|rule| Event::RemoveRule(host_rules::name(&rule))),
        2 => (rules, vec(a_rule().prop_map(|rule| host_rules::name(&rule)), 0..2))
            .prop_map(|(rules, unreadable)| Event::ReplaceRules(rules, unreadable)),
        2 => (namespace.clone(), tenant).prop_map(|(name, tenant)| {
            Event::PutNamespace(Namespace { name: name.to_owned(), tenant, ..Namespace::default() })
        }),
        1 => namespace.prop_map(|name| Event::RemoveNamespace(name.to_owned())),
        2 => naming.prop_map(|(custom_global_fqdn, domain)| {
            Event::Naming(Naming { custom_global_fqdn, default_domain: domain.map(str::to_owned) })
        }),
    ]
}

/// `None` where the caller publishes everything anyway.
fn tell(inventory: &mut Inventory, event: Event) -> Option<Touched> {
    Some(match event {
        Event::Put(seen) => inventory.put(seen),
        Event::Remove(id) => inventory.remove(&id),
        Event::Replace(kind, objects, unreadable) => inventory.replace(kind, objects, unreadable),
        Event::PutRule(rule) => inventory.put_host_rule(rule),
        Event::RemoveRule(id) => inventory.remove_host_rule(&id),
        Event::ReplaceRules(rules, unreadable) => inventory.replace_host_rules(rules, unreadable),
        Event::PutNamespace(namespace) => inventory.put_namespace(namespace),
        Event::RemoveNamespace(name) => inventory.remove_namespace(&name),
        Event::Naming(naming) => {
            inventory.set_naming(Arc::new(naming));
            return None;
        }
    })
}

impl World {
    fn apply(&mut self, event: Event) {
        match event {
            Event::Put(seen) => drop(self.objects.insert(seen.id(), seen)),
            Event::Remove(id) => drop(self.objects.remove(&id)),
            Event::Replace(kind, objects, unreadable) => {
                self.objects.retain(|id, _| id.kind != kind || unreadable.contains(id));
                self.objects.extend(objects.into_iter().map(|seen| (seen.id(), seen)));
            }
            Event::PutRule(rule) => drop(self.rules.insert(host_rules::name(&rule), rule)),
            Event::RemoveRule(id) => drop(self.rules.remove(&id)),
            Event::ReplaceRules(rules, unreadable) => {
                self.rules.retain(|id, _| unreadable.contains(id));
                self.rules.extend(rules.into_iter().map(|rule| (host_rules::name(&rule), rule)));
            }
            Event::PutNamespace(namespace) => drop(self.namespaces.insert(namespace.name.clone(), namespace)),
            Event::RemoveNamespace(name) => drop(self.namespaces.remove(&name)),
            Event::Naming(naming) => self.naming = naming,
        }
    }

    /// Told of the end state only, rules first, so that no name ever changes.
    fn inventory(&self) -> Inventory {
        let mut fresh = Inventory::new("ctx-a", Arc::new(self.naming.clone()));
        self.rules.values().for_each(|rule| drop(fresh.put_host_rule(rule.clone())));
        self.namespaces.values().for_each(|namespace| drop(fresh.put_namespace(namespace.clone())));
        self.objects.values().for_each(|seen| drop(fresh.put(seen.clone())));
        fresh
    }
}

fn changed(before: &BTreeMap<String, Offer>, after: &BTreeMap<String, Offer>) -> Touched {
    before.keys().chain(after.keys()).filter(|fqdn| before.get(*fqdn) != after.get(*fqdn)).cloned().collect()
}

proptest! {
    /// DB-44.
    #[test]
    fn the_end_state_alone_decides_and_each_event_touches_exactly_what_it_changes(events in vec(an_event(), 1..40)) {
        let mut world = World::default();
        let mut inventory = Inventory::new("ctx-a", Arc::default());
        for name in NAMESPACES {
            let event = Event::PutNamespace(Namespace { name: name.to_owned(), ..Namespace::default() });
            world.apply(event.clone());
            tell(&mut inventory, event);
        }
        for event in events {
            let before = inventory.offers();
            world.apply(event.clone());
            let touched = tell(&mut inventory, event.clone());
            let after = inventory.offers();
            if let Some(touched) = touched {
                prop_assert_eq!(touched, changed(&before, &after), "{:?}", event);
            }
            prop_assert!(after.values().all(|offer| !offer.is_empty()));
            let fresh = world.inventory();
            prop_assert_eq!(after, fresh.offers(), "{:?}", event);
            prop_assert!(inventory.unnamed().eq(fresh.unnamed()), "{:?}", event);
            prop_assert!(inventory.refusals().eq(fresh.refusals()), "{:?}", event);
        }
        world.objects.clear();
        world.rules.clear();
        for kind in KINDS {
            inventory.replace(kind, vec![], vec![]);
        }
        inventory.replace_host_rules(vec![], vec![]);
        prop_assert_eq!((inventory.offers().len(), inventory.unnamed().len(), inventory.refusals().count()), (0, 0, 0));
    }
}
