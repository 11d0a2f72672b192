//! Domain names that services cannot have: told on the HostRules that claim them.

use super::GsDirectoryState;
use crate::actors::event_writer::EventWriterMsg;
use crate::core::aliases::AliasClaim;
use crate::core::occurrence::{Involved, Occurrence, Reason};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Names that one service cannot have, and why.
type Names = Vec<(String, String)>;

/// Cluster, namespace, name and uid of a HostRule.
type Claimant = (String, String, String, Option<Uuid>);

/// By FQDN.
#[derive(Debug, Default)]
pub(super) struct RefusedNames(BTreeMap<Arc<str>, Names>);

impl RefusedNames {
    /// For people.
    pub(super) fn in_words(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|(fqdn, names)| {
            names.iter().map(move |(name, why)| format!("alias {name} of {fqdn} is not used: {why}"))
        })
    }
}

impl GsDirectoryState {
    /// Takes in all that a service cannot have.
    pub(super) fn on_refused_names(&mut self, fqdn: Arc<str>, names: Names) {
        let before = self.refused_names.0.remove(&fqdn).unwrap_or_default();
        let (told, now) = (self.claims(&fqdn, &before), self.claims(&fqdn, &names));
        for claimant in told.keys().filter(|claimant| !now.contains_key(*claimant)) {
            self.tell_claim(claimant.clone(), None);
        }
        for (claimant, words) in now.into_iter().filter(|(claimant, words)| told.get(claimant) != Some(words)) {
            self.tell_claim(claimant, Some(words));
        }
        if !names.is_empty() {
            self.refused_names.0.insert(fqdn, names);
        }
        self.post_waiting_aliases();
    }

    /// Somebody forgot them, or begins to tell.
    pub(super) fn tell_refused_names(&self) {
        for (fqdn, names) in &self.refused_names.0 {
            for (claimant, words) in self.claims(fqdn, names) {
                self.tell_claim(claimant, Some(words));
            }
        }
    }

    /// What each HostRule claims in vain, in one Event.
    fn claims(&self, fqdn: &str, names: &[(String, String)]) -> BTreeMap<Claimant, String> {
        let mut claims = BTreeMap::<Claimant, Vec<String>>::new();
        for (name, why) in names {
            for AliasClaim { cluster, namespace, name: rule, uid, .. } in self.aliases.claims_for(name, fqdn) {
                let claimant = (cluster.clone(), namespace.clone(), rule.clone(), *uid);
                let words = format!("alias {name} of GSLB service {fqdn} is not used: {why}");
                claims.entry(claimant).or_default().push(words);
            }
        }
        claims.into_iter().map(|(claimant, words)| (claimant, words.join("; "))).collect()
    }

    fn tell_claim(&self, (cluster, namespace, rule, uid): Claimant, words: Option<String>) {
        let involved = Involved::host_rule(&namespace, &rule, uid.map(|uid| uid.hyphenated().to_string()));
        let occurrence = words.map(|words| Occurrence::new(Reason::Refused, words));
        self.args.events.cast(EventWriterMsg::Claim { cluster, involved, occurrence });
    }
}
