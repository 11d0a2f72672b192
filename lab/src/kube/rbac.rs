//! Who may do what: roles and their bindings.
//!
//! The roles that a real server starts with are not objects here. Their effect is: members of `system:masters` may do
//! everything, everybody who is authenticated may look around, and a binding may name `cluster-admin`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::auth::UserInfo;
use super::meta;
use super::resource::ObjectKey;
use super::status::{Status, qualified};
use super::store::Store;

/// What somebody wants to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    pub verb: String,
    pub group: String,
    /// With its subresource: `widgets/status`. Empty for a path that is no resource.
    pub resource: String,
    /// Empty where a request has none.
    pub name: String,
    /// Empty at the cluster scope.
    pub namespace: String,
    /// Of a request that is about no resource.
    pub path: String,
}

/// The answer, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub allowed: bool,
    /// Empty where nothing allows it.
    pub reason: String,
}

const MASTERS: &str = "system:masters";
const EVERYBODY: &str = "system:authenticated";
const ROLES: &str = "roles.rbac.authorization.k8s.io";
const CLUSTER_ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
const BINDINGS: &str = "rolebindings.rbac.authorization.k8s.io";
const CLUSTER_BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";

impl Attributes {
    /// The refusal that a client gets.
    pub fn forbidden(&self, user: &UserInfo) -> Status {
        let Self { verb, group, resource, name, namespace, path } = self;
        let user = &user.username;
        if resource.is_empty() {
            let message = format!("forbidden: User \"{user}\" cannot {verb} path \"{path}\"");
            return Status::new(403, "Forbidden", message).with_details(json!({}));
        }
        let plural = resource.split('/').next().unwrap_or_default();
        let named = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
        let place = match namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace \"{namespace}\""),
        };
        let message = format!(
            "{}{named} is forbidden: User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" \
             {place}",
            qualified(plural, group)
        );
        let details: serde_json::Map<String, Value> = [("name", name.as_str()), ("group", group), ("kind", plural)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (key.to_owned(), json!(value)))
            .collect();
        Status::new(403, "Forbidden", message).with_details(Value::Object(details))
    }
}

/// Whether no role need be asked.
pub fn may_do_everything(user: &UserInfo) -> bool {
    user.is_in(MASTERS)
}

/// Whether the user may do it.
pub fn decide(store: &Store, user: &UserInfo, attributes: &Attributes) -> Decision {
    if may_do_everything(user) {
        return Decision { allowed: true, reason: String::new() };
    }
    if user.is_in(EVERYBODY) && everybody_may(attributes) {
        let reason = "RBAC: allowed by ClusterRoleBinding \"system:basic-user\" of ClusterRole \
                      \"system:basic-user\" to Group \"system:authenticated\"";
        return Decision { allowed: true, reason: reason.to_owned() };
    }
    let wide = store.objects(CLUSTER_BINDINGS, None);
    let narrow = match attributes.namespace.as_str() {
        "" => Vec::new(),
        namespace => store.objects(BINDINGS, Some(namespace)),
    };
    let granting = wide.iter().chain(&narrow).find_map(|(key, binding)| {
        let subject = subject_of(binding, user)?;
        role_rules(store, key, binding).iter().any(|rule| covers(rule, attributes)).then(|| reason(binding, &subject))
    });
    Decision { allowed: granting.is_some(), reason: granting.unwrap_or_default() }
}

/// The rules that apply to the user in a namespace, or everywhere.
pub fn rules_of(store: &Store, user: &UserInfo, namespace: &str) -> Vec<Value> {
    let mut rules = if user.is_in(MASTERS) { everything() } else { Vec::new() };
    let bindings = store.objects(CLUSTER_BINDINGS, None).into_iter().chain(store.objects(BINDINGS, Some(namespace)));
    for (key, binding) in bindings.filter(|(_, binding)| subject_of(binding, user).is_some()) {
        rules.extend(role_rules(store, &key, &binding));
    }
    rules
}

