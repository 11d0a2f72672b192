//! Small kinds of the core, coordination and authorization groups.

use std::collections::BTreeMap;

use super::messages::messages;
use super::meta::{MicroTime, ObjectMeta, Time};

messages! {
    Namespace {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        spec: Option<NamespaceSpec> => [message, optional, tag = "2"],
        status: Option<NamespaceStatus> => [message, optional, tag = "3"],
    }

    NamespaceSpec {
        finalizers: Vec<String> => [string, repeated, tag = "1"],
    }

    NamespaceStatus {
        phase: String => [string, tag = "1"],
    }

    Secret {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        data: BTreeMap<String, Vec<u8>> => [btree_map = "string, bytes", tag = "2"]
            [serialize_with = "crate::kube::protobuf::messages::base64_values"],
        type_: String => [string, tag = "3"] [rename = "type"],
        string_data: BTreeMap<String, String> => [btree_map = "string, string", tag = "4"],
        immutable: Option<bool> => [bool, optional, tag = "5"],
    }

    ConfigMap {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        data: BTreeMap<String, String> => [btree_map = "string, string", tag = "2"],
        binary_data: BTreeMap<String, Vec<u8>> => [btree_map = "string, bytes", tag = "3"]
            [serialize_with = "crate::kube::protobuf::messages::base64_values"],
        immutable: Option<bool> => [bool, optional, tag = "4"],
    }

    ServiceAccount {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        secrets: Vec<ObjectReference> => [message, repeated, tag = "2"],
        image_pull_secrets: Vec<LocalObjectReference> => [message, repeated, tag = "3"],
        automount_service_account_token: Option<bool> => [bool, optional, tag = "4"],
    }

    LocalObjectReference {
        name: String => [string, tag = "1"],
    }

    ObjectReference {
        kind: String => [string, tag = "1"],
        namespace: String => [string, tag = "2"],
        name: String => [string, tag = "3"],
        uid: String => [string, tag = "4"],
        api_version: String => [string, tag = "5"],
        resource_version: String => [string, tag = "6"],
        field_path: String => [string, tag = "7"],
    }

    Event {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        involved_object: Option<ObjectReference> => [message, optional, tag = "2"],
        reason: String => [string, tag = "3"],
        message: String => [string, tag = "4"],
        source: Option<EventSource> => [message, optional, tag = "5"],
        first_timestamp: Option<Time> => [message, optional, tag = "6"],
        last_timestamp: Option<Time> => [message, optional, tag = "7"],
        count: i32 => [int32, tag = "8"],
        type_: String => [string, tag = "9"] [rename = "type"],
        event_time: Option<MicroTime> => [message, optional, tag = "10"],
        series: Option<EventSeries> => [message, optional, tag = "11"],
        action: String => [string, tag = "12"],
        related: Option<ObjectReference> => [message, optional, tag = "13"],
        reporting_component: String => [string, tag = "14"],
        reporting_instance: String => [string, tag = "15"],
    }

    EventSource {
        component: String => [string, tag = "1"],
        host: String => [string, tag = "2"],
    }

    EventSeries {
        count: i32 => [int32, tag = "1"],
        last_observed_time: Option<MicroTime> => [message, optional, tag = "2"],
    }

    Lease {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        spec: Option<LeaseSpec> => [message, optional, tag = "2"],
    }

    LeaseSpec {
        holder_identity: Option<String> => [string, optional, tag = "1"],
        lease_duration_seconds: Option<i32> => [int32, optional, tag = "2"],
        acquire_time: Option<MicroTime> => [message, optional, tag = "3"],
        renew_time: Option<MicroTime> => [message, optional, tag = "4"],
        lease_transitions: Option<i32> => [int32, optional, tag = "5"],
        strategy: Option<String> => [string, optional, tag = "6"],
        preferred_holder: Option<String> => [string, optional, tag = "7"],
    }

    SelfSubjectAccessReview {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        spec: Option<AccessReviewSpec> => [message, optional, tag = "2"],
        status: Option<AccessReviewStatus> => [message, optional, tag = "3"],
    }

    AccessReviewSpec {
        resource_attributes: Option<ResourceAttributes> => [message, optional, tag = "1"],
        non_resource_attributes: Option<NonResourceAttributes> => [message, optional, tag = "2"],
    }

    ResourceAttributes {
        namespace: String => [string, tag = "1"],
        verb: String => [string, tag = "2"],
        group: String => [string, tag = "3"],
        version: String => [string, tag = "4"],
        resource: String => [string, tag = "5"],
        subresource: String => [string, tag = "6"],
        name: String => [string, tag = "7"],
    }

    NonResourceAttributes {
        path: String => [string, tag = "1"],
        verb: String => [string, tag = "2"],
    }

    AccessReviewStatus {
        allowed: bool => [bool, tag = "1"],
        reason: String => [string, tag = "2"],
        evaluation_error: String => [string, tag = "3"],
        denied: bool => [bool, tag = "4"],
    }
}
