//! What decisions take away, and why.

use crate::core::build::Decision;
use crate::core::build::{Built, Inputs, build};
use crate::core::endpoint::Endpoint;
use crate::core::fixtures::{Controller, deployment, endpoint, in_force, labels};
use crate::core::gslb::Member;
use crate::core::guard::*;
use crate::core::occurrence::digest;
use crate::core::plan::Unseen;
use crate::core::policy::{DeploymentPolicy, DeploymentState, Installation, PolicySnapshot};
use std::collections::BTreeMap;
use std::sync::Arc;

const FQDN: &str = "web.example.org";

/// Who loses everything and why, and whether the name keeps no member.
type Told = Option<(BTreeMap<String, Cause>, bool)>;

/// One FQDN in two clusters, written; and what has become of it since.
struct Case {
    controller: Controller,
    offered: Vec<Arc<Endpoint>>,
    former: Former,
    policy: PolicySnapshot,
    unseen: Unseen,
    unknown: Unseen,
}

impl Case {
    fn new() -> Self {
        Self::of(vec![endpoint("ctx-a", "web", "10.1.0.5"), endpoint("ctx-b", "web", "10.2.0.5")])
    }

    fn of(offered: Vec<Endpoint>) -> Self {
        let mut case = Self {
            controller: Controller::default(),
            offered: offered.into_iter().map(Arc::new).collect(),
            former: Former::default(),
            policy: in_force(deployment()),
            unseen: Unseen::new(),
            unknown: Unseen::new(),
        };
        let built = case.built();
        case.controller.settle(&built.decision);
        case
    }

    fn built(&self) -> Built {
        build(Inputs::plain(FQDN, &self.policy), self.offered.iter().map(AsRef::as_ref))
    }

    /// The clusters offer this now.
    fn offer(&mut self, now: Vec<Endpoint>) {
        let now: Vec<Arc<Endpoint>> = now.into_iter().map(Arc::new).collect();
        self.former.note(self.offered.iter(), &now.iter().collect::<Vec<_>>(), false);
        self.offered = now;
    }

    /// One endpoint is another one now.
    fn change(&mut self, index: usize, change: impl FnOnce(&mut Endpoint)) {
        let mut now: Vec<Endpoint> = self.offered.iter().map(|endpoint| (**endpoint).clone()).collect();
        change(&mut now[index]);
        self.offer(now);
    }

    fn deploy(&mut self, change: impl FnOnce(&mut DeploymentPolicy)) {
        let DeploymentState::InForce(policy) = &mut self.policy.deployment else { panic!("in force") };
        change(policy);
    }

    fn install(&mut self, change: impl FnOnce(&mut Installation)) {
        change(self.policy.installation.as_mut().unwrap());
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            fqdn: FQDN,
            policy: &self.policy,
            unseen: &self.unseen,
            unknown: &self.unknown,
            offered: self.offered.iter().map(AsRef::as_ref).collect(),
            former: Some(&self.former),
            third_party: &[],
        }
    }

    fn weigh(&self, held: Option<Keep>) -> Weighed {
        let built = self.built();
        weigh(built.decision, &built.members, &self.controller.observed, &self.scene(), |_| held.map(Arc::new))
    }

    /// Who loses everything and why, and whether the name keeps no member.
    fn loss(&self) -> Told {
        let loss = self.weigh(None).loss?;
        Some((loss.lost.iter().map(|lost| (lost.party.to_string(), lost.cause)).collect(), loss.empties))
    }

    fn addresses(&self, held: Option<Keep>) -> Option<Vec<String>> {
        match self.weigh(held).decision {
            Decision::Service(desired) => Some(desired.service.members().map(|m| m.address.to_string()).collect()),
            Decision::Wait(_) | Decision::Nothing => None,
        }
    }
}

fn lost<const N: usize>(parties: [(&str, Cause); N], empties: bool) -> Told {
    Some((parties.into_iter().map(|(party, cause)| (format!("cluster {party}"), cause)).collect(), empties))
}

fn keep(clusters: &[&str]) -> Option<Keep> {
    let party = |cluster: &&str| (Party::Cluster((*cluster).into()), Cause::Policy);
    Some(Keep(clusters.iter().map(party).collect()))
}

