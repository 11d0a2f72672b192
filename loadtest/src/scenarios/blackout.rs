//! Changes while the controller cannot be reached, and what follows once it is back.

use crate::calls::{count, last_answer};
use crate::floor::apart;
use crate::results::{Against, Blackout};
use crate::run::Bench;
use anyhow::{Context as _, Result};
use tokio::time::{Instant, sleep};

const CHANGES_EACH: u32 = 2;

/// # Errors
/// When not everything is written in time.
pub async fn measure(bench: &Bench) -> Result<Blackout> {
    let services = bench.parameters.blackout_changes.min(bench.parameters.fqdns);
    bench.controller.black_out().await;
    let dark = Instant::now();
    let mut moved = Default::default();
    for _ in 0..CHANGES_EACH {
        moved = bench.move_many(services)?.1;
        sleep(bench.parameters.blackout / CHANGES_EACH).await;
    }
    let mark = bench.controller.record.mark();
    bench.controller.restore()?;
    let back = Instant::now();
    bench.until_moved("what changed in the dark", &moved).await?;
    let seen = bench.controller.record.since(mark);
    let last = last_answer(&seen).context("no answer")?;
    let first = seen.first().context("no request")?.at;
    let floor = bench.floor.time(apart(bench.floor.updates(&seen)?)).await?;
    let calls = count(&seen);
    Ok(Blackout {
        dark_seconds: back.saturating_duration_since(dark).as_secs_f64(),
        services,
        changes_each: CHANGES_EACH,
        time: Against::new(last.saturating_duration_since(back), floor),
        first_request_seconds: first.saturating_duration_since(back).as_secs_f64(),
        calls,
        writes_per_service: calls.writes as f64 / f64::from(services),
    })
}
