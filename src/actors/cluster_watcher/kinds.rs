//! The kinds that are watched in one cluster, and how far each is known.

use crate::actors::board::KindNotice;
use crate::actors::ever_listed::EverListed;
use crate::core::endpoint::Kind;
use std::collections::BTreeMap;

/// A watched kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    Namespaces,
    Objects(Kind),
    HostRules,
}

impl Watched {
    /// As Kubernetes calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Namespaces => "Namespace",
            Self::Objects(Kind::Ingress) => "Ingress",
            Self::Objects(Kind::Route) => "Route",
            Self::Objects(Kind::Service) => "Service",
            Self::Objects(Kind::MultiClusterIngress) => "MultiClusterIngress",
            Self::HostRules => "HostRule",
        }
    }
}

const INGRESSES: Watched = Watched::Objects(Kind::Ingress);

/// What is known of one kind, and what is wrong with it at present.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    notice: KindNotice,
    trouble: Option<String>,
}

/// How far each kind of a cluster is known. A cluster has something to say once no kind is waited for.
#[derive(Debug)]
pub struct Kinds {
    kinds: BTreeMap<Watched, Known>,
    /// By this watcher or one before it; without those of which nothing was left.
    ever_listed: EverListed,
    /// Why there is no client.
    unreachable: Option<String>,
}

impl Kinds {
    /// All kinds of a cluster, none of them known.
    pub fn new(multi_cluster_ingress: bool, ever_listed: EverListed) -> Self {
        let mut watched = vec![Watched::Namespaces, Watched::HostRules];
        watched.extend([Kind::Ingress, Kind::Route, Kind::Service].map(Watched::Objects));
        watched.extend(multi_cluster_ingress.then_some(Watched::Objects(Kind::MultiClusterIngress)));
        let unknown = Known { notice: KindNotice::Waiting, trouble: None };
        let kinds = watched.into_iter().map(|kind| (kind, unknown.clone())).collect();
        Self { kinds, ever_listed, unreachable: None }
    }

    /// A complete list has come in. Answers whether that is news.
    pub fn listed(&mut self, kind: Watched) -> bool {
        self.ever_listed.add(kind.name());
        self.becomes(kind, KindNotice::Listed)
    }

    /// The cluster does not serve the kind: there is none of it, unless it was listed before. Then it is not known
    /// what became of the objects, and a watcher that has not seen them itself waits (DB-01). `none_left`: none of its
    /// objects is known here, so that there is nothing to keep. Answers whether that is news.
    pub fn absent(&mut self, kind: Watched, none_left: bool) -> bool {
        let before = self.kinds.get(&kind).map(|known| known.notice);
        if matches!(before, Some(KindNotice::Listed | KindNotice::Gone)) {
            if none_left {
                self.ever_listed.remove(kind.name());
            }
            return self.becomes(kind, KindNotice::Gone);
        }
        if !self.ever_listed.contains(kind.name()) {
            return self.becomes(kind, KindNotice::Absent);
        }
        let before = self.trouble();
        self.unreachable = None;
        self.failed(kind, served_no_more(kind));
        self.trouble() != before
    }

    /// On OpenShift, Routes stand in the place of Ingresses.
    pub fn without_ingresses(&mut self) {
        self.becomes(INGRESSES, KindNotice::NotNeeded);
    }

    /// The kind cannot be read at present.
    pub fn failed(&mut self, kind: Watched, trouble: String) {
        if let Some(known) = self.kinds.get_mut(&kind) {
            known.trouble = Some(trouble);
        }
    }

    /// There is no client for the cluster.
    pub fn unreachable(&mut self, trouble: String) {
        self.unreachable = Some(trouble);
    }

    /// An event of the kind came in, so it can be read. Answers whether that is news.
    pub fn works(&mut self, kind: Watched) -> bool {
        let cluster = self.unreachable.take().is_some();
        let kind = self.kinds.get_mut(&kind).and_then(|known| known.trouble.take()).is_some();
        cluster || kind
    }

    /// Each kind has been listed, or does not count here.
    pub fn are_all_known(&self) -> bool {
        self.kinds.values().all(|known| known.notice != KindNotice::Waiting)
    }

