//! Where `amko run` finds the kubeconfig of the member clusters.

use super::CliError;
use crate::kubernetes::dial::client_of;
use crate::kubernetes::kubeconfig::parse;
use crate::kubernetes::members::{Dial, KubeconfigMembers, Place};
use crate::kubernetes::proxies::Proxies;
use clap::Args;
use kube::config::Kubeconfig;
use std::path::PathBuf;
use std::sync::Arc;

/// Environment variable with the text of the multi-cluster kubeconfig, as the upstream chart sets it.
const MEMBERS_ENV: &str = "GSLB_CONFIG";
/// Key of the Secret, as in the upstream chart.
const KEY: &str = "gslb-members";

/// The kubeconfig with one context per member cluster.
#[derive(Debug, Args)]
pub struct MembersArguments {
    /// Multi-cluster kubeconfig with one context per member cluster; a change is noticed within 15 seconds [default: the
    /// text in GSLB_CONFIG, which is read once].
    #[arg(long, value_name = "FILE", conflicts_with = "members_secret")]
    members: Option<PathBuf>,
    /// Secret in the namespace of the AMKO objects that holds it; it is read through the API, and a change is noticed at
    /// once.
    #[arg(long, value_name = "NAME")]
    members_secret: Option<String>,
    /// Key of it in that Secret.
    #[arg(long, value_name = "KEY", default_value = KEY)]
    members_key: String,
}

/// Clients for the members, and their kubeconfig where it is known at the start.
pub struct Members {
    pub clients: KubeconfigMembers,
    pub kubeconfig: Option<Kubeconfig>,
}

impl MembersArguments {
    /// Reads what can be read at the start.
    ///
    /// # Errors
    /// When file or variable hold no kubeconfig. A Secret is looked at later.
    pub fn members(self, namespace: &str, proxies: Proxies) -> Result<Members, CliError> {
        let dial: Dial = Arc::new(move |config, context| client_of(config, context, &proxies));
        if let Some(name) = self.members_secret {
            let place = Place::Secret { namespace: namespace.to_owned(), name, key: self.members_key };
            return Ok(Members { clients: KubeconfigMembers::at(place, dial), kubeconfig: None });
        }
        let (text, source, place) = match self.members {
            Some(path) => {
                let bytes = super::read(&path, "--members")?;
                let source = format!("--members {}", path.display());
                (String::from_utf8_lossy(&bytes).into_owned(), source, Place::File(path))
            }
            None => {
                let source = format!("environment variable {MEMBERS_ENV}");
                (std::env::var(MEMBERS_ENV).unwrap_or_default(), source.clone(), Place::Given(source))
            }
        };
        let kubeconfig = checked(&text, &source)?;
        Ok(Members { clients: KubeconfigMembers::new(place, &kubeconfig, dial), kubeconfig: Some(kubeconfig) })
    }
}

fn checked(text: &str, source: &str) -> Result<Kubeconfig, CliError> {
    if text.trim().is_empty() {
        let hint =
            "put the multi-cluster kubeconfig into key gslb-members of Secret gslb-config-secret, or use --members";
        return Err(CliError::Configuration(format!("{source} is empty: {hint}")));
    }
    parse(text).map_err(|what| CliError::Configuration(format!("{source} is no kubeconfig: {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_kubeconfig_is_told_in_one_line_that_quotes_nothing_of_it() {
        let file = std::env::temp_dir().join(format!("amko-broken-kubeconfig-{}", std::process::id()));
        std::fs::write(&file, "users:\n- name: a\n  user: {token: secret-token}\n  - wrong\nclusters: 5\n").unwrap();
        let arguments = MembersArguments { members: Some(file.clone()), members_secret: None, members_key: KEY.into() };
        let error = arguments.members("avi-system", Proxies::default()).err().map(|error| error.to_string());
        std::fs::remove_file(&file).unwrap();
        let place = file.display();
        let expected = format!("--members {place} is no kubeconfig: wrong from line 4, column 5 on");
        assert_eq!(error, Some(expected));
    }
}
