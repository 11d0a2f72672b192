//! What is done to a running operator, and what it needed for that; one file each.

pub mod blackout;
pub mod boot;
pub mod burst;
pub mod policy;
pub mod restart;
pub mod singles;
pub mod statuses;

use crate::calls::{count, first_write, last_answer};
use crate::floor::apart;
use crate::process::{Process, Usage};
use crate::recorder::Seen;
use crate::results::{Against, Bulk};
use crate::run::Bench;
use anyhow::{Context as _, Result};
use tokio::time::Instant;

/// What the operator did about one change to many services, and the floor of that.
async fn bulk(bench: &Bench, services: u32, began: Instant, seen: &[Seen], cpu_seconds: f64) -> Result<Bulk> {
    let (first, last) = (first_write(seen).context("no write")?, last_answer(seen).context("no answer")?);
    let floor = bench.floor.time(apart(bench.floor.updates(seen)?)).await?;
    Ok(Bulk {
        services,
        time: Against::new(last.saturating_duration_since(began), floor),
        first_write_seconds: first.saturating_duration_since(began).as_secs_f64(),
        calls: count(seen),
        cpu_seconds,
    })
}

fn cpu_since(process: &Process, before: Usage) -> Result<f64> {
    Ok(process.usage()?.cpu_seconds - before.cpu_seconds)
}
