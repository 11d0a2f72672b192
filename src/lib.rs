//! AMKO: keeps one GSLB service per FQDN on an Avi GSLB leader controller, so that DNS spreads users over sites.

pub mod actors;
pub mod avi;
pub mod causes;
pub mod certificate;
pub mod cli;
pub mod core;
pub mod crd;
pub mod http;
pub mod kubernetes;
pub mod retry;
pub mod telemetry;
