//! How messages are declared: a prost message that serializes to the JSON form of the same object.
//!
//! Go writes fields that are not pointers even when they are empty, so a plain field (`String`, `i32`) that is empty
//! counts as unset, while an `Option` (a pointer in Go) keeps an explicit zero.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serializer;

/// `name: Type => [prost attributes] [serde attributes]`
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident {
        $($field:ident: $type:ty => [$($prost:tt)*] $([$($serde:tt)*])?,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, prost::Message, serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct $name {
            $(
                #[prost($($prost)*)]
                #[serde(skip_serializing_if = "crate::kube::protobuf::messages::is_unset" $(, $($serde)*)?)]
                pub(super) $field: $type,
            )*
        }
    )*};
}

pub(super) use messages;

pub(super) fn is_unset<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Binary values are base64 text in JSON.
pub(super) fn base64_values<S: Serializer>(map: &BTreeMap<String, Vec<u8>>, out: S) -> Result<S::Ok, S::Error> {
    out.collect_map(map.iter().map(|(key, value)| (key, BASE64_STANDARD.encode(value))))
}
