//! Cookie persistence across sites: see `docs/RULES.md#site-persistence`.

#[cfg(test)]
mod tests;

use super::effective::{Effective, Persistence};
use crate::core::endpoint::{Backend, Endpoint};
use crate::core::gslb::SitePersistence;
use crate::core::references::{Answer, Catalog, Question};

/// Persistence that is configured, while every Kubernetes member is secure (DB-31).
///
/// # Errors
/// The question that has to be answered first, when no PKI profile is configured: which one the controller has.
pub(super) fn resolve(
    members: &[&Endpoint],
    effective: Effective<'_>,
    tenant: &str,
    catalog: &Catalog,
) -> Result<Option<SitePersistence>, Question> {
    let Some(Persistence { profile, pki_profile }) = effective.persistence().filter(|_| all_secure(members)) else {
        return Ok(None);
    };
    let pki_profile = match pki_profile {
        Some(name) => Some(name.to_owned()),
        None => default_pki_profile(tenant, catalog)?,
    };
    Ok(Some(SitePersistence { profile: profile.to_owned(), pki_profile }))
}

/// A passthrough Route hides its TLS from the controller, which then cannot set a cookie.
fn all_secure(members: &[&Endpoint]) -> bool {
    members.iter().all(|member| matches!(member.backend, Backend::Paths { tls: true, .. }))
}

/// `None` when the controller has none.
fn default_pki_profile(tenant: &str, catalog: &Catalog) -> Result<Option<String>, Question> {
    let question = Question::DefaultPkiProfile { tenant: tenant.to_owned() };
    match catalog.answer(&question) {
        Some(Answer::Profile { name }) => Ok(Some(name.clone())),
        Some(Answer::Absent) => Ok(None),
        // Not an answer to this question.
        None | Some(Answer::Monitor(_) | Answer::Sites(_) | Answer::Gslb(_)) => Err(question),
    }
}
