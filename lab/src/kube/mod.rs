//! A Kubernetes API server in memory, good enough for kubectl and kube-rs.

pub mod auth;
pub mod jsonpath;
pub mod openapi;
pub mod protobuf;
pub mod schema;
pub mod status;
pub mod strategic;
pub mod table;
pub mod world;

pub use auth::UserInfo;
pub use status::Status;
pub use world::{KubeWorld, KubeWorldConfig};
