//! A change of the policy that concerns every service: another TTL.

use super::{bulk, cpu_since};
use crate::process::Process;
use crate::results::{Bulk, Repeated};
use crate::run::Bench;
use anyhow::Result;

/// Of the first round; one more in each round.
const TTL: u32 = 123;

/// # Errors
/// When not every service has the TTL in time.
pub async fn measure(bench: &Bench, process: &Process) -> Result<Repeated<Bulk>> {
    let mut rounds = Vec::new();
    for nth in 0..bench.parameters.boots {
        rounds.push(change(bench, process, TTL + nth).await?);
    }
    Repeated::new(rounds)
}

async fn change(bench: &Bench, process: &Process, ttl: u32) -> Result<Bulk> {
    let (mark, before) = (bench.controller.record.mark(), process.usage()?);
    let began = bench.fleet.set_ttl(ttl)?;
    bench.until("the new TTL everywhere", |services| services.iter().all(|service| service["ttl"] == ttl)).await?;
    let cpu = cpu_since(process, before)?;
    bulk(bench, bench.parameters.fqdns, began, &bench.controller.record.since(mark), cpu).await
}
