//! The GSLB DNS service of each Avi site, and the health that it goes by.
//!
//! The engine ([`table`], [`choose`], [`answer`], [`health`]) is plain data and functions: it needs neither sockets
//! nor a clock. Around it, [`server`] answers on UDP and TCP, [`probe`] checks members as a site's service engines
//! do, and [`control`] follows what the controllers know of their own virtual services.

pub mod control;
pub mod health;
pub mod probe;
pub mod server;

pub use control::{ControlHandle, ControlWatch};
pub use health::{ControlState, HealthBoard, ProbeKey};
pub use probe::{ProbeConfig, ProbeHandle, Prober};
pub use server::{DnsConfig, DnsHandle, DnsServer, ErrorResponse};
