//! The write pipeline: every change of every object goes through here.

use std::sync::Arc;

use serde_json::{Value, json};

use super::patch::Patch;
use super::resource::{ObjectKey, Resource, split_api_version};
use super::schema::FieldError;
use super::state::{NAMESPACES, State};
use super::status::{Status, forbidden_field, required};
use super::{builtin, crd, meta, view};

/// What to do about fields that the schema does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

/// How a write is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// Do everything up to storing.
    pub dry_run: bool,
    pub validation: FieldValidation,
    /// Take the status from the object too, and need no resourceVersion: the test's own hand, not a client's.
    pub administrative: bool,
}

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

const NAME_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const GENERATED_LENGTH: usize = 5;
const LONGEST_BASE: usize = 58;
const NAME_TRIES: usize = 8;

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
        let mut object = check_envelope(resource, namespace, object)?;
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
        let object = check_envelope(resource, target.namespace, object)?;
        check_name(&object, target.name)?;
        let key = target.key();
        let Some(stored) = self.store.get(&resource.storage_key(), &key).cloned() else {
            if resource.rules.put_creates && target.subresource.is_none() {
                return self.create_named(resource, target, object, options);
            }
            return Err(Status::not_found(resource.subject(target.name)));
        };
        check_preconditions(resource, &object, &stored, options)?;
        let object = view::absorb(resource, object);
        let object = merge_by_path(resource, target.subresource, object, &stored, options);
        self.replace(resource, &key, &stored, object, options)
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
        let Some(stored) = self.store.get(&resource.storage_key(), &target.key()).cloned() else {
            return match patch {
                Patch::Apply(object) if target.subresource.is_none() => {
                    self.create_named(resource, target, object.clone(), options)
                }
                _ => Err(Status::not_found(resource.subject(target.name))),
            };
        };
        let mut object = patch.apply(resource, view::present(resource, &stored))?;
        if let Some(meta) = meta::metadata_mut(&mut object)
            && meta.get("resourceVersion").is_none_or(Value::is_null)
        {
            meta.insert("resourceVersion".to_owned(), stored["metadata"]["resourceVersion"].clone());
        }
        self.update(resource, target, object, options)
    }

    fn create_named(
        &mut self,
        resource: &Resource,
        target: Target<'_>,
        mut object: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        if let Some(meta) = meta::metadata_mut(&mut object) {
            meta.insert("name".to_owned(), json!(target.name));
            meta.remove("resourceVersion");
        }
        self.create(resource, target.namespace, object, options)
    }

    fn replace(
        &mut self,
        resource: &Resource,
        key: &ObjectKey,
        stored: &Arc<Value>,
        mut object: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        meta::carry_over(&mut object, stored);
        let warnings = self.shape(resource, &mut object, Some(stored), options)?;
        let mut errors = new_finalizers_while_deleting(&object, stored);
        errors.extend(self.violations(resource, &object, Some(stored)));
        refuse_invalid(resource, &key.name, errors)?;
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
        self.settle(resource, key);
        removed
    }

    /// Prunes, drops nulls and fills in defaults; returns the warnings.
    fn shape(
        &mut self,
        resource: &Resource,
        object: &mut Value,
        stored: Option<&Value>,
        options: &WriteOptions,
    ) -> Result<Vec<String>, Status> {
        meta::tidy(object);
        let Some(custom) = &resource.custom else {
            builtin::fill_defaults(resource, object, stored, &mut self.allocator);
            return Ok(Vec::new());
        };
        let unknown = view::with_bare_body(object, |body| {
            let unknown = custom.schema.prune(body);
            custom.schema.drop_nulls(body);
            custom.schema.apply_defaults(body);
            unknown
        });
        let texts: Vec<String> = unknown.iter().map(|path| format!("unknown field \"{path}\"")).collect();
        match options.validation {
            FieldValidation::Strict if !texts.is_empty() => {
                let (kind, version) = (&resource.kind, &resource.version);
                Err(Status::bad_request(format!(
                    "{kind} in version \"{version}\" cannot be handled as a {kind}: strict decoding error: {}",
                    texts.join(", ")
                )))
            }
            FieldValidation::Warn => Ok(texts),
            _ => Ok(Vec::new()),
        }
    }

    fn violations(&self, resource: &Resource, object: &Value, stored: Option<&Value>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if stored.is_none() {
            errors.extend(builtin::name_rule(resource).check(meta::text(object, "name")));
        }
        errors.extend(meta::validate(object));
        match &resource.custom {
            Some(custom) => errors.extend(custom.schema.validate(object, stored)),
            None if resource.is("apiextensions.k8s.io", "CustomResourceDefinition") => {
                errors.extend(crd::validate(object));
            }
            None => errors.extend(builtin::validate(resource, object, stored)),
        }
        errors
    }

    fn name_new(&self, resource: &Resource, namespace: Option<&str>, object: &mut Value) -> Result<(), Status> {
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
    fn check_place(&self, resource: &Resource, key: &ObjectKey) -> Result<(), Status> {
        if self.terminating_crds.contains(&resource.storage_key()) {
            let why = "create not allowed while custom resource definition is terminating";
            return Err(Status::forbidden(resource.subject(&key.name), why));
        }
        if !resource.namespaced {
            return Ok(());
        }
        let name = &key.namespace;
        let Some(namespace) = self.store.get(NAMESPACES, &ObjectKey::new(None, name)) else {
            let missing = super::status::Subject { group: "", plural: NAMESPACES, name };
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

/// Checks apiVersion, kind and namespace of a body against the URL, and fills them in.
fn check_envelope(resource: &Resource, namespace: Option<&str>, mut object: Value) -> Result<Value, Status> {
    let Some(fields) = object.as_object_mut() else {
        return Err(Status::bad_request("the object provided is unrecognized (must be a JSON object)"));
    };
    let expected = resource.api_version();
    let sent = fields.get("apiVersion").and_then(Value::as_str).unwrap_or(&expected);
    if sent != expected {
        let message =
            format!("the API version in the data ({sent}) does not match the expected API version ({expected})");
        return Err(Status::bad_request(message));
    }
    let kind = fields.get("kind").and_then(Value::as_str).unwrap_or(&resource.kind);
    if kind != resource.kind {
        let (group, version) = split_api_version(&expected);
        let message =
            format!("{kind} in version \"{version}\" cannot be handled as a {} of \"{group}\"", resource.kind);
        return Err(Status::bad_request(message));
    }
    fields.insert("apiVersion".to_owned(), json!(expected));
    fields.insert("kind".to_owned(), json!(resource.kind));
    let Some(meta) = meta::metadata_mut(&mut object) else {
        return Err(Status::bad_request("metadata must be an object"));
    };
    let sent = meta.get("namespace").and_then(Value::as_str).unwrap_or_default();
    match namespace {
        Some(namespace) if sent.is_empty() => {
            meta.insert("namespace".to_owned(), json!(namespace));
        }
        Some(namespace) if sent == namespace => {}
        None if sent.is_empty() => {
            meta.remove("namespace");
        }
        _ => {
            let message = "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Status::bad_request(message));
        }
    }
    Ok(object)
}

fn check_name(object: &Value, name: &str) -> Result<(), Status> {
    let sent = meta::text(object, "name");
    if sent.is_empty() || sent == name {
        return Ok(());
    }
    let message = format!("the name of the object ({sent}) does not match the name on the URL ({name})");
    Err(Status::bad_request(message))
}

/// The uid and the resourceVersion in the body hold.
fn check_preconditions(
    resource: &Resource,
    object: &Value,
    stored: &Value,
    options: &WriteOptions,
) -> Result<(), Status> {
    let name = meta::text(stored, "name");
    let (uid, stored_uid) = (meta::text(object, "uid"), meta::text(stored, "uid"));
    if options.administrative {
        return Ok(());
    }
    if !uid.is_empty() && uid != stored_uid {
        let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {stored_uid}");
        return Err(Status::conflict(resource.subject(name), &why));
    }
    let revision = meta::text(object, "resourceVersion");
    if revision.is_empty() && !resource.rules.unconditional {
        let error = super::status::field_error(
            "metadata.resourceVersion",
            "FieldValueInvalid",
            "Invalid value: 0x0: must be specified for an update",
        );
        return Err(Status::invalid(&resource.group, &resource.plural, name, &[error]));
    }
    if !revision.is_empty() && revision != meta::text(stored, "resourceVersion") {
        return Err(Status::stale(resource.subject(name)));
    }
    Ok(())
}

/// Joins the new and the stored object by what the path may change.
fn merge_by_path(
    resource: &Resource,
    subresource: Option<&str>,
    mut object: Value,
    stored: &Value,
    options: &WriteOptions,
) -> Value {
    match subresource {
        Some("status") => with_part(stored, "/status", object.get("status").cloned()),
        Some("finalize") => with_part(stored, "/spec/finalizers", object.pointer("/spec/finalizers").cloned()),
        _ => {
            object["metadata"]["name"] = stored["metadata"]["name"].clone();
            let keeps_status = resource.rules.status && !(options.administrative && object.get("status").is_some());
            if !keeps_status {
                return object;
            }
            with_part(&object, "/status", stored.get("status").cloned())
        }
    }
}

/// A copy with the member at `/a` or `/a/b` set or removed.
fn with_part(object: &Value, pointer: &str, part: Option<Value>) -> Value {
    let mut object = object.clone();
    let (parent, field) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    if let Some(fields) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
        match part {
            Some(part) => fields.insert(field.to_owned(), part),
            None => fields.remove(field),
        };
    }
    object
}

fn remove_status(object: &mut Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
}

fn refuse_invalid(resource: &Resource, name: &str, errors: Vec<FieldError>) -> Result<(), Status> {
    if errors.is_empty() { Ok(()) } else { Err(Status::invalid(&resource.group, &resource.kind, name, &errors)) }
}

fn already_exists(resource: &Resource, existing: &Value) -> Status {
    let mut status = Status::already_exists(resource.subject(meta::text(existing, "name")));
    if meta::is_deleting(existing) {
        status.message = format!("object is being deleted: {}", status.message);
    }
    status
}

fn new_finalizers_while_deleting(object: &Value, stored: &Value) -> Vec<FieldError> {
    if !meta::is_deleting(stored) {
        return Vec::new();
    }
    let before = meta::finalizers(stored);
    let new: Vec<&str> = meta::finalizers(object).into_iter().filter(|name| !before.contains(name)).collect();
    if new.is_empty() {
        return Vec::new();
    }
    let list: Vec<String> = new.iter().map(|name| format!("{name:?}")).collect();
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        list.join(", ")
    );
    vec![forbidden_field("metadata.finalizers", &detail)]
}

/// Whether anything outside the metadata (and the status, where it is a subresource) differs.
fn changes_generation(resource: &Resource, object: &Value, stored: &Value) -> bool {
    let counted = |key: &str| key != "metadata" && !(key == "status" && resource.rules.status);
    let part = |value: &Value| -> Vec<(String, Value)> {
        let fields = value.as_object().into_iter().flatten();
        let mut part: Vec<_> =
            fields.filter(|(key, _)| counted(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
        part.sort_by(|a, b| a.0.cmp(&b.0));
        part
    };
    part(object) != part(stored)
}
