//! Which pool and which member an answer names.

use super::*;
use std::collections::BTreeMap;

fn counts(draws: &[IpAddr]) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for address in draws {
        *counts.entry(address.to_string()).or_default() += 1;
    }
    counts
}

fn weighted(ratios: &[u32]) -> Value {
    let members: Vec<Value> = (1..).zip(ratios).map(|(n, ratio)| member(&format!("192.0.2.{n}"), *ratio)).collect();
    service(&[pool(10, &members)])
}

#[test]
fn every_window_of_draws_splits_by_ratio_to_within_one() {
    for ratios in [&[6, 3, 1][..], &[20, 20, 1], &[1, 1, 1], &[20, 1]] {
        let engine = engine(&[weighted(ratios)]);
        let draws: Vec<IpAddr> = (0..10_000).map(|_| first(&engine, "10.0.0.1").unwrap()).collect();
        let total: u32 = ratios.iter().sum();
        let exact: BTreeMap<String, u32> = (1..).zip(ratios).map(|(n, r)| (format!("192.0.2.{n}"), *r)).collect();
        for window in draws.windows(total as usize) {
            assert_eq!(counts(window), exact, "{ratios:?}: a window as long as the sum of ratios is exact");
        }
        for length in 1..=500 {
            let counts = counts(&draws[..length]);
            for (address, ratio) in &exact {
                let got = f64::from(counts.get(address).copied().unwrap_or(0));
                let ideal = length as f64 * f64::from(*ratio) / f64::from(total);
                assert!((got - ideal).abs() <= 1.0, "{ratios:?}: {address} came {got} times in {length}");
            }
        }
    }
}

#[test]
fn the_split_goes_on_when_something_else_changes() {
    let board = HealthBoard::new();
    let service = weighted(&[3, 1]);
    let engine = engine_on(std::slice::from_ref(&service), &board, ErrorResponse::Nxdomain);
    let mut draws = Vec::new();
    for round in 0..8 {
        draws.push(first(&engine, "10.0.0.1").unwrap());
        let other = json!({"uuid": "other", "domain_names": ["other.gslb.example.com"], "ttl": round, "groups": []});
        engine.refresh(objects(&[other, service.clone()]), &board);
    }
    assert_eq!(counts(&draws), BTreeMap::from([("192.0.2.1".into(), 6), ("192.0.2.2".into(), 2)]));
}

#[test]
fn a_member_that_comes_back_neither_floods_nor_starves() {
    let board = HealthBoard::new();
    let service = monitored(weighted(&[1, 1]));
    let set = |up: [bool; 2]| {
        board.set_probe(key("192.0.2.1"), up[0]);
        board.set_probe(key("192.0.2.2"), up[1]);
    };
    set([true, false]);
    let engine = engine_on(std::slice::from_ref(&service), &board, ErrorResponse::Nxdomain);
    let alone: Vec<IpAddr> = (0..50).filter_map(|_| first(&engine, "10.0.0.1")).collect();
    assert_eq!(counts(&alone), BTreeMap::from([("192.0.2.1".into(), 50)]));
    set([true, true]);
    engine.refresh(objects(&[service]), &board);
    let both: Vec<IpAddr> = (0..4).filter_map(|_| first(&engine, "10.0.0.1")).collect();
    assert_eq!(counts(&both), BTreeMap::from([("192.0.2.1".into(), 2), ("192.0.2.2".into(), 2)]));
}

#[test]
fn the_highest_pool_with_a_usable_member_answers() {
    let two_pools = [pool(10, &[member("192.0.2.10", 1)]), pool(20, &[member("192.0.2.20", 1)])];
    let table = [([true, true], Some("192.0.2.20")), ([true, false], Some("192.0.2.10")), ([false, false], None)];
    for ([low, high], expected) in table {
        let board = HealthBoard::new();
        board.set_probe(key("192.0.2.10"), low);
        board.set_probe(key("192.0.2.20"), high);
        let engine = engine_on(&[monitored(service(&two_pools))], &board, ErrorResponse::Nxdomain);
        assert_eq!(first(&engine, "10.0.0.1"), expected.map(|ip| ip.parse().unwrap()), "{low} {high}");
    }
}

#[test]
fn disabled_members_pools_and_sites_and_priority_zero_never_answer() {
    let at_site = with(member("192.0.2.1", 1), json!({"cluster_uuid": "cluster-1"}));
    let gslb = json!({"sites": [{"name": "x", "cluster_uuid": "cluster-1", "enabled": false}]});
    let table = [
        (with(pool(10, &[member("192.0.2.1", 1)]), json!({"enabled": false})), json!({})),
        (pool(0, &[member("192.0.2.1", 1)]), json!({})),
        (pool(10, &[with(member("192.0.2.1", 1), json!({"enabled": false}))]), json!({})),
        (pool(10, &[at_site]), gslb),
    ];
    for (pool, gslb) in table {
        let engine = Engine::new(SITE, &absolute(ZONE).unwrap(), ErrorResponse::Nxdomain);
        let objects = SiteObjects { gslb: Some(Arc::new(gslb)), ..objects(&[service(std::slice::from_ref(&pool))]) };
        engine.refresh(objects, &HealthBoard::new());
        assert_eq!(first(&engine, "10.0.0.1"), None, "{pool}");
    }
}

