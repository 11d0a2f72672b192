//! Somebody else's services and monitors on the same controller, named to be mistaken for ours.

use super::kit::neighbours::{Stranger, monitor, service};
use super::kit::script::list;
use super::kit::stage::{GRACE, SOON};
use super::kit::{Failure, Stage};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Another installation of AMKO.
const OTHER_AMKO: &str = "amko-11111111-2222-3333-4444-555555555555";

/// Lists of services in one full read: the operator's own, and those of an upstream that it replaces.
const LISTS: usize = 2;

/// What controllers bring along is called.
const BUILT_IN: &str = "System-";

/// Every foreign object on every controller: its bytes by site and uuid.
type Photograph = BTreeMap<(String, String), String>;

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    script.does("gc-1: spec.refreshInterval: 3, so that the operator often looks at all there is");
    stage.kube.patch(stage.home(), &stage.config_path(), json!({ "spec": { "refreshInterval": 3 } })).await?;
    let uuids = foreign_objects(stage).await?;
    let before = photograph(stage, &uuids);
    let bytes: usize = before.values().map(String::len).sum();
    let copies = before.len();
    script.check(
        copies == uuids.len() * stage.lab.worlds().sites().count(),
        &format!("{} foreign objects, {copies} copies on all controllers, {bytes} bytes", uuids.len()),
    )?;
    let mark = stage.mark();
    read_in_full(stage).await?;
    unchanged(stage, &uuids, &before)?;

    script.does("create: Ingress shop in s1az1 and s2");
    stage.create("shop", &["s1az1", "s2"]).await?;
    stage.in_sync(&["hello", "shop"], SOON).await?;
    read_in_full(stage).await?;
    unchanged(stage, &uuids, &before)?;

    script.does("change: Ingress shop in s1az2 too, other weights in the policy");
    stage.create("shop", &["s1az2"]).await?;
    let split: Vec<Value> =
        stage.contexts().iter().map(|cluster| json!({ "cluster": cluster, "weight": 3, "priority": 10 })).collect();
    let patch = json!({ "spec": { "trafficSplit": split, "ttl": 20 } });
    stage.kube.patch(stage.home(), &stage.policy_path(), patch).await?;
    written(stage, mark, &[("PUT", "hello"), ("PUT", "shop")]).await?;
    stage.in_sync(&["hello", "shop"], SOON).await?;
    unchanged(stage, &uuids, &before)?;

    script.does("delete: Ingress shop everywhere");
    stage.delete("shop", &stage.contexts()).await?;
    written(stage, mark, &[("DELETE", "shop")]).await?;
    stage.in_sync(&["hello"], SOON).await?;
    read_in_full(stage).await?;
    unchanged(stage, &uuids, &before)?;

    script.does("delete: the GlobalDeploymentPolicy");
    stage.kube.delete(stage.home(), &stage.policy_path()).await?;
    stage.in_sync(&[], GRACE + SOON).await?;
    written(stage, mark, &[("DELETE", "hello")]).await?;
    let left = async || {
        let ours = ours(stage, &uuids);
        if ours.is_empty() { Ok("nothing of ours is left".to_owned()) } else { Err(format!("left: {}", list(ours))) }
    };
    script.wait("everything of ours is gone from all controllers", SOON, left).await?;
    read_in_full(stage).await?;
    unchanged(stage, &uuids, &before)?;

    let requests = stage.requests(mark);
    let writes = requests.writes();
    writes.iter().for_each(|write| script.shows(&format!("  {} {}", write.line(), write.record.status)));
    let touched = writes.iter().filter(|write| uuids.iter().any(|uuid| write.record.path_and_query.contains(uuid)));
    let touched: Vec<String> = touched.map(|write| write.line()).collect();
    script.check(touched.is_empty(), &format!("{} writes, to foreign objects: {}", writes.len(), list(touched)))
}

