//! The texts of violations, word for word as API servers write them: operators match on them.

use serde_json::Value;

use super::FieldError;

fn error(field: &str, reason: &str, message: String) -> FieldError {
    FieldError { field: field.to_owned(), reason: reason.to_owned(), message }
}

pub(super) fn wrong_type(field: &str, wanted: &str, actual: &str) -> FieldError {
    let message = format!("Invalid value: \"{actual}\": {field} in body must be of type {wanted}: \"{actual}\"");
    error(field, "FieldValueTypeInvalid", message)
}

/// A text or number that does not have its `format`.
pub(super) fn wrong_format(field: &str, format: &str, value: &Value) -> FieldError {
    let message = format!("Invalid value: {value}: {field} in body must be of type {format}: {value}");
    error(field, "FieldValueTypeInvalid", message)
}

pub(super) fn required(field: &str) -> FieldError {
    error(field, "FieldValueRequired", "Required value".to_owned())
}

pub(super) fn empty(field: &str) -> FieldError {
    error(field, "FieldValueRequired", "Required value: must not be empty".to_owned())
}

pub(super) fn not_supported(field: &str, value: &Value, choices: &[Value]) -> FieldError {
    let choices: Vec<String> = choices.iter().map(Value::to_string).collect();
    let message = format!("Unsupported value: {value}: supported values: {}", choices.join(", "));
    error(field, "FieldValueNotSupported", message)
}

/// `<field> in body <rule>`, such as "should be at least 1 chars long".
pub(super) fn breaks(field: &str, value: impl std::fmt::Display, rule: &str) -> FieldError {
    error(field, "FieldValueInvalid", format!("Invalid value: {value}: {field} in body {rule}"))
}

pub(super) fn too_long(field: &str, maximum: u64) -> FieldError {
    error(field, "FieldValueTooLong", format!("Too long: may not be more than {maximum} bytes"))
}

pub(super) fn too_many(field: &str, count: usize, maximum: u64) -> FieldError {
    error(field, "FieldValueTooMany", format!("Too many: {count}: must have at most {maximum} items"))
}

pub(super) fn duplicate(field: &str, value: &Value) -> FieldError {
    error(field, "FieldValueDuplicate", format!("Duplicate value: {value}"))
}
