//! A Kubernetes API server in memory, good enough for kubectl and kube-rs.
//!
//! A request comes in through `http`, is looked up in the `catalog` of resources, goes through the `write` pipeline
//! into the `store`, or is read from there by `list` and `watch`, and leaves through `view` and `render`.

mod admission;
mod apply;
pub mod auth;
pub mod builtin;
mod builtin_resources;
pub mod catalog;
mod crd;
mod delete;
mod discovery;
mod events;
mod garbage;
mod http;
pub mod jsonpath;
mod list;
mod meta;
pub mod openapi;
mod ownership;
mod patch;
mod place;
pub mod protobuf;
mod rbac;
mod render;
pub mod resource;
mod scale;
pub mod schema;
mod selector;
mod shape;
mod state;
pub mod status;
mod store;
pub mod strategic;
pub mod table;
mod view;
mod watch;
mod world;
mod write;

pub use auth::{Peer, UserInfo};
pub use status::Status;
pub use world::{KubeWorld, KubeWorldConfig};

#[cfg(test)]
mod tests;
