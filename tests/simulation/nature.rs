//! What differs between histories from their first moment: latencies, pages, neighbours, the guard.

use crate::support::World;
use crate::support::objects::patch_config;
use amko_lab::avi::{AviWorld, Fault, FaultAnswer};
use amko_lab::chance::Chance;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Of one history.
#[derive(Debug)]
pub struct Nature {
    controller: Duration,
    clusters: Duration,
    items: Option<u32>,
    slow_pages: bool,
    neighbour: bool,
    /// `maxPercent` and `maxCount`; without them, nothing is ever held.
    guard: Option<(u32, u32)>,
}

impl Nature {
    pub fn of(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(31).wrapping_add(7));
        let millis = |rng: &mut StdRng, of: [u64; 6]| Duration::from_millis(of[rng.random_range(0..of.len())]);
        Self {
            controller: millis(&mut rng, [0, 0, 0, 20, 200, 800]),
            clusters: millis(&mut rng, [0, 0, 0, 0, 20, 300]),
            items: [None, None, Some(3), Some(11)][rng.random_range(0..4)],
            slow_pages: rng.random_range(0..4) == 0,
            neighbour: rng.random_range(0..3) == 0,
            guard: [None, Some((20, 10)), Some((10, 2))][rng.random_range(0..3)],
        }
    }

    /// Whether a start takes time, so that status tells of what is not done yet.
    pub fn is_slow(&self) -> bool {
        self.slow_pages || self.controller + self.clusters > Duration::ZERO
    }

    /// From the next start of the operator.
    pub fn rule(&self, seed: u64, world: &mut World) {
        world.wire.latency = Some((Chance::seeded(seed), self.clusters)).filter(|(_, median)| !median.is_zero());
        world.wire.items = self.items;
        world.avi.set_latency(self.controller);
        let (percent, count) = self.guard.unwrap_or((100, 0));
        let guard = json!({"maxPercent": percent, "maxCount": count});
        patch_config(world.home(), json!({"spec": {"deletionGuard": guard}}));
        if self.slow_pages {
            for path in ["/api/healthmonitor", "/api/gslbservice"] {
                let mut fault = Fault::once(crate::support::LEADER, path, 200, "");
                fault.method = Some("GET".into());
                fault.answer = FaultAnswer::Truth;
                fault.delay = Duration::from_millis(800);
                fault.times = u32::MAX;
                world.avi.inject(fault);
            }
        }
    }

    /// Whoever else works at the controller, until the value is dropped.
    pub fn neighbour(&self, seed: u64, world: &World) -> Option<Neighbour> {
        self.neighbour.then(|| Neighbour(tokio::spawn(work(world.avi.clone(), seed))))
    }
}

pub struct Neighbour(JoinHandle<()>);

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Creates and deletes monitors and services of its own, up to forty at a time.
async fn work(avi: AviWorld, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(17).wrapping_add(3));
    let mut own: Vec<(&str, String)> = Vec::new();
    for number in 0.. {
        tokio::time::sleep(Duration::from_millis(rng.random_range(100..6000))).await;
        let Some(site) = avi.leader() else { continue };
        if own.len() >= 40 || (!own.is_empty() && rng.random_range(0..2) == 0) {
            let (kind, name) = own.swap_remove(rng.random_range(0..own.len()));
            avi.delete_object(&site, kind, &name);
        } else {
            let (kind, name) =
                (["healthmonitor", "gslbservice"][rng.random_range(0..2)], random_name(number, &mut rng));
            avi.create_object(&site, kind, object(kind, &name));
            own.push((kind, name));
        }
    }
}

/// Anywhere in the order of names, also among the operator's own.
fn random_name(number: usize, rng: &mut StdRng) -> String {
    match rng.random_range(0..3) {
        0 => format!("amko--{:040x}", rng.random::<u64>()),
        1 => format!("app{}-{number}.neighbour.example.org", rng.random_range(0..60)),
        _ => format!("{}{number}", ["a", "m", "z"][rng.random_range(0..3)]),
    }
}

fn object(kind: &str, name: &str) -> Value {
    let common = json!({"name": name, "is_federated": true, "tenant_ref": "/api/tenant/admin"});
    let more = if kind == "healthmonitor" {
        json!({"type": "HEALTH_MONITOR_TCP", "monitor_port": 443,
            "markers": [{"key": "created-by", "values": ["somebody"]}]})
    } else {
        let member = json!({"ip": {"addr": "203.0.113.9", "type": "V4"}, "enabled": true, "ratio": 1});
        json!({"domain_names": [format!("{name}.of-others.example.org")], "created_by": "somebody",
            "groups": [{"name": "pool", "priority": 10, "members": [member]}]})
    };
    let fields = common.as_object().into_iter().chain(more.as_object()).flatten();
    Value::Object(fields.map(|(key, value)| (key.clone(), value.clone())).collect())
}
