//! What clusters offer, and which of them are seen.

use super::GsDirectoryState;
use crate::actors::gs_actor::{GsMsg, Input};
use crate::avi::urgency::Urgency;
use crate::core::aliases::{Claims, Services};
use crate::core::endpoint::Endpoint;
use crate::core::inventory::Offer;
use crate::core::naming::Naming;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl GsDirectoryState {
    pub(super) fn on_offer(&mut self, cluster: &str, fqdn: &str, offer: Offer) {
        if self.is_member(cluster) {
            // Somebody changed one object; while everything is new, nobody waits for one.
            let urgency = if self.context.settled { Urgency::Interactive } else { Urgency::Bulk };
            let renamed = self.take_offer(cluster, fqdn, offer, (urgency, false));
            self.tell_aliases(renamed);
        }
    }

    /// A complete list is a diff: what the cluster offered before and does not name now is gone. `seen_under` is the
    /// naming of the offers, or `None` when the list is not complete.
    pub(super) fn on_cluster_seen(
        &mut self,
        cluster: &str,
        offers: BTreeMap<String, Offer>,
        seen_under: Option<Arc<Naming>>,
    ) {
        if !self.is_member(cluster) {
            return;
        }
        // Before the offers: what is missing from an incomplete list, or from one under a naming that does not count,
        // is not known to be gone.
        let how = (Urgency::Bulk, self.sight.saw_otherwise(cluster, seen_under.as_deref()));
        if !seen_under.as_ref().is_some_and(|naming| self.sight.names(naming)) {
            self.sight.lose(cluster);
            self.announce();
        }
        let mut renamed = Services::new();
        for fqdn in self.withdrawn(cluster, &offers) {
            renamed.append(&mut self.take_offer(cluster, &fqdn, Offer::default(), how));
        }
        for (fqdn, offer) in offers {
            renamed.append(&mut self.take_offer(cluster, &fqdn, offer, how));
        }
        self.tell_aliases(renamed);
        if let Some(naming) = seen_under {
            let cluster = self.cluster_name(cluster);
            self.sight.gain(cluster, naming);
            self.announce();
        }
    }

    /// What the cluster offered and is not among its offers now.
    fn withdrawn(&self, cluster: &str, offers: &BTreeMap<String, Offer>) -> BTreeSet<Arc<str>> {
        let offering = self.entries.iter().filter(|(_, entry)| entry.offers.get(cluster).is_some());
        let claiming = self.aliases.services_of(cluster);
        let known = offering.map(|(fqdn, _)| Arc::clone(fqdn)).chain(claiming);
        known.filter(|fqdn| !offers.contains_key(&**fqdn)).collect()
    }

    /// Keeps the offer; answers which services have other aliases now. Endpoints go to their actor, claims into the
    /// table: a claim alone makes no service, and keeps no actor. `how` says how urgent it is, and whether it differs because
    /// services are named otherwise.
    fn take_offer(&mut self, cluster: &str, fqdn: &str, offer: Offer, how: (Urgency, bool)) -> Services {
        let Offer { endpoints, aliases } = offer;
        let mut renamed = self.aliases.set(cluster, fqdn, Arc::clone(&aliases));
        self.take_endpoints(cluster, fqdn, endpoints, how);
        for name in aliases.iter().map(|claim| claim.alias.as_str()).chain([fqdn]) {
            renamed.append(&mut self.settle_name(name));
        }
        renamed
    }

    fn take_endpoints(
        &mut self,
        cluster: &str,
        fqdn: &str,
        endpoints: Arc<[Arc<Endpoint>]>,
        (urgency, renamed): (Urgency, bool),
    ) {
        let offer = Offer { endpoints, aliases: Claims::default() };
        let cluster = self.cluster_name(cluster);
        let Some(entry) = self.entries.get_mut(fqdn) else {
            if !offer.is_empty() {
                let fqdn: Arc<str> = fqdn.into();
                let entry = self.entries.entry(Arc::clone(&fqdn)).or_default();
                Arc::make_mut(&mut entry.offers).set(cluster, offer);
                self.begin(&fqdn, self.fresh(), urgency);
            }
            return;
        };
        let unchanged = match entry.offers.get(&cluster) {
            Some(known) => *known == offer,
            None => offer.is_empty(),
        };
        if !unchanged {
            Arc::make_mut(&mut entry.offers).set(cluster, offer);
            let offers = Arc::clone(&entry.offers);
            self.tell(fqdn, GsMsg::Input(Input::Offers { offers, urgency, renamed }));
            self.give_another_chance(fqdn);
        }
    }

    /// Clusters that left the configuration take their offers with them: that is a decision, not blindness. Their
    /// actors see from the policy that the endpoints do not count any more.
    pub(super) fn forget_removed_clusters(&mut self) {
        let Some(installation) = &self.policy.installation else { return };
        let members = &installation.member_clusters;
        self.sight.retain(|cluster| members.contains(cluster));
        for entry in self.entries.values_mut() {
            entry.forget_clusters(|cluster| members.contains(cluster));
        }
    }

    /// And their claims.
    pub(super) fn forget_removed_claims(&mut self) {
        let Some(installation) = &self.policy.installation else { return };
        let members = &installation.member_clusters;
        let gone = self.aliases.clusters().filter(|cluster| !members.contains(&***cluster));
        let gone: Vec<Arc<str>> = gone.cloned().collect();
        let mut renamed = Services::new();
        for cluster in gone {
            for service in self.aliases.services_of(&cluster) {
                renamed.append(&mut self.aliases.set(&cluster, &service, Claims::default()));
            }
        }
        self.tell_aliases(renamed);
    }

    fn is_member(&self, cluster: &str) -> bool {
        self.policy.installation.as_ref().is_none_or(|i| i.member_clusters.contains(cluster))
    }

    pub(super) fn cluster_name(&mut self, cluster: &str) -> Arc<str> {
        if let Some(name) = self.clusters.get(cluster) {
            return Arc::clone(name);
        }
        let name: Arc<str> = cluster.into();
        self.clusters.insert(Arc::clone(&name));
        name
    }
}
