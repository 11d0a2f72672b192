//! From a GSLBConfig and its Secret to the settings of the controller session.

use super::credentials::Credentials;
use crate::actors::avi_session::{ControllerSettings, DeletionPolicy};
use crate::avi::session::SessionSettings;
use crate::avi::transport::TlsSettings;
use crate::core::activation::{APPROVAL_ANNOTATION, Problem};
use crate::core::owner::Owner;
use crate::core::policy::presence::GRACE;
use crate::core::whitespace::at_the_ends;
use crate::crd::GslbConfig;
use kube::ResourceExt;
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Duration;

/// Which controller to use, as whom. `controller_ca` wins over the Secret's.
///
/// # Errors
/// When the Secret lacks what a login needs, or has what a login cannot mean: an empty password, or one with a line break
/// at its end, would count as a failed login of the account.
pub fn settings(
    config: &GslbConfig,
    credentials: &Credentials,
    controller_ca: Option<&[u8]>,
    owner: Owner,
) -> Result<ControllerSettings, Problem> {
    let leader = &config.spec.gslb_leader;
    let Credentials { username, password, ca_pem, controllers, version } = credentials;
    if username.is_empty() || password.expose_secret().is_empty() {
        let secret = &leader.credentials;
        let text = format!("Secret {secret} has no username or no password: add keys username and password");
        return Err(Problem::ControllerUnreachable(text));
    }
    for (key, value) in [("username", username.as_str()), ("password", password.expose_secret())] {
        if let Some(whitespace) = at_the_ends(value) {
            let secret = &leader.credentials;
            let text = format!(
                "Secret {secret}: the value of key {key} {whitespace}, so no login is tried with it; save it without, \
                 as printf %s or echo -n give it"
            );
            return Err(Problem::ControllerUnreachable(text));
        }
    }
    let address = leader.controller_ip.trim().to_owned();
    if controllers.as_ref().is_some_and(|controllers| !controllers.contains(&address)) {
        let secret = &leader.credentials;
        let text = format!(
            "Secret {secret}: its key controllers does not list {address}, so its login does not go there; correct \
             spec.gslbLeader.controllerIP, or add the address to the key"
        );
        return Err(Problem::ControllerUnreachable(text));
    }
    let ca_pem = controller_ca.map(<[u8]>::to_vec).or_else(|| ca_pem.clone());
    let skips = leader.insecure_skip_verify.unwrap_or(false);
    Ok(ControllerSettings {
        session: SessionSettings {
            address,
            username: username.clone(),
            password: password.clone(),
            version: leader.controller_version.trim().to_owned(),
        },
        tls: TlsSettings {
            // Who gave a CA wants it used, whoever may edit the GSLBConfig.
            insecure_skip_verify: skips && ca_pem.is_none(),
            ca_pem,
        },
        owner,
        refresh: refresh_interval(config.spec.refresh_interval),
        requests_per_second: not_negative(leader.requests_per_second).unwrap_or(REQUESTS_PER_SECOND),
        follow_leader: leader.follow_leader.unwrap_or(false),
        controllers: controllers.clone().map(Arc::new),
        secret_version: version.clone(),
        deletions: deletion_policy(config),
    })
}

/// Below the 32 that a controller allows one client by default.
const REQUESTS_PER_SECOND: u32 = 20;

fn deletion_policy(config: &GslbConfig) -> DeletionPolicy {
    let guard = config.spec.deletion_guard.clone().unwrap_or_default();
    DeletionPolicy {
        max_percent: not_negative(guard.max_percent).unwrap_or(20).min(100),
        max_count: not_negative(guard.max_count).unwrap_or(10) as usize,
        approved: config.annotations().get(APPROVAL_ANNOTATION).cloned(),
    }
}

/// How long a deleted policy may come back.
pub fn policy_grace(config: &GslbConfig) -> Duration {
    let seconds = config.spec.deletion_guard.as_ref().and_then(|guard| not_negative(guard.policy_grace_seconds));
    seconds.map_or(GRACE, |seconds| Duration::from_secs(seconds.into()))
}

/// What the schema should have refused counts as absent.
fn not_negative(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}

/// `spec.refreshInterval` in seconds; absent, zero or negative means ten minutes.
fn refresh_interval(seconds: Option<i32>) -> Duration {
    let seconds = seconds.and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0);
    Duration::from_secs(seconds.unwrap_or(600))
}
