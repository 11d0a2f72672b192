//! From a GSLBConfig and its Secret to the settings of the controller session.

use super::credentials::Credentials;
use crate::actors::avi_session::ControllerSettings;
use crate::avi::session::SessionSettings;
use crate::avi::transport::TlsSettings;
use crate::core::activation::Problem;
use crate::core::owner::Owner;
use crate::crd::GslbConfig;
use secrecy::ExposeSecret;
use std::time::Duration;

/// Which controller to use, as whom. `controller_ca` wins over the Secret's.
///
/// # Errors
/// When the Secret lacks what a login needs: an empty password would count as a failed login of the account.
pub fn settings(
    config: &GslbConfig,
    credentials: &Credentials,
    controller_ca: Option<&[u8]>,
    owner: Owner,
) -> Result<ControllerSettings, Problem> {
    let leader = &config.spec.gslb_leader;
    let Credentials { username, password, ca_pem } = credentials;
    if username.is_empty() || password.expose_secret().is_empty() {
        let secret = &leader.credentials;
        let text = format!("Secret {secret} has no username or no password: add keys username and password");
        return Err(Problem::ControllerUnreachable(text));
    }
    Ok(ControllerSettings {
        session: SessionSettings {
            address: leader.controller_ip.clone(),
            username: username.clone(),
            password: password.clone(),
            version: leader.controller_version.clone(),
        },
        tls: TlsSettings {
            ca_pem: controller_ca.map(<[u8]>::to_vec).or_else(|| ca_pem.clone()),
            insecure_skip_verify: leader.insecure_skip_verify.unwrap_or(false),
        },
        owner,
        refresh: refresh_interval(config.spec.refresh_interval),
    })
}

/// `spec.refreshInterval` in seconds; absent, zero or negative means ten minutes.
fn refresh_interval(seconds: Option<i32>) -> Duration {
    let seconds = seconds.and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0);
    Duration::from_secs(seconds.unwrap_or(600))
}
