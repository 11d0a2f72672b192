//! Creating, replacing, changing and deleting objects.

use super::admit::Admission;
use super::call::{Call, Scope, guard_federated};
use super::inferred;
use super::kind::{Federation, Kind};
use super::limits;
use super::patch;
use super::reference::Resolver;
use super::reply::Reply;
use super::rules::{self, Surroundings, is_on};
use super::schema;
use super::seed::{SYSTEM, new_uuid};
use super::state::{State, change_count, identified, is_federated, tenant_name};
use super::store::{ADMIN, path_of, target_of, tenant_of, text};
use super::version::ApiVersion;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// POST on a collection.
pub(super) fn create(state: &mut State, call: &Call<'_>, kind: Kind) -> Result<Reply, Reply> {
    let sent = &*call.here(state)?.condition.without_new_fields(kind, call.body()?);
    let tenant = write_tenant(state, call, kind, sent)?;
    if meant_federated(kind, sent) {
        guard_federated(state, call.here(state)?, kind)?;
    }
    let object = checked(state, call, kind, &Draft { sent, tenant: &tenant, uuid: "", version: call.version })?;
    limits::guard(state, call.site, kind)?;
    let uuid = new_uuid(state, kind);
    let stamp = state.stamp();
    let object = state.put(call.site, kind, identified(object, kind, &uuid, stamp, 1));
    state.replicate_put(call.site, kind, &object);
    note(state, call, "create", kind, &object);
    let shown = call.written(call.here(state)?, kind, &object);
    let location = text(&shown, "url").to_owned();
    Ok(Reply::json(201, shown).with("location", location))
}

/// PUT on an object.
pub(super) fn replace(state: &mut State, call: &Call<'_>, kind: Kind, uuid: &str) -> Result<Reply, Reply> {
    let stored = call.find(state, kind, uuid)?;
    let sent = call.here(state)?.condition.without_new_fields(kind, call.body()?).into_owned();
    let draft = Draft { sent: &sent, tenant: tenant_of(&stored), uuid, version: call.version };
    change(state, call, (kind, &stored), &draft)
}

/// PATCH on an object.
pub(super) fn patch(state: &mut State, call: &Call<'_>, kind: Kind, uuid: &str) -> Result<Reply, Reply> {
    let stored = call.find(state, kind, uuid)?;
    let changes = call.body()?;
    let merged = {
        let admission = admission(state, call, tenant_of(&stored), call.version)?;
        patch::merge(kind, &stored, changes, &admission).map_err(Reply::refused)?
    };
    // The payload has been checked against the version of the call; what was stored before may be newer.
    let draft = Draft { sent: &merged, tenant: tenant_of(&stored), uuid, version: state.version_of(call.site) };
    change(state, call, (kind, &stored), &draft)
}

/// DELETE on an object.
pub(super) fn delete(state: &mut State, call: &Call<'_>, kind: Kind, uuid: &str) -> Result<Reply, Reply> {
    let stored = call.find(state, kind, uuid)?;
    let site = call.here(state)?;
    if is_federated(kind, &stored) {
        guard_federated(state, site, kind)?;
    }
    let name = text(&stored, "name");
    if name.starts_with(SYSTEM) || (kind == Kind::Tenant && uuid == ADMIN) {
        return Err(Reply::json(403, inferred::system_object()));
    }
    let users = site.store.referrers(kind, uuid);
    if !users.is_empty() {
        let users: Vec<String> = users.iter().map(|(kind, name)| inferred::referrer(*kind, name)).collect();
        let text = format!("Cannot delete, object is referred by: [{}]", users.join(", "));
        let status = site.condition.in_use_status.unwrap_or(inferred::IN_USE_STATUS);
        return Err(Reply::json(status, json!({"error": text, "obj_name": name})));
    }
    state.remove(call.site, kind, uuid);
    state.replicate_delete(call.site, kind, &stored);
    note(state, call, "delete", kind, &stored);
    Ok(Reply::empty(204))
}

fn note(state: &mut State, call: &Call<'_>, verb: &'static str, kind: Kind, object: &Value) {
    let user = state.config.username.clone();
    state.note_write(call.site, verb, kind, object, &user);
}

/// What is to be stored, before the checks.
struct Draft<'a> {
    sent: &'a Map<String, Value>,
    tenant: &'a str,
    /// Empty for a new object.
    uuid: &'a str,
    /// Fields newer than this are refused.
    version: ApiVersion,
}

/// Replaces a stored object by what was sent, if nothing speaks against it.
fn change(
    state: &mut State,
    call: &Call<'_>,
    (kind, stored): (Kind, &Arc<Value>),
    draft: &Draft<'_>,
) -> Result<Reply, Reply> {
    let Draft { sent, uuid, .. } = *draft;
    if is_federated(kind, stored) || meant_federated(kind, sent) {
        guard_federated(state, call.here(state)?, kind)?;
    }
    if sent.get("uuid").is_some_and(|sent| sent != uuid) {
        return Err(Reply::refused(format!("uuid in the body does not match {uuid}")));
    }
    if sent.get("_last_modified").is_some_and(|sent| *sent != stored["_last_modified"]) {
        return Err(Reply::json(412, inferred::stale_write(kind, text(stored, "name"))));
    }
    let object = checked(state, call, kind, draft)?;
    if kind.federation() == Federation::Flagged && is_on(stored, "is_federated") != is_on(&object, "is_federated") {
        return Err(Reply::refused("is_federated cannot be changed after creation"));
    }
    let same = identified(object.clone(), kind, uuid, text(stored, "_last_modified").to_owned(), change_count(stored));
    let object = if same == **stored && !inferred::UNCHANGED_PUT_MOVES_STAMP {
        Arc::clone(stored)
    } else {
        let stamp = state.stamp();
        let object = state.put(call.site, kind, identified(object, kind, uuid, stamp, change_count(stored) + 1));
        state.replicate_put(call.site, kind, &object);
        note(state, call, "update", kind, &object);
        object
    };
    Ok(Reply::json(200, call.written(call.here(state)?, kind, &object)))
}

