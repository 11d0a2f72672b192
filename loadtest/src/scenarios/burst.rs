//! Many address changes at once, each of another service.

use super::{bulk, cpu_since};
use crate::floor::by_ingress;
use crate::process::Process;
use crate::recorder::Seen;
use crate::results::{Against, Bulk, Burst};
use crate::run::Bench;
use anyhow::{Context as _, Result};
use std::time::Duration;
use tokio::task::block_in_place;

/// # Errors
/// When a change does not arrive in time.
pub async fn measure(bench: &Bench, process: &Process) -> Result<Burst> {
    let services = bench.parameters.burst.min(bench.parameters.fqdns);
    let mut rounds: Vec<Round> = Vec::new();
    for nth in 0..bench.parameters.rounds {
        let (mark, before) = (bench.controller.record.mark(), process.usage()?);
        let (began, moved) = bench.move_many(services)?;
        let changing = began.elapsed().as_secs_f64();
        bench.until_moved("all changes made at once", &moved).await?;
        let cpu = cpu_since(process, before)?;
        let seen = bench.controller.record.since(mark);
        let bulk = bulk(bench, services, began, &seen, cpu).await?;
        let followed = follow(bench, services, &seen, nth).await?;
        rounds.push(Round { bulk, changing, followed });
    }
    let against = rounds.iter().map(|round| round.bulk.time).collect();
    rounds.sort_by(|a, b| a.bulk.time.ratio.total_cmp(&b.bulk.time.ratio));
    let middle = rounds.len() / 2;
    let mut with_changes: Vec<Against> =
        rounds.iter().map(|Round { bulk, followed, .. }| Against::new(seconds(&bulk.time), *followed)).collect();
    with_changes.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
    let with_changes = with_changes.get(middle).copied();
    let Round { bulk: median, changing: changing_seconds, .. } = rounds.into_iter().nth(middle).context("no rounds")?;
    Ok(Burst { median, rounds: against, with_changes, changing_seconds })
}

struct Round {
    bulk: Bulk,
    changing: f64,
    followed: Duration,
}

fn seconds(time: &Against) -> Duration {
    Duration::from_secs_f64(time.seconds)
}

/// How long a bare client needs that hears the same changes from one watch, while they are made.
async fn follow(bench: &Bench, services: u32, seen: &[Seen], round: u32) -> Result<Duration> {
    let writes = by_ingress(bench.floor.updates(seen)?);
    // Other addresses than in the round before, and than after the single changes.
    let generation = round + 2;
    let change =
        || block_in_place(|| (0..services).try_for_each(|nth| bench.floor_cluster.patch_address(0, nth, generation)));
    bench.floor.follow_at_once(&bench.floor_cluster, writes, change, bench.parameters.patience).await
}
