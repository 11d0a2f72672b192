//! The binary `amko-lab`: the worlds of this crate served on sockets, with the operator beside them.
//!
//! [`topology`] says what a lab consists of, [`worlds`] builds it in memory, [`lab`] serves it, [`run`] keeps it going
//! in the foreground with the operator, [`control`] and [`remote`] change it while it runs.

pub mod cli;
pub mod client_certificates;
pub mod command;
pub mod config;
pub mod control;
pub mod darkness;
pub mod files;
pub mod guide;
pub mod kubeconfig;
pub mod lab;
pub mod objects;
pub mod operator;
pub mod orders;
pub mod out;
pub mod ports;
pub mod published;
pub mod remote;
pub mod report;
pub mod run;
pub mod serve;
pub mod sockets;
pub mod tls;
pub mod topology;
pub mod watchdog;
pub mod wire;
pub mod worlds;

#[cfg(test)]
mod tests;
