//! What is known about the GSLBHostRules, and what is to be done about each. Pure: no request is sent here.

#[cfg(test)]
mod tests;

use super::Outcome;
use crate::core::precedence::ObjectName;
use crate::core::report::carrier::carrier_name;
use crate::core::report::{RuleReport, ServiceReport, Sight, rule_status};
use crate::crd::GslbHostRuleStatus;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One request about one GSLBHostRule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Patch(Box<GslbHostRuleStatus>),
    /// Makes an object that carries the status of this FQDN's service.
    Create {
        fqdn: Arc<str>,
    },
    /// Removes a carrier that is not needed any more.
    Delete {
        uid: Option<String>,
    },
}

/// A call that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub call: Call,
    /// It is about something that may be different in a moment, so the call had better wait.
    pub passing: bool,
}

/// A rule that exists.
#[derive(Debug)]
struct Held {
    report: RuleReport,
    /// The status that the object had when it was seen last.
    seen: GslbHostRuleStatus,
    /// What was written since, or is being written, and was not seen yet; oldest first.
    written: Vec<GslbHostRuleStatus>,
    /// The last one was written into a field that may have dropped some of it.
    as_field: bool,
    /// The status is to be written, although as far as is known the object has it.
    anew: bool,
    /// Its deletion was answered.
    deleted: bool,
}

/// Who wrote a status that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    Here,
    Elsewhere,
}

/// Written statuses that are remembered until they are seen.
const REMEMBERED: usize = 8;

impl Held {
    fn new(report: RuleReport, seen: GslbHostRuleStatus) -> Self {
        Self { report, seen, written: Vec::new(), as_field: false, anew: false, deleted: false }
    }

    /// The status that the object has, as far as is known.
    fn present(&self) -> &GslbHostRuleStatus {
        self.written.last().unwrap_or(&self.seen)
    }

    /// Takes in the status that the object had at some moment. Versions are seen in their order, if late and not all: one
    /// that was written here says nothing against what was written after it, and any other is what there is now.
    fn see(&mut self, status: GslbHostRuleStatus) -> Author {
        if status == self.seen {
            return Author::Here;
        }
        let author = match self.written.iter().position(|written| *written == status) {
            Some(place) => {
                drop(self.written.drain(..=place));
                Author::Here
            }
            None => {
                self.written.clear();
                Author::Elsewhere
            }
        };
        self.seen = status;
        author
    }

    fn write(&mut self, status: GslbHostRuleStatus) {
        if status != *self.present() {
            if self.written.len() == REMEMBERED {
                self.written.remove(0);
            }
            self.written.push(status);
        }
    }
}

/// Whether the status of an FQDN's service should have an object of its own.
#[derive(Debug)]
struct Carrier {
    fqdn: Arc<str>,
    wanted: bool,
}

/// All that the StatusWriter knows about GSLBHostRules.
#[derive(Debug, Default)]
pub struct Rules {
    /// Of the operator; carriers are there.
    namespace: String,
    sight: Sight,
    held: BTreeMap<ObjectName, Held>,
    /// The rules of users by FQDN, in force or not.
    of_users: BTreeMap<String, BTreeSet<ObjectName>>,
    services: BTreeMap<ObjectName, Box<ServiceReport>>,
    carriers: BTreeMap<ObjectName, Carrier>,
    /// Objects that exist, although no report about them has come in.
    unreported: BTreeSet<ObjectName>,
    /// Names of carriers that belong to somebody else, told once.
    taken: BTreeSet<ObjectName>,
}

impl Rules {
    pub fn new(namespace: String) -> Self {
        Self { namespace, ..Self::default() }
    }

    /// Takes in what is known about a rule. Gives the objects to look at.
    pub fn on_rule(&mut self, report: RuleReport) -> Vec<ObjectName> {
        let name = report.object.clone();
        self.unreported.remove(&name);
        let mut touched = self.forget_user(&name);
        let was_for = self.held.get(&name).map(|held| held.report.fqdn.clone()).filter(|fqdn| *fqdn != report.fqdn);
        // No report about that FQDN follows; one about the new FQDN may have come before this.
        if was_for.is_some() && self.services.get(&name).map(|service| &service.fqdn) == was_for.as_ref() {
            self.services.remove(&name);
        }
        let seen = report.present.clone().unwrap_or_default();
        let held = match self.held.remove(&name) {
            Some(held) if held.report.uid == report.uid => {
                // A lower one is that of an object from a backup.
                let generation = if held.as_field { report.generation } else { report.latest };
                let mut held = Held { report: RuleReport { generation, ..report }, ..held };
                held.see(seen);
                held
            }
            _ => Held::new(report, seen),
        };
        let report = &held.report;
        if !report.managed {
            touched.push(self.carrier_of(&report.fqdn));
            self.of_users.entry(report.fqdn.clone()).or_default().insert(name.clone());
        }
        self.held.insert(name.clone(), held);
        self.tell_taken(&name);
        touched.push(name);
        touched
    }

