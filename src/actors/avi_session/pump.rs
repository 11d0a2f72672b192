//! What is done after each message: what is due, what may start, and when to look again.

use super::api::AviApi;
use super::guard::guarded;
use super::heartbeat::Pulse;
use super::pace::Pace;
use super::queue::Outcome;
use super::reason::reason;
use super::slot::{Slot, Taken};
use super::work::{Completed, WorkFailure};
use super::{AviSessionMsg, AviSessionState, work};
use crate::actors::board::QueueNotice;
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::avi::session::Permit;
use ractor::ActorRef;
use std::sync::Arc;
use tokio::time::Instant;

/// Beside the places for everybody: what somebody waits for is not held up by many long pieces of bulk work.
const INTERACTIVE_PLACES: usize = 2;

impl AviSessionState {
    /// A slot has work: new, or of another class than before. Or none any more.
    pub(super) fn on_enqueue(&mut self, slot: Arc<Slot>) {
        let now = Instant::now();
        // Left before its owner heard that another session began; it will hear, and decide again.
        slot.discard_unless(&self.mark);
        if self.losses.hold(&slot, now) {
            self.enqueue(slot, now);
        } else {
            // It may have waited there with other work.
            self.queue.withdraw(&slot.fqdn);
        }
    }

    fn enqueue(&mut self, slot: Arc<Slot>, now: Instant) {
        match slot.class() {
            Some(class) => self.queue.push(Arc::clone(&slot.fqdn), slot, class, now),
            None => {
                self.queue.withdraw(&slot.fqdn);
                self.quarantine.forget(&slot.fqdn);
            }
        }
    }

    /// A piece of work came to its end. Its owner is told after the queue, so that it hears how it is treated.
    pub(super) fn on_finished(&mut self, slot: Arc<Slot>, completed: Completed) {
        let (Completed { mut report, ended }, fqdn) = (completed, &slot.fqdn);
        if let Some(exists) = ended.exists {
            self.losses.finished(fqdn, exists, Instant::now());
        }
        if ended.failure.is_none() && !ended.inconclusive {
            self.losses.done(fqdn);
        }
        let outcome = match &ended.failure {
            None if ended.inconclusive => Outcome::Read,
            None => Outcome::Done,
            Some(WorkFailure::Crash) => Outcome::Failed { pace: Pace::Backoff, retry_after: None },
            Some(WorkFailure::Call(error)) if self.is_controllers_trouble(error) => Outcome::Interrupted,
            Some(WorkFailure::Call(error)) => {
                Outcome::Failed { pace: Pace::from(error), retry_after: error.retry_after() }
            }
        };
        if let Some(failure) = &ended.failure {
            self.args.metrics.queue.retry(reason(failure));
        }
        self.queue.finished(fqdn, outcome, Instant::now(), &mut self.rng);
        report.standing = self.queue.standing(fqdn);
        match &report.trouble {
            Some(trouble) if report.standing.quarantined => self.quarantine.note(fqdn, &trouble.message),
            _ => self.quarantine.forget(fqdn),
        }
        // A lost owner does not need it: its successor reads again.
        self.args.directory.cast(GsDirectoryMsg::Done { slot, report, at: Instant::now() });
        if outcome == Outcome::Done {
            self.probing.reset();
        }
    }

    /// Does what is due, starts what may start, and arranges to be woken for the rest.
    pub(super) fn go_on(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let now = Instant::now();
        self.look_after(myself, now);
        self.beat(myself, now);
        for slot in self.let_losses_go(now) {
            self.enqueue(slot, now);
        }
        if let Some(api) = &self.api {
            api.permit(match self.term {
                Some(_) if self.phase.may_write() => Permit::Every,
                Some(_) => Permit::Begun,
                None => Permit::None,
            });
        }
        self.queue.ripen(now);
        self.pump(myself, now);
        self.look_up(myself, now);
        self.arm(myself);
        while self.calls.try_join_next().is_some() {}
        while self.goodbyes.try_join_next().is_some() {}
        self.post_queue();
    }

    fn post_queue(&mut self) {
        let notice = QueueNotice {
            waiting: self.queue.waiting(),
            delayed: self.queue.delayed(),
            in_flight: self.queue.busy(),
            waiting_since: self.queue.waiting_since(),
            quarantined: self.queue.quarantined().len(),
            quarantine: self.quarantine.shown(self.queue.quarantined()),
        };
        self.args.metrics.queue.set(&notice, &self.queue.depth());
        self.args.board.post(|notices| notices.queue = notice);
    }

    pub(super) fn pump(&mut self, myself: &ActorRef<AviSessionMsg>, now: Instant) {
        let (Some(api), Some(term)) = (self.api.clone(), self.term) else { return };
        let bulk = api.calls_at_once(self.args.concurrency);
        self.queue.set_bulk_places(bulk);
        let places = bulk + INTERACTIVE_PLACES;
        while self.phase.may_write() && self.queue.busy() < places {
            let Some((fqdn, slot)) = self.queue.pop() else { return };
            match slot.take(term, &self.mark) {
                Some(taken) => {
                    drop(self.calls.spawn(work_on(myself.clone(), self.generation, api.clone(), slot, taken)))
                }
                None => self.queue.finished(&fqdn, Outcome::Nothing, now, &mut self.rng),
            }
        }
    }

    /// Keeps one timer, for the earliest thing that becomes due.
    pub(super) fn arm(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let questions = self.questions.next_deadline().filter(|_| self.phase.may_read());
        let losses = self.losses.next_deadline();
        let beat = if let Pulse::DueAt(at) = self.pulse { Some(at) } else { None };
        let due = [self.phase.due(), self.queue.next_deadline(), questions, losses, beat].into_iter().flatten().min();
        if self.timer.as_ref().map(|(at, _)| *at) == due {
            return;
        }
        if let Some((_, timer)) = self.timer.take() {
            timer.abort();
        }
        if let Some(at) = due {
            let wait = at.saturating_duration_since(Instant::now());
            let timer = myself.send_after(wait, || AviSessionMsg::Tick).abort_handle();
            self.timer = Some((at, timer));
        }
    }
}

async fn work_on(myself: ActorRef<AviSessionMsg>, generation: u64, api: AviApi, slot: Arc<Slot>, taken: Taken) {
    let epoch = taken.epoch;
    let api = api.for_work(taken.work.class.urgency, taken.wanted);
    let completed = guarded(work::run(&api, &slot.fqdn, taken.work.task, epoch)).await;
    let completed = completed.unwrap_or_else(|panic| work::crashed(panic, epoch));
    // The session owns this task: when it is gone, its owner hears of that.
    let _ = myself.cast(AviSessionMsg::Finished { generation, slot, completed: Box::new(completed) });
}
