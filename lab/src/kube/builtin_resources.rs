//! The table of resources that exist without a CustomResourceDefinition.

use super::resource::{Resource, Rules, ScalePaths, Verbs};

/// Optional abilities of a row, one letter each: `s`tatus, `g`eneration, PUT-`c`reate, `u`nconditional PUT,
/// DELETE returns the `o`bject, `n`o deletecollection, c`r`eate only, sc`a`le.
type Flags = &'static str;

struct Row {
    group: &'static str,
    plural: &'static str,
    kind: &'static str,
    short_names: &'static [&'static str],
    categories: &'static [&'static str],
    namespaced: bool,
    flags: Flags,
}

const NAMESPACED: bool = true;
const CLUSTER: bool = false;

const fn row(group: &'static str, plural: &'static str, kind: &'static str, namespaced: bool, flags: Flags) -> Row {
    Row { group, plural, kind, short_names: &[], categories: &[], namespaced, flags }
}

impl Row {
    const fn short(mut self, short_names: &'static [&'static str]) -> Self {
        self.short_names = short_names;
        self
    }

    const fn in_categories(mut self, categories: &'static [&'static str]) -> Self {
        self.categories = categories;
        self
    }

    fn resource(&self) -> Resource {
        let has = |flag: char| self.flags.contains(flag);
        let verbs = match (has('r'), has('n')) {
            (true, _) => Verbs::CreateOnly,
            (_, true) => Verbs::NoDeleteCollection,
            _ => Verbs::All,
        };
        Resource {
            group: self.group.to_owned(),
            version: "v1".to_owned(),
            storage_version: "v1".to_owned(),
            plural: self.plural.to_owned(),
            singular: self.kind.to_lowercase(),
            kind: self.kind.to_owned(),
            list_kind: format!("{}List", self.kind),
            short_names: self.short_names.iter().map(|&name| name.to_owned()).collect(),
            categories: self.categories.iter().map(|&name| name.to_owned()).collect(),
            namespaced: self.namespaced,
            rules: Rules {
                status: has('s'),
                generation: has('g'),
                put_creates: has('c'),
                unconditional: has('u'),
                returns_deleted: has('o'),
                verbs,
            },
            scale: has('a').then(|| ScalePaths {
                spec_replicas: "/spec/replicas".to_owned(),
                status_replicas: "/status/replicas".to_owned(),
                selector: None,
            }),
            custom: None,
        }
    }
}

const APPS: &str = "apps";
const AUTHENTICATION: &str = "authentication.k8s.io";
const AUTHORIZATION: &str = "authorization.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";

const TABLE: &[Row] = &[
    row("", "configmaps", "ConfigMap", NAMESPACED, "u").short(&["cm"]),
    row("", "events", "Event", NAMESPACED, "cu").short(&["ev"]),
    row("", "limitranges", "LimitRange", NAMESPACED, "u").short(&["limits"]),
    row("", "namespaces", "Namespace", CLUSTER, "sun").short(&["ns"]),
    row("", "pods", "Pod", NAMESPACED, "suo").short(&["po"]).in_categories(&["all"]),
    row("", "resourcequotas", "ResourceQuota", NAMESPACED, "suo").short(&["quota"]),
    row("", "secrets", "Secret", NAMESPACED, "u"),
    row("", "serviceaccounts", "ServiceAccount", NAMESPACED, "uo").short(&["sa"]),
    row("", "services", "Service", NAMESPACED, "scuo").short(&["svc"]).in_categories(&["all"]),
    row("events.k8s.io", "events", "Event", NAMESPACED, "cu").short(&["ev"]),
    row(APPS, "deployments", "Deployment", NAMESPACED, "sgua").short(&["deploy"]).in_categories(&["all"]),
    row(APPS, "replicasets", "ReplicaSet", NAMESPACED, "sgua").short(&["rs"]).in_categories(&["all"]),
    row(APPS, "statefulsets", "StatefulSet", NAMESPACED, "sgua").short(&["sts"]).in_categories(&["all"]),
    row(AUTHENTICATION, "selfsubjectreviews", "SelfSubjectReview", CLUSTER, "r"),
    row(AUTHENTICATION, "tokenreviews", "TokenReview", CLUSTER, "r"),
    row(AUTHORIZATION, "localsubjectaccessreviews", "LocalSubjectAccessReview", NAMESPACED, "r"),
    row(AUTHORIZATION, "selfsubjectaccessreviews", "SelfSubjectAccessReview", CLUSTER, "r"),
    row(AUTHORIZATION, "selfsubjectrulesreviews", "SelfSubjectRulesReview", CLUSTER, "r"),
    row(AUTHORIZATION, "subjectaccessreviews", "SubjectAccessReview", CLUSTER, "r"),
    row("networking.k8s.io", "ingressclasses", "IngressClass", CLUSTER, "gu"),
    row("networking.k8s.io", "ingresses", "Ingress", NAMESPACED, "sgu").short(&["ing"]),
    row(RBAC, "clusterrolebindings", "ClusterRoleBinding", CLUSTER, "cu"),
    row(RBAC, "clusterroles", "ClusterRole", CLUSTER, "cu"),
    row(RBAC, "rolebindings", "RoleBinding", NAMESPACED, "cu"),
    row(RBAC, "roles", "Role", NAMESPACED, "cu"),
    row("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", CLUSTER, "sg")
        .short(&["crd", "crds"])
        .in_categories(&["api-extensions"]),
    row("coordination.k8s.io", "leases", "Lease", NAMESPACED, "c"),
    row("discovery.k8s.io", "endpointslices", "EndpointSlice", NAMESPACED, "gu"),
];

/// All built-in resources, in the order in which discovery lists their groups.
pub fn all() -> Vec<Resource> {
    TABLE.iter().map(Row::resource).collect()
}
