//! Simulated Avi controllers: every site of one GSLB in memory, each behind an [`axum::Router`].
//!
//! [`AviWorld`] holds all the sites, so replication and leadership need no network between them. A test sends
//! requests to a site's router in process; the same router bound to a port serves real clients. Whatever the public
//! documentation leaves open is collected in [`inferred`].

pub mod config;
pub mod faults;
pub mod health;
pub mod inferred;
pub mod record;
pub mod world;

pub use config::{AviWorldConfig, SiteConfig, VirtualService};
pub use faults::{Fault, FaultAnswer};
pub use health::{Finding, HealthView, MemberHealth};
pub use record::RequestRecord;
pub use world::AviWorld;
