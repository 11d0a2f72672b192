//! The kinds of object that the leader copies to its followers.

use crate::core::activation::UUID_ANNOTATION;
use crate::crd::{GlobalDeploymentPolicySpec, GslbConfigSpec};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A kind that is copied. Rules for single hosts and Secrets stay where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    GslbConfig,
    GlobalDeploymentPolicy,
}

impl Kind {
    /// In the order in which they are copied.
    pub const ALL: [Self; 2] = [Self::GslbConfig, Self::GlobalDeploymentPolicy];

    /// As `kind` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::GslbConfig => "GSLBConfig",
            Self::GlobalDeploymentPolicy => "GlobalDeploymentPolicy",
        }
    }

    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::GslbConfig => "GSLBConfigs",
            Self::GlobalDeploymentPolicy => "GlobalDeploymentPolicies",
        }
    }

    /// How a failed creation names the kind. Upstream names the wrong one for a policy, and readers look for that.
    pub(super) fn in_creation(self) -> &'static str {
        match self {
            Self::GslbConfig => "GSLBConfig",
            Self::GlobalDeploymentPolicy => "GSLBConfig object",
        }
    }

    /// Annotations that follow the leader's even on an object that is there already. Without the UUID a promoted
    /// follower would not know the services of its predecessor as its own.
    pub fn carried_annotations(self) -> &'static [&'static str] {
        match self {
            Self::GslbConfig => &[UUID_ANNOTATION],
            Self::GlobalDeploymentPolicy => &[],
        }
    }

    /// Whether two specs say the same: absent fields and those at their default count as equal, so that what an API
    /// server fills in does not look like a change. A spec that cannot be read equals only itself.
    pub fn same_spec(self, left: &Value, right: &Value) -> bool {
        left == right
            || match self {
                Self::GslbConfig => same::<GslbConfigSpec>(left, right),
                Self::GlobalDeploymentPolicy => same::<GlobalDeploymentPolicySpec>(left, right),
            }
    }
}

fn same<S: Serialize + DeserializeOwned + PartialEq>(left: &Value, right: &Value) -> bool {
    let read = |spec: &Value| serde_json::from_value::<S>(spec.clone()).ok();
    matches!((read(left), read(right)), (Some(left), Some(right)) if left == right)
}
