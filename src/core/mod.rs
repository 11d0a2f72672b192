//! What a GSLB service should be: pure functions over plain data.
//!
//! **Invariant.** Nothing here is async, reads a clock, draws a random number, performs I/O or names an actor, a
//! Kubernetes client or an HTTP type. Objects come in as the projections of [`object`], decisions go out as
//! [`gslb::GslbService`] values and [`plan::Write`] lists. Every rule of AMKO's behaviour lives in this tree, one
//! concept per file.

pub mod activation;
pub mod address;
pub mod aliases;
pub mod build;
pub mod census;
pub mod cluster_identity;
pub mod dns_name;
pub mod endpoint;
pub mod federation;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod golden;
pub mod gslb;
pub mod guard;
pub mod host_rule;
pub mod ingest;
pub mod inventory;
pub mod knowledge;
pub mod monitor;
pub mod naming;
pub mod object;
pub mod occurrence;
pub mod omission;
pub mod outage;
pub mod owner;
pub mod pairs;
pub mod plan;
pub mod policy;
pub mod precedence;
pub mod references;
pub mod report;
pub mod request_target;
pub mod select;
pub mod tenancy;
pub mod whitespace;