/// The complete object that the draft means; every reason not to store it is an answer.
fn checked(state: &State, call: &Call<'_>, kind: Kind, draft: &Draft<'_>) -> Result<Value, Reply> {
    let site = call.here(state)?;
    let admission = admission(state, call, draft.tenant, draft.version)?;
    let mut map = admission.object(kind.fields(), draft.sent).map_err(Reply::refused)?;
    if schema::find(kind.fields(), "tenant_ref").is_some() {
        let tenant_ref = path_of(Kind::Tenant, draft.tenant).into();
        let sent = map.insert("tenant_ref".to_owned(), tenant_ref);
        if sent.is_some_and(|sent| sent != map["tenant_ref"]) {
            return Err(Reply::refused("tenant_ref differs from the tenant of the request"));
        }
    }
    let mut object = Value::Object(map);
    let name = text(&object, "name");
    if site.store.named(kind, draft.tenant, name).is_some_and(|taken| taken != draft.uuid) {
        let text = format!("{} with this Name and Tenant ref already exists.", inferred::readable(kind));
        return Err(Reply::json(409, json!({"error": text, "obj_name": name})));
    }
    let check_cluster_uuids = state.config.check_cluster_uuids;
    let around = Surroundings { store: &site.store, uuid: draft.uuid, check_cluster_uuids };
    rules::check(kind, &object, &around).map_err(Reply::refused)?;
    if is_federated(kind, &object) {
        tenant_everywhere(state, call, draft.tenant)?;
    }
    if kind == Kind::Gslb {
        complete_sites(state, &mut object);
    }
    Ok(object)
}

fn admission<'s>(
    state: &'s State,
    call: &Call<'_>,
    tenant: &'s str,
    version: ApiVersion,
) -> Result<Admission<'s>, Reply> {
    let store = &call.here(state)?.store;
    Ok(Admission { version, newest: state.version_of(call.site), resolver: Resolver { store, tenant } })
}

/// The tenant a new object goes to: that of the header, which `tenant_ref` may repeat but not contradict.
fn write_tenant(state: &State, call: &Call<'_>, kind: Kind, sent: &Map<String, Value>) -> Result<String, Reply> {
    if !kind.tenant_scoped() {
        return Ok(ADMIN.to_owned());
    }
    let resolver = Resolver { store: &call.here(state)?.store, tenant: ADMIN };
    let reference = sent.get("tenant_ref").and_then(Value::as_str);
    let named =
        reference.map(|reference| resolver.resolve(Kind::Tenant, reference)).transpose().map_err(Reply::refused)?;
    let named = named.as_deref().and_then(target_of).map(|(_, uuid)| uuid);
    match (&call.scope, named) {
        (Scope::All, Some(named)) => Ok(named.to_owned()),
        (scope, Some(named)) if named != scope.tenant() => {
            Err(Reply::refused("tenant_ref differs from the tenant of the request"))
        }
        (scope, _) => Ok(scope.tenant().to_owned()),
    }
}

/// A federated object needs its tenant, by name, on every site.
fn tenant_everywhere(state: &State, call: &Call<'_>, tenant: &str) -> Result<(), Reply> {
    let name = tenant_name(&call.here(state)?.store, tenant);
    let mut active = state.sites.values().filter(|site| !state.config.passive.contains(&site.name));
    let lacking = active.find(|site| site.store.named(Kind::Tenant, ADMIN, name).is_none());
    match lacking {
        Some(site) => Err(Reply::refused(format!("Tenant {name} does not exist on GSLB site {}", site.name))),
        None => Ok(()),
    }
}

fn meant_federated(kind: Kind, sent: &Map<String, Value>) -> bool {
    match kind.federation() {
        Federation::Always => true,
        Federation::Flagged => sent.get("is_federated").and_then(Value::as_bool).unwrap_or(false),
        Federation::Never => false,
    }
}

/// Site passwords are never shown, so they are not kept either: a real one and the hidden one store the same. Sites
/// that are no Avi controllers get their `cluster_uuid` here.
fn complete_sites(state: &State, gslb: &mut Value) {
    for site in list_mut(gslb, "sites") {
        site["password"] = inferred::HIDDEN_PASSWORD.into();
    }
    for site in list_mut(gslb, "third_party_sites") {
        if text(site, "cluster_uuid").is_empty() {
            site["cluster_uuid"] = format!("tp_cluster-{}", state.config.chance.uuid()).into();
        }
    }
}

fn list_mut<'a>(object: &'a mut Value, field: &str) -> impl Iterator<Item = &'a mut Value> {
    object.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten()
}
