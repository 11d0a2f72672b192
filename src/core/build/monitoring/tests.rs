//! References to monitors, and how many have to be up.

use super::*;
use crate::core::fixtures::{endpoint, installation, strings};

const SUBJECT: Subject<'_> = Subject { tenant: "admin", gs_name: "web.example.org" };

fn monitoring(choice: MonitorChoice<'_>) -> Monitoring {
    Monitoring::of(choice, SUBJECT, &[&endpoint("ctx-a", "web", "10.1.0.5")], &installation().owner)
}

/// DB-29.
#[test]
fn control_plane_own_monitors_and_references_differ_in_what_has_to_be_up() {
    let own = SUBJECT.path_monitor("/", false, None);
    let made = Monitoring { references: vec![own.name.clone()], own: vec![own], ..Monitoring::default() };
    let refs = strings(&["my-hm1", "my-hm2"]);
    let referring = Monitoring { references: refs.clone(), ..Monitoring::default() };
    let cases = [
        (MonitorChoice::ControlPlaneOnly, Monitoring::default(), 1),
        (MonitorChoice::Own(None), made, 2),
        (MonitorChoice::Refs(&refs), referring, 3),
    ];
    for (choice, expected, min_up) in cases {
        let found = monitoring(choice);
        assert_eq!([false, true].map(|bare| found.min_up(bare)), [min_up; 2]);
        assert_eq!(found, expected);
    }
}

/// Several own monitors: any one of them is enough beside the control plane.
#[test]
fn more_own_paths_do_not_raise_what_has_to_be_up() {
    let own = ["/a", "/b", "/c"].map(|path| SUBJECT.path_monitor(path, false, None)).to_vec();
    let references = own.iter().map(|monitor| monitor.name.clone()).collect();
    assert_eq!(Monitoring { references, own, ..Monitoring::default() }.min_up(false), 2);
}

#[test]
fn the_first_six_references_count_each_once_and_the_rest_is_told() {
    let names = strings(&["h1", "h2", "h1", "h3", "h4", "h5", "h6", "h7", "h2", "h8", "h7"]);
    let found = monitoring(MonitorChoice::Refs(&names));
    let expected = Monitoring {
        references: strings(&["h1", "h2", "h3", "h4", "h5", "h6"]),
        limitation: Some(
            "healthMonitorRefs names 8 health monitors, but the controller accepts 6 on a GSLB service; not used: h7, \
             h8; remove some"
                .to_owned(),
        ),
        ..Monitoring::default()
    };
    assert_eq!(found.min_up(true), 7);
    assert_eq!(found, expected);
}

/// FND-A7: each member passes one of the two, and only one with a virtual service has a control plane to count.
#[test]
fn while_members_differ_in_tls_one_monitor_is_enough_in_every_pool() {
    let mut secure = endpoint("ctx-b", "web", "10.2.0.5");
    secure.backend = crate::core::endpoint::Backend::Paths { paths: strings(&["/"]), tls: true };
    let members = [endpoint("ctx-a", "web", "10.1.0.5"), secure];
    let members: Vec<&Endpoint> = members.iter().collect();
    let found = Monitoring::of(MonitorChoice::Own(None), SUBJECT, &members, &installation().owner);
    assert_eq!([false, true].map(|bare| found.min_up(bare)), [2, 1]);
}
