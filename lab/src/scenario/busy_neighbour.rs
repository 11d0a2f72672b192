//! Somebody else creates and deletes objects on the controller all the time, and its pages are slow.

use super::kit::answers::Answers;
use super::kit::script::seconds;
use super::kit::stage::SOON;
use super::kit::{Failure, Stage};
use crate::avi::{AviWorld, FaultOrder};
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// Monitors of the neighbour: several pages of them.
const MONITORS: usize = 605;
/// The neighbour changes something this often.
const BEAT: Duration = Duration::from_secs(1);
/// Each page takes this long.
const PAGE: Duration = Duration::from_millis(800);
/// A full read beside all this.
const READ: Duration = Duration::from_secs(60);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let (script, leader) = (&stage.script, stage.leader().to_owned());
    let avi = stage.lab.worlds().avi.clone();
    script.does(&format!("the neighbour has {MONITORS} monitors, and creates or deletes one every {}", seconds(BEAT)));
    for number in 0..MONITORS {
        create(&avi, &leader, number);
    }
    let neighbour = Neighbour(tokio::spawn(work(avi.clone(), leader.clone())));
    for path in ["/api/healthmonitor", "/api/gslbservice"] {
        let slow = FaultOrder::new("slow-answer").on(&leader).with("method", "GET").with("path", path);
        let slow = slow.with("delay", format!("{}ms", PAGE.as_millis()));
        avi.add_fault(&slow).map_err(|error| Failure::broken("slow pages", error))?;
    }
    script.does("gc-1: spec.refreshInterval: 10, so that the operator reads the controller again and again");
    stage.kube.patch(stage.home(), &stage.config_path(), json!({ "spec": { "refreshInterval": 10 } })).await?;

    let hello = stage.host("hello");
    for round in 1..=3 {
        script.does("somebody gives hello another TTL on the controller; only a full read finds that");
        let before = Answers::now(stage);
        avi.edit_object(&leader, "gslbservice", &hello, |service| service["ttl"] = json!(300 + round));
        let start = Instant::now();
        let mended = async || {
            let services = avi.objects(&leader, "gslbservice");
            let ttl =
                services.iter().find(|s| s["name"] == hello.as_str()).map(|s| s["ttl"].clone()).unwrap_or_default();
            if ttl == json!(stage.lab.topology().policy.ttl) {
                Ok("it is".to_owned())
            } else {
                Err(format!("ttl {ttl}"))
            }
        };
        script.wait("it is put right", READ, mended).await?;
        script.sees(&format!("a full read beside the neighbour and its effect took {}", seconds(start.elapsed())));
        let lost = before.lost(&Answers::now(stage));
        script.check(lost.is_empty(), &format!("lost meanwhile: {}", lost.join(", ")))?;
    }
    script.does("Ingress shop in every cluster, beside all this");
    stage.create("shop", &stage.contexts()).await?;
    stage.in_sync(&["hello", "shop"], SOON).await?;
    drop(neighbour);
    let failed = stage.log_from(0).iter().filter(|line| line.contains("changed while it was read")).count();
    script.check(failed == 0, &format!("{failed} reads were given up because of the neighbour"))
}

struct Neighbour(JoinHandle<()>);

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Creates one and deletes an older one, in turn.
async fn work(avi: AviWorld, site: String) {
    for number in MONITORS.. {
        sleep(BEAT).await;
        create(&avi, &site, number);
        sleep(BEAT).await;
        avi.delete_object(&site, "healthmonitor", &name(number - MONITORS));
    }
}

/// All over the order of names, also among the operator's own.
fn name(number: usize) -> String {
    match number % 3 {
        0 => format!("a-neighbour-{number}"),
        1 => format!("amko--{number:040x}"),
        _ => format!("z-neighbour-{number}"),
    }
}

fn create(avi: &AviWorld, site: &str, number: usize) {
    let monitor = json!({
        "name": name(number), "type": "HEALTH_MONITOR_TCP", "monitor_port": 443, "is_federated": true,
        "tenant_ref": "/api/tenant/admin",
    });
    avi.create_object(site, "healthmonitor", monitor);
}
