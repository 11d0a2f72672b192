//! One slip of a person, anywhere in the configuration.

use crate::core::build::{Built, Decision, Inputs, build};
use crate::core::endpoint::Endpoint;
use crate::core::fixtures::{Controller, deployment, endpoint, in_force, labels};
use crate::core::guard::*;
use crate::core::plan::Unseen;
use crate::core::policy::{DeploymentPolicy, DeploymentState, PolicySnapshot};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const CLUSTERS: [&str; 3] = ["ctx-a", "ctx-b", "ctx-c"];

/// In which clusters a name is, in which of two namespaces, and when its loss is noticed.
#[derive(Debug, Clone)]
struct Name {
    clusters: BTreeSet<usize>,
    namespace: usize,
    noticed: u64,
}

#[derive(Debug, Clone, Copy)]
enum Edit {
    AppLabel,
    NamespaceSelector,
    AnotherSelector,
    MatchClusters(usize),
    /// By another policy that takes the place.
    AnotherPolicy(usize),
    MemberClusters(usize),
    Context(usize),
    Tenant,
    NamespaceLabel(usize, usize),
    NamespaceTenant(usize, usize),
    VipOnly,
}

fn name() -> impl Strategy<Value = Name> {
    let clusters = proptest::collection::btree_set(0..CLUSTERS.len(), 1..=CLUSTERS.len());
    (clusters, 0..2_usize, 0..4000_u64).prop_map(|(clusters, namespace, noticed)| Name { clusters, namespace, noticed })
}

fn edit() -> impl Strategy<Value = Edit> {
    let (cluster, namespace) = (0..CLUSTERS.len(), 0..2_usize);
    prop_oneof![
        Just(Edit::AppLabel),
        Just(Edit::NamespaceSelector),
        Just(Edit::AnotherSelector),
        cluster.clone().prop_map(Edit::MatchClusters),
        cluster.clone().prop_map(Edit::AnotherPolicy),
        cluster.clone().prop_map(Edit::MemberClusters),
        cluster.clone().prop_map(Edit::Context),
        Just(Edit::Tenant),
        (cluster.clone(), namespace.clone()).prop_map(|(cluster, namespace)| Edit::NamespaceLabel(cluster, namespace)),
        (cluster, namespace).prop_map(|(cluster, namespace)| Edit::NamespaceTenant(cluster, namespace)),
        Just(Edit::VipOnly),
    ]
}

fn policy() -> PolicySnapshot {
    let clusters = CLUSTERS.map(|cluster| (cluster.to_owned(), Default::default()));
    let selector = labels(&[("env", "prod")]);
    let mut policy =
        in_force(DeploymentPolicy { clusters: clusters.into(), namespace_selector: selector, ..deployment() });
    policy.installation.as_mut().unwrap().member_clusters = CLUSTERS.map(str::to_owned).into();
    policy
}

fn offered(number: usize, name: &Name) -> Vec<Endpoint> {
    let one = |cluster: &usize| {
        let mut endpoint = endpoint(CLUSTERS[*cluster], &format!("app{number}"), &format!("10.{cluster}.0.{number}"));
        endpoint.key.hostname = fqdn(number).to_string();
        endpoint.key.namespace = format!("ns{}", name.namespace);
        endpoint.namespace_labels = labels(&[("env", "prod")]).into();
        endpoint
    };
    name.clusters.iter().map(one).collect()
}

fn fqdn(number: usize) -> Arc<str> {
    format!("app{number}.example.org").into()
}

/// One service of the world, before and after the edit.
struct Service {
    controller: Controller,
    offered: Vec<Arc<Endpoint>>,
    former: Former,
}

impl Service {
    fn built(&self, fqdn: &str, policy: &PolicySnapshot) -> Built {
        build(Inputs::plain(fqdn, policy), self.offered.iter().map(AsRef::as_ref))
    }

    fn weigh(&self, fqdn: &str, policy: &PolicySnapshot, unknown: &Unseen, keep: Option<Arc<Keep>>) -> Weighed {
        let built = self.built(fqdn, policy);
        let unseen = Unseen::new();
        let scene = Scene {
            fqdn,
            policy,
            unseen: &unseen,
            unknown,
            offered: self.offered.iter().map(AsRef::as_ref).collect(),
            former: Some(&self.former),
            third_party: &[],
        };
        weigh(built.decision, &built.members, &self.controller.observed, &scene, |_| keep)
    }
}

