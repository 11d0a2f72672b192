//! Members of both address families: each kind of query follows the same rules among its own members.

use super::*;

const SHOP: &str = "shop.gslb.example.com.";

/// The addresses of an answer, or `None` without a packet.
fn asked(engine: &Engine, record_type: RecordType, client: &str) -> Option<Vec<String>> {
    let name = absolute(SHOP).unwrap();
    let (spelling, source) = (Name::from(&name), client.parse().unwrap());
    let reply = engine.answer(&Question { name: &name, spelling: &spelling, record_type, source, subnet: None })?;
    assert_eq!(reply.code, ResponseCode::NoError);
    Some(reply.answers.iter().filter_map(|record| record.data.ip_addr()).map(|ip| ip.to_string()).collect())
}

fn some(addresses: &[&str]) -> Option<Vec<String>> {
    Some(addresses.iter().map(|ip| (*ip).to_owned()).collect())
}

fn of_vs(mut member: Value, vs: &str) -> Value {
    member["cluster_uuid"] = json!("c1");
    member["vs_uuid"] = json!(vs);
    member
}

#[test]
fn each_family_takes_the_highest_pool_that_has_a_usable_member_of_it() {
    let pools = [pool(5, &[member("192.0.2.5", 1), member("2001:db8::5", 1)]), pool(10, &[member("192.0.2.1", 1)])];
    let engine = engine(&[service(&pools)]);
    assert_eq!(asked(&engine, RecordType::A, "10.0.0.1"), some(&["192.0.2.1"]));
    assert_eq!(asked(&engine, RecordType::AAAA, "10.0.0.1"), some(&["2001:db8::5"]));
    assert_eq!(asked(&engine, RecordType::ANY, "10.0.0.1"), some(&["192.0.2.1", "2001:db8::5"]));
}

#[test]
fn ratios_hold_within_a_family_whatever_is_asked_of_the_other() {
    let members = [member("2001:db8::1", 1), member("192.0.2.1", 7), member("2001:db8::2", 3)];
    let engine = engine(&[service(&[pool(10, &members)])]);
    let mut counts = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..400 {
        for record_type in [RecordType::AAAA, RecordType::A] {
            for address in asked(&engine, record_type, "10.0.0.1").unwrap() {
                *counts.entry(address).or_default() += 1;
            }
        }
    }
    let expected = [("192.0.2.1", 400), ("2001:db8::1", 100), ("2001:db8::2", 300)];
    assert_eq!(counts, expected.map(|(ip, count)| (ip.to_owned(), count)).into());
}

#[test]
fn preference_and_hash_choose_among_the_members_of_the_family() {
    let preferred = |ip: &str, order: u32| with(member(ip, 1), json!({"preference_order": order}));
    let members = [preferred("192.0.2.1", 1), preferred("2001:db8::3", 3), preferred("2001:db8::2", 2)];
    let by_preference = with(pool(10, &members), json!({"algorithm": "GSLB_ALGORITHM_PREFERENCE_ORDER"}));
    let answer = asked(&engine(&[service(&[by_preference])]), RecordType::AAAA, "10.0.0.1");
    assert_eq!(answer, some(&["2001:db8::2"]));

    let by_hash = with(pool(10, &members), json!({"algorithm": "GSLB_ALGORITHM_CONSISTENT_HASH"}));
    let engine = engine(&[service(&[by_hash])]);
    let first = asked(&engine, RecordType::AAAA, "2001:db8:1::9");
    assert!((0..20).all(|_| asked(&engine, RecordType::AAAA, "2001:db8:1::9") == first), "a client keeps its member");
    let clients: std::collections::BTreeSet<_> =
        (0..40).map(|n| asked(&engine, RecordType::AAAA, &format!("2001:db8:1::{n}"))).collect();
    assert_eq!(clients, [some(&["2001:db8::2"]), some(&["2001:db8::3"])].into(), "clients spread over the family");
}

#[test]
fn every_domain_name_of_a_service_answers() {
    let names = ["alias.gslb.example.com", "shop.gslb.example.com", "zz.gslb.example.com"];
    let engine = engine(&[with(service(&[pool(10, &[member("192.0.2.1", 1)])]), json!({"domain_names": names}))]);
    for text in names {
        let name = absolute(text).unwrap();
        let spelling = Name::from(&name);
        let source = "10.0.0.1".parse().unwrap();
        let question = Question { name: &name, spelling: &spelling, record_type: RecordType::A, source, subnet: None };
        assert_eq!(engine.answer(&question).unwrap().answers, [record(&format!("{text}."), 30, "192.0.2.1")]);
    }
}

