//! Tables: the texts of every step, and what is copied.

use super::condition::Step;
use super::copied::Copies;
use super::copy::{Certainty, Change, Found, GRACE, Original, Originals, Wish, changes, wish};
use super::kind::Kind;
use super::survey::{Answer, Peer, Survey, others, survey};
use super::trouble::Trouble;
use super::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

fn member() -> FederationMember {
    FederationMember {
        namespace: "avi-system".into(),
        uid: "u-1".into(),
        is_leader: true,
        context: "ctx-a".into(),
        version: "2.2.1".into(),
        clusters: vec!["ctx-a".into(), "ctx-b".into(), "ctx-c".into()],
    }
}

/// Type, status and reason of some conditions.
fn texts(conditions: &[AmkoClusterCondition]) -> Vec<(&str, &str, &str)> {
    conditions.iter().map(|c| (c.type_.as_str(), c.status.as_str(), c.reason.as_str())).collect()
}

#[test]
fn a_sane_leader_leads_and_one_that_is_told_not_to_stands_by() {
    assert_eq!(decide(&[member()], "avi-system"), Role::Leader { context: "ctx-a".into() });
    assert_eq!(conditions_at_home(&[member()], "avi-system"), []);
    let follower = FederationMember { is_leader: false, version: String::new(), ..member() };
    let follower = [follower];
    assert_eq!(decide(&follower, "avi-system"), Role::Follower, "a follower is not checked any further");
    let conditions = conditions_at_home(&follower, "avi-system");
    assert_eq!(texts(&conditions), [("current AMKOCluster Validation", "won't federate objects", "AMKO not a leader")]);
}

#[test]
fn nothing_is_decided_from_none_or_several_objects_and_nobody_is_told() {
    let cases: [(&[FederationMember], &str); 2] = [
        (&[], "No AMKOCluster object was found"),
        (&[member(), member()], "only one AMKOClusterObject allowed per cluster"),
    ];
    for (members, text) in cases {
        assert_eq!(decide(members, "avi-system"), Role::Undecided(text.into()));
        assert_eq!(conditions_at_home(members, "avi-system"), []);
    }
}

#[test]
fn an_insane_object_is_not_decided_from_and_says_why() {
    let cases = [
        (FederationMember { namespace: "other".into(), ..member() }, "AMKOCluster's namespace is not avi-system"),
        (
            FederationMember { context: String::new(), ..member() },
            "clusterContext field can't be empty in AMKOCluster object",
        ),
        (FederationMember { version: String::new(), ..member() }, "version field can't be empty in AMKOCluster object"),
    ];
    for (member, text) in cases {
        let members = [member];
        assert_eq!(decide(&members, "avi-system"), Role::Undecided(text.into()));
        let conditions = conditions_at_home(&members, "avi-system");
        assert_eq!(texts(&conditions), [("current AMKOCluster Validation", "invalid AMKOCluster object", text)]);
    }
}

#[test]
fn a_leader_that_is_not_among_its_own_clusters_is_not_one() {
    let text =
        "error in initialising member cluster contexts: current cluster context ctx-a not part of member clusters";
    let members = [FederationMember { clusters: vec!["ctx-b".into()], ..member() }];
    assert_eq!(decide(&members, "avi-system"), Role::Undecided(text.into()));
    let conditions = conditions_at_home(&members, "avi-system");
    let expected = [
        ("current AMKOCluster Validation", "valid AMKOCluster object", ""),
        ("member cluster initialisation", "member cluster clients invalid", text),
    ];
    assert_eq!(texts(&conditions), expected);
}

#[test]
fn the_others_are_asked_once_each_in_the_order_of_the_object() {
    let clusters = ["ctx-c", "ctx-a", "ctx-b", "ctx-c"].map(str::to_owned).to_vec();
    assert_eq!(others(&FederationMember { clusters, ..member() }), ["ctx-c", "ctx-b"]);
}

fn peer(version: &str) -> Answer {
    Answer::Peers(vec![Peer { is_leader: false, version: version.into() }])
}

fn rival() -> Answer {
    Answer::Peers(vec![Peer { is_leader: true, version: "9".into() }])
}

fn asked(b: Answer, c: Answer) -> Survey {
    survey(&member(), &[("ctx-b".into(), b), ("ctx-c".into(), c)])
}

const OWN: (&str, &str, &str) = ("current AMKOCluster Validation", "valid AMKOCluster object", "");
const CLIENTS: (&str, &str, &str) = ("member cluster initialisation", "all cluster clients fetched", "");

#[test]
fn members_of_the_same_version_are_all_valid() {
    let survey = asked(peer("2.2.1"), peer("2.2.1"));
    assert_eq!((survey.valid, survey.rival, survey.retry), (vec!["ctx-b".into(), "ctx-c".into()], None, false));
    let members = ("member cluster validation", "validated all member clusters", "");
    assert_eq!(texts(&survey.conditions), [OWN, CLIENTS, members]);
}

