//! Service of type LoadBalancer (section 3.3).

use super::{Ingested, Place};
use crate::core::object::Service;

/// The endpoint of a LoadBalancer Service with address, hostname and a port; at most one.
pub fn ingest(service: &Service, place: Place<'_>) -> Ingested {
    let _ = (service, place);
    todo!()
}
