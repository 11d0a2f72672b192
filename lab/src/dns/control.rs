//! Follows the virtual services of every site and tells the board what each controller would report of them.

use super::table::parse_gslb;
use super::{HealthBoard, wire};
use crate::avi::AviWorld;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// How long a change may go unnoticed.
const LOOK: Duration = Duration::from_secs(1);
/// Heartbeat and lost heartbeats until a site counts as unreachable, where the GSLB does not say.
const SEND_INTERVAL: u64 = 15;
const MAX_RETRIES: u64 = 20;

/// Starts the task that carries controller status between the sites.
pub struct ControlWatch;

/// A running [`ControlWatch`]. Dropping it ends the task.
pub struct ControlHandle(JoinHandle<()>);

impl ControlWatch {
    /// Follows the virtual services of these sites until the handle is stopped. A site that does not answer keeps its
    /// last status until as many heartbeats are lost as its GSLB tolerates.
    pub fn start(sites: Vec<String>, world: AviWorld, board: HealthBoard) -> ControlHandle {
        let mut silence = Silence::default();
        ControlHandle(tokio::spawn(async move {
            loop {
                for site in &sites {
                    report(&world, &board, site, &mut silence);
                }
                sleep(LOOK).await;
            }
        }))
    }
}

impl ControlHandle {
    /// Ends the task and waits for it.
    pub async fn stop(mut self) {
        self.0.abort();
        // The only outcome is the cancellation just asked for.
        let _ = (&mut self.0).await;
    }
}

impl Drop for ControlHandle {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn report(world: &AviWorld, board: &HealthBoard, site: &str, silence: &mut Silence) {
    let Some(cluster) = world.cluster_uuid(site) else { return };
    let available = world.is_available(site);
    if available {
        board.set_site_control(&cluster, states(&world.objects(site, "virtualservice")));
    }
    let gslb = world.objects(site, "gslb").into_iter().next();
    let patience = patience(&parse_gslb(gslb.as_deref()));
    board.set_site_reachable(&cluster, silence.is_tolerable(site, available, patience));
}

/// Virtual services that are enabled are up: nothing below them is simulated.
fn states(objects: &[Arc<Value>]) -> BTreeMap<String, bool> {
    let parsed = objects.iter().filter_map(|object| wire::VirtualService::deserialize(&**object).ok());
    parsed.map(|vs| (vs.uuid, vs.enabled && vs.traffic_enabled)).collect()
}

fn patience(gslb: &wire::Gslb) -> Duration {
    let heartbeat = Duration::from_secs(gslb.send_interval.unwrap_or(SEND_INTERVAL));
    heartbeat.saturating_mul(gslb.clear_on_max_retries.unwrap_or(MAX_RETRIES).try_into().unwrap_or(u32::MAX))
}

/// Since when each site has been silent.
#[derive(Debug, Default)]
pub(super) struct Silence(HashMap<String, Instant>);

impl Silence {
    /// Whether the site answers, or has not been silent for longer than the others have patience.
    pub(super) fn is_tolerable(&mut self, site: &str, available: bool, patience: Duration) -> bool {
        if available {
            self.0.remove(site);
            return true;
        }
        let now = Instant::now();
        now.duration_since(*self.0.entry(site.into()).or_insert(now)) < patience
    }
}
