//! One authenticated call: who asks which site about which tenant, in which version.

use super::kind::Kind;
use super::render::Rendering;
use super::reply::Reply;
use super::request::{Request, TenantChoice};
use super::state::{Site, State};
use super::store::{ADMIN, tenant_of};
use super::version::ApiVersion;
use super::{inferred, rules};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The tenants a call may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    All,
    /// Uuid of the tenant.
    One(String),
}

impl Scope {
    /// Uuid of the tenant in which names are looked up and objects created.
    pub fn tenant(&self) -> &str {
        match self {
            Self::All => ADMIN,
            Self::One(uuid) => uuid,
        }
    }
}

/// What a handler needs to know about a call.
pub(super) struct Call<'a> {
    pub site: &'a str,
    pub request: &'a Request,
    pub version: ApiVersion,
    pub scope: Scope,
    /// Uuids of the tenants that the user may not look into.
    hidden: Vec<String>,
}

impl<'a> Call<'a> {
    /// Checks the version and tenant headers.
    pub fn new(state: &State, site: &'a str, request: &'a Request) -> Result<Self, Reply> {
        let asked = request.version.as_deref().unwrap_or_default();
        let newest = state.version_of(site);
        let version = request.api_version().filter(|version| *version <= newest);
        let version = version.ok_or_else(|| Reply::json(400, inferred::version_too_new(asked, newest)))?;
        let hidden = hidden_tenants(state, site);
        let scope = scope(state, site, &request.tenant)?;
        match &scope {
            Scope::One(tenant) if hidden.contains(tenant) => Err(Reply::json(403, inferred::forbidden())),
            _ => Ok(Self { site, request, version, scope, hidden }),
        }
    }

    pub fn here<'s>(&self, state: &'s State) -> Result<&'s Site, Reply> {
        state.sites.get(self.site).ok_or_else(|| Reply::html(404, inferred::NO_SUCH_PAGE))
    }

    pub fn sees(&self, kind: Kind, object: &Value) -> bool {
        match &self.scope {
            Scope::All => !kind.tenant_scoped() || !self.hidden.iter().any(|hidden| hidden == tenant_of(object)),
            Scope::One(tenant) => !kind.tenant_scoped() || tenant_of(object) == tenant,
        }
    }

    /// The object of this uuid, or the 404 for it.
    pub fn find(&self, state: &State, kind: Kind, uuid: &str) -> Result<Arc<Value>, Reply> {
        let object = self.here(state)?.store.get(kind, uuid).filter(|object| self.sees(kind, object));
        object.cloned().ok_or_else(|| Reply::json(404, inferred::not_found(kind)))
    }

    /// The body, which must be a JSON object.
    pub fn body(&self) -> Result<&'a Map<String, Value>, Reply> {
        match &self.request.body {
            Some(Ok(Value::Object(map))) => Ok(map),
            Some(Err(error)) => Err(Reply::refused(format!("JSON parse error - {error}"))),
            Some(Ok(_)) | None => Err(Reply::refused("JSON parse error - an object is expected")),
        }
    }

    /// How a read shows objects: names behind references only on request.
    pub fn rendering<'s>(&'s self, site: &'s Site) -> Rendering<'s> {
        let wanted = |name: &str| self.request.parameter(name).is_some_and(|value| !matches!(value, "false" | "False"));
        let names = wanted("include_name");
        Rendering {
            store: &site.store,
            host: self.host(site),
            names,
            skip_default: wanted("skip_default"),
            version: self.version,
            condition: &site.condition,
        }
    }

    /// How an answer to a write shows the object: names always.
    pub fn written<'s>(&'s self, site: &'s Site, kind: Kind, object: &Value) -> Value {
        Rendering { names: true, skip_default: false, ..self.rendering(site) }.object(kind, object)
    }

    pub fn host<'s>(&'s self, site: &'s Site) -> &'s str {
        if self.request.host.is_empty() { &site.address } else { &self.request.host }
    }
}

fn hidden_tenants(state: &State, site: &str) -> Vec<String> {
    let Some(site) = state.sites.get(site) else { return Vec::new() };
    let names = site.condition.forbidden_tenants.iter();
    names.filter_map(|name| site.store.named(Kind::Tenant, ADMIN, name)).map(ToOwned::to_owned).collect()
}

fn scope(state: &State, site: &str, choice: &TenantChoice) -> Result<Scope, Reply> {
    let store = state.sites.get(site).map(|site| &site.store);
    let unknown = |name: &str| Reply::json(403, json!({"error": format!("Tenant '{name}' does not exist!")}));
    match choice {
        TenantChoice::All => Ok(Scope::All),
        TenantChoice::Default => Ok(Scope::One(ADMIN.to_owned())),
        TenantChoice::Name(name) => {
            let uuid = store.and_then(|store| store.named(Kind::Tenant, ADMIN, name));
            uuid.map(|uuid| Scope::One(uuid.to_owned())).ok_or_else(|| unknown(name))
        }
        TenantChoice::Uuid(uuid) => {
            let known = store.and_then(|store| store.get(Kind::Tenant, uuid));
            known.map(|_| Scope::One(uuid.clone())).ok_or_else(|| unknown(uuid))
        }
    }
}

/// Refuses a write of a federated object where it is not allowed: on a follower, or during maintenance.
pub(super) fn guard_federated(state: &State, site: &Site, kind: Kind) -> Result<(), Reply> {
    if !state.leads(&site.name) {
        return Err(Reply::json(400, inferred::not_leader(site.store.leader())));
    }
    let frozen = site.store.gslb().is_some_and(|gslb| rules::is_on(gslb, "maintenance_mode"));
    if frozen && kind != Kind::Gslb {
        return Err(Reply::json(400, inferred::maintenance()));
    }
    Ok(())
}
