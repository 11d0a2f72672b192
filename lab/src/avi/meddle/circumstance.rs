//! What a controller, or all of them, is in for as long as a fault lasts.

use crate::avi::condition::{NewField, References};
use crate::avi::journal::EventTrouble;
use crate::avi::kind::Kind;
use crate::avi::state::State;
use crate::avi::store::{ADMIN, text};
use crate::avi::version::ApiVersion;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

/// One circumstance.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) enum Circumstance {
    /// All sessions are forgotten when it begins, as if they had idled out.
    SessionsGone,
    /// Another password, on all sites, until it is over.
    Password(String),
    /// No login succeeds, at most for this long.
    Locked(Duration),
    SessionCap(usize),
    /// 503 for this long, then without sessions; with the flag another node leads afterwards.
    Restart(Duration, bool),
    Maintenance,
    /// No writes; afterwards the controller restarts with this version.
    Upgrade(ApiVersion, Duration),
    /// The controller is of another release.
    Version(ApiVersion),
    /// The controller does not lead any more and refuses federated writes, but shows itself as leader.
    Demoted,
    /// The site that is named, or else another one than now, takes the lead; the others show the old one for so long. Ended, the first leader of the
    /// world takes it back.
    LeaderChange(String, Duration),
    /// The site claims the lead, cut off from the others; with the flag its view is higher.
    Split(bool),
    /// All but the default one when the name is empty.
    ForbiddenTenant(String),
    /// The tenant is deleted; made again afterwards. All but the default one when the name is empty.
    NoTenant(String),
    Quota(Kind, usize),
    /// Seconds.
    ClockJump(i64),
    /// Another user changes the services of this name; all when it is empty.
    Edit(String, Change),
    NewField(NewField),
    References(References),
    ReversedLists,
    ReplicationDelay(Duration),
    FailedCopies,
    /// All members go down and come up again, so long each.
    Flapping(Duration),
    Events(EventTrouble),
}

/// What another user does to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::avi) enum Change {
    Ttl,
    /// One more member in the first pool.
    Member,
    ManualResume,
    /// The first pool is deleted.
    Pool,
    /// Addresses and description as somebody remembers them from long ago.
    StaleCopy,
}

impl Circumstance {
    /// Done once when the fault is added.
    pub fn begin(&self, state: &mut State, site: &str) {
        match self {
            Self::Maintenance if state.leads(site) => state.set_gslb_field(site, "maintenance_mode", true.into()),
            Self::Restart(time, another_node) => state.restart(site, *time, *another_node),
            Self::LeaderChange(to, stale) => {
                let to = if to.is_empty() { state.other_than_leader() } else { Some(to.clone()) };
                // A site that leads already stays what it is.
                let _ = to.map(|to| state.promote(&to, *stale));
            }
            Self::Split(higher) => state.split(site, *higher),
            Self::NoTenant(name) => remove_tenants(state, site, name),
            Self::ClockJump(seconds) => state.set_clock_offset(SignedDuration::from_secs(*seconds)),
            Self::Edit(name, change) if state.leads(site) => edit(state, site, name, *change),
            Self::Password(password) => {
                state.former_password.get_or_insert_with(|| state.config.password.clone());
                state.set_password(password);
            }
            Self::ReplicationDelay(delay) => {
                state.former_delay.get_or_insert(state.config.replication_delay);
                state.config.replication_delay = *delay;
            }
            Self::Flapping(period) => state.flapping = Some((state.now(), *period)),
            _ => self.set(state, site, true),
        }
    }

    /// Done once when the fault is over.
    pub fn end(&self, state: &mut State, site: &str) {
        match self {
            Self::Maintenance if state.leads(site) => state.set_gslb_field(site, "maintenance_mode", false.into()),
            Self::Upgrade(version, time) => {
                self.set(state, site, false);
                if let Some(controller) = state.sites.get_mut(site) {
                    controller.version = Some(*version);
                }
                state.restart(site, *time, false);
            }
            Self::LeaderChange(..) => {
                let first = state.config.leader.clone();
                let _ = state.promote(&first, Duration::ZERO);
            }
            Self::Split(_) => state.heal(),
            Self::NoTenant(_) => {
                let removed = state.sites.get_mut(site).map(|site| std::mem::take(&mut site.condition.removed_tenants));
                for name in removed.into_iter().flatten() {
                    state.make(site, Kind::Tenant, json!({"name": name}));
                }
            }
            Self::ClockJump(_) => state.set_clock_offset(SignedDuration::ZERO),
            Self::Password(_) => {
                if let Some(former) = state.former_password.take() {
                    state.set_password(&former);
                }
            }
            Self::ReplicationDelay(_) => {
                if let Some(former) = state.former_delay.take() {
                    state.config.replication_delay = former;
                }
            }
            Self::Flapping(_) => state.flapping = None,
            // What has happened once stays.
            Self::SessionsGone | Self::Restart(..) | Self::Edit(..) => {}
            _ => self.set(state, site, false),
        }
    }

