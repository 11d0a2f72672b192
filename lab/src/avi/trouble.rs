//! Trouble with whole controllers: what a test turns on, and off again.

use super::condition::{NewField, References};
use super::journal::EventTrouble;
use super::kind::Kind;
use super::state::{Site, State};
use super::world::AviWorld;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::time::Duration;

impl AviWorld {
    fn at(&self, site: &str, change: impl FnOnce(&mut Site, Timestamp)) {
        self.with(|state| {
            let now = state.now();
            if let Some(site) = state.sites.get_mut(site) {
                change(site, now);
            }
        });
    }

    /// Ends all sessions of the site: the next call with an old cookie is answered 419.
    pub fn revoke_sessions(&self, site: &str) {
        self.at(site, |site, _| site.sessions.revoke_all());
    }

    /// Refuses all logins for this long, the right password included.
    pub fn lock_account(&self, site: &str, time: Duration) {
        self.at(site, |site, now| site.sessions.lock_until(after(now, time)));
    }

    /// Most sessions that the account may have at once; `None` takes the bound away.
    pub fn cap_sessions(&self, site: &str, most: Option<usize>) {
        self.at(site, |site, _| site.sessions.cap(most));
    }

    /// The controller starts again: 503 for everything during this time, and all sessions are gone.
    pub fn restart(&self, site: &str, time: Duration) {
        self.with(|state| state.restart(site, time, false));
    }

    /// Another node of the site's controller takes over: a restart, after which the node is another one.
    pub fn fail_over(&self, site: &str, time: Duration) {
        self.with(|state| state.restart(site, time, true));
    }

    /// Refuses all writes as during an upgrade.
    pub fn set_upgrading(&self, site: &str, on: bool) {
        self.at(site, |site, _| site.condition.upgrading = on);
    }

    /// From now on the site speaks API versions up to this one; three numbers, anything else changes nothing.
    pub fn set_version(&self, site: &str, version: &str) {
        if let Ok(version) = version.parse() {
            self.at(site, |site, _| site.version = Some(version));
        }
    }

    /// Takes from the user, or gives back, the right to look into a tenant.
    pub fn forbid_tenant(&self, site: &str, tenant: &str, forbidden: bool) {
        self.at(site, |site, _| {
            if forbidden {
                site.condition.forbidden_tenants.insert(tenant.to_owned());
            } else {
                site.condition.forbidden_tenants.remove(tenant);
            }
        });
    }

    /// Largest number of objects of a type; `None` takes the bound away. What is there stays.
    pub fn set_quota(&self, site: &str, kind: &str, most: Option<usize>) {
        let Some(kind) = Kind::of_path(kind) else { return };
        self.at(site, |site, _| match most {
            Some(most) => drop(site.condition.quotas.insert(kind, most)),
            None => drop(site.condition.quotas.remove(&kind)),
        });
    }

    /// Status of the refusal to delete an object in use; `None` is the usual one.
    pub fn set_in_use_status(&self, site: &str, status: Option<u16>) {
        self.at(site, |site, _| site.condition.in_use_status = status);
    }

    /// From now on all objects of a type show this field where they do not have it. `path` has dots; a list on the way
    /// means each of its items, as in `groups.members.new_field`. What clients send back for it is not stored.
    pub fn add_default_field(&self, site: &str, kind: &str, path: &str, value: Value) {
        let Some(kind) = Kind::of_path(kind) else { return };
        let path = path.split('.').map(ToOwned::to_owned).collect();
        self.at(site, |site, _| site.condition.new_fields.push(NewField { kind, path, value }));
    }

    /// How references are shown.
    pub fn set_references(&self, site: &str, references: References) {
        self.at(site, |site, _| site.condition.references = references);
    }

    /// Whether all lists come in the opposite order.
    pub fn set_reversed_lists(&self, site: &str, reversed: bool) {
        self.at(site, |site, _| site.condition.reversed_lists = reversed);
    }

    /// The clock of all controllers is off by so many seconds, behind when negative: `_last_modified` and the expiry of
    /// cookies follow, sessions do not.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.with(|state| state.set_clock_offset(SignedDuration::from_secs(seconds)));
    }

    /// Time from a write on the leader until a follower shows it, for writes from now on.
    pub fn set_replication_delay(&self, delay: Duration) {
        self.with(|state| state.config.replication_delay = delay);
    }

    /// Whether copies that reach the site cannot be stored. Those that failed are tried again every five minutes.
    pub fn fail_copies(&self, site: &str, on: bool) {
        self.at(site, |site, _| site.condition.copies_fail = on);
    }

    /// What happens to events of the site on their way to the readers.
    pub fn set_event_trouble(&self, site: &str, trouble: EventTrouble) {
        self.at(site, |site, _| site.journal.trouble = trouble);
    }

    /// Cuts the site off from the others, where it claims the lead: with a view one higher than theirs, or the same.
    pub fn split(&self, site: &str, higher_view: bool) {
        self.with(|state| state.split(site, higher_view));
    }

    /// Ends all separations: who has the lower view follows the higher one, and takes over its configuration.
    pub fn heal(&self) {
        self.with(State::heal);
    }
}

impl State {
    /// Starts a controller again, perhaps on another node.
    pub(super) fn restart(&mut self, name: &str, time: Duration, another_node: bool) {
        let until = after(self.now(), time);
        let Some(site) = self.sites.get_mut(name) else { return };
        site.sessions.expire_all();
        site.condition.starting_until = Some(until);
        if another_node {
            site.failovers += 1;
            self.note_failover(name);
        }
    }

    /// Another password; sessions end with status 419.
    pub(super) fn set_password(&mut self, password: &str) {
        self.config.password = password.into();
        self.sites.values_mut().for_each(|site| site.sessions.revoke_all());
    }
}

fn after(now: Timestamp, time: Duration) -> Timestamp {
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}
