//! The kinds that are watched in one cluster, and how far each is known.

use super::platform::Platform;
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
const ROUTES: Watched = Watched::Objects(Kind::Route);

/// What is known of one kind, and what is wrong with it at present.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    notice: KindNotice,
    trouble: Option<Trouble>,
}

/// What is wrong with one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trouble {
    /// It cannot be watched, for this reason.
    Unwatched(String),
    /// In whole sentences.
    Told(String),
}

/// How far each kind of a cluster is known. A cluster has something to say once no kind is waited for.
#[derive(Debug)]
pub struct Kinds {
    kinds: BTreeMap<Watched, Known>,
    /// By this watcher or one before it; without those of which nothing was left.
    ever_listed: EverListed,
    /// Why there is no client.
    unreachable: Option<String>,
    platform: Option<Platform>,
}

impl Kinds {
    /// All kinds of a cluster, none of them known.
    pub fn new(multi_cluster_ingress: bool, ever_listed: EverListed) -> Self {
        let mut watched = vec![Watched::Namespaces, Watched::HostRules];
        watched.extend([Kind::Ingress, Kind::Route, Kind::Service].map(Watched::Objects));
        watched.extend(multi_cluster_ingress.then_some(Watched::Objects(Kind::MultiClusterIngress)));
        let unknown = Known { notice: KindNotice::Waiting, trouble: None };
        let kinds = watched.into_iter().map(|kind| (kind, unknown.clone())).collect();
        Self { kinds, ever_listed, unreachable: None, platform: None }
    }

    /// Whether Ingresses were listed by this watcher or one before it.
    pub fn ingresses_have_counted(ever_listed: &EverListed) -> bool {
        ever_listed.contains(INGRESSES.name())
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
        let before = self.notice(kind);
        if matches!(before, Some(KindNotice::Listed | KindNotice::Gone)) {
            if none_left {
                self.ever_listed.remove(kind.name());
            }
            return self.becomes(kind, KindNotice::Gone);
        }
        let told = if self.ever_listed.contains(kind.name()) {
            served_no_more(kind)
        } else if kind == ROUTES && self.platform == Some(Platform::OpenShift) {
            NO_ROUTES.to_owned()
        } else {
            return self.becomes(kind, KindNotice::Absent);
        };
        let now = Known { notice: KindNotice::Waiting, trouble: Some(Trouble::Told(told)) };
        self.unreachable = None;
        let Some(known) = self.kinds.get_mut(&kind) else { return false };
        std::mem::replace(known, now.clone()) != now
    }

    /// What the cluster is. On OpenShift, Routes stand in the place of Ingresses, and are always served. Answers whether
    /// that is news.
    pub fn is(&mut self, platform: Platform, ingresses_count: bool) -> bool {
        let news = self.platform.replace(platform) != Some(platform);
        self.unreachable = None;
        if !ingresses_count {
            self.becomes(INGRESSES, KindNotice::NotNeeded);
        } else if matches!(self.kinds.get(&INGRESSES), Some(Known { trouble: Some(Trouble::Told(_)), .. })) {
            // That was about the platform.
            self.works(INGRESSES);
        }
        if platform == Platform::OpenShift && self.notice(ROUTES) == Some(KindNotice::Absent) {
            self.absent(ROUTES, true);
        }
        self.go_on_without_routes();
        news
    }

    /// What the cluster is cannot be found out.
    pub fn platform_unknown(&mut self, trouble: String) {
        self.unreachable = None;
        if let Some(known) = self.kinds.get_mut(&INGRESSES) {
            known.trouble = Some(Trouble::Told(trouble));
        }
    }

    /// The kind cannot be read at present, for this reason.
    pub fn failed(&mut self, kind: Watched, cause: String) {
        self.unreachable = None;
        if let Some(known) = self.kinds.get_mut(&kind) {
            known.trouble = Some(Trouble::Unwatched(cause));
        }
        self.go_on_without_routes();
    }

