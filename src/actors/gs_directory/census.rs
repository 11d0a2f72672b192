//! What is counted over all services, and told: to the board, in the log, and of the policy.

use super::{GsDirectoryMsg, GsDirectoryState};
use crate::actors::board::ServicesNotice;
use crate::core::knowledge::in_words;
use crate::core::report::SyncState;
use ractor::ActorRef;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How soon after a change is counted.
const SOON: Duration = Duration::from_secs(1);
/// How often while something is open.
const AGAIN: Duration = Duration::from_secs(5);
/// How often the log tells of work that takes long.
const LINE: Duration = Duration::from_secs(30);
/// With fewer services behind there is nothing to follow.
const MANY: usize = 10;

/// When was counted.
#[derive(Debug)]
pub(super) struct Clock {
    began: Instant,
    /// A count is to come.
    due: bool,
    /// When the log told last that many are behind.
    line: Option<Instant>,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { began: Instant::now(), due: false, line: None }
    }
}

impl GsDirectoryState {
    pub(super) fn on_stands(
        &mut self,
        myself: &ActorRef<GsDirectoryMsg>,
        fqdn: &Arc<str>,
        state: SyncState,
        members: &[(String, u16)],
    ) {
        // One that was let go in between counts no more; objects without a host are no service.
        if !fqdn.is_empty() && self.entries.contains_key(fqdn) {
            let at = self.clock.began.elapsed();
            self.census.put(fqdn, state, members, at);
            self.count_in(myself, SOON);
        }
    }

    pub(super) fn count_in(&mut self, myself: &ActorRef<GsDirectoryMsg>, pause: Duration) {
        if !std::mem::replace(&mut self.clock.due, true) {
            // Not cancelled: a count that finds nothing new tells nothing.
            drop(myself.send_after(pause, || GsDirectoryMsg::Count));
        }
    }

    /// Counts, and tells what is different.
    pub(super) fn count(&mut self, myself: &ActorRef<GsDirectoryMsg>) {
        self.clock.due = false;
        self.progress = self.census.look(self.clock.began.elapsed());
        let progress = self.progress;
        let notice = ServicesNotice {
            states: self.census.states().map(|(state, count)| (state.label(), count)).collect(),
            members: self.census.members().map(|(cluster, count)| (cluster.to_owned(), count)).collect(),
            progress,
        };
        self.args.board.post(|notices| notices.services = notice);
        self.rollout.count(progress);
        self.log_progress();
        if self.census.has_open() {
            self.count_in(myself, AGAIN);
        } else {
            self.census.rest();
        }
    }

    /// While many services are behind, one line now and then, and one when they are not any more.
    fn log_progress(&mut self) {
        let (progress, now) = (self.progress, Instant::now());
        if self.context.term.is_none() {
            self.clock.line = None;
            return;
        }
        match self.clock.line {
            Some(_) if progress.behind == 0 => {
                self.clock.line = None;
                tracing::info!(services = progress.of, "every GSLB service is as it should be");
            }
            Some(told) if now.saturating_duration_since(told) < LINE => {}
            None if progress.behind < MANY => {}
            _ => {
                self.clock.line = Some(now);
                let left = progress.left.map_or_else(|| "unknown".to_owned(), in_words);
                let (behind, of) = (progress.behind, progress.of);
                tracing::info!(behind, of, left, "GSLB services are on their way to what they should be");
            }
        }
    }
}
