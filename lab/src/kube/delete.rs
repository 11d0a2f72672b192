//! Deletion: preconditions, finalizers and what stays behind until they are gone.

use std::sync::Arc;

use serde_json::{Value, json};

use super::crd;
use super::meta;
use super::resource::{ObjectKey, Resource};
use super::state::State;
use super::status::{Status, Subject};

/// The parts of `DeleteOptions` that matter here. `Foreground` acts as `Background`: dependents go in the same moment,
/// where the garbage collector works at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeleteOptions {
    pub uid: Option<String>,
    pub resource_version: Option<String>,
    pub dry_run: bool,
    /// Dependents stay.
    pub orphans: bool,
}

/// What became of the object.
#[derive(Debug, Clone, PartialEq)]
pub enum Deleted {
    Gone(Arc<Value>),
    /// Marked, and waiting for finalizers or contents.
    Pending(Arc<Value>),
}

const PROTECTED_NAMESPACES: &[&str] = &["default", "kube-system", "kube-public"];

impl State {
    /// Deletes one object.
    ///
    /// # Errors
    /// 404, 409 when a precondition fails, 403 for the namespaces that a cluster cannot lose.
    pub fn delete(&mut self, resource: &Resource, key: &ObjectKey, options: &DeleteOptions) -> Result<Deleted, Status> {
        let stored = self.store.get(&resource.storage_key(), key).cloned();
        let stored = stored.ok_or_else(|| Status::not_found(resource.subject(&key.name)))?;
        check_preconditions(resource, &stored, options)?;
        let is_namespace = resource.is("", "Namespace");
        if is_namespace && PROTECTED_NAMESPACES.contains(&key.name.as_str()) {
            return Err(Status::forbidden(resource.subject(&key.name), "this namespace may not be deleted"));
        }
        let is_crd = resource.is("apiextensions.k8s.io", "CustomResourceDefinition");
        if options.dry_run {
            return Ok(Deleted::Gone(stored));
        }
        if options.orphans && self.collects_garbage {
            self.orphan_dependents(&stored);
        }
        if !is_namespace && !is_crd && meta::finalizers(&stored).is_empty() {
            let removed = self.remove(resource, key).unwrap_or(stored);
            return Ok(Deleted::Gone(removed));
        }
        if meta::is_deleting(&stored) {
            return Ok(Deleted::Pending(stored));
        }
        let mut object = self.marked_for_deletion(&stored);
        if is_namespace {
            object["metadata"].as_object_mut().map(|meta| meta.remove("deletionGracePeriodSeconds"));
            object["status"]["phase"] = json!("Terminating");
            self.terminating_namespaces.insert(key.name.clone());
        }
        if is_crd {
            object["status"] = crd::terminating_status(&object, &meta::time_text(self.clock.now()));
            self.terminating_crds.insert(key.name.clone());
        }
        Ok(self.mark(resource, key, object))
    }

    fn mark(&mut self, resource: &Resource, key: &ObjectKey, object: Value) -> Deleted {
        let marked = self.commit(resource, key, object);
        let is_crd = resource.is("apiextensions.k8s.io", "CustomResourceDefinition");
        if is_crd && self.store.get(&resource.storage_key(), key).is_none() {
            return Deleted::Gone(marked);
        }
        Deleted::Pending(marked)
    }

    /// The object with its deletion time.
    pub fn marked_for_deletion(&self, stored: &Value) -> Value {
        let mut object = stored.clone();
        object["metadata"]["deletionTimestamp"] = json!(meta::time_text(self.clock.now()));
        object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
        if object["metadata"].get("generation").is_some() {
            meta::bump_generation(&mut object);
        }
        object
    }
}

fn check_preconditions(resource: &Resource, stored: &Value, options: &DeleteOptions) -> Result<(), Status> {
    let checks = [
        ("UID", "uid", &options.uid, "deleted and then recreated"),
        ("ResourceVersion", "resourceVersion", &options.resource_version, "modified"),
    ];
    for (label, field, wanted, happened) in checks {
        let actual = meta::text(stored, field);
        if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != actual) {
            let why = format!(
                "the {label} in the precondition ({wanted}) does not match the {label} in record ({actual}). \
                 The object might have been {happened}"
            );
            // Here a real server names the kind instead of the resource.
            let subject = Subject { group: &resource.group, plural: &resource.kind, name: meta::text(stored, "name") };
            return Err(Status::conflict(subject, &why));
        }
    }
    Ok(())
}
