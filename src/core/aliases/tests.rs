//! Who gets an alias.

use super::*;
use proptest::prelude::*;

fn claim(cluster: &str, name: &str, created: Option<i64>, alias: &str) -> AliasClaim {
    AliasClaim {
        undated: created.is_none(),
        created: created.map(|second| Timestamp::from_second(second).unwrap()),
        cluster: cluster.into(),
        namespace: "shop".into(),
        name: name.into(),
        alias: alias.into(),
        uid: None,
    }
}

fn claims(of: &[AliasClaim]) -> Claims {
    let mut claims = of.to_vec();
    claims.sort();
    claims.into()
}

fn services(names: &[&str]) -> Services {
    names.iter().map(|name| Arc::from(*name)).collect()
}

fn granted(table: &AliasTable, service: &str) -> Vec<String> {
    table.granted(service).iter().map(ToString::to_string).collect()
}

/// EX-25, DB-25
#[test]
fn an_alias_that_two_clusters_declare_for_one_service_stays_until_the_last_of_them_takes_it_back() {
    let mut table = AliasTable::default();
    let a = claims(&[claim("ctx-a", "hr", Some(1), "zz.org"), claim("ctx-a", "hr", Some(1), "alias.org")]);
    let b = claims(&[claim("ctx-b", "hr", Some(2), "alias.org"), claim("ctx-b", "hr", Some(2), "b.org")]);
    assert_eq!(table.set("ctx-a", "d.org", a), services(&["d.org"]));
    assert_eq!(granted(&table, "d.org"), ["alias.org", "zz.org"]);
    assert_eq!(table.set("ctx-b", "d.org", b), services(&["d.org"]));
    assert_eq!(granted(&table, "d.org"), ["alias.org", "b.org", "zz.org"]);
    assert_eq!(table.waiting().collect::<Vec<_>>(), [], "one service, so nobody waits");
    assert_eq!(table.set("ctx-a", "d.org", Claims::default()), services(&["d.org"]));
    assert_eq!(granted(&table, "d.org"), ["alias.org", "b.org"]);
}

/// DB-25: two services cannot have one name, and an alias can be done without.
#[test]
fn a_name_that_a_service_has_for_its_own_is_nobodys_alias_until_that_service_is_gone() {
    let mut table = AliasTable::default();
    let wish = claim("ctx-a", "hr", Some(1), "own.org");
    assert_eq!(table.set_name("own.org", true), Services::new(), "nobody claims it");
    table.set("ctx-a", "d.org", claims(std::slice::from_ref(&wish)));
    assert_eq!((granted(&table, "d.org"), table.take_news()), (vec!["own.org".to_owned()], false));
    assert_eq!(table.set_name("own.org", true), services(&["d.org"]));
    assert_eq!((granted(&table, "d.org"), table.take_news()), (vec![], true));
    let waiting = Waiting { claim: wish, service: "d.org".into(), winner: None, holder: "own.org".into() };
    assert_eq!(table.waiting().collect::<Vec<_>>(), [waiting]);
    assert_eq!(table.set_name("own.org", false), services(&["d.org"]));
    assert_eq!((granted(&table, "d.org"), table.take_news()), (vec!["own.org".to_owned()], true));
    assert_eq!(table.waiting().collect::<Vec<_>>(), []);
}

/// DB-25
#[test]
fn of_two_services_the_older_claim_has_the_alias_and_the_other_follows_when_it_goes() {
    let mut table = AliasTable::default();
    let young = claim("ctx-a", "young", Some(9), "shared.org");
    let old = claim("ctx-b", "old", Some(3), "shared.org");
    assert_eq!(table.set("ctx-a", "young.org", claims(std::slice::from_ref(&young))), services(&["young.org"]));
    assert_eq!(table.set("ctx-b", "old.org", claims(std::slice::from_ref(&old))), services(&["old.org", "young.org"]));
    assert_eq!((granted(&table, "old.org"), granted(&table, "young.org")), (vec!["shared.org".into()], vec![]));
    let waiting = Waiting { claim: young, service: "young.org".into(), winner: Some(old), holder: "old.org".into() };
    assert_eq!(table.waiting().collect::<Vec<_>>(), [waiting]);
    assert_eq!(table.set("ctx-b", "old.org", Claims::default()), services(&["old.org", "young.org"]));
    assert_eq!(granted(&table, "young.org"), ["shared.org"]);
    assert_eq!(table.waiting().collect::<Vec<_>>(), []);
}

