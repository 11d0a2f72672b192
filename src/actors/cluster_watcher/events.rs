//! What the EventWriter is told about objects of the cluster that cannot be used: all of them, whenever that changes.

use super::ClusterWatcherState;
use super::kinds::Watched;
use crate::actors::event_writer::EventWriterMsg;
use crate::core::occurrence::{Involved, Occurrence, digest};
use crate::core::precedence::ObjectName;
use std::collections::BTreeSet;

impl ClusterWatcherState {
    /// Usually there is nothing to tell.
    pub(super) fn tell_unusable(&mut self) {
        let objects = self.unusable();
        let digest = (!objects.is_empty()).then(|| digest(&objects));
        if self.told_unusable != digest {
            self.told_unusable = digest;
            self.events.cast(EventWriterMsg::Unusable { cluster: self.context.clone(), objects });
        }
    }

    /// Each object once: of one that cannot be read, what it was before does not matter.
    fn unusable(&self) -> Vec<(Involved, Occurrence)> {
        let unreadable = self.unreadable.objects();
        let mut objects: Vec<_> = unreadable
            .filter_map(|(kind, name, uid, error)| Some((involved(kind, name, uid)?, Occurrence::undecodable(error))))
            .collect();
        let named: BTreeSet<(String, String, String)> = objects.iter().map(|(involved, _)| name_of(involved)).collect();
        let refused = self.inventory.refused().map(|(id, uid, refusals)| {
            let uid = uid.map(|uid| uid.hyphenated().to_string());
            let involved = Involved::watched(id.kind, &id.namespace, &id.name, uid);
            (involved, Occurrence::invalid(refusals.iter().map(|refusal| refusal.reason.as_str())))
        });
        objects.extend(refused.filter(|(involved, _)| !named.contains(&name_of(involved))));
        objects
    }
}

fn name_of(involved: &Involved) -> (String, String, String) {
    (involved.kind.to_string(), involved.namespace.clone(), involved.name.clone())
}

/// Nobody is told about a namespace: it is not an object that asks for anything.
fn involved(kind: Watched, name: &ObjectName, uid: Option<&str>) -> Option<Involved> {
    let uid = uid.map(str::to_owned);
    match kind {
        Watched::Namespaces => None,
        Watched::Objects(kind) => Some(Involved::watched(kind, &name.namespace, &name.name, uid)),
        Watched::HostRules => Some(Involved::host_rule(&name.namespace, &name.name, uid)),
    }
}
