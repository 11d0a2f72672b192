//! Desired against observed: the writes that lead from one to the other, in the order that the controller needs
//! (section 9.4).

use super::build::Decision;
use super::gslb::{GslbService, HealthMonitor};
use std::collections::{BTreeMap, BTreeSet};

/// What the controller holds for one FQDN, as far as it belongs to this installation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    pub service: Option<ObservedService>,
    /// Own monitors of this FQDN by name.
    pub monitors: BTreeMap<String, ObservedMonitor>,
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
    /// `None` when it is of a kind that the operator does not write (somebody edited it): it is then rewritten.
    pub content: Option<HealthMonitor>,
    pub faithful: bool,
}

/// One call to the controller. Applied in order; the first failure ends the list, and what is left is decided anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    CreateMonitor(HealthMonitor),
    UpdateMonitor { uuid: String, last_modified: Option<String>, monitor: HealthMonitor },
    DeleteMonitor { uuid: String, tenant: String, name: String },
    CreateService(GslbService),
    UpdateService { uuid: String, last_modified: Option<String>, service: GslbService },
    DeleteService { uuid: String, tenant: String, name: String },
}

/// Contexts that have not been completely listed since the process started.
pub type Unseen = BTreeSet<String>;

/// The writes that make the controller hold `decision`. Empty when it already does, comparing what matters: member
/// order, reference spelling and defaults that the controller fills in do not.
pub fn plan(decision: &Decision, observed: &Observed) -> Vec<Write> {
    let _ = (decision, observed);
    todo!()
}

/// Keeps what only a cluster that was not seen yet can explain (design rule 2, DB-01): members of the observed
/// service that the decision does not know stay, with their pools, while one of `unseen` is named in the service's
/// description. A service that would vanish for the same reason stays too.
pub fn keep_unseen(decision: Decision, observed: &Observed, unseen: &Unseen) -> Decision {
    let _ = (observed, unseen);
    decision
}
