//! Address changes one after another while nothing else happens, and changes that make no difference.

use super::cpu_since;
use crate::calls::count;
use crate::floor::{by_ingress, name_of, number_of};
use crate::objects;
use crate::process::Process;
use crate::results::{Delays, Singles};
use crate::run::Bench;
use amko_lab::chance::Chance;
use anyhow::{Context as _, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const TOUCHES: u32 = 100;
const SEED: u64 = 7;
/// How long the operator gets to do something about what it should do nothing about.
const WATCHED: Duration = Duration::from_secs(2);

/// # Errors
/// When a change does not arrive in time.
pub async fn measure(bench: &Bench, process: &Process) -> Result<Singles> {
    let parameters = &bench.parameters;
    let changes = parameters.singles.min(parameters.fqdns);
    let chance = Chance::seeded(SEED);
    let mut chosen = BTreeSet::new();
    let mut order = Vec::new();
    while order.len() < changes as usize {
        let nth = chance.below(u64::from(parameters.fqdns)).try_into()?;
        if chosen.insert(nth) {
            order.push(nth);
        }
    }
    let (mark, before) = (bench.controller.record.mark(), process.usage()?);
    let (mut began, mut moved) = (BTreeMap::new(), BTreeMap::new());
    for nth in order {
        let cluster = chance.below(u64::from(parameters.clusters)).try_into()?;
        let (at, address) = bench.fleet.move_address(cluster, nth)?;
        began.insert(objects::fqdn(nth), at);
        moved.insert(objects::fqdn(nth), address);
        sleep(parameters.gap).await;
    }
    bench.until_moved("all single changes", &moved).await?;
    let cpu_seconds = cpu_since(process, before)?;
    let seen = bench.controller.record.since(mark);
    let mut arrived: BTreeMap<String, Instant> = BTreeMap::new();
    for seen in seen.iter().filter(|seen| seen.is_write()) {
        arrived.entry(name_of(&seen.body).context("a write without a name")?).or_insert(seen.at);
    }
    let delays: Vec<Duration> = began
        .iter()
        .map(|(fqdn, began)| Some(arrived.get(fqdn)?.saturating_duration_since(*began)))
        .collect::<Option<_>>()
        .context("a change without a write")?;

    let writes = by_ingress(bench.floor.updates(&seen)?);
    let change = async |name: &str| {
        let began = Instant::now();
        bench.floor_cluster.patch_address(0, number_of(name).context("the name of an Ingress")?, 1)?;
        Ok(began)
    };
    let floor = bench.floor.follow(&bench.floor_cluster, writes, change, parameters.gap, parameters.patience).await?;
    ensure!(!floor.is_empty(), "the floor followed nothing");

    let calls = count(&seen);
    let touches = TOUCHES.min(parameters.fqdns);
    let mark = bench.controller.record.mark();
    (0..touches).try_for_each(|nth| bench.fleet.touch(nth % parameters.clusters, nth))?;
    bench.quiet(WATCHED).await?;
    Ok(Singles {
        changes,
        delay: Delays::new(delays),
        floor: Delays::new(floor),
        calls,
        calls_per_change: calls.all as f64 / f64::from(changes),
        cpu_seconds,
        touches,
        touch_calls: count(&bench.controller.record.since(mark)),
    })
}
