//! What the controller holds for one FQDN.

use super::Write;
use crate::core::gslb::{GslbService, HealthMonitor};
use crate::core::monitor::is_shared;
use litemap::LiteMap;
use std::sync::Arc;

/// The objects of one FQDN that belong to this installation, by tenant. More than one tenant holds some only while the
/// FQDN moves between them, or after somebody else left half of a move behind (DB-47).
///
/// One slice sorted by tenant: there are many FQDNs, and nearly each has one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed(Vec<Holding>);

/// The same in one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub tenant: String,
    pub service: Option<Arc<ObservedService>>,
    /// Own monitors of this FQDN by name, and the shared one that its service refers to. Most FQDNs have one, so the
    /// map is a sorted list.
    pub monitors: LiteMap<String, Arc<ObservedMonitor>>,
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
    /// Whether the controller's version knows PKI profiles of services. One that does not tells none, and takes none.
    pub tells_pki: bool,
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

impl Observed {
    /// Nothing is there.
    pub const EMPTY: &'static Self = &Self(Vec::new());

    /// What one tenant holds; `None` when nothing.
    pub fn in_tenant(&self, tenant: &str) -> Option<&Holding> {
        self.find(tenant).ok().and_then(|index| self.0.get(index))
    }

    /// Those tenants that hold something, by name.
    pub fn holdings(&self) -> impl Iterator<Item = &Holding> {
        self.0.iter()
    }

    /// The services of all tenants, at most one in each.
    pub fn services(&self) -> impl Iterator<Item = &ObservedService> {
        self.0.iter().filter_map(|holding| holding.service.as_deref())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets `change` see and change what `tenant` holds. Afterwards a tenant with nothing in it is left out.
    pub fn edit(&mut self, tenant: &str, change: impl FnOnce(&mut Holding)) {
        let index = self.find(tenant).unwrap_or_else(|index| {
            // One and no more: the usual growth would reserve room for four.
            self.0.reserve_exact(1);
            self.0.insert(index, Holding::empty(tenant));
            index
        });
        if let Some(holding) = self.0.get_mut(index) {
            change(holding);
            if holding.is_empty() {
                self.0.remove(index);
            }
        }
    }

    fn find(&self, tenant: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|holding| holding.tenant.as_str().cmp(tenant))
    }
}

impl FromIterator<Holding> for Observed {
    fn from_iter<I: IntoIterator<Item = Holding>>(holdings: I) -> Self {
        let mut observed = Self::default();
        for Holding { tenant, service, monitors } in holdings {
            observed.edit(&tenant, |holding| {
                holding.service = service;
                holding.monitors = monitors;
            });
        }
        observed
    }
}

impl ObservedService {
    /// The write that takes it away.
    pub fn deletion(&self) -> Write {
        let GslbService { tenant, name, .. } = &self.content;
        Write::DeleteService { uuid: self.uuid.clone(), tenant: tenant.clone(), name: name.clone() }
    }
}

impl Holding {
    /// Nothing in `tenant`.
    pub fn empty(tenant: &str) -> Self {
        Self { tenant: tenant.to_owned(), service: None, monitors: LiteMap::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.service.is_none() && self.monitors.is_empty()
    }

    /// A monitor that services share is held only by those that there are (EX-12).
    pub(super) fn forget_shared_without_service(&mut self) {
        if self.service.is_none() {
            self.monitors.retain(|name, _| !is_shared(name));
        }
    }
}

#[cfg(test)]
impl Holding {
    /// The service, to change it.
    pub(crate) fn service_mut(&mut self) -> &mut ObservedService {
        Arc::make_mut(self.service.as_mut().unwrap())
    }

    /// The monitor of this name, to change it.
    pub(crate) fn monitor_mut(&mut self, name: &str) -> &mut ObservedMonitor {
        Arc::make_mut(self.monitors.get_mut(name).unwrap())
    }
}

#[cfg(test)]
impl Observed {
    /// What the only tenant holds.
    pub(crate) fn only(&self) -> &Holding {
        assert_eq!(self.0.len(), 1, "{self:?}");
        &self.0[0]
    }

    /// The same, to change it; do not empty it.
    pub(crate) fn only_mut(&mut self) -> &mut Holding {
        assert_eq!(self.0.len(), 1, "{self:?}");
        &mut self.0[0]
    }
}
