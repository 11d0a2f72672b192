//! Metadata, times and delete options: the messages of `meta.k8s.io`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::ser::Error;
use serde::{Serialize, Serializer};

use super::messages::messages;

messages! {
    ObjectMeta {
        name: String => [string, tag = "1"],
        generate_name: String => [string, tag = "2"],
        namespace: String => [string, tag = "3"],
        uid: String => [string, tag = "5"],
        resource_version: String => [string, tag = "6"],
        generation: i64 => [int64, tag = "7"],
        creation_timestamp: Option<Time> => [message, optional, tag = "8"],
        deletion_timestamp: Option<Time> => [message, optional, tag = "9"],
        deletion_grace_period_seconds: Option<i64> => [int64, optional, tag = "10"],
        labels: BTreeMap<String, String> => [btree_map = "string, string", tag = "11"],
        annotations: BTreeMap<String, String> => [btree_map = "string, string", tag = "12"],
        owner_references: Vec<OwnerReference> => [message, repeated, tag = "13"],
        finalizers: Vec<String> => [string, repeated, tag = "14"],
        managed_fields: Vec<ManagedFields> => [message, repeated, tag = "17"],
    }

    OwnerReference {
        kind: String => [string, tag = "1"],
        name: String => [string, tag = "3"],
        uid: String => [string, tag = "4"],
        api_version: String => [string, tag = "5"],
        controller: Option<bool> => [bool, optional, tag = "6"],
        block_owner_deletion: Option<bool> => [bool, optional, tag = "7"],
    }

    ManagedFields {
        manager: String => [string, tag = "1"],
        operation: String => [string, tag = "2"],
        api_version: String => [string, tag = "3"],
        time: Option<Time> => [message, optional, tag = "4"],
        fields_type: String => [string, tag = "6"],
        fields_v1: Option<FieldsV1> => [message, optional, tag = "7"],
        subresource: String => [string, tag = "8"],
    }

    DeleteOptions {
        grace_period_seconds: Option<i64> => [int64, optional, tag = "1"],
        preconditions: Option<Preconditions> => [message, optional, tag = "2"],
        orphan_dependents: Option<bool> => [bool, optional, tag = "3"],
        propagation_policy: Option<String> => [string, optional, tag = "4"],
        dry_run: Vec<String> => [string, repeated, tag = "5"],
    }

    Preconditions {
        uid: Option<String> => [string, optional, tag = "1"],
        resource_version: Option<String> => [string, optional, tag = "2"],
    }
}

/// A set of fields, carried as JSON text.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FieldsV1 {
    #[prost(bytes = "vec", tag = "1")]
    raw: Vec<u8>,
}

impl Serialize for FieldsV1 {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let fields: serde_json::Value = serde_json::from_slice(&self.raw).map_err(S::Error::custom)?;
        fields.serialize(out)
    }
}

/// Whole seconds in JSON; zero is Go's way to say that there is no time.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Time {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        serialize_time(self.seconds, 0, "%Y-%m-%dT%H:%M:%SZ", out)
    }
}

/// Microseconds in JSON.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct MicroTime {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

impl Serialize for MicroTime {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        serialize_time(self.seconds, self.nanos, "%Y-%m-%dT%H:%M:%S.%6fZ", out)
    }
}

fn serialize_time<S: Serializer>(seconds: i64, nanos: i32, format: &str, out: S) -> Result<S::Ok, S::Error> {
    if seconds == 0 && nanos == 0 {
        return out.serialize_none();
    }
    let moment = Timestamp::new(seconds, nanos).map_err(S::Error::custom)?;
    out.collect_str(&moment.strftime(format))
}
