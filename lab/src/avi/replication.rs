//! From the leader to the followers: copies that arrive later, full copies after a change of leader.
//!
//! Nothing runs in the background. What is due is applied when somebody next looks at the world, which gives the same
//! result and needs no task: what a follower shows depends only on the clock.

use super::inferred;
use super::kind::Kind;
use super::state::{Site, State, is_federated, tenant_name};
use super::store::{ADMIN, Store, path_of, tenant_of, text};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What a follower is told.
#[derive(Debug, Clone)]
enum Copy {
    Put(Kind, Arc<Value>),
    Delete(Kind, String),
}

/// What is on its way to one site, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Inbox {
    waiting: VecDeque<(Timestamp, Copy)>,
    /// Everything is to be copied from this site; single copies are pointless until then.
    full: Option<(Timestamp, String)>,
    /// What could not be stored, and when it is tried again.
    failed: VecDeque<(Timestamp, Copy)>,
}

impl Inbox {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.full.is_none() && self.failed.is_empty()
    }

    /// Number of objects on their way.
    pub fn pending(&self) -> usize {
        self.waiting.len() + usize::from(self.full.is_some())
    }

    /// Uuid and name of what could not be stored.
    pub fn errored(&self) -> Vec<(String, String)> {
        let of = |copy: &Copy| match copy {
            Copy::Put(_, object) => (text(object, "uuid").to_owned(), text(object, "name").to_owned()),
            Copy::Delete(_, uuid) => (uuid.clone(), uuid.clone()),
        };
        self.failed.iter().map(|(_, copy)| of(copy)).collect()
    }
}

/// A change of leader under way: until it is due, nobody accepts federated writes.
#[derive(Debug, Clone)]
pub(super) struct LeaderChange {
    pub to: String,
    pub due: Timestamp,
    /// How long the others go on showing the old leader.
    pub stale: Duration,
}

impl State {
    /// Sends a stored object to the followers when its type is federated and `site` leads.
    pub fn replicate_put(&mut self, site: &str, kind: Kind, object: &Arc<Value>) {
        if is_federated(kind, object) {
            self.send(site, &Copy::Put(kind, Arc::clone(object)));
        }
    }

    pub fn replicate_delete(&mut self, site: &str, kind: Kind, object: &Value) {
        if is_federated(kind, object) {
            self.send(site, &Copy::Delete(kind, text(object, "uuid").to_owned()));
        }
    }

    fn send(&mut self, from: &str, copy: &Copy) {
        let due = self.after_delay();
        if self.sites.get(from).is_some_and(|site| site.condition.isolated) {
            return;
        }
        let passive = self.config.passive.clone();
        let followers = self.sites.values_mut().filter(|site| site.name != from && site.inbox.full.is_none());
        let followers = followers.filter(|site| !site.condition.isolated && !passive.contains(&site.name));
        for follower in followers {
            follower.inbox.waiting.push_back((due, copy.clone()));
        }
    }

    fn after_delay(&self) -> Timestamp {
        self.now().checked_add(self.config.replication_delay).unwrap_or(Timestamp::MAX)
    }

    /// Applies whatever is due by now. Asked before and after every look, so the usual answer, nothing, is quick.
    pub fn settle(&mut self) {
        if self.change.is_none() && self.sites.values().all(|site| site.inbox.is_empty()) {
            return;
        }
        self.finish_leader_change();
        let names: Vec<String> = self.sites.keys().cloned().collect();
        for name in names {
            self.full_copy(&name);
            self.retry_failed(&name);
            while let Some(copy) = self.next_copy(&name) {
                self.apply(&name, copy);
            }
        }
    }

    fn next_copy(&mut self, site: &str) -> Option<Copy> {
        let follower = self.sites.get(site).filter(|site| site.up && !site.condition.isolated)?;
        let (due, _) = follower.inbox.waiting.front()?;
        if *due > self.now() || !self.leader().is_some_and(|leader| leader.up) {
            return None;
        }
        self.sites.get_mut(site)?.inbox.waiting.pop_front().map(|(_, copy)| copy)
    }

    /// Copies that failed are tried again, all at once, when the first of them is due.
    fn retry_failed(&mut self, site: &str) {
        let now = self.now();
        let Some(follower) = self.sites.get_mut(site) else { return };
        if follower.inbox.failed.front().is_none_or(|(due, _)| *due > now) {
            return;
        }
        for (_, copy) in std::mem::take(&mut follower.inbox.failed) {
            self.apply(site, copy);
        }
    }

    fn apply(&mut self, site: &str, copy: Copy) {
        if self.sites.get(site).is_some_and(|site| site.condition.copies_fail) {
            let again = self.now().checked_add(inferred::ERROR_RESYNC).unwrap_or(Timestamp::MAX);
            if let Some(follower) = self.sites.get_mut(site) {
                follower.inbox.failed.push_back((again, copy));
            }
            return;
        }
        match copy {
            Copy::Delete(kind, uuid) => {
                self.remove(site, kind, &uuid);
            }
            Copy::Put(kind, object) => {
                let source = self.leader().map(|leader| leader.name.clone()).unwrap_or_default();
                if let Some(object) = self.localised(&source, site, &object) {
                    self.put(site, kind, object);
                }
            }
        }
    }

