//! Which lists and maps merge and which are one value, for custom and built-in kinds.

use serde_json::{Value, json};

use super::set::Step;
use crate::kube::resource::Resource;
use crate::kube::schema::{Elements, Spot};

/// A place in an object of some kind.
#[derive(Debug, Clone)]
pub enum Place<'a> {
    Custom(Spot<'a>),
    Builtin {
        kind: &'a str,
        /// Field names joined by dots, list elements left out.
        path: String,
    },
}

impl<'a> Place<'a> {
    /// The whole object.
    pub fn root(resource: &'a Resource) -> Self {
        match &resource.custom {
            Some(custom) => Self::Custom(custom.schema.root()),
            None => Self::Builtin { kind: &resource.kind, path: String::new() },
        }
    }

    /// The metadata, which is the same for all kinds.
    pub fn metadata() -> Self {
        Self::Builtin { kind: "", path: "metadata".to_owned() }
    }

    pub fn field(&self, name: &str) -> Self {
        match self {
            Self::Custom(spot) => Self::Custom(spot.field(name)),
            Self::Builtin { kind, path } if path.is_empty() => Self::Builtin { kind, path: name.to_owned() },
            Self::Builtin { kind, path } => Self::Builtin { kind, path: format!("{path}.{name}") },
        }
    }

    pub fn element(&self) -> Self {
        match self {
            Self::Custom(spot) => Self::Custom(spot.element()),
            builtin @ Self::Builtin { .. } => builtin.clone(),
        }
    }

    /// Whether the field stands for itself, beside what is below it: those do that no schema names.
    pub fn names_itself(&self, field: &str) -> bool {
        match self {
            Self::Custom(spot) => !spot.declares(field),
            Self::Builtin { path, .. } => is_map(path),
        }
    }

    /// Whether an added value is recorded beside its parts: in custom resources everything is, in built-in ones maps
    /// and lists, and not the structures.
    pub fn is_recorded_whole(&self, value: &Value) -> bool {
        match self {
            Self::Custom(_) => true,
            // Containers are a list that is always there.
            Self::Builtin { path, .. } => value.is_array() && !path.ends_with(".containers") || is_map(path),
        }
    }

    /// Whether a map is one value.
    pub fn is_atomic(&self) -> bool {
        match self {
            Self::Custom(spot) => spot.is_atomic(),
            Self::Builtin { kind, path } => ATOMIC.contains(&(*kind, path.as_str())),
        }
    }

    pub fn elements(&self) -> Elements {
        match self {
            Self::Custom(spot) => spot.elements(),
            Self::Builtin { kind, path } => builtin_elements(kind, path),
        }
    }
}

/// The step to each element, and the element; `None` for a list that is one value.
pub(super) fn steps<'v>(place: &Place<'_>, list: &'v [Value]) -> Option<Vec<(Step, &'v Value)>> {
    match place.elements() {
        Elements::Atomic => None,
        Elements::Set => Some(list.iter().map(|item| (Step::Element(item.to_string()), item)).collect()),
        Elements::Map(keys) => Some(list.iter().map(|item| (key_step(&keys, item), item)).collect()),
    }
}

fn key_step(keys: &[(String, Option<Value>)], item: &Value) -> Step {
    let fields = keys.iter().filter_map(|(key, default)| {
        let value = item.get(key).filter(|value| !value.is_null()).or(default.as_ref())?;
        Some((key.clone(), value.clone()))
    });
    Step::Key(Value::Object(fields.collect()).to_string())
}

/// Fields of the built-in kinds with free keys.
const MAPS: &[&str] = &[
    "annotations",
    "binaryData",
    "data",
    "hard",
    "labels",
    "limits",
    "matchLabels",
    "nodeSelector",
    "requests",
    "stringData",
    "used",
];

fn is_map(path: &str) -> bool {
    MAPS.contains(&path.rsplit('.').next().unwrap_or_default())
}

/// Maps of the built-in kinds that are one value.
const ATOMIC: &[(&str, &str)] = &[
    ("Service", "spec.selector"),
    ("Deployment", "spec.selector"),
    ("StatefulSet", "spec.selector"),
    ("ReplicaSet", "spec.selector"),
    ("RoleBinding", "roleRef"),
    ("ClusterRoleBinding", "roleRef"),
    ("Event", "involvedObject"),
];

const POD_SPEC: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("volumes", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("hostAliases", &["ip"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
];

const CONTAINER: &[(&str, &[&str])] = &[
    ("env", &["name"]),
    ("ports", &["containerPort", "protocol"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
];

fn builtin_elements(kind: &str, path: &str) -> Elements {
    match (kind, path) {
        (_, "metadata.finalizers") => Elements::Set,
        (_, "metadata.ownerReferences") => keyed(&["uid"]),
        (_, "status.conditions") => keyed(&["type"]),
        ("Service", "spec.ports") => keyed(&["port", "protocol"]),
        ("ServiceAccount", "secrets" | "imagePullSecrets") => keyed(&["name"]),
        _ => pod_spec(kind, path).map_or(Elements::Atomic, keyed),
    }
}

fn pod_spec(kind: &str, path: &str) -> Option<&'static [&'static str]> {
    let inner = match kind {
        "Pod" => path.strip_prefix("spec.")?,
        "Deployment" | "StatefulSet" | "ReplicaSet" | "DaemonSet" => path.strip_prefix("spec.template.spec.")?,
        _ => return None,
    };
    let (rules, name) = match inner.split_once('.') {
        Some(("containers" | "initContainers" | "ephemeralContainers", inner)) => (CONTAINER, inner),
        Some(_) => return None,
        None => (POD_SPEC, inner),
    };
    rules.iter().find(|(list, _)| *list == name).map(|(_, keys)| *keys)
}

/// Of all keys only the protocol has a default.
fn keyed(keys: &[&str]) -> Elements {
    let default = |key: &str| (key == "protocol").then(|| json!("TCP"));
    Elements::Map(keys.iter().map(|&key| (key.to_owned(), default(key))).collect())
}
