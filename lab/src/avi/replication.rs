//! From the leader to the followers: copies that arrive later, full copies after a change of leader.
//!
//! Nothing runs in the background. What is due is applied when somebody next looks at the world, which gives the same
//! result and needs no task: what a follower shows depends only on the clock.

use super::inferred;
use super::kind::Kind;
use super::state::{State, is_federated, tenant_name};
use super::store::{ADMIN, Store, path_of, tenant_of};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;

/// What a follower is told.
#[derive(Debug, Clone)]
enum Copy {
    Put(Kind, Arc<Value>),
    Delete(Kind, String),
}

/// What is on its way to one site, oldest first.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    waiting: VecDeque<(Timestamp, Copy)>,
    /// Everything is to be copied from this site; single copies are pointless until then.
    full: Option<(Timestamp, String)>,
}

impl Inbox {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.full.is_none()
    }
}

/// A change of leader under way: until it is due, nobody accepts federated writes.
#[derive(Debug, Clone)]
pub(super) struct LeaderChange {
    pub to: String,
    pub due: Timestamp,
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
            self.send(site, &Copy::Delete(kind, super::store::text(object, "uuid").to_owned()));
        }
    }

    fn send(&mut self, from: &str, copy: &Copy) {
        let due = self.after_delay();
        let followers = self.sites.values_mut().filter(|site| site.name != from && site.inbox.full.is_none());
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
            while let Some(copy) = self.next_copy(&name) {
                self.apply(&name, copy);
            }
        }
    }

    fn next_copy(&mut self, site: &str) -> Option<Copy> {
        let follower = self.sites.get(site).filter(|site| site.up)?;
        let (due, _) = follower.inbox.waiting.front()?;
        if *due > self.now() || !self.leader().is_some_and(|leader| leader.up) {
            return None;
        }
        self.sites.get_mut(site)?.inbox.waiting.pop_front().map(|(_, copy)| copy)
    }

    fn apply(&mut self, site: &str, copy: Copy) {
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
        let reachable = |name: &str| self.sites.get(name).is_some_and(|site| site.up);
        if due > now || !reachable(name) || !reachable(&source) {
            return;
        }
        let stale = self.sites.get(name).map(|site| federated(&site.store)).unwrap_or_default();
        for (kind, object) in stale.iter().rev() {
            self.remove(name, *kind, super::store::text(object, "uuid"));
        }
        for (kind, object) in self.sites.get(&source).map(|site| federated(&site.store)).unwrap_or_default() {
            self.apply(name, Copy::Put(kind, object));
        }
        if let Some(site) = self.sites.get_mut(name) {
            site.inbox = Inbox::default();
        }
    }

    /// Starts a change of leader.
    pub fn promote(&mut self, name: &str) -> Result<(), String> {
        let site = self.sites.get(name).ok_or_else(|| format!("{name} is not a site of the GSLB"))?;
        if !site.up {
            return Err(format!("{name} is down: it cannot become the leader"));
        }
        if site.store.leader() == site.cluster_uuid {
            return Err(format!("{name} is the leader already"));
        }
        let due = self.now().checked_add(inferred::LEADER_CHANGE).unwrap_or(Timestamp::MAX);
        self.change = Some(LeaderChange { to: name.to_owned(), due });
        Ok(())
    }

    fn finish_leader_change(&mut self) {
        let now = self.now();
        let Some(LeaderChange { to, .. }) = self.change.take_if(|change| change.due <= now) else { return };
        let views = self.sites.values().filter_map(|site| site.store.gslb()?["view_id"].as_u64());
        let view = views.max().unwrap_or_default() + 1;
        let due = self.after_delay();
        let Some(leader) = self.sites.get_mut(&to) else { return };
        leader.inbox = Inbox::default();
        let uuid = leader.cluster_uuid.clone();
        for follower in self.sites.values_mut().filter(|site| site.name != to) {
            follower.inbox = Inbox { waiting: VecDeque::new(), full: Some((due, to.clone())) };
        }
        self.set_gslb_field(&to, "leader_cluster_uuid", uuid.into());
        self.set_gslb_field(&to, "view_id", view.into());
    }

    /// Whether this site takes federated writes now.
    pub fn leads(&self, site: &str) -> bool {
        let leads = self.sites.get(site).is_some_and(|site| site.store.leader() == site.cluster_uuid);
        leads && self.change.is_none()
    }
}

/// The federated objects in an order in which every reference points to something earlier.
fn federated(store: &Store) -> Vec<(Kind, Arc<Value>)> {
    let all = Kind::ALL.into_iter().flat_map(|kind| store.all(kind).map(move |object| (kind, Arc::clone(object))));
    all.filter(|(kind, object)| is_federated(*kind, object)).collect()
}
