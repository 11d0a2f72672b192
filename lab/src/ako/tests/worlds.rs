//! The stand-in against a cluster and a controller in memory.

use crate::ako::vips::VipRange;
use crate::ako::{Ako, AkoConfig};
use crate::avi::{AviWorld, AviWorldConfig, SiteConfig};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::kube::{KubeWorld, KubeWorldConfig};
use serde_json::{Value, json};

const INGRESSES: &str = "ingresses.networking.k8s.io";

pub struct World {
    pub kube: KubeWorld,
    pub avi: AviWorld,
    pub ako: Ako,
}

pub fn world() -> World {
    let (clock, chance) = (Clock::real(), Chance::seeded(7));
    let kube = KubeWorld::new(KubeWorldConfig { name: "c1".into(), clock, chance: chance.clone(), history: 100 });
    let sites = vec![SiteConfig { name: "site1".into(), address: "127.0.0.1:1".into() }];
    let avi = AviWorld::new(AviWorldConfig::new(sites, clock, chance));
    let config = AkoConfig {
        context: "c1".into(),
        site: "site1".into(),
        zone: "lab.example".into(),
        range: VipRange::new("127.10.25.0/24".parse().unwrap(), None),
        demo: None,
    };
    let ako = Ako::new(config, kube.clone(), avi.clone());
    World { kube, avi, ako }
}

impl World {
    pub fn put_ingress(&self, host: &str) {
        let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
        let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
        let ingress = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "name": "web", "namespace": "default" },
            "spec": { "rules": [{ "host": host, "http": { "paths": [path] } }] },
        });
        self.kube.apply(ingress).unwrap();
    }

    pub fn ingress(&self) -> Value {
        self.kube.get(INGRESSES, Some("default"), "web").unwrap()
    }

    /// Names and uuids of the virtual services of the cluster; a controller also has those of its DNS.
    pub fn virtual_services(&self) -> Vec<(String, String)> {
        let text = |object: &Value, key: &str| object[key].as_str().unwrap_or_default().to_owned();
        let objects = self.avi.objects("site1", "virtualservice");
        let named = objects.iter().map(|object| (text(object, "name"), text(object, "uuid")));
        named.filter(|(name, _)| name.starts_with("c1--")).collect()
    }
}

#[test]
fn an_ingress_gets_address_virtual_service_and_uuids() {
    let world = world();
    world.put_ingress("web.lab.example");
    assert_eq!(world.ako.reconcile_once().unwrap(), 1);
    let services = world.virtual_services();
    assert_eq!(services.len(), 1);
    assert_eq!(services[0].0, "c1--web.lab.example");
    let ingress = world.ingress();
    let shown = json!([{ "hostname": "web.lab.example", "ip": "127.10.25.1" }]);
    assert_eq!(ingress["status"]["loadBalancer"]["ingress"], shown);
    let expected = json!({
        "ako.vmware.com/host-fqdn-vs-uuid-map": json!({ "web.lab.example": services[0].1 }).to_string(),
        "ako.vmware.com/controller-cluster-uuid": world.avi.cluster_uuid("site1"),
    });
    assert_eq!(ingress["metadata"]["annotations"], expected);
}

#[test]
fn a_second_pass_without_a_change_writes_nothing() {
    let world = world();
    world.put_ingress("web.lab.example");
    world.ako.reconcile_once().unwrap();
    let before = world.ingress();
    assert_eq!(world.ako.reconcile_once().unwrap(), 0);
    assert_eq!(world.ingress(), before);
}

#[test]
fn a_new_stand_in_for_the_same_cluster_changes_nothing() {
    let mut world = world();
    world.put_ingress("web.lab.example");
    world.ako.reconcile_once().unwrap();
    let before = (world.ingress(), world.virtual_services());
    let config = world.ako.config.as_ref().clone();
    world.ako = Ako::new(config, world.kube.clone(), world.avi.clone());
    assert_eq!(world.ako.reconcile_once().unwrap(), 0);
    assert_eq!((world.ingress(), world.virtual_services()), before);
}

#[test]
fn an_ingress_that_goes_frees_everything() {
    let world = world();
    world.put_ingress("web.lab.example");
    world.ako.reconcile_once().unwrap();
    world.kube.delete(INGRESSES, Some("default"), "web").unwrap();
    world.ako.reconcile_once().unwrap();
    assert_eq!(world.virtual_services(), vec![]);
    assert!(world.ako.addresses().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_running_stand_in_follows_a_changed_host() {
    let world = world();
    let running = tokio::spawn(world.ako.clone().run());
    for host in ["one.lab.example", "two.lab.example"] {
        let mut revision = world.kube.revision();
        world.put_ingress(host);
        while world.ingress()["status"]["loadBalancer"]["ingress"][0]["hostname"] != host {
            revision.changed().await.unwrap();
        }
        let names: Vec<String> = world.virtual_services().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [format!("c1--{host}")]);
    }
    running.abort();
}
