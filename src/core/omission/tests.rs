//! Which part of a service is to blame for a refusal.

use super::*;
use crate::core::gslb::{DownResponse, Pool, PoolAlgorithm};

const OWN: &str = "web.example.org";

fn service(addresses: &[&str], aliases: &[&str]) -> GslbService {
    let member = |address: &&str| Member {
        address: address.parse().unwrap(),
        ratio: 1,
        cluster_uuid: None,
        vs_uuid: None,
        public_address: None,
        enabled: true,
    };
    let members = addresses.iter().map(member).collect();
    let algorithm = PoolAlgorithm::RoundRobin;
    GslbService {
        tenant: "admin".into(),
        name: OWN.into(),
        domain_names: [OWN].iter().chain(aliases).map(|name| (*name).to_owned()).collect(),
        description: String::new(),
        pools: vec![Pool { priority: 10, algorithm, min_health_monitors_up: 2, members, enabled: true }],
        monitors: vec!["amko--own".into()],
        ttl: None,
        down_response: None,
        persistence: None,
        enabled: true,
    }
}

/// A controller that takes everything but some parts, and says so in its own words.
struct Controller {
    held: Option<GslbService>,
    refuses: fn(&GslbService) -> Option<&'static str>,
    /// What it was sent.
    sent: Vec<(Vec<String>, Vec<String>)>,
}

impl Controller {
    /// Sends the service without what is left out, as often as there is something else to send.
    fn settle(&mut self, wanted: &GslbService, omissions: &mut Omissions) {
        for _ in 0..20 {
            omissions.keep_wanted(wanted);
            let sent = without(wanted, omissions);
            if self.held.as_ref() == Some(&sent) {
                if !omissions.is_searching() {
                    return;
                }
                omissions.accepted();
                continue;
            }
            let addresses = sent.placed_members().map(|(_, member)| member.address.to_string()).collect();
            self.sent.push((addresses, sent.domain_names[1..].to_vec()));
            match (self.refuses)(&sent) {
                None => {
                    self.held = Some(sent);
                    omissions.accepted();
                }
                Some(words) => {
                    let refusal = Refusal { of: Refused::Service, text: words.to_owned() };
                    if !omissions.refused(refusal, &sent, self.held.as_ref()) {
                        return;
                    }
                }
            }
        }
        panic!("it does not come to an end: {:?}", self.sent);
    }
}

fn without(wanted: &GslbService, omissions: &Omissions) -> GslbService {
    let mut service = wanted.clone();
    service.domain_names.retain(|name| omissions.why(&Part::Name(name.clone())).is_none());
    service.pools[0].members.retain(|member| omissions.why(&Part::member(10, member)).is_none());
    service
}

fn controller(held: Option<GslbService>, refuses: fn(&GslbService) -> Option<&'static str>) -> Controller {
    Controller { held, refuses, sent: Vec::new() }
}

fn has(service: &GslbService, address: &str) -> bool {
    service.placed_members().any(|(_, member)| member.address.to_string() == address)
}

fn part(address: &str) -> Part {
    Part::member(10, &service(&[address], &[]).pools[0].members[0])
}

/// FND-E1
#[test]
fn a_part_that_the_refusal_names_is_left_out_at_once_and_removals_go_with_the_same_write() {
    let mut controller = controller(Some(service(&["10.0.0.1", "10.0.0.2"], &[])), |service| {
        let shop = service.domain_names.iter().any(|name| name == "shop.example.com");
        shop.then_some("Domain name shop.example.com is not part of any GSLB DNS configuration")
    });
    let mut omissions = Omissions::default();
    let wanted = service(&["10.0.0.1"], &["shop.example.com", "www.web.example.org"]);
    controller.settle(&wanted, &mut omissions);
    assert_eq!(controller.held, Some(service(&["10.0.0.1"], &["www.web.example.org"])));
    assert_eq!(controller.sent.len(), 2);
    let why = "Domain name shop.example.com is not part of any GSLB DNS configuration";
    assert_eq!(omissions.why(&Part::Name("shop.example.com".into())), Some(why));
    omissions.keep_wanted(&service(&["10.0.0.1"], &[]));
    assert!(omissions.is_empty(), "nobody wants it any more");
}

