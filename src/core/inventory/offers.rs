//! What one cluster offers, by name of the GSLB service.

use super::{Offer, Touched};
use crate::core::aliases::Claims;
use crate::core::endpoint::Endpoint;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Offers by FQDN; an empty one has no entry.
#[derive(Debug, Default)]
pub(super) struct Offers(BTreeMap<String, Offer>);

impl Offers {
    /// Empty when nothing is offered.
    pub(super) fn get(&self, fqdn: &str) -> Offer {
        self.0.get(fqdn).cloned().unwrap_or_default()
    }

    pub(super) fn all(&self) -> &BTreeMap<String, Offer> {
        &self.0
    }

    /// Puts the endpoints that an object has now in the place of those that it had.
    pub(super) fn replace(&mut self, before: &[Arc<Endpoint>], after: &[Arc<Endpoint>]) -> Touched {
        let touched = difference(before, after);
        for fqdn in &touched {
            let Offer { endpoints: known, aliases } = self.get(fqdn);
            let others = known.iter().filter(|known| !before.iter().any(|gone| gone.key == known.key));
            let own = after.iter().filter(|endpoint| endpoint.gs_name() == fqdn);
            let mut endpoints: Vec<_> = others.chain(own).cloned().collect();
            endpoints.sort_by(|a, b| a.key.cmp(&b.key));
            self.set(fqdn, Offer { endpoints: endpoints.into(), aliases });
        }
        touched
    }

    /// Whether the claims are other ones than before.
    pub(super) fn set_aliases(&mut self, fqdn: &str, aliases: Claims) -> bool {
        let known = self.get(fqdn);
        let changed = known.aliases != aliases;
        if changed {
            self.set(fqdn, Offer { aliases, ..known });
        }
        changed
    }

    fn set(&mut self, fqdn: &str, offer: Offer) {
        if offer.is_empty() {
            self.0.remove(fqdn);
        } else {
            self.0.insert(fqdn.to_owned(), offer);
        }
    }
}

/// The endpoints, in the memory of an equal one from before where there is one: it is offered already. Not a list: it
/// would be made in the memory of the one given, which has room for fifty times as many.
pub(super) fn share(endpoints: Vec<Endpoint>, before: &[Arc<Endpoint>]) -> Box<[Arc<Endpoint>]> {
    let known = |endpoint: &Endpoint| before.iter().find(|known| ***known == *endpoint).cloned();
    endpoints.into_iter().map(|endpoint| known(&endpoint).unwrap_or_else(|| Arc::new(endpoint))).collect()
}

/// FQDNs of endpoints that are in one list and not, or not equal, in the other.
fn difference(before: &[Arc<Endpoint>], after: &[Arc<Endpoint>]) -> Touched {
    let one_way = |from: &[Arc<Endpoint>], to: &[Arc<Endpoint>]| -> Vec<String> {
        from.iter().filter(|e| !to.contains(e)).map(|e| e.gs_name().to_owned()).collect()
    };
    one_way(before, after).into_iter().chain(one_way(after, before)).collect()
}
