//! Everything on the controller that belongs to this installation.

use super::shared::SharedKey;
use crate::avi::call_error::CallError;
use crate::avi::session::AviClient;
use crate::avi::wire::{MonitorIdentity, RefNames, monitor_identity, parse_monitor, text};
use crate::core::dns_name::normal;
use crate::core::monitor::is_shared;
use crate::core::owner::{LEGACY_OWNER, MONITOR_PREFIX, Owner};
use crate::core::plan::{Known, Observed, ObservedMonitor, ObservedService};
use parking_lot::Mutex;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The own objects of a controller, over all tenants. Objects of others are not in here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnObjects {
    /// By FQDN, in its normal form.
    pub by_fqdn: BTreeMap<String, Observed>,
    /// The monitors that passthrough services share (EX-12), whether or not there are any such services.
    pub shared: BTreeMap<SharedKey, Arc<ObservedMonitor>>,
    /// Own monitors of which nothing tells for which FQDN they are, because somebody changed their description.
    pub loose_monitors: Vec<LooseMonitor>,
}

/// A monitor without a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooseMonitor {
    pub tenant: String,
    pub name: String,
    pub uuid: String,
}

/// What is kept of a monitor until the services are known.
struct ListedMonitor {
    /// Also of others' monitors: services may refer to them.
    name: Option<String>,
    own: Option<(MonitorIdentity, Arc<ObservedMonitor>)>,
}

impl AviClient {
    /// Lists with one walk over the monitors and one over the services of each owner: both owners because of
    /// DB-16, no call per object because of DB-45. Of monitors those are asked for whose name may be ours. What is `known`
    /// is taken from there.
    pub async fn list_own(&self, owner: &Owner, known: &Mutex<Known>) -> Result<OwnObjects, CallError> {
        let query = format!("include_name=&is_federated=true&name.contains={MONITOR_PREFIX}");
        let mut monitors = self.walk("healthmonitor", &query, |object| ListedMonitor::of(object, owner, known)).await?;
        let named = monitors.iter_mut().filter_map(|(uuid, monitor)| Some((uuid.clone(), monitor.name.take()?)));
        let names: RefNames = named.collect();
        let mut own = OwnObjects::default();
        for created_by in [owner.as_str(), LEGACY_OWNER] {
            let query = format!("created_by={created_by}&include_name=");
            let parse = |object: &Value| Some(known.lock().service(self.service_of(object, owner, &names)?));
            let services = self.walk("gslbservice", &query, parse).await?;
            own.add_services(services.into_values().flatten());
        }
        self.name_monitors(&mut own, known).await?;
        own.add_monitors(monitors.into_values().filter_map(|monitor| monitor.own));
        known.lock().tidy();
        Ok(own)
    }
}

impl ListedMonitor {
    fn of(object: &Value, owner: &Owner, known: &Mutex<Known>) -> Self {
        let names = RefNames::default();
        let observed = parse_monitor(object, owner, &names);
        Self {
            name: text(object, "name").map(str::to_owned),
            own: observed.and_then(|observed| {
                let identity = monitor_identity(object, &names)?;
                Some((identity, known.lock().monitor(observed)))
            }),
        }
    }
}

impl OwnObjects {
    fn add_services(&mut self, services: impl Iterator<Item = Arc<ObservedService>>) {
        for service in services {
            let (name, tenant) = (service.content.name.clone(), service.content.tenant.clone());
            self.fqdn(&name).edit(&tenant, |held| held.service = Some(first_of(held.service.take(), service)));
        }
    }

    fn add_monitors(&mut self, monitors: impl Iterator<Item = (MonitorIdentity, Arc<ObservedMonitor>)>) {
        let services = Services::of(self);
        for (identity, monitor) in monitors {
            self.add_monitor(identity, monitor, &services);
        }
    }

    fn fqdn(&mut self, name: &str) -> &mut Observed {
        self.by_fqdn.entry(normal(name).into_owned()).or_default()
    }

    fn add_monitor(&mut self, identity: MonitorIdentity, monitor: Arc<ObservedMonitor>, services: &Services) {
        let fqdn = services.of_monitor(&identity);
        let key = (identity.tenant, identity.name);
        if is_shared(&key.1) {
            for fqdn in services.users.get(&key).into_iter().flatten() {
                self.add(fqdn, &key, Arc::clone(&monitor));
            }
            self.shared.insert(key, monitor);
        } else if let Some(fqdn) = fqdn {
            self.add(&fqdn, &key, monitor);
        } else {
            self.loose_monitors.push(LooseMonitor { tenant: key.0, name: key.1, uuid: monitor.uuid.clone() });
        }
    }

    fn add(&mut self, fqdn: &str, (tenant, name): &SharedKey, monitor: Arc<ObservedMonitor>) {
        self.fqdn(fqdn).edit(tenant, |held| {
            held.monitors.insert(name.clone(), monitor);
        });
    }
}

/// Of two services of one tenant whose names are the same name in DNS, which no controller accepts, the one that is
/// written in the normal form, else the first; the other is left alone.
fn first_of(known: Option<Arc<ObservedService>>, other: Arc<ObservedService>) -> Arc<ObservedService> {
    let Some(known) = known else { return other };
    let rank =
        |service: &ObservedService| (*normal(&service.content.name) != service.content.name, service.uuid.clone());
    let (first, second) = if rank(&known) <= rank(&other) { (known, other) } else { (other, known) };
    let (name, uuid) = (&second.content.name, &second.uuid);
    tracing::warn!(
        name,
        uuid,
        beside = first.uuid,
        "a second GSLB service of the same DNS name is left alone: delete one"
    );
    first
}

/// Which services there are, and which own monitors they refer to.
struct Services {
    names: Vec<String>,
    /// FQDNs by tenant and name of the monitor.
    users: BTreeMap<SharedKey, Vec<String>>,
}

impl Services {
    fn of(own: &OwnObjects) -> Self {
        let mut users: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for (key, fqdn) in own.by_fqdn.values().flat_map(Observed::services).flat_map(references) {
            users.entry(key).or_default().push(fqdn);
        }
        Self { names: own.by_fqdn.keys().cloned().collect(), users }
    }

    /// The FQDN whose monitor it is: what it says itself counts; then the service that refers to it; then the only
    /// reading of a legacy name that is a service.
    fn of_monitor(&self, identity: &MonitorIdentity) -> Option<String> {
        let key = (identity.tenant.clone(), identity.name.clone());
        let user = || self.users.get(&key).and_then(|users| users.first()).cloned();
        identity.gs_name.clone().or_else(user).or_else(|| self.only_known(&identity.candidates))
    }

    fn only_known(&self, candidates: &[String]) -> Option<String> {
        let mut known = candidates.iter().map(|name| normal(name)).filter(|name| self.is_service(name));
        known.next().filter(|_| known.next().is_none()).map(Cow::into_owned)
    }

    fn is_service(&self, name: &str) -> bool {
        self.names.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
    }
}

fn references(service: &ObservedService) -> impl Iterator<Item = (SharedKey, String)> + '_ {
    let content = &service.content;
    let own = content.monitors.iter().filter(|name| name.starts_with(MONITOR_PREFIX));
    own.map(|name| ((content.tenant.clone(), name.clone()), content.name.clone()))
}
