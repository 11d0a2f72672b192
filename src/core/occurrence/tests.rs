//! The words of Events, and what is quiet, as tables.

use super::news::{News, Service, Stage, news};
use super::verdict::{Facts, Progress, Standing, Verdict};
use super::{Involved, Occurrence, Reason, digest};
use crate::core::build::{Inputs, build};
use crate::core::endpoint::{Endpoint, Kind};
use crate::core::fixtures::{Controller, deployment, dual_stack, endpoint, in_force, installation, labels};
use crate::core::guard::{Cause, Loss, Lost, Party};
use crate::core::pairs::Pairs;
use crate::core::plan::Observed;
use crate::core::policy::{DeploymentState, PolicySnapshot};

const FQDN: &str = "web.example.org";

/// What the Event of the first endpoint says.
fn words(policy: &PolicySnapshot, endpoints: &[Endpoint], progress: Progress<'_>) -> Option<(Reason, String)> {
    let built = build(Inputs::plain(FQDN, policy), endpoints);
    let (members, refused) = (&built.members, &built.refused);
    let facts = Facts { policy, members, refused, progress, waiting: None, observed: None };
    let occurrence = facts.standing(&endpoints[0]).occurrence(FQDN)?;
    Some((occurrence.reason, occurrence.message))
}

/// DB-38
#[test]
fn a_member_reads_its_service_pool_address_and_ratio() {
    let policy = in_force(deployment());
    let plain = [endpoint("ctx-a", "web", "10.1.0.5")];
    let dual = [dual_stack("ctx-a", "web", "10.1.0.5", "fd00::5")];
    let cases = [
        (
            &plain,
            Progress::InSync,
            Reason::Programmed,
            "is a member of GSLB service web.example.org: pool of priority 10, address 10.1.0.5, ratio 1",
        ),
        (
            &plain,
            Progress::Pending,
            Reason::Accepted,
            "becomes a member of GSLB service web.example.org: pool of priority 10, address 10.1.0.5, ratio 1; the \
             controller does not have it yet",
        ),
        (
            &plain,
            Progress::Failing("400 bad name"),
            Reason::NotProgrammed,
            "GSLB service web.example.org cannot be written, it is tried again: 400 bad name",
        ),
        (
            &dual,
            Progress::InSync,
            Reason::Programmed,
            "is a member of GSLB service web.example.org: pool of priority 10, address 10.1.0.5 and fd00::5, ratio 1",
        ),
    ];
    for (endpoints, progress, reason, message) in cases {
        assert_eq!(words(&policy, endpoints, progress), Some((reason, message.to_owned())));
    }
    assert_eq!(words(&policy, &plain, Progress::Undecided), None);
}

/// DB-38
#[test]
fn an_object_that_is_no_member_reads_which_rule_refuses_it_and_the_remedy() {
    let policy = in_force(deployment());
    let good = endpoint("ctx-a", "web", "10.1.0.5");
    let unlabelled = Endpoint { labels: Pairs::default(), ..good.clone() };
    let elsewhere = endpoint("ctx-c", "web", "10.3.0.5");
    let unnamed = Endpoint { virtual_service: None, ..good.clone() };
    let absent = PolicySnapshot { installation: Some(installation()), deployment: DeploymentState::Absent };
    let spaces = labels(&[("team", "web")]);
    let by_namespace = in_force(crate::core::policy::DeploymentPolicy { namespace_selector: spaces, ..deployment() });
    let cases = [
        (
            &policy,
            unlabelled,
            Reason::NotSelected,
            "it lacks the label app: gslb of spec.matchRules.appSelector of the GlobalDeploymentPolicy; set the label \
             on the object",
        ),
        (
            &policy,
            elsewhere,
            Reason::NotSelected,
            "cluster ctx-c is not in spec.matchClusters of the GlobalDeploymentPolicy; add it there",
        ),
        (
            &by_namespace,
            good.clone(),
            Reason::NotSelected,
            "its namespace shop lacks the label team: web of spec.matchRules.namespaceSelector of the \
             GlobalDeploymentPolicy; set the label on the namespace",
        ),
        (&absent, good, Reason::NotSelected, "there is no GlobalDeploymentPolicy, so nothing is selected; create one"),
        (
            &policy,
            unnamed,
            Reason::Refused,
            "the annotations ako.vmware.com/host-fqdn-vs-uuid-map and ako.vmware.com/controller-cluster-uuid do not \
             name a virtual service for web.example.org yet (rule OBJ-04); AKO writes them, or set syncVipOnly for \
             cluster ctx-a in spec.matchClusters",
        ),
    ];
    for (policy, endpoint, reason, why) in cases {
        let message = format!("is no member of GSLB service web.example.org: {why}");
        assert_eq!(words(policy, &[endpoint], Progress::InSync), Some((reason, message)));
    }
}

