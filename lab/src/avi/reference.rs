//! References between objects: every form that clients send becomes the stored form `/api/<type>/<uuid>`.

use super::inferred;
use super::kind::Kind;
use super::store::{ADMIN, Store, path_of, tenant_of};

/// Resolves what clients write into references.
pub(super) struct Resolver<'a> {
    pub store: &'a Store,
    /// Tenant uuid in which names are looked up first; the default tenant comes second.
    pub tenant: &'a str,
}

impl Resolver<'_> {
    /// The stored form of `reference`, which must name an existing object of `kind`.
    pub fn resolve(&self, kind: Kind, reference: &str) -> Result<String, String> {
        let dangling = || inferred::dangling_reference(kind, reference);
        let (path, query) = split(reference);
        let mut pieces = path.split('/').filter(|piece| !piece.is_empty());
        if pieces.next() != Some("api") || pieces.next() != Some(kind.path()) {
            return Err(dangling());
        }
        let uuid = match (pieces.next(), query) {
            (Some(uuid), _) => uuid.to_owned(),
            (None, Some(query)) => self.by_query(kind, query).ok_or_else(dangling)?,
            (None, None) => return Err(dangling()),
        };
        let object = self.store.get(kind, &uuid).ok_or_else(dangling)?;
        // Everybody may use what belongs to the default tenant; what belongs to another is as good as absent.
        let reachable = !kind.tenant_scoped() || [self.tenant, ADMIN].contains(&tenant_of(object));
        if reachable { Ok(path_of(kind, &uuid)) } else { Err(dangling()) }
    }

    fn by_query(&self, kind: Kind, query: &str) -> Option<String> {
        let name = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "name")?.1;
        let tenants = [self.tenant, ADMIN];
        tenants.iter().find_map(|tenant| self.store.named(kind, tenant, &name)).map(ToOwned::to_owned)
    }
}

/// Path and query of a reference, without host and fragment. The host may be empty, as in `https:///api/…`.
fn split(reference: &str) -> (&str, Option<&str>) {
    let reference = reference.split('#').next().unwrap_or_default();
    let local = match reference.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |start| &rest[start..]),
        None => reference,
    };
    match local.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (local, None),
    }
}
