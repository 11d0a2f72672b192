//! Ingress (section 3.2).

use super::{Ingested, Place};
use crate::core::object::Ingress;

/// The endpoints of an Ingress: one per hostname of its rules that has an address in its status.
pub fn ingest(ingress: &Ingress, place: Place<'_>) -> Ingested {
    let _ = (ingress, place);
    todo!()
}
