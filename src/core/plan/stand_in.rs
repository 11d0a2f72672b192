//! A monitor that stands in for one which is remade under its name: the controller takes each name once, and a service
//! must not be without a monitor meanwhile.

use super::{Change, Convergence, ObservedService, Write, replaceable, replaced_name, same_monitor};
use crate::core::gslb::HealthMonitor;
use std::collections::BTreeSet;

/// What follows the name of the monitor that it stands in for.
const SUFFIX: &str = "-next";

/// The name of the monitor that one of this name stands in for; `None` for any other.
pub fn stands_in_for(name: &str) -> Option<&str> {
    name.strip_suffix(SUFFIX)
}

impl Convergence<'_> {
    /// The monitors that stand in for those which are replaced under the service: none while it keeps another one.
    pub(super) fn stand_ins(&self, service: &ObservedService, changes: &[Change<'_>]) -> Vec<HealthMonitor> {
        let replaced: BTreeSet<&String> = changes.iter().filter_map(replaced_name).collect();
        let refers = service.content.monitors.iter().any(|name| replaced.contains(name));
        let keeps = self.desired.service.monitors.iter().any(|name| !replaced.contains(name));
        if !refers || keeps {
            return Vec::new();
        }
        let monitors = changes.iter().filter_map(|change| match change {
            Change::Replace(monitor, _) => Some(*monitor),
            Change::Create(_) | Change::Update(..) => None,
        });
        monitors.map(|monitor| HealthMonitor { name: format!("{}{SUFFIX}", monitor.name), ..monitor.clone() }).collect()
    }

    /// Empty for one that is made first, as it is known then (see [`Observed::refresh`](super::Observed::refresh)).
    pub(super) fn uuid_of(&self, monitor: &HealthMonitor) -> String {
        let is_made = self.prepared(monitor).iter().any(|write| matches!(write, Write::CreateMonitor(_)));
        let held = self.here.and_then(|here| here.monitors.get(&monitor.name)).filter(|_| !is_made);
        held.map(|held| held.uuid.clone()).unwrap_or_default()
    }

    /// The writes that make the controller hold a monitor that stands in. One that an earlier attempt left may differ.
    pub(super) fn prepared(&self, monitor: &HealthMonitor) -> Vec<Write> {
        let create = || Write::CreateMonitor(monitor.clone());
        let Some(held) = self.here.and_then(|here| here.monitors.get(&monitor.name)) else { return vec![create()] };
        let (uuid, tenant, name) = (held.uuid.clone(), monitor.tenant.clone(), monitor.name.clone());
        match &held.content {
            Some(content) if held.faithful && same_monitor(content, monitor) => Vec::new(),
            Some(content) if !replaceable(content, monitor) => {
                vec![Write::UpdateMonitor { uuid, last_modified: held.last_modified.clone(), monitor: monitor.clone() }]
            }
            _ => vec![Write::DeleteMonitor { uuid, tenant, name }, create()],
        }
    }
}
