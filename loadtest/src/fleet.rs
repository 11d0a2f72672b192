//! The member clusters of a run on sockets, and the changes made to them.

use crate::objects::{self, APPLICATIONS, CONFIG, CONFIGS, INGRESSES, Login, NAMESPACE, POLICIES, POLICY, RULES};
use crate::parameters::Parameters;
use crate::server::free_address;
use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use amko_lab::kube::{KubeWorld, KubeWorldConfig, UserInfo};
use amko_lab::up::kubeconfig::{self, Access};
use amko_lab::up::serve::{Door, Listener};
use anyhow::{Context as _, Result};
use axum_server::tls_rustls::RustlsConfig;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// One cluster on a socket.
pub struct Cluster {
    pub access: Access,
    world: KubeWorld,
    listener: Listener,
}

/// The member clusters; the first holds AMKO's objects.
pub struct Fleet {
    clusters: Vec<Cluster>,
    /// How often each application has moved, by cluster and number.
    moved: Mutex<BTreeMap<(u32, u32), u32>>,
}

impl Cluster {
    /// A cluster with AMKO's CRDs on a free port.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub fn open(parameters: &Parameters, nth: u32, tls: &RustlsConfig) -> Result<Self> {
        let context = format!("cluster-{nth}");
        let chance = Chance::seeded(u64::from(nth) + 100);
        let token = chance.text(b"abcdefghijklmnopqrstuvwxyz", 32);
        // A watch that falls behind is a finding of its own, not a setting of the lab's.
        let history = 20_000 + 4 * parameters.fqdns as usize;
        let world = KubeWorld::new(KubeWorldConfig { name: context.clone(), clock: Clock::real(), chance, history });
        for crd in amko_lab::up::objects::crds()? {
            apply(&world, crd)?;
        }
        let admin = UserInfo {
            username: "loadtest".into(),
            uid: "loadtest".into(),
            groups: vec!["system:masters".into(), "system:authenticated".into()],
        };
        let address = free_address()?;
        let router = world.router_with_tokens(BTreeMap::from([(token.clone(), admin)]));
        let listener = Listener::open(format!("API server of {context}"), address, router, Door::Tls(tls.clone()))?;
        Ok(Self { access: Access { context, server: format!("https://{address}"), token }, world, listener })
    }

    /// Adds the Ingress of every FQDN.
    ///
    /// # Errors
    /// When one is refused.
    pub fn fill(&self, cluster: u32, fqdns: u32) -> Result<()> {
        (0..fqdns).try_for_each(|nth| apply(&self.world, objects::ingress(cluster, nth)))
    }

    /// Adds the namespace of the Ingresses.
    ///
    /// # Errors
    /// When it is refused.
    pub fn prepare(&self) -> Result<()> {
        let context = self.access.context.clone();
        objects::everywhere(&[], &context).into_iter().take(2).try_for_each(|object| apply(&self.world, object))
    }

    pub fn patch_address(&self, cluster: u32, nth: u32, generation: u32) -> Result<()> {
        let patch = objects::with_address(cluster, nth, generation);
        let name = objects::name(nth);
        let patched = self.world.merge_patch(INGRESSES, Some(APPLICATIONS), &name, Some("status"), patch);
        patched.map(drop).map_err(|status| anyhow::anyhow!("{name}: {status}"))
    }

    pub async fn close(&self) {
        self.listener.stop().await;
    }
}

impl Fleet {
    /// Clusters with everything that the operator needs, and all Ingresses.
    ///
    /// # Errors
    /// When something cannot be set up.
    pub fn open(parameters: &Parameters, tls: &RustlsConfig, controller: &str, ca: &str) -> Result<Self> {
        let opened = (0..parameters.clusters).map(|nth| Cluster::open(parameters, nth, tls));
        let clusters = opened.collect::<Result<Vec<_>>>()?;
        let contexts: Vec<String> = clusters.iter().map(|cluster| cluster.access.context.clone()).collect();
        for (nth, cluster) in (0..).zip(&clusters) {
            for object in objects::everywhere(&contexts, &cluster.access.context) {
                apply(&cluster.world, object)?;
            }
            cluster.fill(nth, parameters.fqdns)?;
        }
        let fleet = Self { clusters, moved: Mutex::default() };
        let login = Login { address: controller, ca, rate: parameters.rate };
        let home = &fleet.home()?.world;
        objects::configuration(&contexts, &login).into_iter().try_for_each(|object| apply(home, object))?;
        Ok(fleet)
    }