/// Reviews of oneself, and the documents that tell what there is.
fn everybody_may(attributes: &Attributes) -> bool {
    let Attributes { verb, group, resource, path, .. } = attributes;
    if resource.is_empty() {
        let first = path.split('/').nth(1).unwrap_or_default();
        return verb == "get"
            && matches!(first, "api" | "apis" | "healthz" | "livez" | "openapi" | "readyz" | "version");
    }
    let own = [
        ("authentication.k8s.io", "selfsubjectreviews"),
        ("authorization.k8s.io", "selfsubjectaccessreviews"),
        ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ];
    verb == "create" && own.contains(&(group.as_str(), resource.as_str()))
}

/// Which subject of the binding the user is: `User "u"`.
fn subject_of(binding: &Value, user: &UserInfo) -> Option<String> {
    let namespace_of_binding = meta::text(binding, "namespace");
    binding["subjects"].as_array()?.iter().find_map(|subject| {
        let name = subject["name"].as_str().unwrap_or_default();
        let kind = subject["kind"].as_str().unwrap_or_default();
        let matches = match kind {
            "User" => user.username == name,
            "Group" => user.is_in(name),
            "ServiceAccount" => {
                let namespace = subject["namespace"].as_str().unwrap_or(namespace_of_binding);
                user.username == format!("system:serviceaccount:{namespace}:{name}")
            }
            _ => false,
        };
        matches.then(|| format!("{kind} \"{name}\""))
    })
}

fn role_rules(store: &Store, key: &ObjectKey, binding: &Value) -> Vec<Value> {
    let role = &binding["roleRef"];
    let name = role["name"].as_str().unwrap_or_default();
    let found: Option<Arc<Value>> = match role["kind"].as_str() {
        Some("Role") => store.get(ROLES, &ObjectKey::new(Some(&key.namespace), name)).cloned(),
        _ => store.get(CLUSTER_ROLES, &ObjectKey::new(None, name)).cloned(),
    };
    match found {
        Some(role) => role["rules"].as_array().cloned().unwrap_or_default(),
        None if role["kind"] == "ClusterRole" && name == "cluster-admin" => everything(),
        None => Vec::new(),
    }
}

fn everything() -> Vec<Value> {
    vec![
        json!({ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }),
        json!({ "nonResourceURLs": ["*"], "verbs": ["*"] }),
    ]
}

fn covers(rule: &Value, attributes: &Attributes) -> bool {
    let texts = |field: &str| rule[field].as_array().into_iter().flatten().filter_map(Value::as_str);
    let has = |field: &str, wanted: &str| texts(field).any(|text| text == "*" || text == wanted);
    if !has("verbs", &attributes.verb) {
        return false;
    }
    if attributes.resource.is_empty() {
        return texts("nonResourceURLs").any(|url| match url.strip_suffix('*') {
            Some(prefix) => attributes.path.starts_with(prefix),
            None => attributes.path == url,
        });
    }
    let any_with_subresource = attributes.resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
    let names_resource = has("resources", &attributes.resource)
        || any_with_subresource.is_some_and(|any| texts("resources").any(|text| text == any));
    let mut names = texts("resourceNames").peekable();
    let names_object = names.peek().is_none() || names.any(|name| name == attributes.name);
    has("apiGroups", &attributes.group) && names_resource && names_object
}

fn reason(binding: &Value, subject: &str) -> String {
    let kind = binding["kind"].as_str().unwrap_or_default();
    let key = match meta::text(binding, "namespace") {
        "" => meta::text(binding, "name").to_owned(),
        namespace => format!("{}/{namespace}", meta::text(binding, "name")),
    };
    let (role_kind, role) = (&binding["roleRef"]["kind"], &binding["roleRef"]["name"]);
    let role_kind = role_kind.as_str().unwrap_or_default();
    format!("RBAC: allowed by {kind} \"{key}\" of {role_kind} {role} to {subject}")
}

#[cfg(test)]
mod tests;
