//! The forms in which objects leave the server: as they are, as metadata only, or as a Table.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::events;
use super::list::Page;
use super::meta;
use super::resource::Resource;
use super::table::{self, IncludeObject, TableKind, TableOptions};
use crate::clock::Clock;

/// What the client asked for with its Accept header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Plain,
    Metadata,
    Table,
}

/// Renders for one request.
#[derive(Debug, Clone, Copy)]
pub struct Renderer {
    pub form: Form,
    pub include_object: IncludeObject,
    pub clock: Clock,
}

impl Renderer {
    /// One object, in the version of the request.
    pub fn object(&self, resource: &Resource, object: Value) -> Value {
        match self.form {
            Form::Plain => object,
            Form::Metadata => metadata_only(object),
            Form::Table => {
                let revision = meta::text(&object, "resourceVersion").to_owned();
                let page = Page { items: vec![object], ..Page::default() };
                self.table(resource, &page, revision)
            }
        }
    }

    pub fn list(&self, resource: &Resource, page: Page) -> Value {
        let revision = page.revision.to_string();
        let (kind, api_version, items) = match self.form {
            Form::Table => return self.table(resource, &page, revision),
            Form::Plain => {
                let mut items = page.items;
                if resource.custom.is_none() {
                    items.iter_mut().for_each(remove_type);
                }
                (resource.list_kind.clone(), resource.api_version(), items)
            }
            Form::Metadata => {
                let items = page.items.into_iter().map(metadata_only).collect();
                ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned(), items)
            }
        };
        let mut metadata = json!({ "resourceVersion": revision });
        if !page.continue_token.is_empty() {
            metadata["continue"] = json!(page.continue_token);
        }
        if let Some(remaining) = page.remaining {
            metadata["remainingItemCount"] = json!(remaining);
        }
        json!({ "kind": kind, "apiVersion": api_version, "metadata": metadata, "items": items })
    }

    fn table(&self, resource: &Resource, page: &Page, resource_version: String) -> Value {
        let kind = match &resource.custom {
            Some(custom) => TableKind::Custom { columns: custom.columns.clone() },
            None => TableKind::Builtin { group: resource.group.clone(), kind: resource.kind.clone() },
        };
        let now: Timestamp = self.clock.now();
        let options = TableOptions {
            include_object: self.include_object,
            now,
            resource_version,
            continue_token: page.continue_token.clone(),
            remaining: page.remaining,
        };
        if resource.converts_events() {
            let core: Vec<Value> = page.items.iter().cloned().map(events::to_core).collect();
            let kind = TableKind::Builtin { group: String::new(), kind: resource.kind.clone() };
            return table::render(&kind, &core, &options);
        }
        table::render(&kind, &page.items, &options)
    }
}

/// A typed server says the type of a list once.
fn remove_type(item: &mut Value) {
    if let Some(fields) = item.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
}

fn metadata_only(object: Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
}