    /// The object as the follower keeps it: its own time, its own uuid for the tenant of the same name. `None` when it
    /// has no such tenant.
    fn localised(&mut self, from: &str, to: &str, object: &Value) -> Option<Value> {
        let mut copy = object.clone();
        let tenant = tenant_of(object).to_owned();
        if tenant != ADMIN {
            let name = tenant_name(&self.sites.get(from)?.store, &tenant).to_owned();
            let local = self.sites.get(to)?.store.named(Kind::Tenant, ADMIN, &name)?;
            copy["tenant_ref"] = path_of(Kind::Tenant, local).into();
        }
        copy["_last_modified"] = self.stamp().into();
        Some(copy)
    }

    /// Replaces all federated objects of a site when that is due and the source can be reached.
    fn full_copy(&mut self, name: &str) {
        let now = self.now();
        let Some((due, source)) = self.sites.get(name).and_then(|site| site.inbox.full.clone()) else { return };
        let reachable = |name: &str| self.sites.get(name).is_some_and(|site| site.up && !site.condition.isolated);
        if due > now || !reachable(name) || !reachable(&source) {
            return;
        }
        let stale = self.sites.get(name).map(|site| federated(&site.store)).unwrap_or_default();
        for (kind, object) in stale.iter().rev() {
            self.remove(name, *kind, text(object, "uuid"));
        }
        for (kind, object) in self.sites.get(&source).map(|site| federated(&site.store)).unwrap_or_default() {
            self.apply(name, Copy::Put(kind, object));
        }
        if let Some(site) = self.sites.get_mut(name) {
            site.inbox = Inbox::default();
            site.condition.demoted = false;
        }
    }

    /// The first active site that does not lead.
    pub fn other_than_leader(&self) -> Option<String> {
        let leader = self.leader().map(|site| site.name.as_str());
        let mut others = self.sites.keys().filter(|name| Some(name.as_str()) != leader);
        others.find(|name| !self.config.passive.contains(name)).cloned()
    }

    /// Starts a change of leader, after which the others show the old one for `stale` more.
    pub fn promote(&mut self, name: &str, stale: Duration) -> Result<(), String> {
        let site = self.sites.get(name).ok_or_else(|| format!("{name} is not a site of the GSLB"))?;
        if !site.up {
            return Err(format!("{name} is down: it cannot become the leader"));
        }
        if self.config.passive.iter().any(|passive| passive == name) {
            return Err(format!("{name} is a passive member: it cannot become the leader"));
        }
        if site.store.leader() == site.cluster_uuid && !site.condition.demoted {
            return Err(format!("{name} is the leader already"));
        }
        let due = self.now().checked_add(inferred::LEADER_CHANGE).unwrap_or(Timestamp::MAX);
        for old in self.sites.values_mut().filter(|site| site.store.leader() == site.cluster_uuid) {
            old.condition.demoted = true;
        }
        self.change = Some(LeaderChange { to: name.to_owned(), due, stale });
        Ok(())
    }

    /// Cuts a site off and lets it claim the lead.
    pub fn split(&mut self, name: &str, higher_view: bool) {
        let view = self.highest_view() + u64::from(higher_view);
        let Some(site) = self.sites.get_mut(name) else { return };
        site.condition.isolated = true;
        site.inbox = Inbox::default();
        let uuid = site.cluster_uuid.clone();
        self.set_gslb_field(name, "leader_cluster_uuid", uuid.into());
        self.set_gslb_field(name, "view_id", view.into());
    }

    /// Ends all separations in favour of the leader.
    pub fn heal(&mut self) {
        let Some(leader) = self.leader().map(|site| site.name.clone()) else { return };
        let due = self.after_delay();
        for site in self.sites.values_mut() {
            site.condition.isolated = false;
            if site.name != leader && !self.config.passive.contains(&site.name) {
                site.condition.demoted = true;
                site.inbox = Inbox { full: Some((due, leader.clone())), ..Inbox::default() };
            }
        }
    }

    fn highest_view(&self) -> u64 {
        let views = self.sites.values().filter_map(|site| site.store.gslb()?["view_id"].as_u64());
        views.max().unwrap_or_default()
    }

    fn finish_leader_change(&mut self) {
        let now = self.now();
        let Some(LeaderChange { to, stale, .. }) = self.change.take_if(|change| change.due <= now) else { return };
        let view = self.highest_view() + 1;
        let due = self.after_delay().checked_add(stale).unwrap_or(Timestamp::MAX);
        let passive = self.config.passive.clone();
        let Some(leader) = self.sites.get_mut(&to) else { return };
        leader.inbox = Inbox::default();
        leader.condition.demoted = false;
        let uuid = leader.cluster_uuid.clone();
        let followers = self.sites.values_mut().filter(|site| site.name != to && !passive.contains(&site.name));
        for follower in followers {
            follower.inbox = Inbox { full: Some((due, to.clone())), ..Inbox::default() };
        }
        self.set_gslb_field(&to, "leader_cluster_uuid", uuid.into());
        self.set_gslb_field(&to, "view_id", view.into());
    }

    /// Whether this site takes federated writes now.
    pub fn leads(&self, site: &str) -> bool {
        let leads = |site: &Site| site.store.leader() == site.cluster_uuid && !site.condition.demoted;
        self.sites.get(site).is_some_and(leads) && self.change.is_none()
    }
}

/// The federated objects in an order in which every reference points to something earlier.
fn federated(store: &Store) -> Vec<(Kind, Arc<Value>)> {
    let all = Kind::ALL.into_iter().flat_map(|kind| store.all(kind).map(move |object| (kind, Arc::clone(object))));
    all.filter(|(kind, object)| is_federated(*kind, object)).collect()
}