    /// Circumstances that are a setting of the site.
    fn set(&self, state: &mut State, site: &str, on: bool) {
        let now = state.now();
        let Some(site) = state.sites.get_mut(site) else { return };
        let condition = &mut site.condition;
        match self {
            Self::SessionsGone => site.sessions.expire_all(),
            Self::Locked(time) => {
                site.sessions.lock_until(if on { now.checked_add(*time).unwrap_or(Timestamp::MAX) } else { now });
            }
            Self::SessionCap(most) => site.sessions.cap(on.then_some(*most)),
            Self::Upgrade(..) => condition.upgrading = on,
            Self::Version(version) => site.version = on.then_some(*version),
            Self::Demoted => condition.demoted = on,
            Self::ForbiddenTenant(name) if on => {
                let tenants = site.store.all(Kind::Tenant).map(|tenant| text(tenant, "name"));
                condition.forbidden_tenants.extend(meant(tenants, name));
            }
            Self::ForbiddenTenant(_) => condition.forbidden_tenants.clear(),
            Self::Quota(kind, most) if on => drop(condition.quotas.insert(*kind, *most)),
            Self::Quota(kind, _) => drop(condition.quotas.remove(kind)),
            Self::NewField(field) if on => condition.new_fields.push(field.clone()),
            Self::NewField(field) => condition.new_fields.retain(|other| other != field),
            Self::References(references) => {
                condition.references = if on { references.clone() } else { References::default() };
            }
            Self::ReversedLists => condition.reversed_lists = on,
            Self::FailedCopies => condition.copies_fail = on,
            Self::Events(trouble) => site.journal.trouble = if on { *trouble } else { EventTrouble::default() },
            _ => {}
        }
    }
}

/// The tenant of this name; all but the default one when it is empty.
fn meant<'a>(tenants: impl Iterator<Item = &'a str>, name: &str) -> Vec<String> {
    let meant = |tenant: &str| if name.is_empty() { tenant != ADMIN } else { tenant == name };
    tenants.filter(|tenant| meant(tenant)).map(ToOwned::to_owned).collect()
}

fn remove_tenants(state: &mut State, site: &str, name: &str) {
    let Some(controller) = state.sites.get_mut(site) else { return };
    let tenants: Vec<_> = controller.store.all(Kind::Tenant).cloned().collect();
    let names = meant(tenants.iter().map(|tenant| text(tenant, "name")), name);
    controller.condition.removed_tenants.clone_from(&names);
    for tenant in tenants.iter().filter(|tenant| names.iter().any(|name| name == text(tenant, "name"))) {
        state.delete(site, Kind::Tenant, text(tenant, "uuid"));
    }
}

fn edit(state: &mut State, site: &str, name: &str, change: Change) {
    let Some(store) = state.sites.get(site).map(|site| &site.store) else { return };
    let meant = |service: &Value| name.is_empty() || text(service, "name") == name;
    let services = store.all(Kind::GslbService).filter(|service| meant(service));
    let uuids: Vec<String> = services.map(|service| text(service, "uuid").to_owned()).collect();
    for uuid in uuids {
        state.edit(site, Kind::GslbService, &uuid, |service| change.apply(service));
    }
}

impl Change {
    fn apply(self, service: &mut Value) {
        let stranger = json!({"ip": {"addr": "203.0.113.77", "type": "V4"}, "ratio": 1, "enabled": true});
        if self == Self::Ttl {
            service["ttl"] = 77.into();
            return;
        }
        if self == Self::StaleCopy {
            service["description"] = "as it was long ago".into();
        }
        let Some(pools) = service.get_mut("groups").and_then(Value::as_array_mut).filter(|pools| !pools.is_empty())
        else {
            return;
        };
        match self {
            Self::Member => {
                if let Some(members) = pools[0].get_mut("members").and_then(Value::as_array_mut) {
                    members.push(stranger);
                }
            }
            Self::ManualResume => pools.iter_mut().for_each(|pool| pool["manual_resume"] = true.into()),
            Self::Pool => drop(pools.remove(0)),
            Self::StaleCopy => pools[0]["members"] = json!([stranger]),
            Self::Ttl => {}
        }
    }
}