/// The policy after the edit, and the contexts that no kubeconfig has.
fn after(edit: Edit, mut policy: PolicySnapshot) -> (PolicySnapshot, Unseen) {
    let mut unknown = Unseen::new();
    let installation = policy.installation.as_mut().unwrap();
    let DeploymentState::InForce(deployment) = &mut policy.deployment else { panic!("in force") };
    match edit {
        Edit::AppLabel => deployment.app_selector = labels(&[("app", "gslp")]),
        Edit::NamespaceSelector => deployment.namespace_selector = labels(&[("env", "pord")]),
        Edit::AnotherSelector => drop(deployment.app_selector.insert("tier".into(), "web".into())),
        Edit::MatchClusters(cluster) => {
            deployment.clusters.remove(CLUSTERS[cluster]);
            deployment.taken_out.insert(CLUSTERS[cluster].to_owned());
        }
        Edit::AnotherPolicy(cluster) => drop(deployment.clusters.remove(CLUSTERS[cluster])),
        Edit::MemberClusters(cluster) => drop(installation.member_clusters.remove(CLUSTERS[cluster])),
        Edit::Context(cluster) => {
            let slip = format!("{}x", CLUSTERS[cluster]);
            installation.member_clusters.remove(CLUSTERS[cluster]);
            installation.member_clusters.insert(slip.clone());
            unknown.insert(slip);
        }
        Edit::Tenant => installation.default_tenant = "tenatn2".into(),
        Edit::VipOnly => deployment.clusters.values_mut().for_each(|cluster| cluster.sync_vip_only = true),
        Edit::NamespaceLabel(..) | Edit::NamespaceTenant(..) => {}
    }
    (policy, unknown)
}

/// What the clusters offer after the edit, as far as the operator looks at them.
fn offered_after(edit: Edit, policy: &PolicySnapshot, name: &Name, before: &[Arc<Endpoint>]) -> Vec<Arc<Endpoint>> {
    let members = &policy.installation.as_ref().unwrap().member_clusters;
    let of = |endpoint: &Arc<Endpoint>| {
        let mut endpoint = (**endpoint).clone();
        let is_at =
            |cluster: usize, namespace| endpoint.key.cluster == CLUSTERS[cluster] && name.namespace == namespace;
        match edit {
            Edit::NamespaceLabel(cluster, namespace) if is_at(cluster, namespace) => {
                endpoint.namespace_labels = labels(&[("evn", "prod")]).into();
            }
            Edit::NamespaceTenant(cluster, namespace) if is_at(cluster, namespace) => {
                endpoint.namespace_tenant = Some("blue".into());
            }
            _ => {}
        }
        Arc::new(endpoint)
    };
    before.iter().filter(|endpoint| members.contains(&endpoint.key.cluster)).map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// FND-A3: no more than `maxPercent` of the names lose their last answer without an approval, whenever each is
    /// noticed.
    #[test]
    fn one_edit_takes_the_last_answer_of_no_more_than_max_percent_of_the_names(
        names in vec(name(), 1..16), edit in edit(), max_percent in 0..100_u32,
    ) {
        let before = policy();
        let (policy, unknown) = after(edit, before.clone());
        let mut guard = Guard::default();
        guard.set_limits(Limits { max_percent, max_count: 10 });
        guard.listed((0..names.len()).map(fqdn).collect(), Duration::ZERO);
        let mut services: BTreeMap<Arc<str>, Service> = BTreeMap::new();
        for (number, name) in names.iter().enumerate() {
            let offered = offered(number, name).into_iter().map(Arc::new).collect();
            let mut service = Service { controller: Controller::default(), offered, former: Former::default() };
            let decision = service.built(&fqdn(number), &before).decision;
            service.controller.settle(&decision);
            let now = offered_after(edit, &policy, name, &service.offered);
            service.former.note(service.offered.iter(), &now.iter().collect::<Vec<_>>(), false);
            service.offered = now;
            services.insert(fqdn(number), service);
        }

        let start = Duration::from_secs(100);
        let mut noticed: Vec<(u64, usize)> = names.iter().enumerate().map(|(n, name)| (name.noticed, n)).collect();
        noticed.sort_unstable();
        let mut kept: BTreeMap<Arc<str>, Arc<Keep>> = BTreeMap::new();
        let mut judge = |guard: &mut Guard, until: Duration| {
            while let Some(due) = guard.due().filter(|due| *due <= until) {
                kept.extend(guard.judge(due, |_| false).keep);
            }
        };
        for (millis, number) in noticed {
            let now = start + Duration::from_millis(millis);
            judge(&mut guard, now);
            let weighed = services[&fqdn(number)].weigh(&fqdn(number), &policy, &unknown, None);
            if let Some(loss) = weighed.loss {
                guard.wish(&fqdn(number), &Arc::new(loss), now);
            }
        }
        judge(&mut guard, start + Duration::from_secs(60));
        let emptied = services.iter().filter(|(fqdn, service)| {
            let weighed = service.weigh(fqdn, &policy, &unknown, kept.get(*fqdn).cloned());
            let held = service.controller.held().unwrap();
            match weighed.decision {
                Decision::Wait(_) => false,
                Decision::Nothing => true,
                // In another tenant it may be refused.
                Decision::Service(desired) => desired.service.tenant != held.tenant,
            }
        });
        let emptied = emptied.count();
        prop_assert!(emptied * 100 <= max_percent as usize * names.len(), "{emptied} of {} by {edit:?}", names.len());
    }
}
