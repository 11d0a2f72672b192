//! Desired against observed: the writes that lead from one to the other, in the order that the controller needs
//! (`docs/RULES.md#order-of-calls`).

mod applied;
mod compare;
mod describe;
mod drift;
mod keep;
mod known;
mod observed;
mod stand_in;
#[cfg(test)]
mod tests;

pub use applied::Stored;
pub use compare::same_monitor;
pub use describe::{Described, describe};
pub use drift::{Drift, DriftCounts, DriftKind, drift};
pub use keep::{Whose, keep_held, keep_unseen, leaving, relevant_unseen, routes_of};
pub use known::Known;
pub use observed::{Holding, Observed, ObservedMonitor, ObservedService};

use super::build::{Decision, Desired};
use super::gslb::{GslbService, HealthMonitor};
use super::monitor::is_shared;
use compare::is_like;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One call to the controller. Applied in order; the first failure ends the list, and what is left is decided anew.
///
/// Planning again after any of the writes gives the rest of the list, so an executor may also do the first write,
/// note it with [`Observed::applied`] and plan again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    CreateMonitor(HealthMonitor),
    UpdateMonitor {
        uuid: String,
        last_modified: Option<String>,
        monitor: HealthMonitor,
    },
    DeleteMonitor {
        /// Empty for one that is made earlier in the same list: it is known then (see [`Observed::refresh`]).
        uuid: String,
        tenant: String,
        name: String,
    },
    CreateService(GslbService),
    /// The second update of a service in one list takes its `last_modified` from the answer to the first (see
    /// [`Observed::refresh`]).
    UpdateService {
        uuid: String,
        last_modified: Option<String>,
        service: GslbService,
    },
    DeleteService {
        uuid: String,
        tenant: String,
        name: String,
    },
    /// Creates the service in its tenant in the place of those that other tenants hold (TEN-05).
    MoveService {
        service: GslbService,
        from: Vec<Arc<ObservedService>>,
    },
}

/// Contexts that have not been completely listed since the process started, and the Routes of those in which they alone
/// were not ([`routes_of`]).
pub type Unseen = BTreeSet<String>;

/// The writes that make the controller hold `decision`. Empty when it already does, comparing what matters: member
/// order, reference spelling and defaults that the controller fills in do not (DB-09).
pub fn plan(decision: &Decision, observed: &Observed) -> Vec<Write> {
    match decision {
        Decision::Wait(_) => Vec::new(),
        Decision::Nothing => removal(observed),
        Decision::Service(desired) => Convergence::new(desired, observed).writes(),
    }
}

/// The services first, because the controller refuses to delete a monitor in use.
fn removal(observed: &Observed) -> Vec<Write> {
    let services = observed.services().map(ObservedService::deletion);
    services.chain(observed.holdings().flat_map(|holding| delete_monitors(holding, |_| true))).collect()
}

/// Deletes for the monitors of a tenant that `superfluous` picks by name, except those that services share (EX-12).
fn delete_monitors(holding: &Holding, superfluous: impl Fn(&String) -> bool) -> impl Iterator<Item = Write> {
    holding.monitors.iter().filter(move |(name, _)| !is_shared(name) && superfluous(name)).map(|(name, monitor)| {
        Write::DeleteMonitor { uuid: monitor.uuid.clone(), tenant: holding.tenant.clone(), name: name.clone() }
    })
}

/// The desired service, and what of the observed world can serve it.
struct Convergence<'a> {
    desired: &'a Desired,
    /// What the desired tenant holds.
    here: Option<&'a Holding>,
    /// What other tenants hold.
    elsewhere: Vec<&'a Holding>,
}

/// What has to happen to one desired monitor.
enum Change<'a> {
    Create(&'a HealthMonitor),
    /// Type or port differ: the controller needs a new object (EX-09).
    Replace(&'a HealthMonitor, &'a ObservedMonitor),
    Update(&'a HealthMonitor, &'a ObservedMonitor),
}

impl<'a> Convergence<'a> {
    fn new(desired: &'a Desired, observed: &'a Observed) -> Self {
        let (here, elsewhere): (Vec<_>, _) =
            observed.holdings().partition(|holding| holding.tenant == desired.service.tenant);
        Self { desired, here: here.first().copied(), elsewhere }
    }

    fn writes(&self) -> Vec<Write> {
        let changes: Vec<Change<'a>> =
            self.desired.monitors.iter().filter_map(|monitor| self.change(monitor)).collect();
        let mut writes = Vec::new();
        match self.here.and_then(|here| here.service.as_ref()) {
            Some(service) => self.update(&mut writes, service, &changes),
            None => self.create(&mut writes, &changes),
        }
        // At the start, every FQDN waits with its list.
        writes.shrink_to_fit();
        writes
    }

