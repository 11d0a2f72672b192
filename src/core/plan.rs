//! Desired against observed: the writes that lead from one to the other, in the order that the controller needs
//! (`docs/RULES.md#order-of-calls`).

mod applied;
mod compare;
mod keep;
#[cfg(test)]
mod tests;

pub use applied::Stored;
pub use keep::{keep_unseen, relevant_unseen};

use super::build::{Decision, Desired};
use super::gslb::{GslbService, HealthMonitor};
use super::monitor::is_shared;
use compare::{same_monitor, same_service};
use std::collections::{BTreeMap, BTreeSet};

/// What the controller holds for one FQDN, as far as it belongs to this installation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    pub service: Option<ObservedService>,
    /// Own monitors of this FQDN by name; boxed, because a map reserves room for many where most FQDNs have one.
    pub monitors: BTreeMap<String, Box<ObservedMonitor>>,
}

/// A GSLB service read from the controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedService {
    pub uuid: String,
    /// The controller's version of the object, sent back on writes; `None` when it gave none.
    pub last_modified: Option<String>,
    pub content: GslbService,
    /// Whether everything that [`GslbService`] does not model (constant fields, owner) is as the operator writes it.
    pub faithful: bool,
}

/// A health monitor read from the controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedMonitor {
    pub uuid: String,
    pub last_modified: Option<String>,
    /// Known even when the content is not, because a delete needs it.
    pub tenant: String,
    /// `None` when it is of a kind that the operator does not write (somebody edited it): it is then rewritten.
    pub content: Option<HealthMonitor>,
    pub faithful: bool,
}

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
        uuid: String,
        tenant: String,
        name: String,
    },
    CreateService(GslbService),
    /// The second update of a service in one list has no `last_modified`: the answer to the first brings it (see
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
}

/// Contexts that have not been completely listed since the process started.
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

/// The service first, because the controller refuses to delete a monitor that is in use.
fn removal(observed: &Observed) -> Vec<Write> {
    let service = observed.service.iter().map(delete_service);
    service.chain(observed.monitors.iter().filter_map(|(name, monitor)| delete_monitor((name, monitor)))).collect()
}

fn delete_service(service: &ObservedService) -> Write {
    let GslbService { tenant, name, .. } = &service.content;
    Write::DeleteService { uuid: service.uuid.clone(), tenant: tenant.clone(), name: name.clone() }
}

/// `None` for a monitor that services share (EX-12).
fn delete_monitor((name, monitor): (&String, &ObservedMonitor)) -> Option<Write> {
    let ObservedMonitor { uuid, tenant, .. } = monitor;
    (!is_shared(name)).then(|| Write::DeleteMonitor { uuid: uuid.clone(), tenant: tenant.clone(), name: name.clone() })
}

/// The desired service, and what of the observed world can serve it.
struct Convergence<'a> {
    desired: &'a Desired,
    /// The service, when it is in the desired tenant.
    service: Option<&'a ObservedService>,
    /// The service in another tenant: it has to go before the controller accepts its domain names again.
    moved: Option<&'a ObservedService>,
    /// The observed monitors in the desired tenant.
    here: BTreeMap<&'a String, &'a ObservedMonitor>,
    elsewhere: BTreeMap<&'a String, &'a ObservedMonitor>,
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
        let tenant = &desired.service.tenant;
        let monitors = observed.monitors.iter().map(|(name, monitor)| (name, &**monitor));
        let (here, elsewhere) = monitors.partition(|(_, monitor)| monitor.tenant == *tenant);
        let observed = observed.service.as_ref();
        let service = observed.filter(|service| service.content.tenant == *tenant);
        let moved = observed.filter(|service| service.content.tenant != *tenant);
        Self { desired, service, moved, here, elsewhere }
    }

    fn writes(&self) -> Vec<Write> {
        let changes: Vec<Change<'a>> =
            self.desired.monitors.iter().filter_map(|monitor| self.change(monitor)).collect();
        match self.service {
            Some(service) => self.update(service, &changes),
            None => self.create(&changes),
        }
    }

    fn change(&self, monitor: &'a HealthMonitor) -> Option<Change<'a>> {
        let Some(observed) = self.here.get(&monitor.name) else { return Some(Change::Create(monitor)) };
        match &observed.content {
            Some(content) if !replaceable(content, monitor) => {
                let same = observed.faithful && same_monitor(content, monitor);
                (!same).then_some(Change::Update(monitor, observed))
            }
            _ => Some(Change::Replace(monitor, observed)),
        }
    }

    /// Nothing here refers to a monitor yet, so all of them are put right before the service comes.
    fn create(&self, changes: &[Change<'_>]) -> Vec<Write> {
        let mut writes: Vec<Write> = self.moved.map(delete_service).into_iter().collect();
        writes.extend(self.strays());
        writes.extend(changes.iter().flat_map(created));
        writes.extend(changes.iter().flat_map(replaced));
        writes.extend(changes.iter().flat_map(updated));
        writes.push(Write::CreateService(self.desired.service.clone()));
        writes.extend(self.surplus());
        writes
    }

    fn update(&self, service: &ObservedService, changes: &[Change<'_>]) -> Vec<Write> {
        let mut writes: Vec<Write> = changes.iter().flat_map(created).collect();
        let detached = self.detached(service, changes);
        let version = if detached.is_some() { None } else { service.last_modified.clone() };
        let differs = !service.faithful || !same_service(&service.content, &self.desired.service);
        let must_update = differs || detached.is_some();
        writes.extend(detached);
        writes.extend(changes.iter().flat_map(replaced));
        if must_update {
            writes.push(Write::UpdateService {
                uuid: service.uuid.clone(),
                last_modified: version,
                service: self.desired.service.clone(),
            });
        }
        writes.extend(changes.iter().flat_map(updated));
        writes.extend(self.surplus());
        writes.extend(self.strays());
        writes
    }

    /// The update that takes monitors off the service which are about to be replaced, when it refers to any.
    fn detached(&self, service: &ObservedService, changes: &[Change<'_>]) -> Option<Write> {
        let replaced: BTreeSet<&String> = changes.iter().filter_map(replaced_name).collect();
        if !service.content.monitors.iter().any(|name| replaced.contains(name)) {
            return None;
        }
        let mut without = self.desired.service.clone();
        without.monitors.retain(|name| !replaced.contains(name));
        let ObservedService { uuid, last_modified, .. } = service;
        Some(Write::UpdateService { uuid: uuid.clone(), last_modified: last_modified.clone(), service: without })
    }

    /// Deletes for monitors that the service no longer refers to.
    fn surplus(&self) -> impl Iterator<Item = Write> {
        let needed: BTreeSet<&String> = self.desired.service.monitors.iter().collect();
        self.here.iter().filter(move |(name, _)| !needed.contains(*name)).filter_map(|(n, m)| delete_monitor((n, m)))
    }

    /// Deletes for monitors in another tenant than the service.
    fn strays(&self) -> impl Iterator<Item = Write> {
        self.elsewhere.iter().filter_map(|(name, monitor)| delete_monitor((name, monitor)))
    }
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

fn replaced(change: &Change<'_>) -> Vec<Write> {
    match change {
        Change::Replace(monitor, observed) => vec![
            Write::DeleteMonitor {
                uuid: observed.uuid.clone(),
                tenant: observed.tenant.clone(),
                name: monitor.name.clone(),
            },
            Write::CreateMonitor((*monitor).clone()),
        ],
        Change::Create(_) | Change::Update(..) => Vec::new(),
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
