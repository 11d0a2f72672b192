//! core/v1 Service.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::messages::messages;
use super::meta::ObjectMeta;

messages! {
    /// `status.conditions` is left out: nothing sends it in protobuf.
    Service {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        spec: Option<ServiceSpec> => [message, optional, tag = "2"],
        status: Option<ServiceStatus> => [message, optional, tag = "3"],
    }

    ServiceSpec {
        ports: Vec<ServicePort> => [message, repeated, tag = "1"],
        selector: BTreeMap<String, String> => [btree_map = "string, string", tag = "2"],
        cluster_ip: String => [string, tag = "3"] [rename = "clusterIP"],
        type_: String => [string, tag = "4"] [rename = "type"],
        external_ips: Vec<String> => [string, repeated, tag = "5"] [rename = "externalIPs"],
        session_affinity: String => [string, tag = "7"],
        load_balancer_ip: String => [string, tag = "8"] [rename = "loadBalancerIP"],
        load_balancer_source_ranges: Vec<String> => [string, repeated, tag = "9"],
        external_name: String => [string, tag = "10"],
        external_traffic_policy: String => [string, tag = "11"],
        health_check_node_port: i32 => [int32, tag = "12"],
        publish_not_ready_addresses: bool => [bool, tag = "13"],
        session_affinity_config: Option<SessionAffinityConfig> => [message, optional, tag = "14"],
        ip_family_policy: Option<String> => [string, optional, tag = "17"],
        cluster_ips: Vec<String> => [string, repeated, tag = "18"] [rename = "clusterIPs"],
        ip_families: Vec<String> => [string, repeated, tag = "19"],
        allocate_load_balancer_node_ports: Option<bool> => [bool, optional, tag = "20"],
        load_balancer_class: Option<String> => [string, optional, tag = "21"],
        internal_traffic_policy: Option<String> => [string, optional, tag = "22"],
        traffic_distribution: Option<String> => [string, optional, tag = "23"],
    }

    ServicePort {
        name: String => [string, tag = "1"],
        protocol: String => [string, tag = "2"],
        port: i32 => [int32, tag = "3"],
        target_port: Option<IntOrString> => [message, optional, tag = "4"],
        node_port: i32 => [int32, tag = "5"],
        app_protocol: Option<String> => [string, optional, tag = "6"],
    }

    SessionAffinityConfig {
        client_ip: Option<ClientIp> => [message, optional, tag = "1"] [rename = "clientIP"],
    }

    ClientIp {
        timeout_seconds: Option<i32> => [int32, optional, tag = "1"],
    }

    ServiceStatus {
        load_balancer: Option<LoadBalancerStatus> => [message, optional, tag = "1"],
    }

    LoadBalancerStatus {
        ingress: Vec<LoadBalancerIngress> => [message, repeated, tag = "1"],
    }

    LoadBalancerIngress {
        ip: String => [string, tag = "1"],
        hostname: String => [string, tag = "2"],
        ip_mode: Option<String> => [string, optional, tag = "3"],
        ports: Vec<PortStatus> => [message, repeated, tag = "4"],
    }

    /// Of Services and Ingresses alike.
    PortStatus {
        port: i32 => [int32, tag = "1"],
        protocol: String => [string, tag = "2"],
        error: Option<String> => [string, optional, tag = "3"],
    }
}

/// A number or a text, told apart by its first field; 0, which Go sends for "not given", is unset.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct IntOrString {
    #[prost(int64, tag = "1")]
    type_: i64,
    #[prost(int32, tag = "2")]
    number: i32,
    #[prost(string, tag = "3")]
    text: String,
}

impl Serialize for IntOrString {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match (self.type_, self.number) {
            (0, 0) => out.serialize_none(),
            (0, number) => out.serialize_i32(number),
            _ => out.serialize_str(&self.text),
        }
    }
}
