//! The monitor that passthrough services share is written once (EX-12).

use super::*;
use crate::core::plan::{ObservedMonitor, Stored};
use futures::future::join_all;
use parking_lot::Mutex;
use std::sync::Arc;

const NAME: &str = "amko--passthrough-hm-tcp-11111111-2222-11ee-8000-333333333333";

fn shared() -> HealthMonitor {
    let (name, description) = (NAME.to_owned(), "created by: amko".to_owned());
    HealthMonitor { tenant: "team2".into(), name, description, port: 443, probe: Probe::Tcp }
}

fn key() -> SharedKey {
    ("team2".into(), NAME.into())
}

fn version(number: usize) -> Stored {
    Stored { uuid: "hm-shared".into(), last_modified: Some(number.to_string()) }
}

fn observed(number: usize) -> ObservedMonitor {
    let Stored { uuid, last_modified } = version(number);
    ObservedMonitor { uuid, last_modified, content: Some(shared()), faithful: true }
}

/// Counts writes; each takes a moment and gives the next version.
#[derive(Default)]
struct Writer(Mutex<usize>);

impl Writer {
    async fn write(&self) -> Result<Stored, CallError> {
        *self.0.lock() += 1;
        tokio::task::yield_now().await;
        Ok(version(*self.0.lock()))
    }

    async fn fail(&self) -> Result<Stored, CallError> {
        *self.0.lock() += 1;
        Err(CallError::new("POST", true, Failure::BadRequest("no".into())))
    }

    fn writes(&self) -> usize {
        *self.0.lock()
    }
}

/// EX-12.
#[tokio::test(start_paused = true)]
async fn many_that_want_it_at_once_cause_one_write_and_all_get_its_answer() {
    let (monitors, writer, monitor) = (SharedMonitors::default(), Writer::default(), shared());
    let wanted = (0..20).map(|_| monitors.ensure(&monitor, None, writer.write()));
    assert_eq!(join_all(wanted).await, vec![Ok(version(1)); 20]);
    assert_eq!(writer.writes(), 1);
}

/// EX-12: tenants do not share it.
#[tokio::test(start_paused = true)]
async fn each_tenant_has_its_own() {
    let (monitors, writer) = (SharedMonitors::default(), Writer::default());
    let other = HealthMonitor { tenant: "team3".into(), ..shared() };
    monitors.ensure(&shared(), None, writer.write()).await.unwrap();
    monitors.ensure(&other, None, writer.write()).await.unwrap();
    assert_eq!(writer.writes(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_everybodys_own_and_nothing_is_known_after_it() {
    let (monitors, writer, monitor) = (SharedMonitors::default(), Writer::default(), shared());
    assert!(monitors.ensure(&monitor, None, writer.fail()).await.is_err());
    assert_eq!(monitors.ensure(&monitor, None, writer.write()).await, Ok(version(2)));
    assert_eq!(monitors.ensure(&monitor, None, writer.write()).await, Ok(version(2)));
}

#[tokio::test(start_paused = true)]
async fn what_a_full_read_found_needs_no_write_and_what_it_did_not_find_does() {
    let (monitors, writer, monitor) = (SharedMonitors::default(), Writer::default(), shared());
    monitors.replace(&BTreeMap::from([(key(), Arc::new(observed(7)))]));
    assert_eq!(monitors.ensure(&monitor, None, writer.write()).await, Ok(version(7)));
    monitors.replace(&BTreeMap::from([(key(), Arc::new(ObservedMonitor { faithful: false, ..observed(8) }))]));
    assert_eq!(monitors.ensure(&monitor, None, writer.write()).await, Ok(version(1)));
    monitors.replace(&BTreeMap::new());
    assert_eq!(monitors.ensure(&monitor, None, writer.write()).await, Ok(version(2)));
    monitors.forget(&key());
    assert_eq!(monitors.ensure(&monitor, None, writer.write()).await, Ok(version(3)));
}

/// Ten services that saw the same edit repair it once.
#[tokio::test(start_paused = true)]
async fn an_update_is_done_once_for_all_who_saw_the_same_version() {
    let (monitors, writer, monitor) = (SharedMonitors::default(), Writer::default(), shared());
    monitors.replace(&BTreeMap::from([(key(), Arc::new(ObservedMonitor { faithful: false, ..observed(0) }))]));
    let wanted = (0..10).map(|_| monitors.ensure(&monitor, Some("0"), writer.write()));
    assert_eq!(join_all(wanted).await, vec![Ok(version(1)); 10]);
    assert_eq!(writer.writes(), 1);
    assert_eq!(monitors.ensure(&monitor, Some("1"), writer.write()).await, Ok(version(2)), "edited again");
}