/// FND-E1: words that name nothing. The rest, removals among it, is written before anything is tried.
#[test]
fn where_the_refusal_names_nothing_the_rest_is_written_first_and_then_each_new_part_is_tried() {
    let mut controller = controller(Some(service(&["10.0.0.1", "10.0.0.9"], &[])), |service| {
        (has(service, "10.0.0.3") || service.domain_names.iter().any(|name| name == "b.org")).then_some("no")
    });
    let mut omissions = Omissions::default();
    let wanted = service(&["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"], &["a.org", "b.org"]);
    controller.settle(&wanted, &mut omissions);
    assert_eq!(controller.held, Some(service(&["10.0.0.1", "10.0.0.2", "10.0.0.4"], &["a.org"])));
    assert_eq!(controller.sent[1], (vec!["10.0.0.1".to_owned()], vec![]), "first the removal");
    assert_eq!(controller.sent.len(), 7);
    let refused = [part("10.0.0.3"), Part::Name("b.org".into())];
    assert_eq!(refused.map(|part| omissions.why(&part).is_some()), [true, true]);

    controller.refuses = |_| None;
    omissions.try_again();
    controller.settle(&wanted, &mut omissions);
    assert_eq!(controller.held, Some(wanted));
    assert!(omissions.is_empty());
}

/// FND-E1
#[test]
fn a_new_service_is_made_without_the_members_that_keep_it_from_being_made() {
    let mut controller = controller(None, |service| (has(service, "10.0.0.1")).then_some("no"));
    let mut omissions = Omissions::default();
    let wanted = service(&["10.0.0.1", "10.0.0.2", "10.0.0.3"], &["a.org"]);
    controller.settle(&wanted, &mut omissions);
    assert_eq!(controller.held, Some(service(&["10.0.0.2", "10.0.0.3"], &["a.org"])));
    assert!(omissions.why(&part("10.0.0.1")).is_some());
}

/// FND-E1: what is refused whatever it is made of is nobody's fault, and is not searched for again until it changes.
#[test]
fn a_service_that_is_refused_without_any_new_part_too_blames_none() {
    for held in [None, Some(service(&["10.0.0.1"], &[]))] {
        for wanted in [service(&["10.0.0.1", "10.0.0.2"], &["a.org"]), service(&["10.0.0.1"], &["a.org"])] {
            let mut controller = controller(held.clone(), |_| Some("no"));
            let wanted = GslbService { ttl: Some(7), ..wanted };
            let mut omissions = Omissions::default();
            controller.settle(&wanted, &mut omissions);
            let left_out = parts(&wanted).into_iter().filter(|part| omissions.why(part).is_some()).count();
            assert_eq!((left_out, omissions.is_searching()), (0, false), "{:?}", controller.sent);
            let sent = controller.sent.len();
            controller.settle(&wanted, &mut omissions);
            assert_eq!(controller.sent.len(), sent + 1, "once more and no search");
        }
    }
}

/// FND-E1
#[test]
fn a_monitor_that_is_refused_is_left_out_and_of_a_taken_domain_name_only_names_are_suspected() {
    let wanted = GslbService { down_response: Some(DownResponse::Empty), ..service(&["10.0.0.1"], &["a.org"]) };
    let mut omissions = Omissions::default();
    let refusal = |of| Refusal { of, text: "no".to_owned() };
    assert!(omissions.refused(refusal(Refused::Monitor("amko--own".into())), &wanted, None));
    assert_eq!(omissions.why(&Part::Monitor("amko--own".into())), Some("no"));
    assert!(!omissions.refused(refusal(Refused::Names), &wanted, None), "whoever has it may let it go");
    assert!(omissions.refused(refusal(Refused::Names), &wanted, None));
    assert!(omissions.why(&Part::Name("a.org".into())).is_some());
    assert_eq!(omissions.why(&Part::Setting(Setting::DownResponse)), None);
    omissions.accepted();
    assert_eq!(omissions.why(&Part::Name("a.org".into())), None, "it is tried by itself");
    assert!(!omissions.refused(refusal(Refused::Names), &wanted, Some(&wanted)), "and once more after a pause");
    assert!(omissions.refused(refusal(Refused::Names), &wanted, Some(&wanted)));
    assert_eq!(omissions.why(&Part::Name("a.org".into())), Some("no"));
    let mut alone = Omissions::default();
    assert!(!alone.refused(refusal(Refused::Names), &service(&["10.0.0.1"], &[]), None), "the own name is no part");
}

#[test]
fn a_name_is_found_in_words_only_as_a_whole() {
    let table = [
        ("Domain name a.org is taken", "a.org", true),
        ("Domain name A.org.", "a.org", true),
        ("Domain name b.a.org is taken", "a.org", false),
        ("Domain name a.org.uk is taken", "a.org", false),
        ("Member 10.9.4.10 is listed twice", "10.9.4.1", false),
        ("Member 10.9.4.1 is listed twice", "10.9.4.1", true),
        ("'2001:db8::1:2'", "2001:db8::1", false),
        ("monitor x-hm", "hm", false),
        ("a.org: domain name conflicting with b.org", "a.org", true),
    ];
    for (text, word, expected) in table {
        assert_eq!(has_word(text, word), expected, "{text}: {word}");
    }
}