#[test]
fn the_ratio_of_a_site_replaces_those_of_its_members() {
    let members = ["cluster-1", "cluster-2"]
        .map(|cluster| with(member(&format!("192.0.2.{}", &cluster[8..]), 5), json!({"cluster_uuid": cluster})));
    let gslb = json!({"sites": [{"name": "x", "cluster_uuid": "cluster-1", "ratio": 15}]});
    let engine = Engine::new(SITE, &absolute(ZONE).unwrap(), ErrorResponse::Nxdomain);
    let objects = SiteObjects { gslb: Some(Arc::new(gslb)), ..objects(&[service(&[pool(10, &members)])]) };
    engine.refresh(objects, &HealthBoard::new());
    let draws: Vec<IpAddr> = (0..20).filter_map(|_| first(&engine, "10.0.0.1")).collect();
    assert_eq!(counts(&draws), BTreeMap::from([("192.0.2.1".into(), 15), ("192.0.2.2".into(), 5)]));
}

#[test]
fn min_members_fills_up_from_lower_pools() {
    let pools = [30, 20, 10].map(|priority| pool(priority, &[member(&format!("192.0.2.{priority}"), 1)]));
    for (min, expected) in [(0, vec![30]), (1, vec![30]), (2, vec![30, 20]), (9, vec![30, 20, 10])] {
        let engine = engine(&[with(service(&pools), json!({"min_members": min, "num_dns_ip": 0}))]);
        let expected: Vec<IpAddr> = expected.iter().map(|n| format!("192.0.2.{n}").parse().unwrap()).collect();
        assert_eq!(addresses(&engine, "10.0.0.1"), expected, "min_members {min}");
    }
}

#[test]
fn a_consistent_hash_keeps_clients_and_moves_only_those_of_a_lost_member() {
    let members: Vec<Value> = (1..=4).map(|n| member(&format!("192.0.2.{n}"), 1)).collect();
    let hashed = |members: &[Value]| {
        let pool = with(pool(10, members), json!({"algorithm": "GSLB_ALGORITHM_CONSISTENT_HASH"}));
        engine(&[service(&[pool])])
    };
    let (all, fewer) = (hashed(&members), hashed(&members[1..]));
    let mut seen = BTreeMap::new();
    for client in (0..400).map(|n| format!("10.1.{}.{}", n / 200, n % 200)) {
        let before = first(&all, &client).unwrap();
        assert_eq!(first(&all, &client), Some(before), "same client, same member");
        *seen.entry(before).or_insert(0) += 1;
        if before.to_string() != "192.0.2.1" {
            assert_eq!(first(&fewer, &client), Some(before), "{client} keeps its member");
        }
    }
    assert!(seen.values().all(|count| (60..140).contains(count)), "{seen:?}");
}

#[test]
fn the_hash_mask_puts_a_network_on_one_member_and_geo_falls_back() {
    let members: Vec<Value> = (1..=4).map(|n| member(&format!("192.0.2.{n}"), 1)).collect();
    for (algorithm, fallback) in [("CONSISTENT_HASH", "ROUND_ROBIN"), ("GEO", "CONSISTENT_HASH")] {
        let fields = json!({"algorithm": format!("GSLB_ALGORITHM_{algorithm}"), "consistent_hash_mask": 24,
            "fallback_algorithm": format!("GSLB_ALGORITHM_{fallback}")});
        let engine = engine(&[service(&[with(pool(10, &members), fields)])]);
        let network = |third: u8| {
            let hits: Vec<_> = (0..50).map(|n| first(&engine, &format!("10.0.{third}.{n}")).unwrap()).collect();
            assert_eq!(counts(&hits).len(), 1, "{algorithm}");
            hits[0]
        };
        assert!(counts(&(0..30).map(network).collect::<Vec<_>>()).len() > 1, "networks spread");
    }
    let geo = with(pool(10, &members), json!({"algorithm": "GSLB_ALGORITHM_GEO"}));
    let engine = engine(&[service(&[geo])]);
    let draws: Vec<IpAddr> = (0..8).filter_map(|_| first(&engine, "10.0.0.1")).collect();
    assert!(counts(&draws).values().all(|count| *count == 2), "without a fallback it is round robin: {draws:?}");
}

#[test]
fn public_clients_get_public_addresses() {
    let public = with(member("10.9.9.9", 1), json!({"public_ip": {"ip": {"addr": "198.51.100.7", "type": "V4"}}}));
    let engine = engine(&[service(&[pool(10, &[public])])]);
    for (client, expected) in [
        ("192.168.3.4", "10.9.9.9"),
        ("172.31.0.1", "10.9.9.9"),
        ("127.0.0.1", "10.9.9.9"),
        ("203.0.113.5", "198.51.100.7"),
    ] {
        assert_eq!(first(&engine, client), Some(expected.parse().unwrap()), "{client}");
    }
}
