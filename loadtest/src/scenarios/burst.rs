//! Many address changes at once, each of another service.

use super::{bulk, cpu_since};
use crate::process::Process;
use crate::results::{Bulk, Burst};
use crate::run::Bench;
use anyhow::{Context as _, Result};

/// # Errors
/// When a change does not arrive in time.
pub async fn measure(bench: &Bench, process: &Process) -> Result<Burst> {
    let services = bench.parameters.burst.min(bench.parameters.fqdns);
    let mut rounds: Vec<(Bulk, f64)> = Vec::new();
    for _ in 0..bench.parameters.rounds {
        let (mark, before) = (bench.controller.record.mark(), process.usage()?);
        let (began, moved) = bench.move_many(services)?;
        let changing = began.elapsed().as_secs_f64();
        bench.until_moved("all changes made at once", &moved).await?;
        let cpu = cpu_since(process, before)?;
        let seen = bench.controller.record.since(mark);
        rounds.push((bulk(bench, services, began, &seen, cpu).await?, changing));
    }
    let against = rounds.iter().map(|(bulk, _)| bulk.time).collect();
    rounds.sort_by(|(a, _), (b, _)| a.time.ratio.total_cmp(&b.time.ratio));
    let middle = rounds.len() / 2;
    let (median, changing_seconds) = rounds.into_iter().nth(middle).context("no rounds")?;
    Ok(Burst { median, rounds: against, changing_seconds })
}
