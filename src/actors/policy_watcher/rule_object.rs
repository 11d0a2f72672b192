//! A GSLBHostRule as it is watched: the spec is decoded by itself, so that one odd field hides neither the rule nor the
//! FQDN that it is about.

use crate::core::host_rule::{MANAGED_BY, MANAGED_LABEL};
use crate::core::precedence::ObjectName;
use crate::crd::{GslbHostRule, GslbHostRuleSpec, GslbHostRuleStatus};
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;

/// A GSLBHostRule on the wire.
#[derive(Debug, Clone, Deserialize)]
pub struct HostRuleObject {
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    status: Value,
}

/// What matters of a GSLBHostRule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRule {
    pub object: ObjectName,
    pub uid: Option<String>,
    /// As of the last change of anything that decides.
    pub generation: Option<i64>,
    /// The same, also of the echo of the operator's own word.
    pub latest: Option<i64>,
    pub created: Option<Timestamp>,
    /// Made by this operator only to carry a status. One that somebody has filled in since is that user's.
    pub managed: bool,
    pub spec: Spec,
    /// As last seen; decides nothing once the rule has been judged.
    pub status: Option<GslbHostRuleStatus>,
}

/// The spec, or what could be read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spec {
    Read(Box<GslbHostRuleSpec>),
    /// `fqdn` is empty when not even that is text.
    Unreadable {
        fqdn: String,
        error: String,
    },
}

impl SeenRule {
    /// `spec.fqdn`; empty when not even that could be read.
    pub fn fqdn(&self) -> &str {
        match &self.spec {
            Spec::Read(spec) => &spec.fqdn,
            Spec::Unreadable { fqdn, .. } => fqdn,
        }
    }

    /// Whether both decide the same. The status is the operator's own word and its echo decides nothing (DB-04);
    /// neither does the generation, which under the CRD of upstream every write of status raises. A lower one is that of
    /// a rule from a backup.
    pub fn decides_as(&self, other: &Self) -> bool {
        let Self { object, uid, generation: _, latest, created, managed, spec, status } = self;
        // Changed and changed back, unseen. Where a status is an ordinary field, writing it makes a generation too.
        let changed_back = *latest != other.latest && *status == other.status;
        let restored = other.latest < *latest;
        !changed_back
            && !restored
            && (object, uid, created, managed, spec)
                == (&other.object, &other.uid, &other.created, &other.managed, &other.spec)
    }
}

impl From<HostRuleObject> for SeenRule {
    fn from(object: HostRuleObject) -> Self {
        let HostRuleObject { metadata, spec, status } = object;
        let spec = Spec::from(spec);
        let labelled = metadata.labels.as_ref().and_then(|labels| labels.get(MANAGED_LABEL));
        Self {
            managed: labelled.is_some_and(|by| by == MANAGED_BY) && spec.is_bare(),
            object: ObjectName {
                namespace: metadata.namespace.unwrap_or_default(),
                name: metadata.name.unwrap_or_default(),
            },
            uid: metadata.uid,
            generation: metadata.generation,
            latest: metadata.generation,
            created: metadata.creation_timestamp.map(|time| time.0),
            spec,
            status: serde_json::from_value(status).ok(),
        }
    }
}

impl From<Value> for Spec {
    fn from(spec: Value) -> Self {
        let spec = if spec.is_null() { Value::Object(serde_json::Map::new()) } else { spec };
        let fqdn = spec.get("fqdn").and_then(Value::as_str).unwrap_or_default().to_owned();
        match serde_json::from_value(spec) {
            Ok(spec) => Self::Read(Box::new(spec)),
            Err(error) => Self::Unreadable { fqdn, error: error.to_string() },
        }
    }
}

impl Spec {
    /// Whether it says nothing but an FQDN.
    fn is_bare(&self) -> bool {
        match self {
            Self::Read(spec) => **spec == GslbHostRuleSpec { fqdn: spec.fqdn.clone(), ..GslbHostRuleSpec::default() },
            Self::Unreadable { .. } => false,
        }
    }
}

