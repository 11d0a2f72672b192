//! From an empty controller to every service with all its members.

use crate::calls::{count, first_write, last_answer, progress};
use crate::floor::creations;
use crate::objects::member_addresses;
use crate::process::Process;
use crate::results::{Against, Boot};
use crate::run::Bench;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::sync::Arc;
use tokio::time::Instant;

/// The process has just been started.
///
/// # Errors
/// When the controller does not get there in time.
pub async fn measure(bench: &Bench, process: &Process) -> Result<Boot> {
    let (fqdns, clusters) = (bench.parameters.fqdns as usize, bench.parameters.clusters as usize);
    let ready = process.ready(bench.parameters.patience).await?;
    let listed = process.listed(bench.parameters.patience).await?;
    let complete = |services: &[Arc<Value>]| {
        services.len() == fqdns && services.iter().all(|service| member_addresses(service).count() == clusters)
    };
    bench.until("every service with all members", complete).await?;
    let usage = process.usage()?;
    let seen = bench.controller.record.since(0);
    let (first, last) = (first_write(&seen).context("no write")?, last_answer(&seen).context("no answer")?);
    let floor_began = Instant::now();
    let floor = bench.floor.time(creations(&seen)?).await?;
    let lists = bench.floor.time_of_lists(bench.fleet.clusters()).await?;
    let (calls, whole) = (count(&seen), last.saturating_duration_since(process.started));
    Ok(Boot {
        time: Against::new(whole, floor),
        with_lists: Some(Against::new(whole, lists + floor)),
        ready_seconds: ready.saturating_duration_since(process.started).as_secs_f64(),
        listed_seconds: listed.saturating_duration_since(process.started).as_secs_f64(),
        first_write_seconds: first.saturating_duration_since(process.started).as_secs_f64(),
        writing: Against::new(last.saturating_duration_since(first), floor),
        calls,
        writes_per_fqdn: calls.writes as f64 / fqdns as f64,
        usage,
        progress: progress(&seen, process.started),
        floor_progress: progress(&bench.floor.controller.record.since(0), floor_began),
    })
}