    pub fn notices(&self) -> BTreeMap<&'static str, KindNotice> {
        self.kinds.iter().map(|(kind, known)| (kind.name(), known.notice)).collect()
    }

    /// Everything that is wrong at present, for people.
    pub fn trouble(&self) -> Option<String> {
        let kinds = self.kinds.values().filter_map(|known| known.trouble.as_deref());
        let all: Vec<&str> = self.unreachable.as_deref().into_iter().chain(kinds).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    fn becomes(&mut self, kind: Watched, notice: KindNotice) -> bool {
        self.unreachable = None;
        let Some(known) = self.kinds.get_mut(&kind) else { return false };
        let now = Known { notice, trouble: None };
        std::mem::replace(known, now.clone()) != now
    }
}

/// For people: a watcher was restarted while the kind was away.
fn served_no_more(kind: Watched) -> String {
    let kind = kind.name();
    format!(
        "{kind} objects were there and the cluster does not serve their kind at present, so the cluster's members stay \
         as last seen: install the CRD or API of {kind} again, or restart the operator if it is gone for good"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: Watched = Watched::Objects(Kind::Route);

    /// Of a cluster in which everything but Routes and Ingresses is listed.
    fn kinds() -> Kinds {
        let mut kinds = Kinds::new(true, EverListed::default());
        for kind in [Watched::Namespaces, Watched::HostRules, Watched::Objects(Kind::Service)] {
            kinds.listed(kind);
        }
        kinds.absent(Watched::Objects(Kind::MultiClusterIngress), true);
        kinds
    }

    #[test]
    fn a_cluster_is_known_once_each_kind_is_listed_or_absent() {
        let mut plain = kinds();
        plain.absent(ROUTES, true);
        assert!(!plain.are_all_known());
        plain.listed(INGRESSES);
        assert!(plain.are_all_known());
        let expected = [
            ("HostRule", KindNotice::Listed),
            ("Ingress", KindNotice::Listed),
            ("MultiClusterIngress", KindNotice::Absent),
            ("Namespace", KindNotice::Listed),
            ("Route", KindNotice::Absent),
            ("Service", KindNotice::Listed),
        ];
        assert_eq!(plain.notices(), BTreeMap::from(expected));
    }

    #[test]
    fn on_openshift_nobody_waits_for_ingresses() {
        let mut openshift = kinds();
        openshift.listed(ROUTES);
        openshift.without_ingresses();
        assert!(openshift.are_all_known());
    }

    /// DB-01
    #[test]
    fn a_kind_that_was_listed_and_is_not_served_any_more_is_gone_and_not_absent() {
        let mut kinds = kinds();
        kinds.listed(ROUTES);
        assert_eq!((kinds.absent(ROUTES, false), kinds.notices()["Route"]), (true, KindNotice::Gone));
        assert_eq!((kinds.absent(ROUTES, false), kinds.notices()["Route"]), (false, KindNotice::Gone));
        assert_eq!((kinds.listed(ROUTES), kinds.notices()["Route"]), (true, KindNotice::Listed));
    }

    /// DB-01
    #[test]
    fn a_new_watcher_waits_for_a_kind_that_an_earlier_one_listed_unless_nothing_was_left_of_it() {
        for (none_left, expected) in [(false, KindNotice::Waiting), (true, KindNotice::Absent)] {
            let ever_listed = EverListed::default();
            let mut first = Kinds::new(false, ever_listed.clone());
            first.listed(ROUTES);
            assert!(first.absent(ROUTES, none_left));
            let mut second = Kinds::new(false, ever_listed);
            assert_eq!((second.absent(ROUTES, true), second.absent(ROUTES, true)), (true, false), "told once");
            assert_eq!((second.notices()["Route"], second.trouble().is_some()), (expected, !none_left));
            second.listed(ROUTES);
            assert_eq!((second.notices()["Route"], second.trouble()), (KindNotice::Listed, None));
        }
    }

    #[test]
    fn the_trouble_of_each_kind_is_told_until_that_kind_works() {
        let mut kinds = kinds();
        kinds.failed(ROUTES, "no routes".into());
        kinds.failed(INGRESSES, "no ingresses".into());
        assert_eq!(kinds.trouble().as_deref(), Some("no ingresses; no routes"));
        assert!(kinds.works(INGRESSES));
        assert_eq!(kinds.trouble().as_deref(), Some("no routes"));
        kinds.listed(ROUTES);
        assert_eq!(kinds.trouble(), None);
    }
}
