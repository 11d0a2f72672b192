//! Events of one controller: what it notes, and what on the way to the readers may go wrong.

use super::kind::Kind;
use super::rules::items;
use super::runtime;
use super::state::{State, tenant_name};
use super::store::{tenant_of, text};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The oldest events are forgotten beyond this number.
const KEPT: usize = 10_000;

/// What happens to events between the controller and their readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventTrouble {
    /// Time until an event can be read.
    pub delay: Duration,
    /// Every n-th event is lost; 0 loses none.
    pub drop_every: u64,
    /// Every n-th event is there twice; 0 repeats none.
    pub repeat_every: u64,
    /// The oldest comes first, whatever the reader asks for.
    pub reversed: bool,
}

/// One event as it is read, and from when on it can be.
#[derive(Debug, Clone)]
struct Event {
    visible: Timestamp,
    body: Arc<Value>,
}

/// All events of one controller, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Journal {
    events: VecDeque<Event>,
    noted: u64,
    pub trouble: EventTrouble,
    /// State of each service, pool and member at the last look.
    health: BTreeMap<String, bool>,
}

/// Something worth an event.
pub(super) struct Note {
    pub id: &'static str,
    pub module: &'static str,
    /// Type name in capitals, such as `GSLBSERVICE`.
    pub object_type: String,
    pub uuid: String,
    pub name: String,
    /// Name of the tenant.
    pub tenant: String,
    pub summary: String,
    pub details: Value,
}

impl Journal {
    fn push(&mut self, now: Timestamp, body: Value) {
        self.noted += 1;
        let every = |n: u64| n > 0 && self.noted.is_multiple_of(n);
        if every(self.trouble.drop_every) {
            return;
        }
        let visible = now.checked_add(self.trouble.delay).unwrap_or(Timestamp::MAX);
        let event = Event { visible, body: Arc::new(body) };
        let copies = if every(self.trouble.repeat_every) { 2 } else { 1 };
        for _ in 0..copies {
            if self.events.len() >= KEPT {
                self.events.pop_front();
            }
            self.events.push_back(event.clone());
        }
    }

    /// What can be read now, newest first unless the order is in trouble.
    pub fn visible(&self, now: Timestamp) -> Vec<Arc<Value>> {
        let visible = self.events.iter().filter(|event| event.visible <= now).map(|event| Arc::clone(&event.body));
        if self.trouble.reversed { visible.collect() } else { visible.rev().collect() }
    }
}

impl State {
    /// Writes an event into the journal of a site.
    pub fn note(&mut self, site: &str, note: Note) {
        let now = self.now();
        let Some(site) = self.sites.get_mut(site) else { return };
        let number = site.journal.noted + 1;
        let Note { id, module, object_type, uuid, name, tenant, summary, details } = note;
        site.journal.push(
            now,
            json!({
                "event_id": id, "module": module, "report_timestamp": now.to_string(), "internal": "EVENT_EXTERNAL",
                "context": if module == "CONFIG" { "EVENT_CONTEXT_CONFIG" } else { "EVENT_CONTEXT_SYSTEM" },
                "obj_type": object_type, "obj_uuid": uuid, "obj_name": name, "tenant": tenant, "tenant_name": tenant,
                "event_description": id, "details_summary": summary, "log_id": number, "event_details": details,
            }),
        );
    }

    /// Notes that `user` wrote an object.
    pub fn note_write(&mut self, site: &str, verb: &'static str, kind: Kind, object: &Value, user: &str) {
        let (id, key) = match verb {
            "create" => ("CONFIG_CREATE", "config_create_details"),
            "update" => ("CONFIG_UPDATE", "config_update_details"),
            _ => ("CONFIG_DELETE", "config_delete_details"),
        };
        let Some(store) = self.sites.get(site).map(|site| &site.store) else { return };
        let name = text(object, "name").to_owned();
        let details = json!({"resource_type": kind.type_name(), "resource_name": name, "user": user,
            "status": "SYSERR_SUCCESS"});
        let note = Note {
            id,
            module: "CONFIG",
            object_type: kind.type_name().to_uppercase(),
            uuid: text(object, "uuid").to_owned(),
            tenant: tenant_name(store, tenant_of(object)).to_owned(),
            summary: format!("{user}: {verb} of {} {name}", kind.type_name()),
            name,
            details: json!({ key: details }),
        };
        self.note(site, note);
    }

