//! GSLBConfig discovery, activation and its status texts: see `docs/RULES.md#activation`.

mod choose;
#[cfg(test)]
mod tests;

pub use choose::{Choice, choose};

use crate::crd::MemberCluster;
use thiserror::Error;
use uuid::Uuid;

/// `metadata.annotations` key of the installation's UUID on the GSLBConfig.
pub const UUID_ANNOTATION: &str = "amko.vmware.com/amko-uuid";

/// `metadata.annotations` key by which somebody approves deletions that are held; its value names the set of them.
pub const APPROVAL_ANNOTATION: &str = "amko.vmware.com/approve-deletions";

/// How far the activation of a GSLBConfig has come, as `status.state` says it. The texts are read by users' tools and
/// are those of upstream, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Syncing,
    Synced,
    Accepted,
}

impl Progress {
    pub fn state(self) -> &'static str {
        match self {
            Self::Syncing => "syncing all objects",
            Self::Synced => "synced all objects",
            Self::Accepted => "success: gslb config accepted",
        }
    }
}

/// Whether a `status.state` says that the GSLBConfig was accepted before.
pub fn was_accepted(state: &str) -> bool {
    state == Progress::Accepted.state()
}

/// Why a GSLBConfig is not, or no longer, active. `to_string()` is its `status.state`, byte for byte that of upstream
/// where upstream has one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    #[error("error: can't add another gslbconfig")]
    AnotherActive,
    /// Without a separator, as in upstream.
    #[error("error: invalid gslb configinvalid gslb config, namespace can only be avi-system")]
    WrongNamespace,
    /// Upstream writes no status here.
    #[error("error: invalid gslb config with amko-uuid {0}")]
    InvalidUuid(String),
    #[error("error: invalid gslb config with controller IP ")]
    NoControllerIp,
    #[error("error: invalid gslb config with leaderSecret ")]
    NoCredentials,
    /// Upstream ends the process here.
    #[error("error: invalid gslb config with controllerVersion ")]
    NoControllerVersion,
    /// Upstream goes on without any cluster here, and deletes what it had from them.
    #[error(
        "error: invalid gslb config with memberClusters: name at least one cluster, and each by its clusterContext; the \
         last valid ones stay"
    )]
    NoMembers,
    #[error("error: secret object doesn't exist {0}")]
    NoSecret(String),
    #[error("error: issue in connecting to the controller API, {0}")]
    ControllerUnreachable(String),
    #[error("error fetching Gslb leader site details, {0}")]
    LeaderUnknown(String),
    #[error("error: controller not a leader")]
    NotLeader,
    #[error("error: provided kubeconfig has an error {0}")]
    Kubeconfig(String),
    #[error("error: cluster healthcheck failed, {0}")]
    ClusterHealth(String),
    #[error("gslb config edited, amko needs a restart")]
    Edited,
    #[error("Config Operations can be done ONLY on leader")]
    WriteOnFollower,
}

/// What decides, before anything is asked of the outside, whether a GSLBConfig can be activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// Value of [`UUID_ANNOTATION`]; `None` when absent.
    pub uuid: Option<&'a str>,
    pub controller_ip: &'a str,
    /// Name of the credentials Secret.
    pub credentials: &'a str,
    pub controller_version: &'a str,
    /// `spec.memberClusters`.
    pub members: &'a [MemberCluster],
}

/// The checks of a GSLBConfig's own content, in the order of `docs/RULES.md#activation`. Gives the installation's UUID;
/// `None` means that one has to be made and written to [`UUID_ANNOTATION`].
///
/// # Errors
/// The first check that fails.
pub fn check(facts: Facts<'_>) -> Result<Option<Uuid>, Problem> {
    let Facts { uuid, controller_ip, credentials, controller_version, members } = facts;
    let uuid = uuid.map(parse_uuid).transpose()?;
    let filled = |value: &str, problem| if value.is_empty() { Err(problem) } else { Ok(()) };
    filled(controller_ip, Problem::NoControllerIp)?;
    filled(credentials, Problem::NoCredentials)?;
    filled(controller_version, Problem::NoControllerVersion)?;
    // A key that was mistyped is dropped by the API server, and leaves an empty list, or an entry without a name.
    if members.is_empty() || members.iter().any(|member| member.cluster_context.is_empty()) {
        return Err(Problem::NoMembers);
    }
    Ok(uuid)
}

/// The UUID of the annotation: 36 characters, with `urn:uuid:`, in braces, or 32 hexadecimal digits.
///
/// # Errors
/// [`Problem::InvalidUuid`] for anything else.
pub fn parse_uuid(text: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| Problem::InvalidUuid(text.to_owned()))
}
