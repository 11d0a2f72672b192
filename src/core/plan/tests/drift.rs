//! What somebody else changed.

use super::*;

/// Name and fields of each object that differs.
fn differing(before: &Observed, now: &Observed) -> Vec<(DriftKind, String, Vec<&'static str>)> {
    drift(before, now).into_iter().map(|drift| (drift.kind, drift.name, drift.fields)).collect()
}

/// DB-10.
#[test]
fn each_field_that_somebody_changed_is_named() {
    type Change = fn(&mut ObservedService);
    let table: [(Change, &[&'static str]); 12] = [
        (|service| service.content.description.push_str(",INGRESS/x/y/z/h"), &["description"]),
        (|service| service.content.domain_names.push("alias.example.org".to_owned()), &["domain_names"]),
        (|service| service.content.pools[0].members[0].ratio = 7, &["groups"]),
        (|service| drop(service.content.monitors.pop()), &["health_monitor_refs"]),
        (|service| service.content.ttl = Some(1), &["ttl"]),
        (|service| service.content.down_response = Some(crate::core::gslb::DownResponse::Empty), &["down_response"]),
        (
            |service| {
                let profile = "gap-1".to_owned();
                service.content.persistence = Some(crate::core::gslb::SitePersistence { profile, pki_profile: None });
            },
            &["site_persistence"],
        ),
        (|service| service.faithful = false, &["others"]),
        (|service| service.uuid = "another".into(), &["uuid"]),
        (|service| (service.content.ttl, service.content.pools[0].priority) = (Some(1), 99), &["groups", "ttl"]),
        // Neither its version nor an order that means nothing.
        (|service| service.last_modified = Some("9".into()), &[]),
        (|service| service.content.monitors.reverse(), &[]),
    ];
    for (index, (change, fields)) in table.into_iter().enumerate() {
        let (_, before) = settled();
        let mut now = before.clone();
        change(now.only_mut().service_mut());
        let expected: Vec<_> =
            (!fields.is_empty()).then(|| (DriftKind::Service, WEB.to_owned(), fields.to_vec())).into_iter().collect();
        assert_eq!(differing(&before, &now), expected, "change {index}");
    }
}

/// DB-10.
#[test]
fn each_change_of_a_monitor_is_named() {
    type Change = fn(&mut ObservedMonitor);
    let table: [(Change, &[&'static str]); 6] = [
        (|monitor| monitor.content.as_mut().unwrap().port = 1, &["monitor_port"]),
        (|monitor| monitor.content.as_mut().unwrap().description.clear(), &["description"]),
        (|monitor| monitor.content.as_mut().unwrap().probe = Probe::Tcp, &["type"]),
        (|monitor| monitor.content = None, &["type"]),
        (|monitor| monitor.faithful = false, &["others"]),
        (|monitor| monitor.last_modified = None, &[]),
    ];
    for (index, (change, fields)) in table.into_iter().enumerate() {
        let (_, before) = settled();
        let mut now = before.clone();
        change(now.only_mut().monitor_mut(ROOT_HM));
        let expected: Vec<_> = (!fields.is_empty())
            .then(|| (DriftKind::Monitor, ROOT_HM.to_owned(), fields.to_vec()))
            .into_iter()
            .collect();
        assert_eq!(differing(&before, &now), expected, "change {index}");
    }
}

/// DB-10.
#[test]
fn what_somebody_deleted_or_made_is_named_and_counted() {
    let (_, before) = settled();
    let mut now = before.clone();
    now.only_mut().service = None;
    now.only_mut().monitors.remove(ROOT_HM);
    let gone = |what| {
        vec![(DriftKind::Service, WEB.to_owned(), vec![what]), (DriftKind::Monitor, ROOT_HM.to_owned(), vec![what])]
    };
    assert_eq!(differing(&before, &now), gone("deleted"));
    assert_eq!(differing(&now, &before), gone("created"));
    assert_eq!(differing(&before, &before), []);
    let counts = DriftCounts::of(&drift(&before, &Observed::default()));
    assert_eq!(counts, DriftCounts { repaired: false, services: 1, monitors: 2 });
}
