//! What the followers are to have: told to the FederationActor.

use super::PolicyWatcherState;
use super::kept::Kept;
use crate::actors::federation::FederationMsg;
use crate::core::federation::copy::{Certainty, Original, Originals};
use crate::core::policy::presence::Standing;
use crate::core::precedence::ObjectName;
use kube::ResourceExt;
use serde::Serialize;
use serde_json::Value;

impl PolicyWatcherState {
    /// Tells all objects of the kinds that are copied when one has `changed`, once each kind has been completely listed.
    pub(super) fn tell_federated_if(&self, changed: bool) {
        if changed && self.configs.listed && self.policies.listed {
            let configs = originals(&self.configs, |config| (value(&config.spec), value(&config.status)));
            let policies = originals(&self.policies, |policy| (value(&policy.spec), value(&policy.status)));
            let policies = Originals { certainty: self.certainty(), ..policies };
            self.args.federation.cast(FederationMsg::Policies { configs, policies });
        }
    }

    /// Whether the policies at home, or that there are none, are what somebody wishes for.
    pub(super) fn certainty(&self) -> Certainty {
        match &self.standing {
            Some(Standing::Leaving(_)) => Certainty::Open,
            Some(Standing::Gone(_)) => Certainty::Wished,
            Some(Standing::Choose | Standing::Missing) | None => Certainty::Found,
        }
    }
}

/// `parts` are spec and status.
fn originals<K: ResourceExt>(kept: &Kept<K>, parts: impl Fn(&K) -> (Value, Value)) -> Originals {
    let original = |object: &K| {
        let (spec, status) = parts(object);
        let (labels, annotations) = (object.labels().clone(), object.annotations().clone());
        Original { name: object.name_any(), labels, annotations, spec, status }
    };
    let full_name = |object: &ObjectName| format!("{}/{}", object.namespace, object.name);
    Originals {
        objects: kept.objects.values().map(original).collect(),
        unreadable: kept.unreadable.iter().map(full_name).collect(),
        certainty: Certainty::Found,
    }
}

/// Our own types have string keys only and cannot fail to serialise.
fn value(part: &impl Serialize) -> Value {
    serde_json::to_value(part).unwrap_or(Value::Null)
}
