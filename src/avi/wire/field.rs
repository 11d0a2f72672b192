//! Reading single fields of a controller's answer.

use serde_json::Value;
use std::net::IpAddr;

pub fn text<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str()
}

/// Like [`text`], with the empty string counted as absent.
pub(super) fn filled(object: &Value, key: &str) -> Option<String> {
    text(object, key).filter(|value| !value.is_empty()).map(str::to_owned)
}

pub(super) fn number(object: &Value, key: &str) -> Option<u32> {
    object.get(key)?.as_u64()?.try_into().ok()
}

pub fn list<'a>(object: &'a Value, key: &str) -> &'a [Value] {
    object.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub fn texts(object: &Value, key: &str) -> Vec<String> {
    list(object, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// An address object `{addr, type}`; `None` for names.
pub(super) fn ip(object: &Value) -> Option<IpAddr> {
    text(object, "addr")?.parse().ok()
}

/// The version of an object: microseconds as text, opaque to the operator.
pub fn last_modified(object: &Value) -> Option<String> {
    filled(object, "_last_modified")
}
