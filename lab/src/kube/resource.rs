//! What the server knows about one resource in one served version.

use std::fmt;

use serde_json::Value;

use super::schema::Schema;
use super::status::{Subject, qualified};
use super::table::PrinterColumn;

/// A served resource: the same stored objects may be served in several versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Empty for the core group.
    pub group: String,
    pub version: String,
    /// The version in which objects are stored.
    pub storage_version: String,
    pub plural: String,
    pub singular: String,
    pub kind: String,
    pub list_kind: String,
    pub short_names: Vec<String>,
    pub categories: Vec<String>,
    pub namespaced: bool,
    pub rules: Rules,
    /// Present where `/scale` is served.
    pub scale: Option<ScalePaths>,
    /// Present for the resources that a CustomResourceDefinition made.
    pub custom: Option<Custom>,
}

/// Where the numbers of a Scale stand in its parent, as JSON pointers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalePaths {
    pub spec_replicas: String,
    pub status_replicas: String,
    pub selector: Option<String>,
}

/// Where resources differ from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// `/status` exists and the main path leaves the status alone.
    pub status: bool,
    /// The server counts spec changes in `metadata.generation`.
    pub generation: bool,
    /// PUT on a missing name creates.
    pub put_creates: bool,
    /// PUT without a resourceVersion is allowed.
    pub unconditional: bool,
    /// DELETE answers with the object instead of a Status.
    pub returns_deleted: bool,
    pub verbs: Verbs,
}

/// Which requests a resource takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbs {
    All,
    /// Namespaces cannot be deleted as a collection.
    NoDeleteCollection,
    /// Reviews are answered and not stored.
    CreateOnly,
}

impl Verbs {
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::All => &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            Self::NoDeleteCollection => &["create", "delete", "get", "list", "patch", "update", "watch"],
            Self::CreateOnly => &["create"],
        }
    }
}

/// What a CustomResourceDefinition says about one version.
#[derive(Debug, Clone)]
pub struct Custom {
    pub schema: Schema,
    /// The `openAPIV3Schema` as written, for OpenAPI documents.
    pub raw_schema: Value,
    pub columns: Vec<PrinterColumn>,
    /// Field selectors beyond name and namespace, without the leading dot.
    pub selectable: Vec<String>,
}

impl PartialEq for Custom {
    /// The parsed schema follows from the raw one.
    fn eq(&self, other: &Self) -> bool {
        (&self.raw_schema, &self.columns, &self.selectable) == (&other.raw_schema, &other.columns, &other.selectable)
    }
}

impl Resource {
    /// Name of the place where objects are kept. Both Event APIs share one.
    pub fn storage_key(&self) -> String {
        if self.converts_events() { "events".to_owned() } else { self.qualified() }
    }

    /// `ingresses.networking.k8s.io`.
    pub fn qualified(&self) -> String {
        qualified(&self.plural, &self.group)
    }

    pub fn api_version(&self) -> String {
        join_api_version(&self.group, &self.version)
    }

    pub fn storage_api_version(&self) -> String {
        join_api_version(&self.group, &self.storage_version)
    }

    pub fn subject<'a>(&'a self, name: &'a str) -> Subject<'a> {
        Subject { group: &self.group, plural: &self.plural, name }
    }

    /// The events.k8s.io view of core Events.
    pub fn converts_events(&self) -> bool {
        self.group == "events.k8s.io" && self.plural == "events"
    }

    /// Whether this is the built-in kind of that group.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.custom.is_none() && self.group == group && self.kind == kind
    }
}

/// `v1`, or `networking.k8s.io/v1`.
pub fn join_api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// Group (empty for core) and version of an `apiVersion`.
pub fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Where an object lives inside its resource; ordered as lists are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKey {
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    pub name: String,
}

impl ObjectKey {
    pub fn new(namespace: Option<&str>, name: &str) -> Self {
        Self { namespace: namespace.unwrap_or_default().to_owned(), name: name.to_owned() }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}
