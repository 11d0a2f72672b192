//! Request bodies in the Kubernetes protobuf encoding, which typed Go clients send on every write.
//!
//! Answers stay JSON, which the same clients accept. Messages are declared in [`messages`] and friends with the
//! public field numbers; a kind that is not declared there is refused, for the client can send it as JSON.

use prost::Message;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

mod core;
mod ingress;
mod messages;
mod meta;
mod rbac;
mod service;

/// First bytes of every body.
const MAGIC: &[u8] = b"k8s\0";

/// Why a protobuf body was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    #[error("decode protobuf body: it does not start with the Kubernetes magic number, send k8s-enveloped protobuf")]
    NoEnvelope,
    #[error("decode protobuf body as {what}: {reason}")]
    Malformed { what: String, reason: String },
    /// Answered with 415: the client can send the same object as JSON.
    #[error("decode protobuf body: {api_version} {kind} is not known in protobuf here, send it as application/json")]
    UnsupportedKind { api_version: String, kind: String },
}

#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(message, optional, tag = "1")]
    type_meta: Option<TypeMeta>,
    #[prost(bytes = "vec", tag = "2")]
    raw: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct TypeMeta {
    #[prost(string, tag = "1")]
    api_version: String,
    #[prost(string, tag = "2")]
    kind: String,
}

/// Decodes an enveloped object into the JSON form of the same object.
///
/// # Errors
/// See [`DecodeError`].
pub fn decode(body: &[u8]) -> Result<Value, DecodeError> {
    let body = body.strip_prefix(MAGIC).ok_or(DecodeError::NoEnvelope)?;
    let envelope: Envelope = message(body, "envelope")?;
    let TypeMeta { api_version, kind } = envelope.type_meta.unwrap_or_default();
    let raw = envelope.raw.as_slice();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let mut object = match (group, kind.as_str()) {
        // Clients name the group of the object that they delete.
        (_, "DeleteOptions") => json_of::<meta::DeleteOptions>(raw, &kind),
        ("", "Namespace") => json_of::<core::Namespace>(raw, &kind),
        ("", "Secret") => json_of::<core::Secret>(raw, &kind),
        ("", "ConfigMap") => json_of::<core::ConfigMap>(raw, &kind),
        ("", "ServiceAccount") => json_of::<core::ServiceAccount>(raw, &kind),
        ("", "Event") => json_of::<core::Event>(raw, &kind),
        ("", "Service") => json_of::<service::Service>(raw, &kind),
        ("coordination.k8s.io", "Lease") => json_of::<core::Lease>(raw, &kind),
        ("networking.k8s.io", "Ingress") => json_of::<ingress::Ingress>(raw, &kind),
        ("authorization.k8s.io", "SelfSubjectAccessReview") => json_of::<core::SelfSubjectAccessReview>(raw, &kind),
        ("authorization.k8s.io", "SelfSubjectRulesReview") => json_of::<rbac::SelfSubjectRulesReview>(raw, &kind),
        ("authentication.k8s.io", "TokenRequest") => json_of::<rbac::TokenRequest>(raw, &kind),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => json_of::<rbac::Role>(raw, &kind),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => json_of::<rbac::RoleBinding>(raw, &kind),
        _ => return Err(DecodeError::UnsupportedKind { api_version, kind }),
    }?;
    if let Value::Object(fields) = &mut object {
        fields.insert("apiVersion".to_owned(), api_version.into());
        fields.insert("kind".to_owned(), kind.into());
    }
    Ok(object)
}

fn message<M: Message + Default>(bytes: &[u8], what: &str) -> Result<M, DecodeError> {
    M::decode(bytes).map_err(|error| DecodeError::Malformed { what: what.to_owned(), reason: error.to_string() })
}

fn json_of<M: Message + Default + Serialize>(raw: &[u8], kind: &str) -> Result<Value, DecodeError> {
    let mut object = serde_json::to_value(message::<M>(raw, kind)?)
        .map_err(|error| DecodeError::Malformed { what: kind.to_owned(), reason: error.to_string() })?;
    drop_nulls(&mut object);
    Ok(object)
}

/// Unset times come out as null; no other field does.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
