//! The write pipeline: every change of every object goes through here.

use std::sync::Arc;

use serde_json::{Value, json};

use super::admission::{
    already_exists, changed_uid, changes_generation, check_envelope, check_name, check_preconditions, merge_by_path,
    new_finalizers_while_deleting, refuse_invalid, remove_status,
};
use super::ownership::{Applier, Managers};
use super::patch::Patch;
use super::resource::{ObjectKey, Resource};
use super::state::State;
use super::status::Status;
use super::{meta, view};

/// What to do about fields that the schema does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

/// How a write is meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// Do everything up to storing.
    pub dry_run: bool,
    pub validation: FieldValidation,
    /// Take the status from the object too, and need no resourceVersion: the test's own hand, not a client's.
    pub administrative: bool,
    /// Who the written fields belong to; none for the test's own hand.
    pub manager: Option<String>,
    /// An apply takes fields from other managers.
    pub force: bool,
}

/// A state that an object shall have.
pub(super) struct Proposal {
    pub(super) object: Value,
    /// Present where an apply has decided who owns what.
    pub(super) owners: Option<Managers>,
}

impl Proposal {
    /// Of a write whose changes belong to the writer.
    fn written(object: Value) -> Self {
        Self { object, owners: None }
    }
}

/// Owner of what no request names an owner for.
const UNKNOWN_MANAGER: &str = "unknown";

/// Which object, through which subresource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    pub namespace: Option<&'a str>,
    pub name: &'a str,
    pub subresource: Option<&'a str>,
}

impl Target<'_> {
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(self.namespace, self.name)
    }
}

/// The outcome of a write, in stored form.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub object: Arc<Value>,
    pub created: bool,
    /// For `Warning` headers.
    pub warnings: Vec<String>,
}

/// Who writes, as the owner of what is written.
pub(super) fn applier<'a>(options: &'a WriteOptions, subresource: Option<&'a str>, now: &'a str) -> Applier<'a> {
    let manager = options.manager.as_deref().unwrap_or(UNKNOWN_MANAGER);
    Applier { manager, subresource, now, force: options.force }
}

impl State {
    /// Creates an object.
    ///
    /// # Errors
    /// As a POST to the collection.
    pub fn create(
        &mut self,
        resource: &Resource,
        namespace: Option<&str>,
        object: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        self.create_proposed(resource, namespace, Proposal::written(object), options)
    }

    fn create_proposed(
        &mut self,
        resource: &Resource,
        namespace: Option<&str>,
        proposal: Proposal,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let mut object = check_envelope(resource, namespace, proposal.object)?;
        self.name_new(resource, namespace, &mut object)?;
        if !meta::text(&object, "resourceVersion").is_empty() && !options.administrative {
            return Err(Status::internal("resourceVersion should not be set on objects to be created"));
        }
        let key = ObjectKey::new(namespace, meta::text(&object, "name"));
        self.check_place(resource, &key)?;
        let mut object = view::absorb(resource, object);
        if resource.rules.status && !options.administrative {
            remove_status(&mut object);
        }
        let uid = self.chance.uuid().to_string();
        meta::begin(&mut object, &uid, self.clock.now(), resource.rules.generation);
        let warnings = self.shape(resource, &mut object, None, options)?;
        refuse_invalid(resource, &key.name, self.violations(resource, &object, None))?;
        if let Some(existing) = self.store.get(&resource.storage_key(), &key) {
            return Err(already_exists(resource, existing));
        }
        let owners = proposal.owners.or_else(|| self.tracks_updates.then(|| self.creator(resource, &object, options)));
        if let Some(owners) = owners {
            owners.record(&mut object);
        }
        let object = if options.dry_run { Arc::new(object) } else { self.commit(resource, &key, object) };
        Ok(Written { object, created: true, warnings })
    }

    /// Replaces an object, or the part that a subresource stands for.
    ///
    /// # Errors
    /// As a PUT.
    pub fn update(
        &mut self,
        resource: &Resource,
        target: Target<'_>,
        object: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        self.update_proposed(resource, target, Proposal::written(object), options)
    }

    pub(super) fn update_proposed(
        &mut self,
        resource: &Resource,
        target: Target<'_>,
        proposal: Proposal,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let object = check_envelope(resource, target.namespace, proposal.object)?;
        check_name(&object, target.name)?;
        let key = target.key();
        let Some(stored) = self.store.get(&resource.storage_key(), &key).cloned() else {
            if resource.rules.put_creates && target.subresource.is_none() {
                return self.create_named(resource, target, Proposal::written(object), options);
            }
            return Err(Status::not_found(resource.subject(target.name)));
        };
        check_preconditions(resource, &object, &stored, options)?;
        let object = view::absorb(resource, object);
        let object = merge_by_path(resource, target.subresource, object, &stored, options);
        self.replace(resource, target, &stored, Proposal { object, owners: proposal.owners }, options)
    }