    /// Takes in the status and generation that a rule has now. Where the status is an ordinary field, writing it makes a
    /// generation too, which then says nothing.
    pub fn on_restated(&mut self, name: &ObjectName, generation: Option<i64>, status: GslbHostRuleStatus) -> Author {
        let Some(held) = self.held.get_mut(name) else { return Author::Here };
        if !held.as_field {
            held.report.generation = generation;
        }
        held.see(status)
    }

    /// The rule does not exist any more.
    pub fn on_gone(&mut self, name: ObjectName) -> Vec<ObjectName> {
        self.unreported.remove(&name);
        self.taken.remove(&name);
        self.services.remove(&name);
        let mut touched = self.forget_user(&name);
        self.held.remove(&name);
        self.forget_unwanted(&name);
        touched.push(name);
        touched
    }

    /// There are no others than these. Gives the objects to look at.
    pub fn on_only(&mut self, names: &BTreeSet<ObjectName>) -> Vec<ObjectName> {
        let known = self.held.keys().chain(&self.unreported);
        let gone: BTreeSet<ObjectName> = known.filter(|name| !names.contains(name)).cloned().collect();
        gone.into_iter().flat_map(|name| self.on_gone(name)).collect()
    }

    /// Takes in how the service of a rule is doing.
    pub fn on_service(&mut self, rule: ObjectName, report: Box<ServiceReport>) -> ObjectName {
        self.services.insert(rule.clone(), report);
        rule
    }

    /// Drops the last report of a service whose FQDN is forgotten, and the wish for its carrier.
    pub fn on_service_gone(&mut self, fqdn: &str) -> Vec<ObjectName> {
        let carrier = self.carrier_of(fqdn);
        let was_wanted = self.carriers.remove(&carrier).is_some();
        let users = self.of_users.get(fqdn).into_iter().flatten().cloned();
        let speaks = |name: &ObjectName| self.services.get(name).is_some_and(|service| service.fqdn == fqdn);
        let mut names: Vec<ObjectName> = users.chain([carrier.clone()]).filter(speaks).collect();
        if was_wanted && !names.contains(&carrier) {
            names.push(carrier);
        }
        names.iter().for_each(|name| drop(self.services.remove(name)));
        names
    }

    /// Whoever spoke for the services was restarted: what they say now is still to come.
    pub fn on_services_unknown(&mut self) {
        self.sight = Sight::Blind;
        self.services.clear();
        self.carriers.clear();
    }

    /// Takes in whether a service should have a carrier.
    pub fn on_carrier(&mut self, fqdn: Arc<str>, wanted: bool) -> ObjectName {
        let name = self.carrier_of(&fqdn);
        self.carriers.insert(name.clone(), Carrier { fqdn, wanted });
        self.forget_unwanted(&name);
        self.tell_taken(&name);
        name
    }