/// DB-25
#[test]
fn a_claim_without_a_date_comes_after_every_dated_one() {
    let mut table = AliasTable::default();
    table.set("ctx-a", "a.org", claims(&[claim("ctx-a", "hr", None, "x.org")]));
    table.set("ctx-b", "b.org", claims(&[claim("ctx-b", "hr", Some(99), "x.org")]));
    assert_eq!((granted(&table, "a.org"), granted(&table, "b.org")), (vec![], vec!["x.org".to_owned()]));
}

#[test]
fn claims_that_stay_the_same_change_nobody() {
    let mut table = AliasTable::default();
    let same = claims(&[claim("ctx-a", "hr", Some(1), "x.org")]);
    table.set("ctx-a", "a.org", Arc::clone(&same));
    assert_eq!(table.set("ctx-a", "a.org", same), Services::new());
    assert_eq!(table.set("ctx-b", "a.org", Claims::default()), Services::new());
}

#[test]
fn a_table_from_which_everything_was_taken_back_holds_nothing() {
    let mut table = AliasTable::default();
    table.set("ctx-a", "a.org", claims(&[claim("ctx-a", "hr", Some(1), "x.org")]));
    table.set("ctx-b", "b.org", claims(&[claim("ctx-b", "hr", Some(2), "x.org")]));
    assert_eq!(table.services_of("ctx-a"), services(&["a.org"]));
    table.set("ctx-a", "a.org", Claims::default());
    table.set("ctx-b", "b.org", Claims::default());
    table.take_news();
    assert_eq!(format!("{table:?}"), format!("{:?}", AliasTable::default()));
}

/// One `set`: cluster, service, and the claims as (name of the rule, second, alias).
type Step = (usize, usize, Vec<(usize, Option<i64>, usize)>);

const CLUSTERS: [&str; 3] = ["ctx-a", "ctx-b", "ctx-c"];
const SERVICES: [&str; 4] = ["a.org", "b.org", "c.org", "d.org"];
const ALIASES: [&str; 4] = ["w.org", "x.org", "y.org", "z.org"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let claim = (0..2_usize, proptest::option::of(0..3_i64), 0..ALIASES.len());
    let step = (0..CLUSTERS.len(), 0..SERVICES.len(), proptest::collection::vec(claim, 0..4));
    proptest::collection::vec(step, 0..20)
}

fn of_step((cluster, _, wanted): &Step) -> Claims {
    let mut found: Vec<AliasClaim> = wanted
        .iter()
        .map(|(rule, created, alias)| claim(CLUSTERS[*cluster], &format!("hr{rule}"), *created, ALIASES[*alias]))
        .collect();
    found.sort();
    found.dedup();
    found.into()
}

fn all_granted(table: &AliasTable) -> Vec<Vec<String>> {
    SERVICES.iter().map(|service| granted(table, service)).collect()
}

proptest! {
    /// DB-25: the grants are those of a table that was told only the last state, in the order of the names, and
    /// no service whose aliases differ goes unnamed.
    #[test]
    fn whatever_the_order_of_changes_the_grants_follow_from_the_claims_that_are_left(steps in steps()) {
        let mut table = AliasTable::default();
        let mut last = BTreeMap::new();
        for step in &steps {
            let before = all_granted(&table);
            let changed = table.set(CLUSTERS[step.0], SERVICES[step.1], of_step(step));
            let after = all_granted(&table);
            let differs = SERVICES.iter().enumerate().filter(|(index, _)| before[*index] != after[*index]);
            let differs: Services = differs.map(|(_, service)| Arc::from(*service)).collect();
            prop_assert!(differs.is_subset(&changed), "{differs:?} {changed:?}");
            last.insert((step.0, step.1), of_step(step));
        }
        let mut fresh = AliasTable::default();
        for ((cluster, service), claims) in last {
            fresh.set(CLUSTERS[cluster], SERVICES[service], claims);
        }
        prop_assert_eq!(all_granted(&table), all_granted(&fresh));
        prop_assert_eq!(table.waiting().collect::<Vec<_>>(), fresh.waiting().collect::<Vec<_>>());
    }
}
