//! Which health monitors a service refers to, and how many have to be up
//! (`docs/RULES.md#which-monitors-a-service-has`).

#[cfg(test)]
mod tests;

use crate::core::endpoint::{Endpoint, EndpointKey};
use crate::core::gslb::HealthMonitor;
use crate::core::monitor::{MAX_PER_SERVICE, OwnMonitors, Subject};
use crate::core::owner::Owner;
use crate::core::policy::MonitorChoice;

/// The monitors of one service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Monitoring {
    /// Names, in the order of the references; at most [`MAX_PER_SERVICE`].
    pub references: Vec<String>,
    /// Those of them that the operator makes.
    pub own: Vec<HealthMonitor>,
    /// Members of which a path has no monitor.
    pub unmonitored: Vec<(EndpointKey, String)>,
    /// What of the configuration is not used, in words.
    pub limitation: Option<String>,
    /// Some members have TLS and some do not, so that each fails some of the monitors.
    pub differ: bool,
}

impl Monitoring {
    pub fn of(choice: MonitorChoice<'_>, subject: Subject<'_>, members: &[&Endpoint], owner: &Owner) -> Self {
        match choice {
            MonitorChoice::ControlPlaneOnly => Self::default(),
            MonitorChoice::Refs(names) => Self::referring(names),
            MonitorChoice::Own(template) => {
                let OwnMonitors { monitors: own, unmonitored, limitation, differ } =
                    subject.monitors(members, template, owner);
                let references = own.iter().map(|monitor| monitor.name.clone()).collect();
                Self { references, own, unmonitored, limitation, differ }
            }
        }
    }

    /// The first names count, each once, as many as the controller accepts.
    fn referring(names: &[String]) -> Self {
        let mut references: Vec<String> = Vec::new();
        let mut unused: Vec<&str> = Vec::new();
        for name in names {
            if references.contains(name) || unused.contains(&name.as_str()) {
                continue;
            }
            match references.len() {
                MAX_PER_SERVICE => unused.push(name),
                _ => references.push(name.clone()),
            }
        }
        let limitation = (!unused.is_empty()).then(|| {
            format!(
                "healthMonitorRefs names {} health monitors, but the controller accepts {MAX_PER_SERVICE} on a GSLB \
                 service; not used: {}; remove some",
                references.len() + unused.len(),
                unused.join(", ")
            )
        });
        Self { references, limitation, ..Self::default() }
    }

    /// How many have to be up for a member of a pool to be up, the control plane being one more: all references, or one
    /// of the own ones (DB-29). While members differ in TLS, one of the own ones is enough also where a member of the
    /// pool is `bare`, without a virtual service and so without a control plane to count (DB-31).
    pub fn min_up(&self, bare: bool) -> u32 {
        if self.differ && bare {
            return 1;
        }
        let probes = if self.own.is_empty() { self.references.len() } else { 1 };
        u32::try_from(probes).unwrap_or(u32::MAX).saturating_add(1)
    }
}
