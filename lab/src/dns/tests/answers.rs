//! Whole DNS messages for each kind of query and each state of a service.

use super::*;
use hickory_proto::op::Edns;
use hickory_proto::rr::DNSClass;
use hickory_proto::rr::rdata::opt::{ClientSubnet, EdnsCode, EdnsOption};
use hickory_proto::rr::rdata::{CNAME, SOA};

const SHOP: &str = "shop.gslb.example.com.";

fn two_members() -> Value {
    service(&[pool(10, &[member("192.0.2.1", 1), member("192.0.2.2", 1)])])
}

fn soa() -> Record {
    let name = |text: &str| Name::from_ascii(text).unwrap();
    let zone = name("gslb.example.com.");
    let soa = SOA::new(name("ns.gslb.example.com."), name("hostmaster.gslb.example.com."), 1, 3600, 600, 86400, 30);
    Record::from_rdata(zone, 30, RData::SOA(soa))
}

#[tokio::test]
async fn an_a_query_gets_one_address_with_the_default_ttl_and_the_spelling_of_the_query() {
    let query = query("sHop.GSLB.example.com.", RecordType::A);
    let mut expected = response(&query, ResponseCode::NoError, true);
    expected.add_answer(record("sHop.GSLB.example.com.", 30, "192.0.2.1"));
    let answer = ask(engine(&[two_members()]), &query).await.unwrap();
    assert_eq!(answer, expected);
    assert!(answer.answers[0].name.eq_case(&query.queries[0].name), "{}", answer.answers[0].name);
}

#[tokio::test]
async fn the_ttl_of_the_service_holds_even_when_it_is_zero() {
    for ttl in [0, 20] {
        let query = query(SHOP, RecordType::A);
        let mut expected = response(&query, ResponseCode::NoError, true);
        expected.add_answer(record(SHOP, ttl, "192.0.2.1"));
        assert_eq!(ask(engine(&[with(two_members(), json!({"ttl": ttl}))]), &query).await, Some(expected));
    }
}

#[tokio::test]
async fn num_dns_ip_gives_more_addresses_and_zero_gives_all() {
    for (count, expected_count) in [(2, 2), (0, 3), (9, 3)] {
        let members = [member("192.0.2.1", 1), member("192.0.2.2", 1), member("192.0.2.3", 1)];
        let query = query(SHOP, RecordType::A);
        let mut expected = response(&query, ResponseCode::NoError, true);
        expected.add_answers((1..=expected_count).map(|n| record(SHOP, 30, &format!("192.0.2.{n}"))));
        let service = with(service(&[pool(10, &members)]), json!({"num_dns_ip": count}));
        assert_eq!(ask(engine(&[service]), &query).await, Some(expected), "num_dns_ip {count}");
    }
}

#[tokio::test]
async fn aaaa_is_empty_without_ipv6_members_and_any_brings_both_families() {
    let aaaa = query(SHOP, RecordType::AAAA);
    let expected = response(&aaaa, ResponseCode::NoError, true);
    assert_eq!(ask(engine(&[two_members()]), &aaaa).await, Some(expected));

    let mixed = service(&[pool(10, &[member("192.0.2.1", 1), member("2001:db8::1", 1)])]);
    let any = query(SHOP, RecordType::ANY);
    let mut expected = response(&any, ResponseCode::NoError, true);
    expected.add_answers([record(SHOP, 30, "192.0.2.1"), record(SHOP, 30, "2001:db8::1")]);
    assert_eq!(ask(engine(&[mixed]), &any).await, Some(expected));
}

#[tokio::test]
async fn names_without_a_service_get_what_the_zone_says() {
    let table = [
        ("absent.gslb.example.com.", RecordType::A, ResponseCode::NXDomain, true),
        (SHOP, RecordType::TXT, ResponseCode::NoError, true),
        ("gslb.example.com.", RecordType::NS, ResponseCode::NoError, true),
        ("www.example.org.", RecordType::A, ResponseCode::Refused, false),
    ];
    for (name, record_type, code, authoritative) in table {
        let query = query(name, record_type);
        let mut expected = response(&query, code, authoritative);
        if authoritative {
            expected.add_authority(soa());
        }
        assert_eq!(ask(engine(&[two_members()]), &query).await, Some(expected), "{name} {record_type}");
    }
}

#[tokio::test]
async fn the_apex_has_its_soa() {
    let query = query("gslb.example.com.", RecordType::SOA);
    let mut expected = response(&query, ResponseCode::NoError, true);
    expected.add_answer(soa());
    assert_eq!(ask(engine(&[]), &query).await, Some(expected));
}

