//! Which lists of the built-in kinds merge, and by which key. Every other list is replaced.

/// How the elements of a merging list are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MergeKey {
    /// Objects, by the value of this field.
    Field(&'static str),
    /// Scalars, by themselves.
    Itself,
}

/// Lists below a pod's spec.
const POD_SPEC: &[(&str, &str)] = &[
    ("containers", "name"),
    ("initContainers", "name"),
    ("ephemeralContainers", "name"),
    ("volumes", "name"),
    ("imagePullSecrets", "name"),
    ("hostAliases", "ip"),
    ("topologySpreadConstraints", "topologyKey"),
];

/// Lists inside one container.
const CONTAINER: &[(&str, &str)] =
    &[("env", "name"), ("ports", "containerPort"), ("volumeMounts", "mountPath"), ("volumeDevices", "devicePath")];

const WITH_CONDITIONS: &[&str] = &["Service", "Pod", "Namespace", "Deployment", "StatefulSet"];

/// The merge key of the list at `path` (field names joined by dots, list elements left out).
pub(super) fn merge_key(kind: &str, path: &str) -> Option<MergeKey> {
    match (kind, path) {
        (_, "metadata.finalizers") => Some(MergeKey::Itself),
        (_, "metadata.ownerReferences") => Some(MergeKey::Field("uid")),
        ("Service", "spec.ports") => Some(MergeKey::Field("port")),
        ("ServiceAccount", "secrets" | "imagePullSecrets") => Some(MergeKey::Field("name")),
        (_, "status.conditions") if WITH_CONDITIONS.contains(&kind) => Some(MergeKey::Field("type")),
        _ => pod_spec_prefix(kind).and_then(|prefix| in_pod_spec(path.strip_prefix(prefix)?)),
    }
}

fn pod_spec_prefix(kind: &str) -> Option<&'static str> {
    match kind {
        "Pod" => Some("spec."),
        "Deployment" | "StatefulSet" | "ReplicaSet" | "DaemonSet" => Some("spec.template.spec."),
        _ => None,
    }
}

fn in_pod_spec(path: &str) -> Option<MergeKey> {
    let (rules, name) = match path.split_once('.') {
        Some(("containers" | "initContainers" | "ephemeralContainers", inner)) => (CONTAINER, inner),
        Some(_) => return None,
        None => (POD_SPEC, path),
    };
    rules.iter().find(|(list, _)| *list == name).map(|(_, key)| MergeKey::Field(key))
}
