//! Names behind references that carry none. The controller is asked to name what it refers to, and does; where it does
//! not, the monitors that are not ours are asked for, and no others.

use super::list::OwnObjects;
use crate::avi::call_error::CallError;
use crate::avi::session::AviClient;
use crate::avi::wire::text;
use crate::core::plan::{Known, Observed, ObservedService};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};

/// Monitors asked for together; as many fit on one line of a request.
const TOGETHER: usize = 50;

/// How the controller's uuids of monitors begin.
const UUID: &str = "healthmonitor-";

impl AviClient {
    /// Puts names in the place of uuids among the monitors of services. What is not there stays as it is.
    pub(super) async fn name_monitors(&self, own: &mut OwnObjects, known: &Mutex<Known>) -> Result<(), CallError> {
        let services = own.by_fqdn.values().flat_map(Observed::services);
        let nameless = services.flat_map(|service| &service.content.monitors).filter(|name| name.starts_with(UUID));
        let nameless: Vec<String> = nameless.cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let mut names = BTreeMap::new();
        for uuids in nameless.chunks(TOGETHER) {
            let uuids = uuids.join(",");
            let target = format!("/api/healthmonitor?fields=name&page_size={TOGETHER}&uuid.in={uuids}");
            let found = self.find(&target, "*").await?;
            names.extend(found.iter().filter_map(|o| Some((text(o, "uuid")?.to_owned(), text(o, "name")?.to_owned()))));
        }
        if !names.is_empty() {
            own.by_fqdn.values_mut().for_each(|observed| put_names(observed, &names, known));
        }
        Ok(())
    }
}

fn put_names(observed: &mut Observed, names: &BTreeMap<String, String>, known: &Mutex<Known>) {
    let concerned = |service: &ObservedService| service.content.monitors.iter().any(|name| names.contains_key(name));
    let tenants: Vec<String> = observed.services().filter(|s| concerned(s)).map(|s| s.content.tenant.clone()).collect();
    for tenant in tenants {
        observed.edit(&tenant, |held| {
            let Some(service) = &mut held.service else { return };
            let mut named = ObservedService::clone(service);
            for monitor in &mut named.content.monitors {
                if let Some(name) = names.get(monitor) {
                    monitor.clone_from(name);
                }
            }
            *service = known.lock().service(named);
        });
    }
}
