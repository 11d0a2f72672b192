//! Doing one piece of work: the calls of one FQDN, in order, until the first failure.

use super::api::{AviApi, doubts_shared_monitor};
use super::queue::Standing;
use super::slot::{Reading, Task};
use super::{Report, Trouble};
use crate::avi::call_error::{CallError, Failure, Remedy};
use crate::core::plan::{Observed, Write};

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
        Task::Write { writes, observed } => write(api, writes, observed, epoch).await,
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

async fn write(api: &AviApi, writes: Vec<Write>, mut observed: Box<Observed>, epoch: u64) -> Completed {
    let mut wrote = false;
    for planned in writes {
        // An earlier write of this list may have moved the object's version.
        let write = observed.refresh(planned);
        match api.execute(&write).await {
            Ok(stored) => {
                wrote = true;
                observed.applied(&write, stored);
            }
            Err(CallError { failure: Failure::Recalled, .. }) => {
                let report = Report { wrote, observed: Some(observed), ..report(epoch) };
                return completed(report, true, None);
            }
            Err(error) => {
                let unclear = error.remedy() == Remedy::Reread || doubts_shared_monitor(&write, &error);
                let report = Report { wrote, observed: Some(observed), ..report(epoch) };
                return failed(report, false, error, unclear);
            }
        }
    }
    api.note(&observed);
    let report = Report { wrote, observed: Some(observed), ..report(epoch) };
    completed(report, false, None)
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
    let trouble = Some(Trouble { message, unclear: true });
    let report = Report { trouble, ..report(epoch) };
    completed(report, false, Some(WorkFailure::Crash))
}

fn failed(mut report: Report, inconclusive: bool, error: CallError, unclear: bool) -> Completed {
    report.trouble = Some(Trouble { message: error.to_string(), unclear });
    completed(report, inconclusive, Some(WorkFailure::Call(error)))
}
