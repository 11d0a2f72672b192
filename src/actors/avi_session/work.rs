//! Doing one piece of work: the calls of one FQDN, in order, until the first failure.

use super::api::{AviApi, doubts_shared_monitor};
use super::queue::Standing;
use super::slot::{Reading, Task};
use super::{Report, Trouble};
use crate::avi::call_error::{CallError, Failure, Remedy};
use crate::core::monitor::is_shared;
use crate::core::omission::{Refusal, Refused};
use crate::core::plan::{Described, Observed, Write, describe};
use tokio::time::Instant;

/// How a piece of work ended: for its owner, and for the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    pub report: Report,
    pub ended: Ended,
}

/// What the session learns from a piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// It says nothing about the next write: the controller was only read, or not all of it was wanted any more.
    pub inconclusive: bool,
    /// Whether the controller holds a service for the FQDN now, as far as is known.
    pub exists: Option<bool>,
    pub failure: Option<WorkFailure>,
}

/// Why a piece of work did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkFailure {
    Call(CallError),
    /// A bug.
    Crash,
}

/// Does the work. What was achieved before a failure is in the report.
pub async fn run(api: &AviApi, fqdn: &str, task: Task, epoch: u64) -> Completed {
    match task {
        Task::Read(reading) => read(api, fqdn, &reading, epoch).await,
        Task::Write { writes, observed } => write(api, fqdn, writes, observed, epoch).await,
    }
}

/// A write on its way: one line in the log when it ends, for whoever follows what was changed, when and why. Of what
/// fails again and again for the same reason, the first failure.
struct Begun<'a> {
    fqdn: &'a str,
    described: Described,
    at: Instant,
}

impl Begun<'_> {
    fn done(self, api: &AviApi) {
        let Self { fqdn, described: Described { what, tenant, name, fields }, at } = self;
        let (number, cause, took) = (api.count_write(), api.cause(), at.elapsed().as_millis());
        let result = if api.forget_failure(fqdn, &name) { "done, after it had failed" } else { "done" };
        tracing::info!(fqdn, tenant, name, fields, cause, result, took_ms = %took, number, "{what}");
    }

    fn failed(self, api: &AviApi, error: &CallError) {
        let Self { fqdn, described: Described { what, tenant, name, fields }, at } = self;
        let (number, cause, took) = (api.count_write(), api.cause(), at.elapsed().as_millis());
        let text = error.failure.to_string();
        if api.note_failure(fqdn, &name, &text) {
            tracing::warn!(fqdn, tenant, name, fields, cause, result = text, took_ms = %took, number, "{what}");
        } else {
            tracing::debug!(fqdn, tenant, name, fields, cause, result = text, took_ms = %took, number, "{what}");
        }
    }
}

async fn read(api: &AviApi, fqdn: &str, reading: &Reading, epoch: u64) -> Completed {
    match api.read_one(fqdn, reading).await {
        Ok(observed) => {
            let report = Report { observed: Some(Box::new(observed)), ..report(epoch) };
            completed(report, true, None)
        }
        Err(error) => failed(report(epoch), true, error, true),
    }
}

async fn write(api: &AviApi, fqdn: &str, writes: Vec<Write>, mut observed: Box<Observed>, epoch: u64) -> Completed {
    let mut wrote = false;
    let together = belong_together(&writes).then(|| api.hurried());
    for planned in writes {
        let api = together.as_ref().filter(|_| wrote).unwrap_or(api);
        // An earlier write of this list may have moved the object's version.
        let write = observed.refresh(planned);
        let begun = Begun { fqdn, described: describe(&write, &observed), at: Instant::now() };
        match api.execute(&write).await {
            Ok(stored) => {
                wrote = true;
                begun.done(api);
                observed.applied(&write, stored);
            }
            Err(CallError { failure: Failure::Recalled, .. }) => {
                let report = Report { wrote, observed: Some(observed), ..report(epoch) };
                return completed(report, true, None);
            }
            Err(error) => {
                let unclear = error.remedy() == Remedy::Reread || doubts_shared_monitor(&write, &error);
                begun.failed(api, &error);
                let report = Report { wrote, observed: Some(observed), ..report(epoch) };
                let refusal = refusal(&write, &error);
                let mut completed = failed(report, false, error, unclear);
                completed.report.trouble.iter_mut().for_each(|trouble| trouble.refusal.clone_from(&refusal));
                return completed;
            }
        }
    }
    api.note(&observed);
    let report = Report { wrote, observed: Some(observed), ..report(epoch) };
    completed(report, false, None)
}

/// What the controller finds wrong with the object itself. Of a service that moves between tenants nothing is left out.
fn refusal(write: &Write, error: &CallError) -> Option<Refusal> {
    let of_service = matches!(write, Write::CreateService(_) | Write::UpdateService { .. });
    let (of, text) = match (&error.failure, write) {
        (Failure::BadRequest(text), Write::CreateMonitor(monitor)) if !is_shared(&monitor.name) => {
            (Refused::Monitor(monitor.name.clone()), text)
        }
        (Failure::BadRequest(text), _) if of_service => (Refused::Service, text),
        (Failure::DomainConflict(text), _) if of_service => (Refused::Names, text),
        _ => return None,
    };
    Some(Refusal { of, text: text.clone() })
}

/// Whether the service is changed twice: what is between should not last, so once they have begun, these calls wait for
/// nobody.
fn belong_together(writes: &[Write]) -> bool {
    writes.iter().filter(|write| matches!(write, Write::UpdateService { .. })).count() > 1
}

/// Nothing was learnt or done yet.
fn report(epoch: u64) -> Report {
    Report { epoch, wrote: false, observed: None, trouble: None, standing: Standing::default() }
}

fn completed(report: Report, inconclusive: bool, failure: Option<WorkFailure>) -> Completed {
    let exists = report.observed.as_ref().map(|observed| observed.services().next().is_some());
    Completed { report, ended: Ended { inconclusive, exists, failure } }
}

/// The work panicked: nothing is known about what it did.
pub fn crashed(message: String, epoch: u64) -> Completed {
    let trouble = Some(Trouble { message, unclear: true, refusal: None });
    let report = Report { trouble, ..report(epoch) };
    completed(report, false, Some(WorkFailure::Crash))
}

fn failed(mut report: Report, inconclusive: bool, error: CallError, unclear: bool) -> Completed {
    report.trouble = Some(Trouble { message: error.to_string(), unclear, refusal: None });
    completed(report, inconclusive, Some(WorkFailure::Call(error)))
}
