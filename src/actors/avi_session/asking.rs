//! Finding out what policies refer to, beside the writing work and under the same retry policy.

use super::guard::guarded;
use super::pace::Pace;
use super::queue::Outcome;
use super::{AviSessionMsg, AviSessionState, ControllerSettings};
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::actors::policy_watcher::PolicyWatcherMsg;
use crate::avi::call_error::CallError;
use crate::core::references::{Answer, Catalog, Question};
use jiff::Timestamp;
use ractor::ActorRef;
use std::collections::BTreeSet;
use tokio::time::Instant;

/// Questions that are on their way at the same time; the writing work has its own limit.
const CONCURRENCY: usize = 4;

impl AviSessionState {
    /// Asks what is due while the controller can be used, and tells what is new.
    pub(super) fn look_up(&mut self, myself: &ActorRef<AviSessionMsg>, now: Instant) {
        let api = self.api.clone().filter(|_| self.phase.may_read());
        let asking = api.is_some();
        if let Some(api) = api {
            while let Some(question) = self.questions.next(CONCURRENCY, now) {
                let (myself, generation, api) = (myself.clone(), self.generation, api.clone());
                self.calls.spawn(async move {
                    let answered = |result| AviSessionMsg::Answered { generation, question: question.clone(), result };
                    let message = match guarded(api.answer(&question)).await {
                        Ok(result) => answered(Box::new(result)),
                        Err(panic) => AviSessionMsg::Crashed(panic),
                    };
                    // The session owns this task: when it is gone, nobody waits for the answer.
                    let _ = myself.cast(message);
                });
            }
        }
        if self.questions.news(asking).is_some() {
            self.tell_references();
        }
        if let Some(lookups) = self.lookups.news() {
            self.args.board.post(|notices| notices.lookups = lookups);
        }
    }

    pub(super) fn on_ask(&mut self, questions: BTreeSet<Question>) {
        let catalog = self.questions.catalog();
        let open = questions.iter().filter(|question| catalog.answer(question).is_none());
        self.lookups.open(open, Timestamp::now());
        self.questions.ask(questions, Instant::now());
    }

    /// An object was changed that refers to these.
    pub(super) fn on_ask_again(&mut self, questions: &BTreeSet<Question>) {
        self.questions.ask_again(questions, Instant::now());
    }

    /// What was known is of another controller, or another owner.
    pub(super) fn concern(&mut self, settings: &ControllerSettings) {
        if self.questions.concern(settings) {
            self.lookups.begin_again(self.questions.asked(), Timestamp::now());
        }
    }

    pub(super) fn on_answered(&mut self, question: Question, result: Result<Answer, CallError>) {
        let now = Instant::now();
        let error = match result {
            Ok(answer) => {
                self.lookups.answered(&question);
                return self.questions.answered(question, answer, (now, Timestamp::now()), &mut self.rng);
            }
            Err(error) => error,
        };
        tracing::warn!(%error, "what a policy refers to cannot be looked up, it is asked again");
        if self.is_controllers_trouble(&error) {
            self.questions.unanswered(question, Outcome::Interrupted, None, now, &mut self.rng);
        } else {
            self.lookups.failed(&question, error.to_string(), Timestamp::now());
            let failed = Outcome::Failed { pace: Pace::Backoff, retry_after: error.retry_after() };
            self.questions.unanswered(question, failed, Some(&error.to_string()), now, &mut self.rng);
        }
    }

    /// For those that were restarted. After a restart of its own the session knows less than they do, until it has
    /// asked again.
    pub(super) fn repeat_references(&self) {
        if let Some(state) = &self.controller {
            self.args.policy.cast(PolicyWatcherMsg::Controller(state.clone()));
        }
        if *self.questions.catalog() != Catalog::default() {
            self.tell_references();
        }
    }

    /// Tells everybody all answers.
    fn tell_references(&self) {
        let catalog = self.questions.catalog();
        self.args.policy.cast(PolicyWatcherMsg::References(catalog.clone()));
        self.args.directory.cast(GsDirectoryMsg::References(catalog));
    }
}