    /// # Errors
    /// When there is no cluster.
    pub fn home(&self) -> Result<&Cluster> {
        self.clusters.first().context("no cluster")
    }

    pub fn clusters(&self) -> &[Cluster] {
        &self.clusters
    }

    /// The kubeconfig of all clusters.
    ///
    /// # Errors
    /// When it cannot be written as YAML.
    pub fn kubeconfig(&self, ca: &str) -> Result<String> {
        let accesses: Vec<Access> = self.clusters.iter().map(|cluster| cluster.access.clone()).collect();
        Ok(kubeconfig::render(&accesses, ca)?)
    }

    /// Gives an application another address in one cluster. Answers when that began, and the new address.
    ///
    /// # Errors
    /// When the cluster refuses it.
    pub fn move_address(&self, cluster: u32, nth: u32) -> Result<(Instant, String)> {
        let generation = {
            let mut moved = self.moved.lock();
            let generation = moved.entry((cluster, nth)).or_insert(0);
            *generation += 1;
            *generation
        };
        let began = Instant::now();
        self.cluster(cluster)?.patch_address(cluster, nth, generation)?;
        Ok((began, objects::address(cluster, nth, generation)))
    }

    /// Changes something about an Ingress that no service depends on.
    ///
    /// # Errors
    /// When the cluster refuses it.
    pub fn touch(&self, cluster: u32, nth: u32) -> Result<()> {
        let patch = json!({"metadata": {"annotations": {"example.org/touched": nth.to_string()}}});
        let name = objects::name(nth);
        let patched = self.cluster(cluster)?.world.merge_patch(INGRESSES, Some(APPLICATIONS), &name, None, patch);
        patched.map(drop).map_err(|status| anyhow::anyhow!("{name}: {status}"))
    }

    /// Sets the TTL of all services. Answers when that began.
    ///
    /// # Errors
    /// When the cluster refuses it.
    pub fn set_ttl(&self, ttl: u32) -> Result<Instant> {
        let began = Instant::now();
        let patch = json!({"spec": {"ttl": ttl}});
        let patched = self.home()?.world.merge_patch(POLICIES, Some(NAMESPACE), POLICY, None, patch);
        patched.map(|_| began).map_err(|status| anyhow::anyhow!("{POLICY}: {status}"))
    }

    /// Sets for which services there are objects with their status.
    ///
    /// # Errors
    /// When the cluster refuses it.
    pub fn set_status_objects(&self, which: &str) -> Result<()> {
        let patch = json!({"spec": {"statusObjects": which}});
        let patched = self.home()?.world.merge_patch(CONFIGS, Some(NAMESPACE), CONFIG, None, patch);
        patched.map(drop).map_err(|status| anyhow::anyhow!("{CONFIG}: {status}"))
    }

    /// How many rules say that their service is as it should be.
    ///
    /// # Errors
    /// When there is no cluster.
    pub fn rules_with_a_service(&self) -> Result<usize> {
        let rules = self.home()?.world.list(RULES);
        Ok(rules.iter().filter(|rule| rule["status"]["service"]["state"] == "InSync").count())
    }

    pub async fn close(&self) {
        for cluster in &self.clusters {
            cluster.close().await;
        }
    }

    fn cluster(&self, nth: u32) -> Result<&Cluster> {
        self.clusters.get(nth as usize).with_context(|| format!("no cluster {nth}"))
    }
}

fn apply(world: &KubeWorld, object: Value) -> Result<()> {
    let what = format!("{} {}", object["kind"], object["metadata"]["name"]);
    world.apply(object).map(drop).map_err(|status| anyhow::anyhow!("{what} refused: {status}"))
}