#[test]
fn one_member_is_left_out_for_any_of_these_reasons_and_the_others_go_on() {
    let unreachable = "error in getting AMKOCluster list for cluster ctx-b: refused";
    let cases = [
        (Answer::NoList("refused".into()), unreachable),
        (
            Answer::Peers(vec![Peer { is_leader: false, version: "2.2.1".into() }; 2]),
            "more than one AMKOCluster objects present in cluster ctx-b, can't federate",
        ),
        (Answer::Own, "context ctx-b leads to the cluster in which this AMKO runs: correct the kubeconfig"),
        (peer("2.1.1"), "version mismatch, current AMKO: 2.2.1, AMKO in cluster ctx-b: 2.1.1"),
    ];
    for (answer, reason) in cases {
        let survey = asked(answer, peer("2.2.1"));
        assert_eq!((survey.valid, survey.rival, survey.retry), (vec!["ctx-c".into()], None, true));
        let members = ("member cluster validation", "error in validating some member clusters", reason);
        assert_eq!(texts(&survey.conditions), [OWN, CLIENTS, members]);
    }
    let both = asked(Answer::NoList("refused".into()), peer("2.1.1"));
    let reason = format!("{unreachable},version mismatch, current AMKO: 2.2.1, AMKO in cluster ctx-c: 2.1.1");
    assert_eq!(both.valid, Vec::<String>::new());
    assert_eq!(both.conditions[2].reason, reason);
}

#[test]
fn a_cluster_without_amko_is_left_out_and_that_is_no_reason_to_try_again() {
    let absences = [
        (Answer::NoKind("404".into()), "error in getting AMKOCluster list for cluster ctx-b: 404"),
        (Answer::Peers(vec![]), "no AMKOCluster object present in cluster ctx-b, can't federate"),
    ];
    for (answer, reason) in absences {
        let alone = asked(answer.clone(), peer("2.2.1"));
        assert_eq!(
            (alone.valid, alone.retry, alone.without_amko),
            (vec!["ctx-c".into()], false, vec!["ctx-b".to_owned()])
        );
        let members = ("member cluster validation", "error in validating some member clusters", reason);
        assert_eq!(texts(&alone.conditions), [OWN, CLIENTS, members]);
        let beside = asked(answer, peer("2.1.1"));
        assert_eq!((beside.retry, beside.without_amko), (true, vec![]), "something else is wrong as well");
    }
}

#[test]
fn another_leader_is_a_conflict_whatever_else_is_wrong() {
    let text = "AMKO in cluster ctx-c is also a leader, conflicting state";
    let survey = asked(Answer::NoList("refused".into()), rival());
    assert_eq!((survey.valid, survey.rival), (vec![], Some(Trouble::AnotherLeader("ctx-c".into()))));
    let members = ("member cluster validation", "member cluster clients invalid", text);
    assert_eq!(texts(&survey.conditions), [OWN, CLIENTS, members]);
    let survey = asked(Answer::UnknownContext, rival());
    assert_eq!(survey.rival.map(|rival| rival.to_string()).as_deref(), Some(text));
}

#[test]
fn a_context_that_is_not_in_the_kubeconfig_ends_the_run() {
    let text = "error in initialising member cluster contexts: error in building context config for kubernetes cluster \
                ctx-b: context \"ctx-b\" does not exist";
    let survey = asked(Answer::UnknownContext, peer("2.2.1"));
    assert_eq!((survey.valid, survey.rival, survey.retry), (vec![], None, true));
    let clients = ("member cluster initialisation", "member cluster clients invalid", text);
    assert_eq!(texts(&survey.conditions), [OWN, clients]);
}

#[test]
fn a_cluster_without_client_is_left_out_and_without_any_the_run_ends() {
    let (b, c) = (
        "error in initializing member custer context ctx-b: no",
        "error in initializing member custer context ctx-c: no",
    );
    let no = || Answer::NoClient("no".into());
    let some = "some member cluster clients couldn't be fetched";
    let survey = asked(no(), peer("2.2.1"));
    assert_eq!((survey.valid, survey.retry), (vec!["ctx-c".into()], true));
    let members = ("member cluster validation", "validated all member clusters", "");
    assert_eq!(texts(&survey.conditions), [OWN, ("member cluster initialisation", some, b), members]);
    let survey = asked(no(), no());
    let reason = format!("{b},{c}");
    assert_eq!(texts(&survey.conditions), [OWN, ("member cluster initialisation", some, reason.as_str())]);
}

#[test]
fn a_federation_of_one_has_nobody_to_copy_to_and_does_not_ask_again() {
    let survey = survey(&member(), &[]);
    let clients =
        ("member cluster initialisation", "member cluster clients invalid", "no valid cluster contexts found");
    assert_eq!((texts(&survey.conditions), survey.retry), (vec![OWN, clients], false));
}

