//! What a blackout of a site or a cluster takes with it.

use crate::up::darkness::{Darkness, UnknownTarget};
use crate::up::topology::Topology;

/// Which of the clusters are dark, and which virtual addresses.
fn shadow(darkness: &Darkness) -> (Vec<bool>, Vec<bool>) {
    let topology = Topology::default();
    let clusters = ["s1az1", "s1az2", "s2"].map(|context| darkness.cluster(&topology, context));
    let addresses = ["127.10.25.46", "127.10.26.46", "127.20.25.46"]
        .map(|address| darkness.address(&topology, address.parse().unwrap()));
    (clusters.to_vec(), addresses.to_vec())
}

fn dark(names: &[&str]) -> Darkness {
    let mut darkness = Darkness::default();
    names.iter().for_each(|name| darkness.add(&Topology::default(), name).unwrap());
    darkness
}

#[test]
fn a_site_takes_its_clusters_and_their_addresses_with_it() {
    let darkness = dark(&["site1"]);
    assert_eq!(shadow(&darkness), (vec![true, true, false], vec![true, true, false]));
    assert!(darkness.site("site1") && !darkness.site("site2"));
}

#[test]
fn a_cluster_leaves_its_site_alone() {
    let darkness = dark(&["s1az2"]);
    assert_eq!(shadow(&darkness), (vec![false, true, false], vec![false, true, false]));
    assert!(!darkness.site("site1"));
}

#[test]
fn a_cluster_stays_dark_while_its_site_is() {
    let mut darkness = dark(&["site1", "s1az1"]);
    darkness.remove(&Topology::default(), "s1az1").unwrap();
    assert_eq!(shadow(&darkness).0, [true, true, false]);
    darkness.remove(&Topology::default(), "site1").unwrap();
    assert_eq!(darkness, Darkness::default());
}

#[test]
fn all_ends_every_blackout() {
    let mut darkness = dark(&["site1", "s2", "neutral"]);
    darkness.remove(&Topology::default(), "all").unwrap();
    assert_eq!(darkness, Darkness::default());
}

#[test]
fn an_unknown_name_is_refused_with_the_known_ones() {
    let known = "neutral, site1, site2, s1az1, s1az2, s2".to_owned();
    let expected = UnknownTarget { name: "mars".into(), known };
    assert_eq!(Darkness::default().add(&Topology::default(), "mars"), Err(expected.clone()));
    assert_eq!(Darkness::default().remove(&Topology::default(), "mars"), Err(expected));
}
