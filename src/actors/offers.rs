//! What each cluster offers for one FQDN.

use crate::core::endpoint::Endpoint;
use crate::core::inventory::Offer;
use std::sync::Arc;

/// Offers that are not empty, in the order of the clusters. A list, because there are few clusters and very many FQDNs.
#[derive(Debug, Clone, Default)]
pub struct Offers(Vec<(Arc<str>, Offer)>);

impl Offers {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, cluster: &str) -> Option<&Offer> {
        let index = self.position(cluster).ok()?;
        self.0.get(index).map(|(_, offer)| offer)
    }

    /// Replaces what a cluster offers; an empty offer takes it out.
    pub fn set(&mut self, cluster: Arc<str>, offer: Offer) {
        match (self.position(&cluster), offer.is_empty()) {
            (Ok(index), true) => drop(self.0.remove(index)),
            (Ok(index), false) => self.0[index].1 = offer,
            (Err(_), true) => {}
            (Err(index), false) => self.0.insert(index, (cluster, offer)),
        }
    }

    /// Takes out the clusters for which `keep` is false.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(cluster, _)| keep(cluster));
    }

    pub fn clusters(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(cluster, _)| &**cluster)
    }

    pub fn endpoints(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.0.iter().flat_map(|(_, offer)| offer.endpoints.iter())
    }

    fn position(&self, cluster: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(cluster))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::endpoint::{Backend, EndpointKey, Kind};
    use crate::core::pairs::Pairs;

    fn offer(cluster: &str, name: &str) -> Offer {
        let key = EndpointKey {
            cluster: cluster.into(),
            kind: Kind::Ingress,
            namespace: "shop".into(),
            name: name.into(),
            hostname: "web.example.org".into(),
        };
        let backend = Backend::Paths { paths: vec!["/".into()], tls: false };
        let endpoint = Endpoint {
            key,
            global_fqdn: None,
            uid: None,
            created: Default::default(),
            addresses: std::net::IpAddr::from([10, 1, 0, 5]).into(),
            withheld: None,
            backend,
            virtual_service: None,
            labels: Pairs::default(),
            namespace_labels: Pairs::default(),
            namespace_tenant: None,
            object_tenant: None,
        };
        Offer { endpoints: [Arc::new(endpoint)].into(), ..Offer::default() }
    }

    fn names(offers: &Offers) -> Vec<String> {
        offers.endpoints().map(|endpoint| format!("{}/{}", endpoint.key.cluster, endpoint.key.name)).collect()
    }

    #[test]
    fn endpoints_come_in_the_order_of_clusters_and_the_last_offer_of_a_cluster_counts() {
        let mut offers = Offers::default();
        for (cluster, name) in [("ctx-c", "web"), ("ctx-a", "old"), ("ctx-b", "web"), ("ctx-a", "new")] {
            offers.set(cluster.into(), offer(cluster, name));
        }
        assert_eq!(names(&offers), ["ctx-a/new", "ctx-b/web", "ctx-c/web"]);
        assert_eq!((offers.get("ctx-a"), offers.get("ctx-d")), (Some(&offer("ctx-a", "new")), None));
    }

    #[test]
    fn an_empty_offer_takes_the_cluster_out_and_a_cluster_that_is_not_kept_goes() {
        let mut offers = Offers::default();
        for cluster in ["ctx-a", "ctx-b", "ctx-c"] {
            offers.set(cluster.into(), offer(cluster, "web"));
        }
        offers.set("ctx-b".into(), Offer::default());
        offers.set("ctx-d".into(), Offer::default());
        assert_eq!(names(&offers), ["ctx-a/web", "ctx-c/web"]);
        assert_eq!(offers.get("ctx-b"), None);
        offers.retain(|cluster| cluster != "ctx-a");
        assert_eq!((names(&offers), offers.is_empty()), (vec!["ctx-c/web".to_owned()], false));
    }
}