/// FND-A3
#[test]
fn what_takes_nothing_away_is_no_loss() {
    let mut case = Case::new();
    assert_eq!(case.loss(), None, "nothing has changed");
    case.change(0, |endpoint| endpoint.addresses = std::net::IpAddr::from([10, 1, 0, 99]).into());
    assert_eq!(case.loss(), None, "another address");
    let mut more = Case::new();
    more.change(0, |endpoint| endpoint.key.name = "other".into());
    assert_eq!(more.loss(), None, "another object of the same cluster");
    let mut without_policy = Case::new();
    without_policy.policy.deployment = DeploymentState::Absent;
    assert_eq!(without_policy.loss(), None, "the deletion of the policy is a wish");
}

/// FND-A3
#[test]
fn each_loss_has_the_cause_that_it_has() {
    type Change = fn(&mut Case);
    let table: [(&str, Change, Told); 12] = [
        (
            "object gone",
            |case| {
                let left = (*case.offered[1]).clone();
                case.offer(vec![left]);
            },
            lost([("ctx-a", Cause::Objects)], false),
        ),
        (
            "all objects gone",
            |case| case.offer(Vec::new()),
            lost([("ctx-a", Cause::Objects), ("ctx-b", Cause::Objects)], true),
        ),
        (
            "label of an object",
            |case| case.change(0, |e| e.labels = labels(&[("app", "other")]).into()),
            lost([("ctx-a", Cause::Objects)], false),
        ),
        (
            "annotation of an object",
            |case| case.change(0, |e| e.virtual_service = None),
            lost([("ctx-a", Cause::Objects)], false),
        ),
        (
            "typo in the policy",
            |case| case.deploy(|policy| policy.app_selector = labels(&[("app", "gslp")])),
            lost([("ctx-a", Cause::Policy), ("ctx-b", Cause::Policy)], true),
        ),
        (
            "typo in the policy after an object changed",
            |case| {
                case.change(0, |e| e.labels = labels(&[("app", "gslb"), ("x", "y")]).into());
                case.deploy(|policy| policy.app_selector = labels(&[("app", "gslp")]));
            },
            lost([("ctx-a", Cause::Policy), ("ctx-b", Cause::Policy)], true),
        ),
        (
            "matchClusters",
            |case| {
                case.deploy(|policy| {
                    policy.clusters.remove("ctx-b");
                    policy.taken_out.insert("ctx-b".into());
                })
            },
            lost([("ctx-b", Cause::Unmatched)], false),
        ),
        (
            "matchClusters of another policy",
            |case| {
                case.deploy(|policy| {
                    policy.clusters.remove("ctx-b");
                })
            },
            lost([("ctx-b", Cause::Policy)], false),
        ),
        (
            "memberClusters",
            |case| {
                case.install(|installation| {
                    installation.member_clusters.remove("ctx-b");
                });
                let left = (*case.offered[0]).clone();
                case.offer(vec![left]);
            },
            lost([("ctx-b", Cause::Config)], false),
        ),
        (
            "memberClusters with a context that no kubeconfig has",
            |case| {
                case.install(|installation| installation.member_clusters = ["ctx-a".into(), "ctx-bb".into()].into());
                case.unknown = ["ctx-bb".to_owned()].into();
                let left = (*case.offered[0]).clone();
                case.offer(vec![left]);
            },
            lost([("ctx-b", Cause::UnknownContext)], false),
        ),
        (
            "memberClusters once it is in no matchClusters",
            |case| {
                case.deploy(|policy| {
                    policy.clusters.remove("ctx-b");
                    policy.taken_out.insert("ctx-b".into());
                });
                case.install(|installation| {
                    installation.member_clusters.remove("ctx-b");
                });
                let left = (*case.offered[0]).clone();
                case.offer(vec![left]);
            },
            lost([("ctx-b", Cause::Unmatched)], false),
        ),
        (
            "default tenant",
            |case| case.install(|installation| installation.default_tenant = "tenatn2".into()),
            lost([("ctx-a", Cause::Config), ("ctx-b", Cause::Config)], true),
        ),
    ];
    for (what, change, expected) in table {
        let mut case = Case::new();
        change(&mut case);
        assert_eq!(case.loss(), expected, "{what}");
    }
}

