//! How control plane and probes make a member up or down.

use super::super::ControlState;
use super::super::judge::{is_usable, judge};
use super::*;
use crate::avi::Finding::{Down, NotConfigured, Unavailable, Up};
use crate::avi::{Finding, HealthView, MemberHealth};

/// Control plane, probes, `min_health_monitors_up`, and what is found of the probes.
type Case = (Finding, &'static [Option<bool>], Option<usize>, Finding);

const GOOD: Option<bool> = Some(true);
const BAD: Option<bool> = Some(false);

#[test]
fn control_plane_and_probes_combine_as_the_controller_documents() {
    let table: [(Finding, &[Option<bool>], bool); 11] = [
        (Up, &[GOOD], true),
        (Up, &[BAD], false),
        (Down, &[GOOD], false),
        (Down, &[BAD], false),
        (Unavailable, &[GOOD], true),
        (Unavailable, &[BAD], false),
        (Up, &[], true),
        (NotConfigured, &[GOOD], true),
        (NotConfigured, &[BAD], false),
        (Unavailable, &[], false),
        (NotConfigured, &[], true),
    ];
    for (control, probes, expected) in table {
        for min in [None, Some(2)] {
            assert_eq!(is_usable(judge(control, probes, min)), expected, "{control:?} {probes:?} {min:?}");
        }
    }
}

#[test]
fn min_health_monitors_up_counts_the_control_plane_as_one() {
    let table: [Case; 13] = [
        (Up, &[GOOD, BAD], None, Down),
        (Up, &[GOOD, GOOD], None, Up),
        (Up, &[GOOD, BAD], Some(2), Up),
        (Up, &[BAD, BAD], Some(2), Down),
        (Up, &[GOOD, BAD], Some(3), Down),
        (Up, &[GOOD, GOOD], Some(3), Up),
        (Unavailable, &[GOOD, BAD], Some(2), Down),
        (Unavailable, &[GOOD, GOOD], Some(3), Up),
        (NotConfigured, &[GOOD, BAD], Some(1), Up),
        (Up, &[BAD], Some(1), Down),
        (Up, &[None], Some(2), Unavailable),
        (Up, &[None, BAD], Some(3), Down),
        (Up, &[None, GOOD], Some(2), Up),
    ];
    for (control, probes, min, data) in table {
        assert_eq!(judge(control, probes, min), MemberHealth { control, data }, "{control:?} {probes:?} {min:?}");
    }
}

#[test]
fn a_new_member_stays_out_until_a_probe_has_come_to_a_verdict() {
    assert!(!is_usable(judge(Up, &[None], Some(2))));
    assert!(is_usable(judge(Up, &[GOOD], Some(2))));
}

#[test]
fn the_board_knows_what_each_site_says_unless_it_is_unreachable() {
    let board = HealthBoard::new();
    let mut changes = board.changes();
    assert_eq!(board.control("c1", "vs1"), ControlState::Unavailable);
    board.set_control("c1", "vs1", true);
    assert_eq!(board.control("c1", "vs1"), ControlState::Up);
    board.set_control("c1", "vs1", false);
    assert_eq!(board.control("c1", "vs1"), ControlState::Down);
    board.set_site_reachable("c1", false);
    assert_eq!(board.control("c1", "vs1"), ControlState::Unavailable);
    board.set_site_reachable("c1", true);
    board.remove_control("c1", "vs1");
    assert_eq!(board.control("c1", "vs1"), ControlState::Unavailable);
    assert_eq!(*changes.borrow_and_update(), 5);
    board.set_site_reachable("c1", true);
    board.remove_control("c1", "vs1");
    assert!(!changes.has_changed().unwrap(), "what changes nothing wakes nobody");
}

#[test]
fn the_controllers_read_the_health_that_the_dns_service_goes_by() {
    let board = HealthBoard::new();
    board.set_probe(key("192.0.2.1"), true);
    board.set_control("c1", "vs1", false);
    let member = with(member("192.0.2.1", 1), json!({"cluster_uuid": "c1", "vs_uuid": "vs1"}));
    let engine = engine_on(&[monitored(service(&[pool(10, &[member])]))], &board, ErrorResponse::Nxdomain);
    let health = |site, address: &str| board.member(site, SERVICE, address.parse().unwrap());
    assert_eq!(health(SITE, "192.0.2.1"), MemberHealth { control: Down, data: Up });
    let unknown = MemberHealth { control: Unavailable, data: Unavailable };
    assert_eq!(health(SITE, "192.0.2.9"), unknown);
    assert_eq!(health("site-b", "192.0.2.1"), unknown);
    assert_eq!(first(&engine, "10.0.0.1"), None);
}

#[test]
fn controller_status_and_probes_apply_only_where_the_service_says_so() {
    let board = HealthBoard::new();
    board.set_control("c1", "vs1", false);
    let avi = with(member("192.0.2.1", 1), json!({"cluster_uuid": "c1", "vs_uuid": "vs1"}));
    let pools = [pool(10, &[avi, member("192.0.2.2", 1)])];
    let fields = json!({"controller_health_status_enabled": false,
        "health_monitor_scope": "GSLB_SERVICE_HEALTH_MONITOR_ONLY_NON_AVI_MEMBERS", "num_dns_ip": 0});
    let service = with(monitored(service(&pools)), fields);
    let engine = engine_on(&[service], &board, ErrorResponse::Nxdomain);
    assert_eq!(addresses(&engine, "10.0.0.1"), ["192.0.2.1".parse::<IpAddr>().unwrap()], "the other is not probed yet");
}
