//! AMKO: keeps one GSLB service per FQDN on an Avi GSLB leader controller, so that DNS spreads users over sites.

pub mod cli;
pub mod core;
pub mod crd;
