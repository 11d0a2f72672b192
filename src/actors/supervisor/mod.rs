//! Our own supervisor: restarts what fails, with backoff, without taking down its siblings.
//!
//! ractor restarts nothing by itself and stops a parent when any child ends. [`Children`] is the part that every
//! supervising actor shares: it knows which actor is which child, and asks [`restart`] what to do about an exit.

pub mod restart;
#[cfg(test)]
mod tests;

use ractor::{ActorCell, ActorId, ActorRef, Message, SupervisionEvent};
use rand::rngs::StdRng;
use restart::{ChildView, Exit, RestartPolicy, RestartTable, Verdict};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio::time::Instant;

/// The children of one supervising actor.
#[derive(Debug)]
pub struct Children<K> {
    table: RestartTable<K>,
    /// Looked up by id only, never iterated where order shows.
    running: HashMap<ActorId, (K, u64, ActorCell)>,
    rng: StdRng,
}

/// An exit that asks for something, with the child it is about.
#[derive(Debug, PartialEq, Eq)]
pub struct Fallen<K> {
    pub key: K,
    pub verdict: Verdict,
    pub reason: Option<String>,
}

impl<K: Ord + Clone> Children<K> {
    pub fn new(policy: RestartPolicy, rng: StdRng) -> Self {
        Self { table: RestartTable::new(policy), running: HashMap::new(), rng }
    }

    /// Notes that `actor` now runs as `key`. Answers whether it does so again after a failure.
    pub fn started(&mut self, key: &K, actor: ActorCell) -> bool {
        let restarts = self.table.is_down(key);
        let generation = self.table.started(key);
        self.running.insert(actor.get_id(), (key.clone(), generation, actor));
        restarts
    }

    /// A child that fell is there again, and will be started when it is needed. Answers whether it was down.
    pub fn come_back(&mut self, key: &K) -> bool {
        let was_down = self.table.is_down(key);
        if was_down {
            self.table.started(key);
        }
        was_down
    }

    /// A child that could not even start counts as a failure of that incarnation.
    pub fn failed_to_start(&mut self, key: &K, reason: String) -> Fallen<K> {
        let generation = self.table.started(key);
        self.fell(key.clone(), generation, Exit::Failed(reason))
    }

    /// Translates a supervision event; `None` when it asks for nothing.
    pub fn on_event(&mut self, event: SupervisionEvent) -> Option<Fallen<K>> {
        let (cell, exit) = match event {
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => return None,
            // A killed actor ends with a reason as well, and nobody kills on purpose except to see a restart.
            SupervisionEvent::ActorTerminated(cell, _, Some(reason)) => (cell, Exit::Failed(reason)),
            SupervisionEvent::ActorTerminated(cell, _, None) => (cell, Exit::Stopped),
            SupervisionEvent::ActorFailed(cell, error) => (cell, Exit::Failed(error.to_string())),
        };
        let (key, generation, _) = self.running.remove(&cell.get_id())?;
        let fallen = self.fell(key, generation, exit);
        (fallen.verdict != Verdict::Ignore).then_some(fallen)
    }

    fn fell(&mut self, key: K, generation: u64, exit: Exit) -> Fallen<K> {
        let reason = match &exit {
            Exit::Failed(reason) => Some(reason.clone()),
            Exit::Stopped => None,
        };
        let verdict = self.table.exited(&key, generation, exit, Instant::now(), &mut self.rng);
        Fallen { key, verdict, reason }
    }

    pub fn wants_restart(&self, key: &K, generation: u64) -> bool {
        self.table.wants_restart(key, generation)
    }

    pub fn rests(&self, key: &K) -> bool {
        self.table.rests(key)
    }

    pub fn forgive(&mut self, key: &K) {
        self.table.forgive(key);
    }

    /// Stops a child that is not wanted any more and forgets it.
    pub fn dismiss(&mut self, key: &K) {
        self.table.remove(key);
        self.running.retain(|_, (running, _, cell)| {
            let keep = running != key;
            if !keep {
                cell.stop(None);
            }
            keep
        });
    }

    /// A child ended as it was told to and will be started again when it is needed; that is no restart.
    pub fn rested(&mut self, key: &K, actor: ActorId) {
        self.running.remove(&actor);
        self.table.rested(key);
    }

    /// Ends a child so that another incarnation can take its place, which is no restart after a failure. Waits until it
    /// has ended, for a second at most, so that it has no word after its successor.
    pub async fn retire(&mut self, key: &K) {
        let running = self.running.values().find(|(running, _, _)| running == key);
        if let Some((_, _, cell)) = running {
            let cell = cell.clone();
            self.running.remove(&cell.get_id());
            // One that does not end in time is not listened to any more.
            let _ = cell.stop_and_wait(None, Some(Duration::from_secs(1))).await;
        }
        self.table.rested(key);
    }

    /// The cells of all running children, for an orderly stop.
    pub fn cells(&self) -> Vec<ActorCell> {
        self.running.values().map(|(_, _, cell)| cell.clone()).collect()
    }

    pub fn view(&self) -> BTreeMap<K, ChildView> {
        self.table.view()
    }

    /// The children that have ever failed.
    pub fn troubled(&self) -> BTreeMap<K, ChildView> {
        self.table.troubled()
    }
}

/// Orders the restart of a fallen child from its supervisor, and says so.
pub fn arrange<K, M>(myself: &ActorRef<M>, fallen: &Fallen<K>, restart: impl FnOnce(K, u64) -> M + Send + 'static)
where
    K: std::fmt::Debug + Clone + Send + 'static,
    M: Message,
{
    let reason = fallen.reason.as_deref().unwrap_or("no reason given");
    let (after, generation) = match fallen.verdict {
        Verdict::Restart { after, generation } => {
            tracing::warn!(child = ?fallen.key, reason, ?after, "child failed, restarting it");
            (after, generation)
        }
        Verdict::Rarely { after, generation, failures } => {
            tracing::error!(
                child = ?fallen.key, reason, failures,
                "child failed too often, it is tried again every ten minutes, and at once when there is something new"
            );
            (after, generation)
        }
        Verdict::Ignore => return,
    };
    let key = fallen.key.clone();
    // The handle is not kept: a stale order is recognised by its generation.
    drop(myself.send_after(after, move || restart(key, generation)));
}