/// DB-26
#[test]
fn an_object_whose_address_another_has_reads_that_it_counts_once() {
    let policy = in_force(deployment());
    let mut first = endpoint("ctx-a", "web", "10.1.0.5");
    let mut second = endpoint("ctx-a", "web2", "10.1.0.5");
    second.virtual_service.clone_from(&first.virtual_service);
    std::mem::swap(&mut first, &mut second);
    let message = "is a member of GSLB service web.example.org: its address counts once and is there through another \
                   object"
        .to_owned();
    assert_eq!(words(&policy, &[first, second], Progress::InSync), Some((Reason::Programmed, message)));
}

#[test]
fn trouble_is_a_warning_and_a_choice_is_not() {
    use Reason::{Accepted, Invalid, NotProgrammed, NotSelected, Programmed, Refused, Rejected, Undecodable};
    let of = |reasons: &[Reason]| reasons.iter().map(|reason| reason.event_type()).collect::<Vec<_>>();
    assert_eq!(of(&[Accepted, Programmed, NotSelected]), ["Normal"; 3]);
    assert_eq!(of(&[Refused, NotProgrammed, Invalid, Undecodable, Rejected]), ["Warning"; 5]);
}

#[test]
fn every_watched_kind_is_named_as_its_cluster_serves_it() {
    let kinds = [Kind::Ingress, Kind::Route, Kind::Service, Kind::MultiClusterIngress];
    let named = kinds.map(|kind| {
        let Involved { api_version, kind, .. } = Involved::watched(kind, "shop", "web", None);
        format!("{api_version} {kind}")
    });
    let expected = [
        "networking.k8s.io/v1 Ingress",
        "route.openshift.io/v1 Route",
        "v1 Service",
        "ako.vmware.com/v1alpha1 MultiClusterIngress",
    ];
    assert_eq!(named, expected);
}

/// One row: what was told before, whether the object was found, whether something was written; the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Nothing,
    Silent(Stage),
    Tell(Stage),
}

fn outcome(before: Option<Stage>, standing: Standing, found: bool, service: Service<'_>) -> Outcome {
    let endpoint = endpoint("ctx-a", "web", "10.1.0.5");
    let verdict = Verdict { endpoint: endpoint.into(), found, standing };
    match news(before, &verdict, service) {
        News::Nothing => Outcome::Nothing,
        News::Silent(stage) => Outcome::Silent(stage),
        News::Tell(stage, occurrence) => {
            assert_eq!(Some(occurrence), verdict.standing.occurrence(service.fqdn));
            Outcome::Tell(stage)
        }
    }
}

/// DB-38
#[test]
fn what_is_found_is_quiet_but_trouble_and_what_comes_later_is_told_once() {
    use Outcome::{Nothing, Silent, Tell};
    use Stage::{Accepted, FoundMember, FoundOutside, FoundUndecided, NotProgrammed, NotSelected, Programmed, Refused};
    let pending = || Standing::Pending("here".into());
    let in_sync = || Standing::InSync("here".into());
    let outside = || Standing::NotSelected("no label".into());
    let refused = || Standing::Refused("no uuid".into());
    let failing = || Standing::Failing("400".into());
    let words = |standing: Standing| digest(&standing.occurrence(FQDN).unwrap());
    let (sync, out, no) = (words(in_sync()), words(outside()), words(refused()));
    let fail = words(failing());
    let (found, fresh) = (true, false);
    let cases = [
        // Found at the start.
        (None, Standing::Undecided, found, false, Silent(FoundUndecided)),
        (None, pending(), found, false, Silent(FoundMember)),
        (None, in_sync(), found, true, Silent(Programmed(sync))),
        (None, outside(), found, false, Silent(FoundOutside)),
        (None, refused(), found, false, Tell(Refused(no))),
        (None, failing(), found, false, Tell(NotProgrammed(fail))),
        // It becomes clear how it was found.
        (Some(FoundUndecided), pending(), fresh, false, Silent(FoundMember)),
        (Some(FoundMember), pending(), fresh, false, Nothing),
        (Some(FoundMember), in_sync(), fresh, false, Silent(Programmed(sync))),
        (Some(FoundMember), in_sync(), fresh, true, Tell(Programmed(sync))),
        (Some(FoundOutside), outside(), fresh, false, Silent(FoundOutside)),
        (Some(FoundOutside), refused(), fresh, false, Tell(Refused(no))),
        // Something found changes.
        (Some(FoundMember), outside(), fresh, false, Tell(NotSelected(out))),
        (Some(FoundOutside), pending(), fresh, false, Tell(Accepted)),
        (Some(FoundOutside), in_sync(), fresh, false, Tell(Programmed(sync))),
        // It appears later.
        (None, Standing::Undecided, fresh, false, Nothing),
        (None, pending(), fresh, false, Tell(Accepted)),
        (None, in_sync(), fresh, false, Tell(Programmed(sync))),
        (None, outside(), fresh, false, Tell(NotSelected(out))),
        (None, refused(), fresh, false, Tell(Refused(no))),
        // The same is not told twice, and a write under way is nothing to tell.
        (Some(Accepted), pending(), fresh, false, Nothing),
        (Some(Programmed(sync)), pending(), fresh, true, Nothing),
        (Some(Programmed(sync)), in_sync(), fresh, true, Nothing),
        (Some(Programmed(0)), in_sync(), fresh, true, Tell(Programmed(sync))),
        (Some(Accepted), in_sync(), fresh, true, Tell(Programmed(sync))),
        (Some(NotSelected(out)), outside(), fresh, false, Nothing),
        (Some(NotSelected(0)), outside(), fresh, false, Tell(NotSelected(out))),
        (Some(Refused(no)), refused(), fresh, false, Nothing),
        (Some(NotProgrammed(fail)), failing(), fresh, false, Nothing),
        (Some(NotProgrammed(fail)), pending(), fresh, false, Nothing),
        (Some(NotProgrammed(fail)), in_sync(), fresh, true, Tell(Programmed(sync))),
        (Some(Programmed(sync)), outside(), fresh, true, Tell(NotSelected(out))),
        (Some(NotSelected(out)), pending(), fresh, true, Tell(Accepted)),
        (Some(Programmed(sync)), Standing::Undecided, fresh, false, Nothing),
        // What waits for the guard is as it was.
        (Some(Programmed(sync)), Standing::Leaving, fresh, true, Nothing),
        (None, Standing::Leaving, found, false, Silent(FoundMember)),
        (Some(FoundUndecided), Standing::Leaving, fresh, false, Silent(FoundMember)),
        (None, Standing::Leaving, fresh, false, Nothing),
    ];
    for (before, standing, found, made, expected) in cases {
        let service = Service { fqdn: FQDN, speaks: true, made };
        let case = format!("{before:?} {standing:?} found {found} made {made}");
        assert_eq!(outcome(before, standing, found, service), expected, "{case}");
    }
}

