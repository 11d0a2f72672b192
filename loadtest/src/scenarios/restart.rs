//! SIGTERM; a start where the controller has everything; a change in the moment of readiness.

use crate::calls::{count, first_write};
use crate::process::Process;
use crate::results::{Against, Restart};
use crate::run::Bench;
use anyhow::{Result, ensure};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const POLL: Duration = Duration::from_millis(5);
/// How long after its start the operator is watched for writes: longer than its settle period.
const WATCHED: Duration = Duration::from_secs(12);
/// Federated monitors that a controller ships with.
const SHIPPED_MONITORS: usize = 5;
const PAGE: usize = 100;

/// # Errors
/// When the operator does not stop, start or write in time.
pub async fn measure(bench: &mut Bench, first: Process) -> Result<Restart> {
    let patience = bench.parameters.patience;
    let mut stops = vec![first.stop().await?];

    let mark = bench.controller.record.mark();
    let process = bench.start()?;
    let ready = process.ready(patience).await?;
    while !process.idle().await {
        ensure!(process.started.elapsed() < patience, "the operator does not come to rest");
        sleep(POLL * 20).await;
    }
    sleep(WATCHED.saturating_sub(process.started.elapsed())).await;
    let usage = process.usage()?;
    let seen = bench.controller.record.since(mark);
    let until_ready = ready.saturating_duration_since(process.started);
    stops.push(process.stop().await?);
    let floor = bench.floor.time_of_reads(bench.controller.address, &seen).await?;

    let process = bench.start()?;
    process.ready(patience).await?;
    let mark = bench.controller.record.mark();
    let (began, _) = bench.fleet.move_address(0, bench.parameters.fqdns / 2)?;
    let arrived = first_change(bench, mark, began).await?;
    stops.push(process.stop().await?);
    let fqdns = bench.parameters.fqdns as usize;
    Ok(Restart {
        stop_seconds: stops.into_iter().map(|stop| stop.as_secs_f64()).collect(),
        calls: count(&seen),
        pages_needed: (fqdns + SHIPPED_MONITORS).div_ceil(PAGE) + fqdns.div_ceil(PAGE) + 1,
        ready: Against::new(until_ready, floor),
        usage,
        first_change_seconds: arrived.saturating_duration_since(began).as_secs_f64(),
    })
}

async fn first_change(bench: &Bench, mark: usize, began: Instant) -> Result<Instant> {
    loop {
        if let Some(at) = first_write(&bench.controller.record.since(mark)) {
            return Ok(at);
        }
        ensure!(began.elapsed() < bench.parameters.patience, "the first change is not written");
        sleep(POLL).await;
    }
}
