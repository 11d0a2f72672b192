//! Service of type LoadBalancer: see `docs/RULES.md#service`.

use super::{Ingested, Intake, Place};
use crate::core::dns_name::NAMELESS;
use crate::core::endpoint::{Backend, Kind, Protocol};
use crate::core::object::{Service, ServicePort};

/// The endpoint of a LoadBalancer Service with address, hostname and a port; at most one.
///
/// The first entry of the status decides; its IP must parse, otherwise the Service is refused.
pub fn ingest(service: &Service, place: Place<'_>) -> Ingested {
    if service.service_type != "LoadBalancer" {
        return Ingested::default();
    }
    let mut intake = Intake::new(Kind::Service, &service.meta, place);
    let Some((hostname, families)) = intake.first_entry(&service.addresses, NAMELESS) else { return intake.ingested };
    match probed_port(&service.ports) {
        Some((port, protocol)) => intake.offer(hostname, families, Backend::Port { port, protocol }),
        None => intake.refuse("spec.ports names no port that a health monitor could probe; add one".to_owned()),
    }
    intake.ingested
}

/// The lowest port. A port of another protocol than TCP and UDP ends the search and is probed with TCP: upstream does
/// so, and the monitors that it left on controllers have to stay as they are (EX-11). An empty protocol is TCP, as
/// in Kubernetes.
fn probed_port(ports: &[ServicePort]) -> Option<(u16, Protocol)> {
    let mut lowest: Option<(u16, Protocol)> = None;
    for ServicePort { port, protocol } in ports.iter().filter(|entry| entry.port != 0) {
        let protocol = match protocol.as_str() {
            "TCP" | "" => Protocol::Tcp,
            "UDP" => Protocol::Udp,
            _ => return Some((*port, Protocol::Tcp)),
        };
        if lowest.is_none_or(|(known, _)| *port < known) {
            lowest = Some((*port, protocol));
        }
    }
    lowest
}
