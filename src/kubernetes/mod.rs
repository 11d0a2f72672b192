//! The boundary to Kubernetes: clients per cluster, watches, and the small structs that watched objects become.

pub mod bounded;
pub mod discovery;
pub mod events;
pub mod members;
pub mod objects;
pub mod watch;
