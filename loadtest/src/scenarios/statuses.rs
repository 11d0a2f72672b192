//! An object that carries the status of each service: `statusObjects: All`, set while the operator runs.

use super::cpu_since;
use crate::process::Process;
use crate::results::Statuses;
use crate::run::Bench;
use anyhow::{Result, ensure};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often is looked.
const LOOK: Duration = Duration::from_millis(100);

/// From the setting to the last status.
///
/// # Errors
/// When not every service has its object, with its status, in time.
pub async fn measure(bench: &Bench, process: &Process) -> Result<Statuses> {
    let before = process.usage()?;
    let began = Instant::now();
    bench.fleet.set_status_objects("All")?;
    let services = bench.parameters.fqdns;
    loop {
        let told = bench.fleet.rules_with_a_service()?;
        if told == services as usize {
            break;
        }
        ensure!(began.elapsed() < bench.parameters.patience, "{told} of {services} statuses in time");
        sleep(LOOK).await;
    }
    Ok(Statuses { services, seconds: began.elapsed().as_secs_f64(), cpu_seconds: cpu_since(process, before)? })
}
