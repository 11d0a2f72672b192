//! Query parameters. Unknown ones and empty segments are tolerated, as clients send both.

use std::collections::BTreeMap;

use http::Uri;

use crate::kube::schema::FieldError;
use crate::kube::status::{Status, field_error, unsupported_value};
use crate::kube::write::{FieldValidation, WriteOptions};

/// In bytes.
const LONGEST_MANAGER: usize = 128;

#[derive(Debug, Clone, Default)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn parse(uri: &Uri) -> Self {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        Self(pairs.map(|pairs| pairs.0.into_iter().collect()).unwrap_or_default())
    }

    /// Absent reads as empty.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.text(name), "true" | "1")
    }

    /// A number of 0 or more; absent reads as `None`.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Status> {
        match self.text(name) {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))),
        }
    }

    /// `options` is the kind that the error names, such as `CreateOptions`.
    pub(super) fn write_options(&self, options: &str) -> Result<WriteOptions, Status> {
        let mut errors: Vec<FieldError> = Vec::new();
        let dry_run = self.get("dryRun");
        if let Some(value) = dry_run.filter(|value| *value != "All") {
            let message = format!("Unsupported value: [\"{value}\"]: supported values: \"All\"");
            errors.push(field_error("dryRun", "FieldValueNotSupported", message));
        }
        let validation = match self.text("fieldValidation") {
            "Ignore" => FieldValidation::Ignore,
            "Warn" | "" => FieldValidation::Warn,
            "Strict" => FieldValidation::Strict,
            other => {
                errors.push(unsupported_value("fieldValidation", other, &["", "Ignore", "Strict", "Warn"]));
                FieldValidation::Warn
            }
        };
        if self.text("fieldManager").len() > LONGEST_MANAGER {
            let message = format!("Too long: may not be more than {LONGEST_MANAGER} bytes");
            errors.push(field_error("fieldManager", "FieldValueTooLong", message));
        }
        if !errors.is_empty() {
            return Err(Status::invalid("meta.k8s.io", options, "", &errors));
        }
        let manager = Some(self.text("fieldManager")).filter(|manager| !manager.is_empty()).map(str::to_owned);
        let force = self.flag("force");
        Ok(WriteOptions { dry_run: dry_run.is_some(), validation, administrative: false, manager, force })
    }
}
