//! Whether an object on the controller is as the operator writes it.

use serde_json::Value;

/// Whether `observed` holds everything that `written` says. Fields that the operator does not write are ignored: new
/// releases add some, administrators set some, and neither is a reason to write: what they set is lost at the
/// next PUT, but does not cause one.
pub fn covers(observed: &Value, written: &Value, default_of: fn(&str) -> Option<Value>) -> bool {
    match (observed, written) {
        (Value::Object(observed), Value::Object(written)) => {
            written.iter().all(|(key, wanted)| match observed.get(key) {
                Some(found) => covers(found, wanted, default_of),
                None => default_of(key).map_or_else(|| is_empty(wanted), |default| default == *wanted),
            })
        }
        (Value::Array(observed), Value::Array(written)) => {
            observed.len() == written.len()
                && observed.iter().zip(written).all(|(found, wanted)| covers(found, wanted, default_of))
        }
        _ => observed == written,
    }
}

/// What a field without a default behaves like when it is absent.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
    }
}
