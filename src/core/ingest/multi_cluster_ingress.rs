//! AKO's MultiClusterIngress: see `docs/RULES.md#multiclusteringress`.

use super::{Ingested, Intake, Place};
use crate::core::dns_name::same;
use crate::core::endpoint::{Backend, Kind};
use crate::core::object::MultiClusterIngress;

/// The endpoint of a MultiClusterIngress with address and hostname in its status; at most one.
///
/// The first entry of the status decides; its IP must parse, otherwise the object is refused. It is secure when it
/// names a secret and its status the hostname of its spec.
pub fn ingest(mci: &MultiClusterIngress, place: Place<'_>) -> Ingested {
    let mut intake = Intake::new(Kind::MultiClusterIngress, &mci.meta, place);
    if let Some((hostname, families)) = intake.first_entry(&mci.addresses, &mci.hostname) {
        let tls = !mci.secret_name.is_empty() && same(hostname, &mci.hostname);
        let paths = intake.paths(&mci.paths);
        intake.offer(hostname, families, Backend::Paths { paths, tls });
    }
    intake.ingested
}