    /// Takes in what can be said of absent things. Gives the objects to look at.
    pub fn on_sight(&mut self, sight: Sight) -> Vec<ObjectName> {
        self.sight = sight;
        let unserved = self.held.iter().filter(|(name, held)| !self.is_served(name, held)).map(|(name, _)| name);
        unserved.chain(self.carriers.keys()).cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Takes in that the status of the rules is held apart now, which had been a field. Gives the objects to look at.
    pub fn on_status_apart(&mut self) -> Vec<ObjectName> {
        let as_field = self.held.iter_mut().filter(|(_, held)| held.as_field);
        let anew = as_field.map(|(name, held)| {
            (held.as_field, held.anew) = (false, true);
            name.clone()
        });
        anew.collect()
    }

    /// What is to be done about this object now.
    pub fn due(&self, name: &ObjectName, now: Timestamp) -> Option<Due> {
        let Some(held) = self.held.get(name) else { return self.due_creation(name) };
        if held.deleted {
            return None;
        }
        if let Some(passing) = self.surplus(name, held) {
            return Some(Due { call: Call::Delete { uid: held.report.uid.clone() }, passing });
        }
        let service = self.services.get(name).map(AsRef::as_ref);
        let wanted = rule_status(&held.report, service, self.sight, held.present(), now);
        let differs = held.anew || wanted.status != *held.present();
        differs.then(|| Due { call: Call::Patch(Box::new(wanted.status)), passing: wanted.passing })
    }

    /// A call begins. What is seen of it may come before its answer.
    pub fn on_begun(&mut self, name: &ObjectName, call: &Call) {
        if let (Call::Patch(status), Some(held)) = (call, self.held.get_mut(name)) {
            held.write((**status).clone());
        }
    }

    /// A call has failed. Should it have been done all the same, that will be seen.
    pub fn on_failed(&mut self, name: &ObjectName) {
        self.held.get_mut(name).into_iter().for_each(|held| held.written.clear());
    }

    /// A call was done, or it turned out that there is nothing to do: the object is gone, or exists.
    pub fn on_settled(&mut self, name: &ObjectName, call: Call, outcome: Outcome) {
        match (call, self.held.get_mut(name)) {
            (Call::Patch(_), Some(held)) => {
                held.as_field = outcome == Outcome::AsField;
                held.anew = false;
            }
            (Call::Delete { uid }, Some(held)) => held.deleted |= held.report.uid == uid,
            (Call::Create { .. }, None) => drop(self.unreported.insert(name.clone())),
            (Call::Create { .. }, Some(_)) | (Call::Patch(_) | Call::Delete { .. }, None) => {}
        }
    }

    fn due_creation(&self, name: &ObjectName) -> Option<Due> {
        let carrier = self.carriers.get(name).filter(|carrier| carrier.wanted)?;
        let has_rule = self.of_users.contains_key(&*carrier.fqdn);
        let may = self.sight > Sight::Blind && !has_rule && !self.unreported.contains(name);
        may.then(|| Due { call: Call::Create { fqdn: Arc::clone(&carrier.fqdn) }, passing: true })
    }

    /// Whether an object is a carrier without a use, and if so, whether that may be about to pass. An object without
    /// the label never is.
    fn surplus(&self, name: &ObjectName, held: &Held) -> Option<bool> {
        if !held.report.managed {
            return None;
        }
        if held.report.superfluous || self.of_users.contains_key(&held.report.fqdn) {
            return Some(false);
        }
        match self.carriers.get(name) {
            Some(carrier) => (!carrier.wanted).then_some(false),
            // Nobody speaks for it: its service went while the operator was down.
            None => (self.sight == Sight::Complete && !self.is_served(name, held)).then_some(true),
        }
    }

    /// Whether a report speaks of the service that the rule is for. One about the FQDN that it was for before does not.
    fn is_served(&self, name: &ObjectName, held: &Held) -> bool {
        self.services.get(name).is_some_and(|service| service.fqdn == held.report.fqdn)
    }

    fn carrier_of(&self, fqdn: &str) -> ObjectName {
        ObjectName { namespace: self.namespace.clone(), name: carrier_name(fqdn) }
    }

    /// A carrier that is not wanted is of interest only while its object exists.
    fn forget_unwanted(&mut self, name: &ObjectName) {
        let exists = self.held.contains_key(name) || self.unreported.contains(name);
        if !exists && self.carriers.get(name).is_some_and(|carrier| !carrier.wanted) {
            self.carriers.remove(name);
        }
    }

    /// Takes a user's rule out of the index. Gives the carrier that may be needed again.
    fn forget_user(&mut self, name: &ObjectName) -> Vec<ObjectName> {
        let Some(held) = self.held.get(name).filter(|held| !held.report.managed) else { return Vec::new() };
        let fqdn = held.report.fqdn.clone();
        if let Some(rules) = self.of_users.get_mut(&fqdn) {
            rules.remove(name);
            if rules.is_empty() {
                self.of_users.remove(&fqdn);
            }
        }
        vec![self.carrier_of(&fqdn)]
    }

    /// Says once that somebody else's object has the name of a carrier.
    fn tell_taken(&mut self, name: &ObjectName) {
        let Some(carrier) = self.carriers.get(name).filter(|carrier| carrier.wanted) else { return };
        let foreign = self.held.get(name).is_some_and(|held| {
            let RuleReport { managed, fqdn, .. } = &held.report;
            !managed && **fqdn != *carrier.fqdn
        });
        if foreign && self.taken.insert(name.clone()) {
            let ObjectName { namespace, name } = name;
            tracing::warn!(
                fqdn = &*carrier.fqdn,
                namespace,
                name,
                "a GSLBHostRule of somebody else has the name of the one that would carry the status of this service; \
                 rename it to see the status"
            );
        }
    }
}