/// FND-A3: the namespace is configuration, the object is its owner's.
#[test]
fn labels_of_a_namespace_are_an_edit_of_configuration() {
    let of = |cluster: &str, ip: &str| Endpoint {
        namespace_labels: labels(&[("env", "prod")]).into(),
        ..endpoint(cluster, "web", ip)
    };
    let mut case = Case::of(vec![of("ctx-a", "10.1.0.5"), of("ctx-b", "10.2.0.5")]);
    case.deploy(|policy| policy.namespace_selector = labels(&[("env", "prod")]));
    case.change(0, |endpoint| endpoint.namespace_labels = labels(&[]).into());
    assert_eq!(case.loss(), lost([("ctx-a", Cause::Namespace)], false));
    let mut case = Case::of(vec![of("ctx-a", "10.1.0.5")]);
    case.change(0, |endpoint| {
        endpoint.namespace_tenant = Some("blue".into());
        endpoint.object_tenant = Some("blue".into());
    });
    assert_eq!(case.loss(), lost([("ctx-a", Cause::Namespace)], true), "a move may fail where it leads");
}

/// FND-A3: after a restart nobody remembers what was offered, and the description tells.
#[test]
fn without_memory_the_description_tells_whose_members_leave() {
    let mut case = Case::new();
    case.offered.remove(0);
    assert_eq!(case.loss(), lost([("ctx-a", Cause::Before)], false));
    let mut case = Case::new();
    case.deploy(|policy| policy.app_selector = labels(&[("app", "gslp")]));
    assert_eq!(case.loss(), lost([("ctx-a", Cause::Policy), ("ctx-b", Cause::Policy)], true));
    let mut case = Case::new();
    let held = &mut case.controller.observed.only_mut().service_mut().content;
    held.description = "edited by hand".into();
    case.offered.clear();
    let loss = case.weigh(None).loss.unwrap();
    assert_eq!((loss.lost[0].party.clone(), loss.empties), (Party::Unknown, true));
}

/// FND-A3: a member that nothing explains is lost like any other, unless another one comes in its place.
#[test]
fn an_unknown_member_is_a_loss_and_stays_while_it_is_held() {
    let mut case = Case::new();
    let held = &mut case.controller.observed.only_mut().service_mut().content;
    let site = Member { address: "198.51.100.7".parse().unwrap(), vs_uuid: None, ..held.pools[0].members[0].clone() };
    held.pools[0].members.push(site);
    let unknown = Lost { party: Party::Unknown, cause: Cause::Before, objects: [digest(&FQDN)].into() };
    let loss = case.weigh(None).loss.unwrap();
    assert_eq!(loss, Loss { lost: vec![unknown], empties: false });
    let held = || Some(Keep([(Party::Unknown, Cause::Before)].into()));
    assert_eq!(case.addresses(None), Some(vec!["10.1.0.5".into(), "10.2.0.5".into()]));
    assert_eq!(case.addresses(held()), Some(vec!["10.1.0.5".into(), "10.2.0.5".into(), "198.51.100.7".into()]));
    let (weighed, built) = (case.weigh(held()), case.built());
    let kept = kept(&weighed, &built.members, &case.controller.observed, &case.scene(), held().as_ref());
    let told: Vec<_> = kept.into_iter().map(|kept| (kept.address.to_string(), kept.party)).collect();
    assert_eq!(told, [("198.51.100.7".to_owned(), None)]);

    case.offered.push(Arc::new(endpoint("ctx-a", "other", "10.1.0.9")));
    assert_eq!(case.loss(), None, "10.1.0.9 may be its new address");
}

/// FND-A3: what is held stays, and everything else is carried out.
#[test]
fn held_members_stay_and_the_rest_is_carried_out() {
    let mut case = Case::new();
    case.deploy(|policy| {
        policy.clusters.remove("ctx-b");
        policy.ttl = Some(7);
    });
    assert_eq!(case.addresses(keep(&["ctx-b"])), Some(vec!["10.1.0.5".into(), "10.2.0.5".into()]));
    assert_eq!(case.addresses(None), Some(vec!["10.1.0.5".into()]));
    let Decision::Service(desired) = case.weigh(keep(&["ctx-b"])).decision else { panic!("a service") };
    assert_eq!(desired.service.ttl, Some(7));
    assert_eq!(desired.service.description.split(',').count(), 2, "so that a restart knows whose they are");
    let held = case.weigh(keep(&["ctx-b"]));
    case.controller.settle(&held.decision);
    assert_eq!(case.controller.settle(&case.weigh(keep(&["ctx-b"])).decision), Vec::<String>::new());

    case.deploy(|policy| policy.app_selector = labels(&[("app", "gslp")]));
    assert!(matches!(case.weigh(keep(&["ctx-a", "ctx-b"])).decision, Decision::Wait(_)), "as it is");
    assert_eq!(case.addresses(keep(&["ctx-a"])), Some(vec!["10.1.0.5".into()]), "what is not held goes");
}

