//! The tenant of an endpoint: see `docs/RULES.md#tenants`.

use super::endpoint::Endpoint;
use super::ingest::annotations::TENANT;
use super::policy::Installation;

/// The tenant in which the endpoint's GSLB service lives: that of its namespace, else the default tenant (rule
/// TEN-01).
///
/// # Errors
/// In a namespace with a tenant, the object has to name the same one; an object that names none counts as of the
/// default tenant (rules TEN-02 and TEN-03). The reason, for the owner of the object.
pub fn tenant<'a>(endpoint: &'a Endpoint, installation: &'a Installation) -> Result<&'a str, String> {
    let default = installation.default_tenant.as_str();
    let Some(namespace) = endpoint.namespace_tenant.as_deref() else { return Ok(default) };
    // It goes into a header of every call about the service, and into references.
    if namespace.chars().any(char::is_control) {
        return Err(format!(
            "its namespace {} is of tenant {namespace:?}, which holds a control character and so is the name of none; \
             annotate the namespace with {TENANT} again, without it",
            endpoint.key.namespace
        ));
    }
    let object = endpoint.object_tenant.as_deref().unwrap_or(default);
    if object == namespace {
        return Ok(namespace);
    }
    Err(format!(
        "its namespace {} is of tenant {namespace:?} but the object is of tenant {object:?} (rule TEN-02); annotate \
         the object with {TENANT}: {namespace}",
        endpoint.key.namespace
    ))
}