/// Creates the foreign objects; gives their uuids.
async fn foreign_objects(stage: &Stage) -> Result<Vec<String>, Failure> {
    let script = &stage.script;
    let report = stage.lab.report().await;
    let leader = report.controllers.iter().find(|controller| controller.site == stage.leader());
    let leader = leader.ok_or_else(|| Failure::broken("lab.json", "no controller leads"))?;
    let stranger = Stranger::log_in(stage.kube.http(), leader).await?;
    let (shop, hello) = (stage.host("shop"), stage.host("hello"));
    // Names as AMKO gives them: `amko--` and a hash, and those of its older releases.
    let monitors = [
        (format!("amko--{}", "5b81459fed6a8eb3f02d3d68ddf729ba583c5e2b"), OTHER_AMKO, hello.clone()),
        (format!("amko--http--{shop}--/"), OTHER_AMKO, shop.clone()),
        (format!("amko--{shop}"), "a person", shop.clone()),
        ("amko--".to_owned(), "amko", shop.clone()),
    ];
    let mut made = Vec::new();
    for (name, creator, host) in &monitors {
        made.push(stranger.create("healthmonitor", &monitor(name, creator, host)).await?);
    }
    let services = [
        (format!("{shop}-old"), stage.host("shop-old"), "admin"),
        (shop.to_uppercase(), stage.host("shop-upper"), OTHER_AMKO),
        ("shop".to_owned(), stage.host("shop-short"), "amko"),
        (format!("{hello}."), stage.host("hello-dot"), "amko-"),
        (stage.host("other"), stage.host("other"), OTHER_AMKO),
        (format!("amko--{hello}"), stage.host("hello-2"), ""),
    ];
    for ((name, domain, creator), with) in services.iter().zip((0..monitors.len()).cycle()) {
        let object = service(name, std::slice::from_ref(domain), creator, &made[with]);
        made.push(stranger.create("gslbservice", &object).await?);
    }
    let text = |object: &Value, field: &str| object[field].as_str().unwrap_or_default().to_owned();
    script.does(&format!("somebody else creates {}", list(made.iter().map(|object| text(object, "name")))));
    let uuids: Vec<String> = made.iter().map(|object| text(object, "uuid")).collect();
    let wanted = uuids.len() * stage.lab.worlds().sites().count();
    let copied = async || {
        let found = photograph(stage, &uuids).len();
        if found == wanted { Ok(format!("{found} copies")) } else { Err(format!("{found} copies of {wanted}")) }
    };
    script.wait("every controller has them", SOON, copied).await?;
    Ok(uuids)
}

/// Names of federated services and monitors that are not foreign, on any controller.
fn ours(stage: &Stage, foreign: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for site in stage.lab.worlds().sites() {
        for object in ["gslbservice", "healthmonitor"].into_iter().flat_map(|kind| objects(stage, site, kind)) {
            let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
            if object["is_federated"] == true && !foreign.contains(&text("uuid")) && !text("name").starts_with(BUILT_IN)
            {
                found.push(format!("{} at {site}", text("name")));
            }
        }
    }
    found
}

fn objects(stage: &Stage, site: &str, kind: &str) -> Vec<Arc<Value>> {
    stage.lab.worlds().avi.objects(site, kind)
}

fn photograph(stage: &Stage, uuids: &[String]) -> Photograph {
    let mut found = Photograph::new();
    for site in stage.lab.worlds().sites() {
        for object in ["gslbservice", "healthmonitor"].into_iter().flat_map(|kind| objects(stage, site, kind)) {
            let uuid = object["uuid"].as_str().unwrap_or_default();
            if uuids.iter().any(|known| known == uuid) {
                found.insert((site.to_owned(), uuid.to_owned()), object.to_string());
            }
        }
    }
    found
}

/// Waits until the operator has read the whole controller from now on, twice: what it makes of the first read has
/// happened by then.
async fn read_in_full(stage: &Stage) -> Result<(), Failure> {
    let mark = stage.mark();
    let read = async || {
        let reads = stage.requests(mark).reads_of("gslbservice");
        if reads >= 2 * LISTS {
            Ok(format!("{reads} lists of services read"))
        } else {
            Err(format!("{reads} lists of services read"))
        }
    };
    stage.script.wait("the operator reads the whole controller again, twice", SOON, read).await.map(drop)
}

/// Waits until the services of these names were written in these ways.
async fn written(stage: &Stage, mark: u64, wanted: &[(&str, &str)]) -> Result<(), Failure> {
    let wanted: Vec<String> =
        wanted.iter().map(|(method, name)| format!("{method} gslbservice {}", stage.host(name))).collect();
    let look = async || {
        let done = stage.requests(mark).done();
        if wanted.iter().all(|line| done.contains_key(line)) {
            Ok("done".to_owned())
        } else {
            Err(format!("done: {}", list(done.keys())))
        }
    };
    stage.script.wait(&list(&wanted), SOON, look).await.map(drop)
}

fn unchanged(stage: &Stage, uuids: &[String], before: &Photograph) -> Result<(), Failure> {
    let now = photograph(stage, uuids);
    let differs = before.iter().filter(|(key, bytes)| now.get(*key) != Some(*bytes));
    let differs: Vec<String> = differs.map(|((site, uuid), _)| format!("{uuid} at {site}")).collect();
    let seen = format!(
        "{} of {} copies of foreign objects are the same to the byte",
        before.len() - differs.len(),
        before.len()
    );
    let seen = if differs.is_empty() { seen } else { format!("{seen}; not: {}", list(&differs)) };
    stage.script.check(differs.is_empty(), &seen)
}