/// A member of each of three clusters, and the endpoints behind them.
fn three_clusters() -> (Case, Vec<Endpoint>) {
    let offered = [("ctx-a", "10.1.0.5"), ("ctx-b", "10.2.0.5"), ("ctx-c", "10.3.0.5")];
    let offered = offered.map(|(cluster, address)| endpoint(cluster, "web", address)).to_vec();
    let mut case = Case::of(Vec::new());
    case.install(|installation| {
        installation.member_clusters.insert("ctx-c".into());
    });
    case.deploy(|policy| {
        policy.clusters.insert("ctx-c".into(), Default::default());
    });
    case.offered = offered.iter().cloned().map(Arc::new).collect();
    let all = case.built().decision;
    case.controller.settle(&all);
    (case, offered)
}

/// FND-F2: a member that stays because an unseen cluster may explain it keeps every entry that may be behind it, or the
/// next start would not know whose it is.
#[test]
fn what_keeps_a_member_keeps_the_entries_that_may_be_behind_it() {
    let (mut case, offered) = three_clusters();
    let description = |case: &Case| case.controller.observed.services().next().unwrap().content.description.clone();
    let (before, addresses) = (description(&case), ["10.1.0.5", "10.2.0.5", "10.3.0.5"].map(str::to_owned).to_vec());
    case.former = Former::default();
    case.offered.truncate(1);
    case.unseen = ["ctx-b".to_owned()].into();
    case.install(|installation| assert!(installation.member_clusters.remove("ctx-c")));
    case.unknown = ["ctx-typo".to_owned()].into();
    let weighed = case.weigh(None);
    case.controller.settle(&weighed.decision);
    assert_eq!(
        (case.addresses(None), description(&case)),
        (Some(addresses.clone()), before),
        "misspelt while b is dark"
    );

    case.unknown.clear();
    case.install(|installation| assert!(installation.member_clusters.insert("ctx-c".into())));
    case.offered = offered[..2].iter().cloned().map(Arc::new).collect();
    case.unseen = ["ctx-c".to_owned()].into();
    assert_eq!(case.addresses(None), Some(addresses), "another start, and c is dark");
    case.unseen.clear();
    assert_eq!(case.loss(), lost([("ctx-c", Cause::Before)], false), "seen without it");
}

/// FND-F2
#[test]
fn what_a_seen_cluster_explained_goes_while_another_is_unseen() {
    let (mut case, offered) = three_clusters();
    case.unseen = ["ctx-c".to_owned()].into();
    case.offered.pop();
    case.former = Former::default();
    assert_eq!(case.weigh(None).loss, None, "a restart");
    case.offer(vec![offered[0].clone()]);
    assert_eq!(case.addresses(None), Some(vec!["10.1.0.5".into(), "10.3.0.5".into()]));
    assert_eq!(case.loss(), lost([("ctx-b", Cause::Objects)], false));
    let mut gone = three_clusters().0;
    gone.unseen = ["ctx-c".to_owned()].into();
    gone.offer(vec![offered[0].clone()]);
    let held = &mut gone.controller.observed.only_mut().service_mut().content;
    held.pools[0].members.pop();
    assert_eq!(
        gone.addresses(None),
        Some(vec!["10.1.0.5".into(), "10.2.0.5".into()]),
        "no member is left that may be the one of ctx-c, which may have the address of ctx-b"
    );
    case.offer(Vec::new());
    assert_eq!(case.addresses(None), Some(vec!["10.3.0.5".into()]), "the name keeps what may be there");

    let weighed = case.weigh(None);
    let kept = kept(&weighed, &case.built().members, &case.controller.observed, &case.scene(), None);
    let kept: Vec<_> = kept.into_iter().map(|kept| (kept.address.to_string(), kept.party, kept.reason)).collect();
    let reason = "cluster ctx-c has not been completely seen yet and may explain it".to_owned();
    assert_eq!(kept, [("10.3.0.5".to_owned(), Some(Party::Cluster("ctx-c".into())), reason)]);
}
