//! A simulated world for the operator: Kubernetes API servers, Avi controllers, GSLB DNS and a stand-in for AKO.
//!
//! Every world lives in memory and is reached through a tower service, so that a test runs it in one thread on
//! paused time; the binary `amko-lab` serves the same worlds on sockets. The operator never depends on this crate.

pub mod ako;
pub mod avi;
pub mod chance;
pub mod clock;
pub mod demo;
pub mod dns;
pub mod kube;
pub mod scenario;
pub mod testing;
pub mod up;
