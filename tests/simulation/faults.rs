//! What goes wrong in a history, and how all of it ends.

use crate::place::{CONTEXTS, FQDNS};
use crate::support::{LEADER, World};
use amko::actors::gs_directory::GsDirectoryMsg;
use amko::actors::operator::{Child, OperatorMsg};
use amko_lab::avi::{Fault, FaultAnswer};
use rand::RngExt;
use rand::rngs::StdRng;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What was broken.
#[derive(Default)]
pub struct Faults {
    /// Another controller has led for a while.
    pub promoted: bool,
}

impl Faults {
    /// Breaks one thing, or mends it; says what.
    pub async fn step(&mut self, world: &mut World, rng: &mut StdRng) -> String {
        let context = CONTEXTS[rng.random_range(0..CONTEXTS.len())];
        let kind = rng.random_range(0..20);
        match kind {
            0..=2 => world.cluster(context).set_available(rng.random()),
            3 => world.cluster(context).compact(),
            4..=6 => world.avi.set_available(LEADER, rng.random()),
            7..=9 => world.avi.inject(fault(rng)),
            10 => world.avi.expire_sessions(LEADER),
            11 => {
                let leader = if rng.random() { "site1" } else { LEADER };
                // It may lead already.
                self.promoted |= world.avi.promote(leader).is_ok();
            }
            12..=13 => restart(world, rng).await,
            14 => poison(world, rng),
            15..=16 => {
                let fqdn = format!("app{}.example.org", rng.random_range(0..FQDNS));
                world.links().directory.cast(GsDirectoryMsg::Poison(Some(fqdn)));
            }
            17 => {
                let path = ["/api/gslbservice", "/api/healthmonitor", "/api/cluster"][rng.random_range(0..3)];
                *world.mischief.panic_on.lock() = Some(path);
            }
            18 => world.mischief.refuse_patches.store(rng.random(), Ordering::Relaxed),
            _ => refuse_reads(world, context, rng),
        }
        format!("fault {kind} at {context}; controller up: {}", world.avi.is_available(LEADER))
    }

    /// Mends everything.
    pub async fn heal(&self, world: &World) {
        world.clusters.values().for_each(|cluster| cluster.set_available(true));
        world.avi.set_available(LEADER, true);
        world.avi.clear_faults();
        // A change of leader that is on its way ends first; then it may lead already.
        tokio::time::sleep(Duration::from_secs(60)).await;
        let _ = world.avi.promote(LEADER);
        *world.mischief.panic_on.lock() = None;
        world.mischief.refuse_patches.store(false, Ordering::Relaxed);
        world.mischief.refuse_reads.lock().clear();
    }
}

async fn restart(world: &mut World, rng: &mut StdRng) {
    world.stop().await;
    tokio::time::sleep(Duration::from_millis(rng.random_range(0..5000))).await;
    world.start_without_settling().await;
}

fn poison(world: &World, rng: &mut StdRng) {
    let children = [
        Child::AviSession,
        Child::Federation,
        Child::GsDirectory,
        Child::PolicyWatcher,
        Child::StatusWriter,
        Child::ClusterWatcher(CONTEXTS[rng.random_range(0..CONTEXTS.len())].into()),
    ];
    let child = children[rng.random_range(0..children.len())].clone();
    world.links().operator.cast(OperatorMsg::Poison(child));
}

/// An answer of the controller that is not the truth, sometimes after it did what was asked.
fn fault(rng: &mut StdRng) -> Fault {
    let path = ["/api/gslbservice", "/api/healthmonitor", "/api/"][rng.random_range(0..3)];
    let status = [400, 409, 412, 429, 500, 503][rng.random_range(0..6)];
    let plain = Fault::once(LEADER, path, status, r#"{"error": "of the test"}"#);
    let answer = if rng.random_range(0..3) == 0 { FaultAnswer::BrokenBody } else { plain.answer.clone() };
    Fault {
        method: [None, Some("POST"), Some("PUT"), Some("DELETE")][rng.random_range(0..4)].map(str::to_owned),
        answer,
        times: rng.random_range(1..4),
        after_commit: rng.random(),
        delay: Duration::from_millis(rng.random_range(0..3000)),
        ..plain
    }
}

fn refuse_reads(world: &World, context: &str, rng: &mut StdRng) {
    let mut refused = world.mischief.refuse_reads.lock();
    if refused.remove(context).is_none() {
        let paths =
            ["/api/v1/services", "/api/v1/namespaces", "/apis/networking.k8s.io", "/apis/route.openshift.io/v1/"];
        refused.insert(context.to_owned(), (paths[rng.random_range(0..paths.len())], 403));
    }
}