#[tokio::test]
async fn with_error_responses_off_unknown_names_and_types_get_nothing() {
    for (name, record_type) in [("absent.gslb.example.com.", RecordType::A), (SHOP, RecordType::TXT)] {
        let engine = engine_on(&[two_members()], &HealthBoard::new(), ErrorResponse::Drop);
        assert_eq!(ask(engine, &query(name, record_type)).await, None, "{name} {record_type}");
    }
}

/// Answers to A and AAAA when every member of the service is down.
async fn when_down(down_response: Value, record_type: RecordType) -> Option<Vec<Record>> {
    let board = HealthBoard::new();
    for address in ["192.0.2.1", "192.0.2.2"] {
        board.set_probe(key(address), false);
    }
    let service = with(monitored(two_members()), json!({"down_response": down_response}));
    let query = query(SHOP, record_type);
    let answer = ask(engine_on(&[service], &board, ErrorResponse::Nxdomain), &query).await?;
    let mut expected = response(&query, ResponseCode::NoError, true);
    expected.add_answers(answer.answers.clone());
    assert_eq!(answer, expected, "nothing but answers");
    Some(answer.answers)
}

#[tokio::test]
async fn each_down_response_answers_in_its_way() {
    let kind = |kind: &str| {
        json!({"type": format!("GSLB_SERVICE_DOWN_RESPONSE_{kind}"),
        "fallback_ip": {"addr": "198.51.100.9"}, "fallback_ip6": {"addr": "2001:db8::9"},
        "fallback_cname": "sorry.example.org"})
    };
    let a = |ip: &str| record(SHOP, 30, ip);
    let cname = RData::CNAME(CNAME(Name::from_ascii("sorry.example.org.").unwrap()));
    let cname = Record::from_rdata(Name::from_ascii(SHOP).unwrap(), 30, cname);
    let table = [
        (Value::Null, RecordType::A, None),
        (kind("NONE"), RecordType::A, None),
        (kind("NONE"), RecordType::AAAA, Some(vec![])),
        (kind("EMPTY"), RecordType::A, Some(vec![])),
        (kind("ALL_RECORDS"), RecordType::A, Some(vec![a("192.0.2.1"), a("192.0.2.2")])),
        (kind("FALLBACK_IP"), RecordType::A, Some(vec![a("198.51.100.9")])),
        (kind("FALLBACK_IP"), RecordType::AAAA, Some(vec![a("2001:db8::9")])),
        (kind("CNAME"), RecordType::A, Some(vec![cname])),
    ];
    for (down_response, record_type, expected) in table {
        assert_eq!(when_down(down_response.clone(), record_type).await, expected, "{down_response} {record_type}");
    }
}

#[tokio::test]
async fn edns_comes_back_with_the_client_subnet_and_the_subnet_decides_about_public_addresses() {
    let subnet = |scope| EdnsOption::Subnet(ClientSubnet::new("203.0.113.0".parse().unwrap(), 24, scope));
    let edns = |payload, scope| {
        let mut edns = Edns::new();
        edns.set_max_payload(payload).set_version(0);
        edns.options_mut().insert(subnet(scope));
        edns
    };
    let public = with(member("10.9.9.9", 1), json!({"public_ip": {"ip": {"addr": "198.51.100.7", "type": "V4"}}}));
    for (used, address) in [(true, "198.51.100.7"), (false, "10.9.9.9")] {
        let mut query = query(SHOP, RecordType::A);
        query.set_edns(edns(4096, 0));
        let mut expected = response(&query, ResponseCode::NoError, true);
        expected.add_answer(record(SHOP, 30, address)).set_edns(edns(1232, 24));
        let service =
            with(service(&[pool(10, std::slice::from_ref(&public))]), json!({"use_edns_client_subnet": used}));
        let answer = ask(engine(&[service]), &query).await.unwrap();
        assert_eq!(answer.edns.as_ref().unwrap().option(EdnsCode::Subnet), Some(&subnet(24)));
        assert_eq!(answer, expected, "client subnet used: {used}");
    }
}

#[tokio::test]
async fn other_classes_are_refused_and_other_operations_not_implemented() {
    let mut chaos = query(SHOP, RecordType::A);
    chaos.queries[0].set_query_class(DNSClass::CH);
    let expected = response(&chaos, ResponseCode::Refused, false);
    assert_eq!(ask(engine(&[]), &chaos).await, Some(expected));

    let mut status = query(SHOP, RecordType::A);
    status.metadata.op_code = OpCode::Status;
    let mut expected = response(&status, ResponseCode::NotImp, false);
    expected.metadata.op_code = OpCode::Status;
    assert_eq!(ask(engine(&[]), &status).await, Some(expected));
}
