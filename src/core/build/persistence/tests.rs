//! When site persistence is on, and with which PKI profile.

use super::*;
use crate::core::fixtures::{default_pki, deployment, endpoint, strings};
use crate::core::host_rule::RuleState;
use crate::core::policy::DeploymentPolicy;
use std::collections::BTreeSet;

fn with(backend: Backend) -> Endpoint {
    Endpoint { backend, ..endpoint("ctx-a", "web", "10.1.0.5") }
}

fn paths(tls: bool) -> Endpoint {
    with(Backend::Paths { paths: strings(&["/"]), tls })
}

fn policy(pki: Option<&str>) -> DeploymentPolicy {
    let pki_profile = pki.map(str::to_owned);
    DeploymentPolicy { site_persistence: Some("gap-1".to_owned()), pki_profile, ..deployment() }
}

fn resolved(
    members: &[Endpoint],
    policy: &DeploymentPolicy,
    catalog: &Catalog,
) -> Result<Option<SitePersistence>, Question> {
    let members: Vec<&Endpoint> = members.iter().collect();
    resolve(&members, Effective::of(&RuleState::None, policy).unwrap(), "tenant2", catalog)
}

fn on(pki: Option<&str>) -> Result<Option<SitePersistence>, Question> {
    Ok(Some(SitePersistence { profile: "gap-1".to_owned(), pki_profile: pki.map(str::to_owned) }))
}

/// DB-31: and nothing is asked about a profile that is not needed.
#[test]
fn every_kubernetes_member_has_to_be_secure_and_passthrough_is_not() {
    let cases = [
        (vec![paths(true), paths(true)], on(Some("pki-x"))),
        (vec![paths(true), paths(false)], Ok(None)),
        (vec![paths(false)], Ok(None)),
        (vec![paths(true), with(Backend::Passthrough)], Ok(None)),
        (vec![with(Backend::Passthrough)], Ok(None)),
    ];
    for (members, expected) in cases {
        assert_eq!(resolved(&members, &policy(Some("pki-x")), Catalog::EMPTY), expected, "{members:?}");
        if expected == Ok(None) {
            assert_eq!(resolved(&members, &policy(None), Catalog::EMPTY), Ok(None), "{members:?}");
        }
        assert_eq!(resolved(&members, &deployment(), Catalog::EMPTY), Ok(None));
    }
}

/// EX-21.
#[test]
fn without_a_configured_pki_profile_the_controller_is_asked_for_its_own_in_the_tenant_of_the_service() {
    let members = [paths(true)];
    let (question, _) = default_pki("tenant2", None);
    let elsewhere = [default_pki("admin", Some("pki-admin"))].into_iter().collect();
    let wrong = [(question.clone(), Answer::Sites(BTreeSet::new()))].into_iter().collect();
    for unanswered in [Catalog::EMPTY, &elsewhere, &wrong] {
        assert_eq!(resolved(&members, &policy(None), unanswered), Err(question.clone()), "{unanswered:?}");
    }
    for pki in [Some("pki-x"), None] {
        let answered = [default_pki("tenant2", pki)].into_iter().collect();
        assert_eq!(resolved(&members, &policy(None), &answered), on(pki));
    }
}