    fn change(&self, monitor: &'a HealthMonitor) -> Option<Change<'a>> {
        let held = self.here.and_then(|here| here.monitors.get(&monitor.name));
        let Some(observed) = held else { return Some(Change::Create(monitor)) };
        match &observed.content {
            Some(content) if !replaceable(content, monitor) => {
                let same = observed.faithful && same_monitor(content, monitor);
                (!same).then_some(Change::Update(monitor, observed))
            }
            // In use by others, so it cannot be deleted.
            _ if is_shared(&monitor.name) => Some(Change::Update(monitor, observed)),
            _ => Some(Change::Replace(monitor, observed)),
        }
    }

    /// Nothing here refers to a monitor yet, so all of them are put right before the service comes. In a tenant that
    /// refuses them, the service is not even tried.
    fn create(&self, writes: &mut Vec<Write>, changes: &[Change<'_>]) {
        writes.extend(changes.iter().flat_map(created));
        writes.extend(changes.iter().flat_map(|change| self.replaced(change)));
        writes.extend(changes.iter().flat_map(updated));
        let service = self.desired.service.clone();
        let from: Vec<_> = self.elsewhere.iter().filter_map(|holding| holding.service.clone()).collect();
        writes.push(if from.is_empty() { Write::CreateService(service) } else { Write::MoveService { service, from } });
        writes.extend(self.surplus(&[]));
        writes.extend(self.strays());
    }

    fn update(&self, writes: &mut Vec<Write>, service: &ObservedService, changes: &[Change<'_>]) {
        writes.extend(self.leftovers());
        writes.extend(changes.iter().flat_map(created));
        let stand_ins = self.stand_ins(service, changes);
        let detached = self.detached(service, changes, &stand_ins);
        let differs = !service.faithful || !is_like(service, &self.desired.service);
        let must_update = differs || detached.is_some();
        writes.extend(stand_ins.iter().flat_map(|monitor| self.prepared(monitor)));
        writes.extend(detached);
        writes.extend(changes.iter().flat_map(|change| self.replaced(change)));
        if must_update {
            writes.push(Write::UpdateService {
                uuid: service.uuid.clone(),
                last_modified: service.last_modified.clone(),
                service: self.desired.service.clone(),
            });
        }
        writes.extend(changes.iter().flat_map(updated));
        writes.extend(self.surplus(&stand_ins));
        writes.extend(self.strays());
    }

    /// The update that takes monitors off the service which are about to be replaced, when it refers to any. What stands
    /// in for them comes at the same time.
    fn detached(&self, service: &ObservedService, changes: &[Change<'_>], by: &[HealthMonitor]) -> Option<Write> {
        let replaced: BTreeSet<&String> = changes.iter().filter_map(replaced_name).collect();
        if !service.content.monitors.iter().any(|name| replaced.contains(name)) {
            return None;
        }
        let mut without = self.desired.service.clone();
        without.monitors.retain(|name| !replaced.contains(name));
        without.monitors.extend(by.iter().map(|monitor| monitor.name.clone()));
        let ObservedService { uuid, last_modified, .. } = service;
        Some(Write::UpdateService { uuid: uuid.clone(), last_modified: last_modified.clone(), service: without })
    }

    /// Deletes for monitors that the service no longer refers to, and for those that stood in, by name.
    fn surplus(&self, stand_ins: &[HealthMonitor]) -> Vec<Write> {
        let needed: BTreeSet<&String> = self.desired.service.monitors.iter().collect();
        let temporary: BTreeSet<&String> = stand_ins.iter().map(|monitor| &monitor.name).collect();
        let unneeded = |name: &String| !needed.contains(name) && !temporary.contains(name);
        let mut surplus: Vec<Write> = self.here.iter().flat_map(|here| delete_monitors(here, unneeded)).collect();
        surplus.extend(stand_ins.iter().map(|monitor| Write::DeleteMonitor {
            uuid: self.uuid_of(monitor),
            tenant: monitor.tenant.clone(),
            name: monitor.name.clone(),
        }));
        surplus.sort_by(|one, other| monitor_name(one).cmp(&monitor_name(other)));
        surplus
    }

    /// Deletes for services in other tenants, when there is one here too (DB-47).
    fn leftovers(&self) -> impl Iterator<Item = Write> {
        self.elsewhere.iter().filter_map(|holding| holding.service.as_deref()).map(ObservedService::deletion)
    }

    /// Deletes for monitors in other tenants than the service.
    fn strays(&self) -> impl Iterator<Item = Write> {
        self.elsewhere.iter().flat_map(|holding| delete_monitors(holding, |_| true))
    }

    fn replaced(&self, change: &Change<'_>) -> Vec<Write> {
        match change {
            Change::Replace(monitor, observed) => vec![
                Write::DeleteMonitor {
                    uuid: observed.uuid.clone(),
                    tenant: self.desired.service.tenant.clone(),
                    name: monitor.name.clone(),
                },
                Write::CreateMonitor((*monitor).clone()),
            ],
            Change::Create(_) | Change::Update(..) => Vec::new(),
        }
    }
}

fn monitor_name(write: &Write) -> Option<&str> {
    if let Write::DeleteMonitor { name, .. } = write { Some(name) } else { None }
}

fn replaceable(observed: &HealthMonitor, desired: &HealthMonitor) -> bool {
    observed.port != desired.port || std::mem::discriminant(&observed.probe) != std::mem::discriminant(&desired.probe)
}

fn created(change: &Change<'_>) -> Option<Write> {
    match change {
        Change::Create(monitor) => Some(Write::CreateMonitor((*monitor).clone())),
        Change::Replace(..) | Change::Update(..) => None,
    }
}

fn replaced_name<'a>(change: &Change<'a>) -> Option<&'a String> {
    match change {
        Change::Replace(monitor, _) => Some(&monitor.name),
        Change::Create(_) | Change::Update(..) => None,
    }
}

fn updated(change: &Change<'_>) -> Option<Write> {
    match change {
        Change::Update(monitor, observed) => Some(Write::UpdateMonitor {
            uuid: observed.uuid.clone(),
            last_modified: observed.last_modified.clone(),
            monitor: (*monitor).clone(),
        }),
        Change::Create(_) | Change::Replace(..) => None,
    }
}
