//! A change of the policy that concerns every service: another TTL.

use super::{bulk, cpu_since};
use crate::process::Process;
use crate::results::Bulk;
use crate::run::Bench;
use anyhow::Result;

const TTL: u32 = 123;

/// # Errors
/// When not every service has the TTL in time.
pub async fn measure(bench: &Bench, process: &Process) -> Result<Bulk> {
    let (mark, before) = (bench.controller.record.mark(), process.usage()?);
    let began = bench.fleet.set_ttl(TTL)?;
    bench.until("the new TTL everywhere", |services| services.iter().all(|service| service["ttl"] == TTL)).await?;
    let cpu = cpu_since(process, before)?;
    bulk(bench, bench.parameters.fqdns, began, &bench.controller.record.since(mark), cpu).await
}