/// FND-C3: an endpoint is on its way out only while its cluster's loss waits and the controller has its address.
#[test]
fn what_waits_for_the_guard_has_not_left() {
    let (mut policy, all) = (in_force(deployment()), [endpoint("ctx-a", "web", "10.1.0.5")]);
    let mut controller = Controller::default();
    controller.settle(&build(Inputs::plain(FQDN, &policy), &all).decision);
    let DeploymentState::InForce(deployed) = &mut policy.deployment else { panic!("in force") };
    deployed.app_selector = labels(&[("app", "gslbb")]);
    let built = build(Inputs::plain(FQDN, &policy), &all);
    let lost = |cluster: &str| Loss {
        lost: vec![Lost { party: Party::Cluster(cluster.into()), cause: Cause::Policy, objects: [1].into() }],
        empties: true,
    };
    let is_leaving = |waiting: Option<&Loss>, observed: &Observed| {
        let (members, refused, progress) = (&built.members, &built.refused, Progress::InSync);
        let observed = Some(observed);
        let facts = Facts { policy: &policy, members, refused, progress, waiting, observed };
        facts.standing(&all[0]) == Standing::Leaving
    };
    assert!(is_leaving(Some(&lost("ctx-a")), &controller.observed));
    assert!(!is_leaving(Some(&lost("ctx-b")), &controller.observed), "it is about another cluster");
    assert!(!is_leaving(Some(&lost("ctx-a")), Observed::EMPTY), "it has left");
    assert!(!is_leaving(None, &controller.observed), "it may go");
}

/// DB-38: another cluster may lead, which tells.
#[test]
fn outside_of_a_term_everything_is_only_found() {
    use Stage::{FoundMember, FoundOutside, FoundUndecided, Programmed};
    let cases = [
        (None, Standing::Pending("here".into()), FoundMember),
        (Some(Programmed(1)), Standing::Failing("400".into()), FoundMember),
        (Some(Programmed(1)), Standing::Undecided, FoundMember),
        (None, Standing::Undecided, FoundUndecided),
        (Some(Programmed(1)), Standing::NotSelected("no label".into()), FoundOutside),
        (None, Standing::Refused("no uuid".into()), FoundOutside),
    ];
    for (before, standing, expected) in cases {
        let service = Service { fqdn: FQDN, speaks: false, made: true };
        let case = format!("{before:?} {standing:?}");
        assert_eq!(outcome(before, standing, false, service), Outcome::Silent(expected), "{case}");
    }
}

#[test]
fn several_parts_that_cannot_be_used_are_one_event() {
    let expected = Occurrence { reason: Reason::Invalid, message: "one; two".to_owned() };
    assert_eq!(Occurrence::invalid(["one", "two"]), expected);
}