#[test]
fn the_steps_of_copying_say_how_they_went() {
    let (object, cluster, error) = ("avi-system/x".to_owned(), "ctx-b".to_owned(), "no".to_owned());
    let namespace = "avi-system".to_owned();
    let cases = [
        (Kind::GslbConfig, "GSLBConfig Federation", "GSLBConfig", "GSLBConfigs", "GSLBConfig"),
        (
            Kind::GlobalDeploymentPolicy,
            "GDP Federation",
            "GSLBConfig object",
            "GlobalDeploymentPolicies",
            "GlobalDeploymentPolicy",
        ),
    ];
    for (kind, step, created, plural, name) in cases {
        let done = Step::Copy(kind).taken(&[]);
        assert_eq!(texts(&[done]), [(step, "federated to all valid clusters successfully", "")]);
        let (object, cluster, error, namespace) = (object.clone(), cluster.clone(), error.clone(), namespace.clone());
        let troubles = [
            (
                Trouble::NotCreated { kind, object: object.clone(), cluster: cluster.clone(), error: error.clone() },
                format!("error in creating {created} avi-system/x on cluster ctx-b: no"),
            ),
            (
                Trouble::NotReplaced { object: object.clone(), cluster: cluster.clone(), error: error.clone() },
                "can't update object avi-system/x on cluster ctx-b: no".into(),
            ),
            (
                Trouble::NoList { kind, namespace: namespace.clone(), cluster: cluster.clone(), error: error.clone() },
                format!("can't list {plural} in avi-system namespace for ctx-b cluster: no"),
            ),
            (
                Trouble::NotCleared { kind, namespace, cluster: cluster.clone(), error: error.clone() },
                format!(
                    "error in deleting all objects of kind {name} in avi-system namespace and in ctx-b cluster: no"
                ),
            ),
            (
                Trouble::NotDeleted { kind, object, cluster, error },
                format!("error in deleting {name} avi-system/x on cluster ctx-b: no"),
            ),
        ];
        for (trouble, text) in troubles {
            let partly = Step::Copy(kind).taken(&[trouble.clone(), trouble]);
            let reason = format!("{text},{text}");
            assert_eq!(texts(&[partly]), [(step, "error in federating to some clusters", reason.as_str())]);
        }
    }
}

