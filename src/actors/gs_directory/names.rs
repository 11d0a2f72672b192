//! Domain names that services cannot have: told on the HostRules that claim them.

use super::GsDirectoryState;
use crate::actors::event_writer::EventWriterMsg;
use crate::core::aliases::AliasClaim;
use crate::core::occurrence::{Involved, Occurrence, Reason};
use std::collections::BTreeMap;
use std::sync::Arc;

/// By FQDN, each with the reason.
#[derive(Debug, Default)]
pub(super) struct RefusedNames(BTreeMap<Arc<str>, Vec<(String, String)>>);

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
    pub(super) fn on_refused_names(&mut self, fqdn: Arc<str>, names: Vec<(String, String)>) {
        let before = self.refused_names.0.remove(&fqdn).unwrap_or_default();
        for (name, _) in before.iter().filter(|(name, _)| !names.iter().any(|(now, _)| now == name)) {
            self.tell_claims(&fqdn, name, None);
        }
        for (name, why) in names.iter().filter(|now| !before.contains(now)) {
            self.tell_claims(&fqdn, name, Some(why));
        }
        if !names.is_empty() {
            self.refused_names.0.insert(fqdn, names);
        }
        self.post_waiting_aliases();
    }

    /// Somebody forgot them, or begins to tell.
    pub(super) fn tell_refused_names(&self) {
        for (fqdn, names) in &self.refused_names.0 {
            for (name, why) in names {
                self.tell_claims(fqdn, name, Some(why));
            }
        }
    }

    fn tell_claims(&self, fqdn: &str, name: &str, why: Option<&String>) {
        for AliasClaim { cluster, namespace, name: rule, uid, .. } in self.aliases.claims_for(name, fqdn) {
            let occurrence = why.map(|why| {
                Occurrence::new(Reason::Refused, format!("alias {name} of GSLB service {fqdn} is not used: {why}"))
            });
            let uid = uid.map(|uid| uid.hyphenated().to_string());
            let involved = Involved::host_rule(namespace, rule, uid);
            self.args.events.cast(EventWriterMsg::Claim { cluster: cluster.clone(), involved, occurrence });
        }
    }
}