    /// Patches an object, or the part that a subresource stands for. Apply creates what is missing.
    ///
    /// # Errors
    /// As a PATCH.
    pub fn patch(
        &mut self,
        resource: &Resource,
        target: Target<'_>,
        patch: &Patch,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        if let Patch::Apply(object) = patch {
            return self.apply(resource, target, object.clone(), options);
        }
        let Some(stored) = self.store.get(&resource.storage_key(), &target.key()).cloned() else {
            return Err(Status::not_found(resource.subject(target.name)));
        };
        let mut object = patch.apply(resource, view::present(resource, &stored).into_owned())?;
        refuse_invalid(resource, target.name, changed_uid(&object, &stored))?;
        if let Some(meta) = meta::metadata_mut(&mut object)
            && meta.get("resourceVersion").is_none_or(Value::is_null)
        {
            meta.insert("resourceVersion".to_owned(), stored["metadata"]["resourceVersion"].clone());
        }
        self.update(resource, target, object, options)
    }

    pub(super) fn create_named(
        &mut self,
        resource: &Resource,
        target: Target<'_>,
        mut proposal: Proposal,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        if let Some(meta) = meta::metadata_mut(&mut proposal.object) {
            meta.insert("name".to_owned(), json!(target.name));
            meta.remove("resourceVersion");
        }
        self.create_proposed(resource, target.namespace, proposal, options)
    }

    fn replace(
        &mut self,
        resource: &Resource,
        target: Target<'_>,
        stored: &Arc<Value>,
        proposal: Proposal,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let (key, mut object) = (&target.key(), proposal.object);
        let is_applied = proposal.owners.is_some();
        let owners = proposal.owners.or_else(|| self.owners(&object, stored));
        meta::carry_over(&mut object, stored);
        let warnings = self.shape(resource, &mut object, Some(stored), options)?;
        let mut errors = new_finalizers_while_deleting(&object, stored);
        errors.extend(self.violations(resource, &object, Some(stored)));
        refuse_invalid(resource, &key.name, errors)?;
        if let Some(mut owners) = owners {
            if !is_applied {
                // A real server does not date what comes through a scale.
                let is_scale = target.subresource == Some("scale");
                let now = if is_scale { String::new() } else { meta::time_text(self.clock.now()) };
                let applier = applier(options, target.subresource, &now);
                owners.update(resource, stored, &object, &applier);
            }
            owners.record(&mut object);
        }
        if object == **stored {
            return Ok(Written { object: stored.clone(), created: false, warnings });
        }
        if resource.rules.generation && changes_generation(resource, &object, stored) {
            meta::bump_generation(&mut object);
        }
        let object = if options.dry_run {
            Arc::new(object)
        } else if meta::is_deleting(&object) && self.may_go(resource, &object) {
            self.remove(resource, key);
            Arc::new(object)
        } else {
            self.commit(resource, key, object)
        };
        Ok(Written { object, created: false, warnings })
    }

    /// Who owns the fields of a new object.
    fn creator(&self, resource: &Resource, object: &Value, options: &WriteOptions) -> Managers {
        let (mut owners, now) = (Managers::default(), meta::time_text(self.clock.now()));
        let mut object = object.clone();
        if resource.rules.status && !options.administrative {
            // What the server itself begins with belongs to nobody.
            remove_status(&mut object);
        }
        if resource.is("", "Namespace") {
            object.as_object_mut().map(|fields| fields.remove("spec"));
        }
        owners.update(resource, &Value::Null, &object, &applier(options, None, &now));
        owners
    }

    /// Who owns the fields before a write other than an apply; `None` where nobody keeps count. A client may send the
    /// list back, change it or clear it.
    fn owners(&self, object: &Value, stored: &Value) -> Option<Managers> {
        if Managers::are_cleared(object) {
            return Some(Managers::default());
        }
        let owners = Managers::of(object).or_else(|| Managers::of(stored));
        owners.or_else(|| self.tracks_updates.then(Managers::default))
    }

    /// Whether nothing holds a deleted object back. Namespaces and CRDs go when their contents are gone.
    pub fn may_go(&self, resource: &Resource, object: &Value) -> bool {
        let name = meta::text(object, "name");
        let holds_contents = resource.is("", "Namespace") && self.terminating_namespaces.contains(name)
            || resource.is("apiextensions.k8s.io", "CustomResourceDefinition") && self.terminating_crds.contains(name);
        meta::finalizers(object).is_empty() && !holds_contents
    }

    pub fn commit(&mut self, resource: &Resource, key: &ObjectKey, object: Value) -> Arc<Value> {
        let object = self.store.put(&resource.storage_key(), key.clone(), object);
        self.settle(resource, key);
        object
    }

    pub fn remove(&mut self, resource: &Resource, key: &ObjectKey) -> Option<Arc<Value>> {
        let removed = self.store.remove(&resource.storage_key(), key);
        if let Some(removed) = removed.as_ref().filter(|_| self.collects_garbage) {
            self.collect_dependents(removed);
        }
        self.settle(resource, key);
        removed
    }
}
