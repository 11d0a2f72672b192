//! Where a new object goes: its name, and whether its namespace and definition take it.

use serde_json::{Value, json};

use super::meta;
use super::resource::{ObjectKey, Resource};
use super::state::{NAMESPACES, State};
use super::status::{Status, Subject, required};

const NAME_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const GENERATED_LENGTH: usize = 5;
const LONGEST_BASE: usize = 58;
const NAME_TRIES: usize = 8;

impl State {
    /// Makes a name where only its beginning is given.
    pub(super) fn name_new(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        object: &mut Value,
    ) -> Result<(), Status> {
        if !meta::text(object, "name").is_empty() {
            return Ok(());
        }
        let base = meta::text(object, "generateName").to_owned();
        if base.is_empty() {
            let error = required("metadata.name", "name or generateName is required");
            return Err(Status::invalid(&resource.group, &resource.kind, "", &[error]));
        }
        let base: String = base.chars().take(LONGEST_BASE).collect();
        for _ in 0..NAME_TRIES {
            let name = format!("{base}{}", self.chance.text(NAME_ALPHABET, GENERATED_LENGTH));
            if self.store.get(&resource.storage_key(), &ObjectKey::new(namespace, &name)).is_none() {
                object["metadata"]["name"] = json!(name);
                return Ok(());
            }
        }
        let mut status = Status::already_exists(resource.subject(&base));
        status.message += ", the server was not able to generate a unique name for the object";
        Err(status)
    }

    /// The namespace exists and takes new objects, and so does the CRD.
    pub(super) fn check_place(&self, resource: &Resource, key: &ObjectKey) -> Result<(), Status> {
        if self.terminating_crds.contains(&resource.storage_key()) {
            let why = "create not allowed while custom resource definition is terminating";
            return Err(Status::forbidden(resource.subject(&key.name), why));
        }
        if !resource.namespaced {
            return Ok(());
        }
        let name = &key.namespace;
        let Some(namespace) = self.store.get(NAMESPACES, &ObjectKey::new(None, name)) else {
            let missing = Subject { group: "", plural: NAMESPACES, name };
            return Err(Status::not_found(missing));
        };
        if !meta::is_deleting(namespace) {
            return Ok(());
        }
        let why = format!("unable to create new content in namespace {name} because it is being terminated");
        let mut status = Status::forbidden(resource.subject(&key.name), &why);
        if let Some(details) = &mut status.details {
            details["causes"] = json!([{
                "reason": "NamespaceTerminating", "message": format!("namespace {name} is being terminated"),
                "field": "metadata.namespace",
            }]);
        }
        Err(status)
    }
}