    /// Notes that the user of the API came or went.
    pub fn note_session(&mut self, site: &str, id: &'static str, failed: bool) {
        let user = self.config.username.clone();
        let status = if failed { "SYSERR_LOGIN_FAILED" } else { "SYSERR_SUCCESS" };
        let note = Note {
            id,
            module: "CONFIG",
            object_type: "USER".to_owned(),
            uuid: "user-1".to_owned(),
            name: user.clone(),
            tenant: "admin".to_owned(),
            summary: format!("{id} of {user}"),
            details: json!({"user_details": {"user": user, "status": status}}),
        };
        self.note(site, note);
    }

    /// Notes that another node of the site's controller has taken over.
    pub fn note_failover(&mut self, site: &str) {
        let Some(controller) = self.sites.get(site) else { return };
        let (uuid, node) = (controller.cluster_uuid.clone(), controller.node());
        let note = Note {
            id: "CONTROLLER_LEADER_FAILOVER",
            module: "CLUSTER",
            object_type: "CLUSTER".to_owned(),
            uuid,
            name: node.clone(),
            tenant: "admin".to_owned(),
            summary: format!("{node} leads the cluster"),
            details: json!({"cluster_leader_failover_details": {"leader_node": {"name": node}}}),
        };
        self.note(site, note);
    }

    /// Compares the health of all services with the last look and notes what went up or down. Nothing runs in the
    /// background, so a change that ends before anybody looks leaves no event.
    pub fn note_health(&mut self, name: &str) {
        let Some(site) = self.sites.get(name) else { return };
        let services: Vec<Value> =
            site.store.all(Kind::GslbService).map(|service| runtime::service(self, site, service)).collect();
        let mut seen = BTreeMap::new();
        let mut edges = Vec::new();
        for runtime in &services {
            for (key, id, summary, up) in findings(runtime) {
                if site.journal.health.get(&key) != Some(&up) {
                    edges.push((id, summary, runtime));
                }
                seen.insert(key, up);
            }
        }
        let notes: Vec<Note> =
            edges.into_iter().map(|(id, summary, runtime)| health_note(id, summary, runtime)).collect();
        if let Some(site) = self.sites.get_mut(name) {
            site.journal.health = seen;
        }
        notes.into_iter().for_each(|note| self.note(name, note));
    }
}

/// Key, event id, summary and state of a service, its pools and members; members first, as they fail first.
fn findings(runtime: &Value) -> Vec<(String, &'static str, String, bool)> {
    let up = |value: &Value| value.pointer("/oper_status/state").and_then(Value::as_str) == Some("OPER_UP");
    let service = text(runtime, "uuid");
    let (mut members, mut pools) = (Vec::new(), Vec::new());
    for pool in items(Some(runtime), "groups") {
        let pool_name = text(pool, "name");
        for member in items(Some(pool), "members") {
            let address = member.pointer("/ip/addr").and_then(Value::as_str).unwrap_or_else(|| text(member, "fqdn"));
            let id = if up(member) { "GS_MEMBER_UP" } else { "GS_MEMBER_DOWN" };
            let key = format!("{service}/{pool_name}/{address}");
            members.push((key, id, format!("{address} in {pool_name}"), up(member)));
        }
        let id = if up(pool) { "GS_GROUP_UP" } else { "GS_GROUP_DOWN" };
        pools.push((format!("{service}/{pool_name}"), id, pool_name.to_owned(), up(pool)));
    }
    let id = if up(runtime) { "GS_UP" } else { "GS_DOWN" };
    let whole = (service.to_owned(), id, text(runtime, "name").to_owned(), up(runtime));
    members.into_iter().chain(pools).chain([whole]).collect()
}

fn health_note(id: &'static str, summary: String, runtime: &Value) -> Note {
    let details = json!({"gs_info": {"uuid": runtime["uuid"], "name": runtime["name"], "details": [summary],
        "gs_runtime": {"oper_status": runtime["oper_status"], "groups": []}}});
    Note {
        id,
        module: "GLB_MGR",
        object_type: "GSLBSERVICE".to_owned(),
        uuid: text(runtime, "uuid").to_owned(),
        name: text(runtime, "name").to_owned(),
        tenant: text(runtime, "tenant_name").to_owned(),
        summary,
        details,
    }
}