impl Resource for HostRuleObject {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        GslbHostRule::kind(&())
    }
    fn group((): &()) -> Cow<'_, str> {
        GslbHostRule::group(&())
    }
    fn version((): &()) -> Cow<'_, str> {
        GslbHostRule::version(&())
    }
    fn plural((): &()) -> Cow<'_, str> {
        GslbHostRule::plural(&())
    }
    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(spec: Value, labels: Value, status: Value) -> SeenRule {
        let metadata = json!({"namespace": "shop", "name": "ghr-1", "uid": "u-1", "generation": 3, "labels": labels,
            "creationTimestamp": "2026-01-01T00:00:00Z"});
        let object: HostRuleObject =
            serde_json::from_value(json!({"metadata": metadata, "spec": spec, "status": status})).unwrap();
        object.into()
    }

    #[test]
    fn a_rule_is_read_with_everything_that_decides_and_its_status() {
        let read = seen(json!({"fqdn": "web.example.org", "ttl": 30}), json!({}), json!({"status": "Accepted"}));
        let spec = GslbHostRuleSpec { fqdn: "web.example.org".into(), ttl: Some(30), ..GslbHostRuleSpec::default() };
        let expected = SeenRule {
            object: ObjectName { namespace: "shop".into(), name: "ghr-1".into() },
            uid: Some("u-1".into()),
            generation: Some(3),
            latest: Some(3),
            created: "2026-01-01T00:00:00Z".parse().ok(),
            managed: false,
            spec: Spec::Read(Box::new(spec)),
            status: Some(GslbHostRuleStatus { status: "Accepted".into(), ..GslbHostRuleStatus::default() }),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn an_odd_field_hides_neither_the_rule_nor_its_fqdn() {
        let spec = |spec| seen(spec, json!({}), Value::Null).spec;
        let fqdn = "web.example.org".to_owned();
        let error = "invalid type: string \"soon\", expected i32".to_owned();
        assert_eq!(spec(json!({"fqdn": fqdn, "ttl": "soon"})), Spec::Unreadable { fqdn, error });
        let error = "invalid type: integer `7`, expected a string".to_owned();
        assert_eq!(spec(json!({"fqdn": 7})), Spec::Unreadable { fqdn: String::new(), error });
        assert_eq!(spec(Value::Null), Spec::Read(Box::default()));
    }

    #[test]
    fn a_managed_rule_that_somebody_fills_in_is_that_users_rule() {
        let label = json!({MANAGED_LABEL: MANAGED_BY});
        assert!(seen(json!({"fqdn": "web.example.org"}), label.clone(), Value::Null).managed);
        assert!(!seen(json!({"fqdn": "web.example.org", "ttl": 5}), label, Value::Null).managed);
        assert!(!seen(json!({"fqdn": "web.example.org"}), json!({MANAGED_LABEL: "me"}), Value::Null).managed);
    }

    /// DB-04.
    #[test]
    fn status_and_generation_decide_nothing_all_else_does() {
        let rule = seen(json!({"fqdn": "web.example.org"}), json!({}), Value::Null);
        let echo = SeenRule { latest: Some(4), status: Some(GslbHostRuleStatus::default()), ..rule.clone() };
        assert!(rule.decides_as(&echo));
        assert!(!rule.decides_as(&SeenRule { latest: Some(4), ..rule.clone() }), "changed and changed back");
        let changed = [
            seen(json!({"fqdn": "api.example.org"}), json!({}), Value::Null),
            seen(json!({"fqdn": "web.example.org"}), json!({MANAGED_LABEL: MANAGED_BY}), Value::Null),
            SeenRule { created: None, ..rule.clone() },
            SeenRule { uid: None, ..rule.clone() },
        ];
        for changed in changed {
            assert!(!rule.decides_as(&changed), "{changed:?}");
        }
    }
}
