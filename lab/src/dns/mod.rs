//! The GSLB DNS service of each Avi site, and the health that it goes by.
//!
//! The engine is plain data and functions and needs neither sockets nor a clock: [`table`] and [`service`] compile
//! the controller's objects, [`judge`] says which members are up, [`choose`] picks among them, [`answer`] forms the
//! answer. Around it, [`server`] serves UDP and TCP, [`probe`] checks members as a site's service engines do, and
//! [`control`] follows what the controllers know of their own virtual services. They meet on the [`HealthBoard`].

pub mod answer;
pub mod checker;
pub mod choose;
pub mod clients;
pub mod control;
pub mod engine;
pub mod follow;
pub mod health;
pub mod judge;
pub mod monitor;
pub mod probe;
pub mod server;
pub mod service;
pub mod streak;
pub mod table;
mod trust;
pub mod view;
mod wire;

#[cfg(test)]
mod tests;

pub use control::{ControlHandle, ControlWatch};
pub use health::{ControlState, HealthBoard, ProbeKey};
pub use probe::{ProbeConfig, ProbeHandle, Prober};
pub use server::{DnsConfig, DnsHandle, DnsServer};

/// What to do with queries for names that do not exist in the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorResponse {
    /// NXDOMAIN with the SOA of the zone.
    Nxdomain,
    /// No answer.
    Drop,
}
