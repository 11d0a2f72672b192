//! Simulated Avi controllers: every site of one GSLB in memory, each behind an [`axum::Router`].
//!
//! [`AviWorld`] holds all the sites, so replication and leadership need no network between them. A test sends
//! requests to a site's router in process; the same router bound to a port serves real clients. Whatever the public
//! documentation leaves open is collected in [`inferred`].

mod admit;
mod body;
mod call;
pub mod condition;
pub mod config;
mod controller;
mod events;
pub mod faults;
pub mod health;
mod http;
pub mod inferred;
pub mod journal;
pub mod kind;
mod limits;
mod login;
mod meddle;
mod others;
mod patch;
mod portal;
mod query;
mod read;
pub mod record;
mod reference;
mod render;
mod replication;
mod reply;
mod request;
mod rules;
mod runtime;
pub mod schema;
mod seed;
mod session;
mod siteops;
mod sites;
pub mod snapshot;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod tokens;
mod trouble;
pub mod version;
pub mod world;
mod write;

pub use condition::References;
pub use config::{AviWorldConfig, SiteConfig, VirtualService};
pub use faults::{Certificate, ConnectionState, Fault, FaultAnswer, FaultListing, FaultOrder, Handshake};
pub use health::{AllUp, Finding, HealthView, MemberHealth};
pub use journal::EventTrouble;
pub use record::RequestRecord;
pub use reply::ConnectionReset;
pub use snapshot::Snapshot;
pub use world::AviWorld;
