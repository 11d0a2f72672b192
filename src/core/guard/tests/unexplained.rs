//! Members that nothing explains.

use super::losses::{Case, Told};
use crate::core::gslb::Member;
use crate::core::guard::*;
use std::net::IpAddr;

/// Two clusters' members, and one more; `found` says whether that was there when this process looked first.
fn with_a_stranger(found: bool, controller: Option<&str>) -> Case {
    let mut case = Case::new();
    let service = &mut case.controller.observed.only_mut().service_mut().content;
    let first = service.pools[0].members[0].clone();
    let address = IpAddr::from([198, 51, 100, 7]);
    let stranger = Member { address, cluster_uuid: controller.map(Into::into), vs_uuid: None, ..first };
    if found {
        case.former.note_found([&stranger]);
    }
    service.pools[0].members.push(stranger);
    case
}

/// Moves the object of the first cluster, and forgets that.
fn moved(case: &mut Case) {
    case.change(0, |endpoint| endpoint.addresses = IpAddr::from([10, 1, 0, 99]).into());
    case.former = Former::default();
    case.former.note_found([&stranger_of(case)]);
}

fn stranger_of(case: &Case) -> Member {
    let service = &case.controller.observed.services().next().unwrap().content;
    service.members().last().unwrap().clone()
}

/// FND-A3
#[test]
fn what_was_found_and_nothing_explains_counts_as_lost() {
    type Change = fn(&mut Case);
    let unknown = |empties| Some(([(Party::Unknown.to_string(), Cause::Unexplained)].into(), empties));
    let table: [(&str, Case, Change, Told); 5] = [
        ("found", with_a_stranger(true, None), |_| {}, unknown(false)),
        ("added since", with_a_stranger(false, None), |_| {}, None),
        ("of a controller with objects", with_a_stranger(true, Some("cluster-avi-web")), |_| {}, None),
        ("of another controller", with_a_stranger(true, Some("cluster-other")), |_| {}, unknown(false)),
        ("beside an object that moved and names its service", with_a_stranger(true, None), moved, unknown(false)),
    ];
    for (what, mut case, change, expected) in table {
        change(&mut case);
        assert_eq!(case.loss(), expected, "{what}");
    }
}

/// FND-A3
#[test]
fn a_held_stranger_stays_and_what_is_added_later_does_not() {
    let keep = || Some(Keep([(Party::Unknown, Cause::Unexplained)].into()));
    let all =
        |last: &[&str]| Some([&["10.1.0.5", "10.2.0.5"][..], last].concat().into_iter().map(str::to_owned).collect());
    let case = with_a_stranger(true, None);
    assert_eq!((case.addresses(keep()), case.addresses(None)), (all(&["198.51.100.7"]), all(&[])));
    let mut case = with_a_stranger(true, None);
    let later = Member { address: IpAddr::from([203, 0, 113, 9]), ..stranger_of(&case) };
    case.controller.observed.only_mut().service_mut().content.pools[0].members.push(later);
    assert_eq!(case.addresses(keep()), all(&["198.51.100.7"]));
}

/// FND-A3: what is held of a cluster says nothing of a member that is none of its objects'.
#[test]
fn an_object_that_is_offered_explains_its_own_address_only() {
    let mut case = with_a_stranger(true, None);
    case.deploy(|policy| {
        policy.clusters.remove("ctx-b");
        policy.taken_out.insert("ctx-b".into());
    });
    let lost = [("cluster ctx-b".to_owned(), Cause::Unmatched), (Party::Unknown.to_string(), Cause::Unexplained)];
    assert_eq!(case.loss(), Some((lost.into(), false)));
    let keep = |party, cause| Some(Keep([(party, cause)].into()));
    let cluster = case.addresses(keep(Party::Cluster("ctx-b".into()), Cause::Unmatched)).unwrap();
    let stranger = case.addresses(keep(Party::Unknown, Cause::Unexplained)).unwrap();
    assert_eq!(
        (cluster, stranger),
        (vec!["10.1.0.5".into(), "10.2.0.5".into()], vec!["10.1.0.5".into(), "198.51.100.7".into()])
    );
}