    /// Elsewhere than on OpenShift, Routes only add: nothing else waits for those that cannot be listed. Nothing goes
    /// because of that either, so those that were listed once are waited for.
    fn go_on_without_routes(&mut self) {
        let plain = self.platform == Some(Platform::Plain) && !self.ever_listed.contains(ROUTES.name());
        if let Some(known) = self.kinds.get_mut(&ROUTES).filter(|_| plain)
            && known.notice == KindNotice::Waiting
            && known.trouble.is_some()
        {
            known.notice = KindNotice::Unlisted;
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

    /// No kind is waited for, so there is something to say.
    pub fn can_speak(&self) -> bool {
        self.kinds.values().all(|known| known.notice != KindNotice::Waiting)
    }

    /// Each kind has been listed, or does not count here.
    pub fn are_all_known(&self) -> bool {
        self.can_speak() && self.kinds.values().all(|known| known.notice != KindNotice::Unlisted)
    }

    /// How far one kind is known.
    pub fn notice(&self, kind: Watched) -> Option<KindNotice> {
        self.kinds.get(&kind).map(|known| known.notice)
    }

    pub fn notices(&self) -> BTreeMap<&'static str, KindNotice> {
        self.kinds.iter().map(|(kind, known)| (kind.name(), known.notice)).collect()
    }

    /// Everything that is wrong at present, for people. Kinds with one cause are told together.
    pub fn trouble(&self, cluster: &str) -> Option<String> {
        let mut unwatched: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut all: Vec<String> = self.unreachable.clone().into_iter().collect();
        for (kind, known) in &self.kinds {
            match &known.trouble {
                Some(Trouble::Unwatched(cause)) => unwatched.entry(cause).or_default().push(kind.name()),
                Some(Trouble::Told(text)) => all.push(text.clone()),
                None => {}
            }
        }
        let told = |(cause, kinds): (&str, Vec<&str>)| {
            format!("cluster {cluster}: cannot watch {} objects: {cause}", kinds.join(", "))
        };
        all.extend(unwatched.into_iter().map(told));
        (!all.is_empty()).then(|| all.join("; "))
    }

    fn becomes(&mut self, kind: Watched, notice: KindNotice) -> bool {
        self.unreachable = None;
        let Some(known) = self.kinds.get_mut(&kind) else { return false };
        let now = Known { notice, trouble: None };
        std::mem::replace(known, now.clone()) != now
    }
}

const NO_ROUTES: &str = "the cluster is OpenShift and does not serve Routes at present, so its members stay as they are: \
                         see that its openshift-apiserver is well";

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
        assert!(openshift.is(Platform::OpenShift, false) && !openshift.is(Platform::OpenShift, false));
        assert!(openshift.are_all_known());
        assert!(openshift.is(Platform::Plain, true) && openshift.are_all_known(), "what comes only adds");
    }

    /// FND-A5: whichever comes first.
    #[test]
    fn routes_that_cannot_be_listed_keep_nobody_waiting_where_they_only_add() {
        for platform_first in [false, true] {
            let mut plain = kinds();
            plain.listed(INGRESSES);
            if platform_first {
                plain.is(Platform::Plain, true);
            }
            plain.failed(ROUTES, "no".into());
            plain.is(Platform::Plain, true);
            assert_eq!((plain.can_speak(), plain.are_all_known()), (true, false));
            assert_eq!(plain.notices()["Route"], KindNotice::Unlisted);
            plain.listed(ROUTES);
            assert!(plain.are_all_known());
        }
        let mut openshift = kinds();
        openshift.is(Platform::OpenShift, false);
        openshift.failed(ROUTES, "no".into());
        assert!(!openshift.can_speak(), "there, they are what counts");
    }

    /// FND-A5, DB-01: OpenShift without Routes is one whose Routes are away.
    #[test]
    fn on_openshift_routes_that_are_not_served_are_waited_for() {
        for platform_first in [false, true] {
            let mut openshift = kinds();
            if platform_first {
                openshift.is(Platform::OpenShift, false);
            }
            openshift.absent(ROUTES, true);
            openshift.is(Platform::OpenShift, false);
            assert_eq!((openshift.can_speak(), openshift.trouble("c").as_deref()), (false, Some(NO_ROUTES)));
            openshift.is(Platform::Plain, true);
            openshift.absent(ROUTES, true);
            assert_eq!((openshift.can_speak(), openshift.trouble("c")), (true, None));
        }
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
            assert_eq!((second.notices()["Route"], second.trouble("c").is_some()), (expected, !none_left));
            second.listed(ROUTES);
            assert_eq!((second.notices()["Route"], second.trouble("c")), (KindNotice::Listed, None));
        }
    }

    /// FND-C4: kinds with one cause are told together.
    #[test]
    fn the_trouble_of_each_kind_is_told_until_that_kind_works() {
        let mut kinds = kinds();
        kinds.failed(ROUTES, "no".into());
        kinds.failed(INGRESSES, "no".into());
        kinds.failed(Watched::Namespaces, "nobody there".into());
        let both = "cluster c: cannot watch Ingress, Route objects: no";
        let other = "cluster c: cannot watch Namespace objects: nobody there";
        assert_eq!(kinds.trouble("c"), Some(format!("{both}; {other}")));
        assert!(kinds.works(INGRESSES) && kinds.works(Watched::Namespaces));
        assert_eq!(kinds.trouble("c").as_deref(), Some("cluster c: cannot watch Route objects: no"));
        kinds.listed(ROUTES);
        assert_eq!(kinds.trouble("c"), None);
    }
}
