//! kube

pub mod jsonpath;
pub mod openapi;
pub mod protobuf;
pub mod schema;
pub mod strategic;
pub mod table;
