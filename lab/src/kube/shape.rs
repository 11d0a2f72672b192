//! What an object looks like before it is stored: pruned, completed and checked.

use serde_json::Value;

use super::resource::Resource;
use super::schema::FieldError;
use super::state::State;
use super::status::Status;
use super::write::{FieldValidation, WriteOptions};
use super::{builtin, crd, meta, view};

impl State {
    /// Prunes, drops nulls and fills in defaults; returns the warnings.
    pub(super) fn shape(
        &mut self,
        resource: &Resource,
        object: &mut Value,
        stored: Option<&Value>,
        options: &WriteOptions,
    ) -> Result<Vec<String>, Status> {
        meta::tidy(object);
        let unknown = match &resource.custom {
            None => {
                let unknown = builtin::prune(resource, object);
                builtin::fill_defaults(resource, object, stored, &mut self.allocator);
                unknown
            }
            Some(custom) => view::with_bare_body(object, |body| {
                let unknown = custom.schema.prune(body);
                custom.schema.drop_nulls(body);
                custom.schema.apply_defaults(body);
                unknown
            }),
        };
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

    pub(super) fn violations(&self, resource: &Resource, object: &Value, stored: Option<&Value>) -> Vec<FieldError> {
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
}
