//! networking.k8s.io/v1 Ingress.

use super::messages::messages;
use super::meta::ObjectMeta;
use super::service::PortStatus;

messages! {
    Ingress {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        spec: Option<IngressSpec> => [message, optional, tag = "2"],
        status: Option<IngressStatus> => [message, optional, tag = "3"],
    }

    IngressSpec {
        default_backend: Option<Backend> => [message, optional, tag = "1"],
        tls: Vec<Tls> => [message, repeated, tag = "2"],
        rules: Vec<Rule> => [message, repeated, tag = "3"],
        ingress_class_name: Option<String> => [string, optional, tag = "4"],
    }

    Tls {
        hosts: Vec<String> => [string, repeated, tag = "1"],
        secret_name: String => [string, tag = "2"],
    }

    Rule {
        host: String => [string, tag = "1"],
        value: Option<RuleValue> => [message, optional, tag = "2"] [flatten],
    }

    /// Inlined into the rule in JSON.
    RuleValue {
        http: Option<Http> => [message, optional, tag = "1"],
    }

    Http {
        paths: Vec<Path> => [message, repeated, tag = "1"],
    }

    Path {
        path: String => [string, tag = "1"],
        backend: Option<Backend> => [message, optional, tag = "2"],
        path_type: Option<String> => [string, optional, tag = "3"],
    }

    Backend {
        resource: Option<TypedReference> => [message, optional, tag = "3"],
        service: Option<ServiceBackend> => [message, optional, tag = "4"],
    }

    TypedReference {
        api_group: Option<String> => [string, optional, tag = "1"],
        kind: String => [string, tag = "2"],
        name: String => [string, tag = "3"],
    }

    ServiceBackend {
        name: String => [string, tag = "1"],
        port: Option<BackendPort> => [message, optional, tag = "2"],
    }

    BackendPort {
        name: String => [string, tag = "1"],
        number: i32 => [int32, tag = "2"],
    }

    IngressStatus {
        load_balancer: Option<IngressLoadBalancer> => [message, optional, tag = "1"],
    }

    IngressLoadBalancer {
        ingress: Vec<IngressPoint> => [message, repeated, tag = "1"],
    }

    IngressPoint {
        ip: String => [string, tag = "1"],
        hostname: String => [string, tag = "2"],
        ports: Vec<PortStatus> => [message, repeated, tag = "4"],
    }
}