#[test]
fn an_ipv6_member_goes_by_the_probes_of_the_ipv4_member_for_the_same_virtual_service() {
    let members = [
        of_vs(member("127.0.0.7", 1), "vs1"),
        of_vs(member("2001:db8::7", 1), "vs1"),
        of_vs(member("127.0.0.8", 1), "vs2"),
        member("::1", 1),
        of_vs(member("2001:db8::9", 1), "vs3"),
        member("2001:db8::10", 1),
    ];
    let object = with(monitored(service(&[pool(10, &members)])), json!({"num_dns_ip": 0}));
    let board = HealthBoard::new();
    for vs in ["vs1", "vs2", "vs3"] {
        board.set_control("c1", vs, true);
    }
    for address in ["127.0.0.7", "127.0.0.8", "::1"] {
        board.set_probe(key(address), true);
    }
    let engine = engine_on(std::slice::from_ref(&object), &board, ErrorResponse::Nxdomain);
    let all = ["2001:db8::7", "::1", "2001:db8::9", "2001:db8::10"];
    assert_eq!(asked(&engine, RecordType::AAAA, "10.0.0.1"), some(&all));

    board.set_probe(key("127.0.0.7"), false);
    board.set_probe(key("::1"), false);
    board.set_control("c1", "vs3", false);
    engine.refresh(objects(&[object]), &board);
    assert_eq!(asked(&engine, RecordType::A, "10.0.0.1"), some(&["127.0.0.8"]));
    assert_eq!(asked(&engine, RecordType::AAAA, "10.0.0.1"), some(&["2001:db8::10"]));
}

#[test]
fn a_family_that_is_down_gets_the_down_response_and_one_that_does_not_exist_gets_nothing() {
    let fallback = json!({"down_response": {"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP",
        "fallback_ip": {"addr": "198.51.100.9", "type": "V4"}, "fallback_ip6": {"addr": "2001:db8::9", "type": "V6"}}});
    let members = [of_vs(member("127.0.0.7", 1), "vs1"), of_vs(member("2001:db8::8", 1), "vs2")];
    let board = HealthBoard::new();
    board.set_control("c1", "vs1", true);
    board.set_control("c1", "vs2", false);
    let engine = engine_on(&[with(service(&[pool(10, &members)]), fallback.clone())], &board, ErrorResponse::Nxdomain);
    assert_eq!(asked(&engine, RecordType::A, "10.0.0.1"), some(&["127.0.0.7"]));
    assert_eq!(asked(&engine, RecordType::AAAA, "10.0.0.1"), some(&["2001:db8::9"]));

    let only_v4 = with(service(&[pool(10, &members[..1])]), fallback);
    let engine = engine_on(std::slice::from_ref(&only_v4), &board, ErrorResponse::Nxdomain);
    assert_eq!(asked(&engine, RecordType::AAAA, "10.0.0.1"), some(&[]), "up, but nothing of this family");
    board.set_control("c1", "vs1", false);
    engine.refresh(objects(&[only_v4]), &board);
    assert_eq!(asked(&engine, RecordType::ANY, "10.0.0.1"), some(&["198.51.100.9", "2001:db8::9"]));
}

#[test]
fn a_client_outside_gets_the_public_address_even_of_the_other_family() {
    let public = |ip: &str, public: &str| with(member(ip, 1), json!({"public_ip": {"ip": {"addr": public}}}));
    let members = [public("10.1.0.5", "203.0.113.9"), public("10.2.0.5", "2001:db8::7"), member("10.3.0.5", 1)];
    let object = with(service(&[pool(10, &members)]), json!({"num_dns_ip": 0}));
    // A fresh service each time: it is always the first member's turn.
    let first = |record_type, client| asked(&engine(std::slice::from_ref(&object)), record_type, client);
    let (inside, outside) = ("10.0.0.1", "198.51.100.1");
    assert_eq!(first(RecordType::A, inside), some(&["10.1.0.5", "10.2.0.5", "10.3.0.5"]));
    assert_eq!(first(RecordType::AAAA, inside), some(&[]));
    assert_eq!(first(RecordType::A, outside), some(&["203.0.113.9", "10.3.0.5"]));
    assert_eq!(first(RecordType::AAAA, outside), some(&["2001:db8::7"]));
}

#[test]
fn a_client_group_of_the_gslb_says_who_is_outside() {
    let member = with(member("10.1.0.5", 1), json!({"public_ip": {"ip": {"addr": "203.0.113.9"}}}));
    let object = service(&[pool(10, &[member])]);
    let parts = json!({"addrs": [{"addr": "192.0.2.1", "type": "V4"}],
        "prefixes": [{"ip_addr": {"addr": "10.8.0.0", "type": "V4"}, "mask": 16}],
        "ranges": [{"begin": {"addr": "198.51.100.1", "type": "V4"}, "end": {"addr": "198.51.100.9", "type": "V4"}}]});
    let listed = ["192.0.2.1", "10.8.200.1", "198.51.100.9"];
    let others = ["192.0.2.2", "10.9.0.1", "198.51.100.10", "2001:db8::1"];
    for (kind, public) in [("GSLB_IP_PUBLIC", listed.as_slice()), ("GSLB_IP_PRIVATE", others.as_slice())] {
        let gslb = json!({"client_ip_addr_group": with(parts.clone(), json!({"type": kind}))});
        let engine = Engine::new(SITE, &absolute(ZONE).unwrap(), ErrorResponse::Nxdomain);
        let objects = SiteObjects { gslb: Some(Arc::new(gslb)), ..objects(std::slice::from_ref(&object)) };
        engine.refresh(objects, &HealthBoard::new());
        for client in listed.iter().chain(&others) {
            let expected = if public.contains(client) { "203.0.113.9" } else { "10.1.0.5" };
            assert_eq!(asked(&engine, RecordType::A, client), some(&[expected]), "{kind} {client}");
        }
    }
}