fn original(name: &str) -> Original {
    Original {
        name: name.into(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        spec: json!({"refreshInterval": 60}),
        status: Value::Null,
    }
}

fn of(objects: &[&str], unreadable: &[&str]) -> Originals {
    Originals {
        objects: objects.iter().map(|name| original(name)).collect(),
        unreadable: unreadable.iter().map(|name| (*name).to_owned()).collect(),
        certainty: Certainty::Found,
    }
}

/// DB-37
#[test]
fn followers_are_cleared_only_after_the_leader_has_had_nothing_for_a_while() {
    let (short, kind) = (Duration::from_secs(59), Kind::GslbConfig);
    assert_eq!(wish(kind, &of(&[], &[]), Some(short)), Ok(Wish::Leave));
    assert_eq!(wish(kind, &of(&[], &[]), Some(GRACE)), Ok(Wish::Clear));
    assert_eq!(wish(kind, &of(&[], &[]), None), Ok(Wish::Leave), "nobody is known to have wished for that");
    let unreadable = Err(Trouble::Unreadable { kind, object: "avi-system/gc-1".into() });
    assert_eq!(wish(kind, &of(&[], &["avi-system/gc-1"]), Some(GRACE)), unreadable);
    assert_eq!(wish(kind, &of(&["gc-1"], &[]), Some(GRACE)), Ok(Wish::Copy(Box::new(original("gc-1")))));
}

/// FND-A2: while the policy in force may come back, no other one reaches the followers.
#[test]
fn nothing_is_copied_or_cleared_while_a_policy_may_come_back() {
    for objects in [&["draft"][..], &[], &["x", "y"]] {
        let open = Originals { certainty: Certainty::Open, ..of(objects, &[]) };
        assert_eq!(wish(Kind::GlobalDeploymentPolicy, &open, Some(GRACE)), Ok(Wish::Leave));
    }
}

/// FND-F1: a status of the leader alone is no difference; another spec is.
#[test]
fn what_a_follower_has_is_what_was_wished_for_when_it_was_copied() {
    let (kind, of) = (Kind::GslbConfig, |original: Original| Wish::Copy(Box::new(original)));
    let first = of(original("gc-1"));
    let told = of(Original { status: json!({"state": "x"}), ..original("gc-1") });
    let changed = of(Original { spec: json!({"refreshInterval": 61}), ..original("gc-1") });
    let mut copies = Copies::default();
    let seen = |copies: &Copies| [&first, &told, &changed, &Wish::Leave].map(|wish| copies.has("ctx-b", kind, wish));
    assert_eq!(seen(&copies), [false, false, false, true]);
    copies.note("ctx-b", kind, Some(&first));
    copies.note("ctx-b", kind, Some(&Wish::Leave));
    assert_eq!((seen(&copies), copies.has("ctx-c", kind, &first)), ([true, true, false, true], false));
    copies.note("ctx-b", kind, Some(&changed));
    assert_eq!(seen(&copies), [false, false, true, true]);
    copies.note("ctx-b", kind, None);
    assert_eq!(seen(&copies), [false, false, false, true], "it failed, so what is there is not known");
}

#[test]
fn several_objects_of_a_kind_on_the_leader_end_the_run() {
    let cases = [
        (Kind::GslbConfig, "more than one GSLBConfig objects are present in the current cluster"),
        (Kind::GlobalDeploymentPolicy, "more than one GlobalDeploymentPolicies are present in the current cluster"),
    ];
    for (kind, text) in cases {
        for originals in [of(&["x", "y"], &[]), of(&["x"], &["avi-system/y"])] {
            let trouble = wish(kind, &originals, None).unwrap_err();
            let condition = Step::Copy(kind).failed(&trouble);
            assert_eq!((condition.status.as_str(), condition.reason.as_str()), ("failure in federation", text));
        }
    }
}

fn found(name: &str, spec: Value, annotations: &[(&str, &str)]) -> Found {
    let annotations = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Found { name: name.into(), annotations, spec }
}

const UUID: &str = "amko.vmware.com/amko-uuid";

/// DB-36
#[test]
fn a_follower_gets_the_one_object_with_its_uuid_and_loses_the_others() {
    let uuid: BTreeMap<String, String> = [(UUID.to_owned(), "u-1".to_owned())].into();
    let mut original = original("gc-1");
    original.annotations = uuid.clone();
    original.annotations.insert("note".into(), "only at creation".into());
    let spec = original.spec.clone();
    let wish = Wish::Copy(Box::new(original));
    let delete = |name: &str| Change::Delete { name: name.into() };
    let replace = |annotations: &BTreeMap<String, String>| Change::Replace {
        spec: spec.clone(),
        annotations: annotations.clone(),
    };
    let cases = [
        (vec![], vec![Change::Create]),
        (vec![found("old", json!({}), &[])], vec![Change::Create, delete("old")]),
        (vec![found("gc-1", spec.clone(), &[])], vec![replace(&uuid)]),
        (vec![found("gc-1", spec.clone(), &[(UUID, "u-2")])], vec![replace(&uuid)]),
        (vec![found("gc-1", json!({}), &[(UUID, "u-1")])], vec![replace(&BTreeMap::new())]),
        (vec![found("gc-1", json!("odd"), &[(UUID, "u-1")])], vec![replace(&BTreeMap::new())]),
        (vec![found("gc-1", spec.clone(), &[(UUID, "u-1"), ("more", "")])], vec![]),
        (vec![found("a", json!({}), &[]), found("gc-1", spec.clone(), &[(UUID, "u-1")])], vec![delete("a")]),
    ];
    for (found, expected) in cases {
        assert_eq!(changes(Kind::GslbConfig, &wish, &found), expected, "{found:?}");
    }
    let present = [found("gc-1", json!({}), &[])];
    assert_eq!(changes(Kind::GslbConfig, &Wish::Clear, &present), [delete("gc-1")]);
    assert_eq!(changes(Kind::GslbConfig, &Wish::Leave, &present), []);
}

#[test]
fn what_an_api_server_fills_in_is_no_difference_and_a_policy_carries_no_annotation() {
    let split = |weight: Value| json!({"trafficSplit": [{"cluster": "ctx-a", "weight": weight, "priority": 10}]});
    let mut original = original("gdp");
    original.spec = split(json!(1));
    original.annotations.insert(UUID.into(), "u-1".into());
    let wish = Wish::Copy(Box::new(original));
    let changes_of = |spec: Value| changes(Kind::GlobalDeploymentPolicy, &wish, &[found("gdp", spec, &[])]);
    assert_eq!(changes_of(json!({"trafficSplit": [{"cluster": "ctx-a"}], "matchRules": {}})), []);
    assert_eq!(changes_of(split(json!(2))).len(), 1);
}

#[test]
fn a_status_of_the_leader_alone_is_nothing_to_copy() {
    let (before, mut after) = (of(&["gc-1"], &[]), of(&["gc-1"], &[]));
    after.objects[0].status = json!({"state": "success: gslb config accepted"});
    assert!(before.asks_the_same_as(&after) && before != after);
    after.objects[0].spec = json!({});
    assert!(!before.asks_the_same_as(&after));
}
