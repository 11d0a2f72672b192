//! Kubernetes objects to endpoints (section 3 of the behaviour).

mod annotations;
pub mod ingress;
pub mod service;

use super::endpoint::Endpoint;
use super::object::Namespace;

/// What one object offers, and what about it was refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ingested {
    pub endpoints: Vec<Endpoint>,
    pub refusals: Vec<Refusal>,
}

/// A part of an object that cannot be used, in words for its owner. What is merely not ready yet (no status) is no
/// refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `Ingress shop/web`, for instance.
    pub object: String,
    /// What is wrong and what to do.
    pub reason: String,
}

/// Where an object was seen.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// kubeconfig context of the cluster.
    pub cluster: &'a str,
    /// `None` while the namespace has not been seen; its labels then count as empty.
    pub namespace: Option<&'a Namespace>,
}
