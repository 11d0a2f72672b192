//! One FQDN in the directory: its actor, or its state while it sleeps.

use super::rest::Stamp;
use super::{GsDirectoryMsg, GsDirectoryState};
use crate::actors::gs_actor::{GsActor, GsArgs, GsMsg, GsState, Knowledge};
use crate::actors::offers::Offers;
use crate::actors::supervisor::{Fallen, arrange};
use crate::avi::urgency::Urgency;
use ractor::{Actor, ActorId, ActorRef};
use std::sync::Arc;

/// One FQDN. The offers are those that its actor holds too, shared.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub offers: Arc<Offers>,
    life: Life,
    /// What it was told while it could not listen; emptied as soon as it wakes.
    news: Vec<GsMsg>,
    /// Whether it is known that it wants to wake, and how urgently.
    waking: Option<Urgency>,
}

#[derive(Debug, Default)]
enum Life {
    /// The actor fell, or was not started yet.
    #[default]
    Down,
    Asleep(Box<GsState>),
    Awake(ActorRef<GsMsg>, Stamp),
    /// Told to sleep.
    Leaving(ActorRef<GsMsg>),
}

impl Entry {
    /// Takes out the offers of clusters for which `keep` is false.
    pub fn forget_clusters(&mut self, keep: impl Fn(&str) -> bool) {
        if !self.offers.clusters().all(&keep) {
            Arc::make_mut(&mut self.offers).retain(keep);
        }
    }

    fn is(&self, actor: ActorId) -> bool {
        match &self.life {
            Life::Awake(running, _) | Life::Leaving(running) => running.get_id() == actor,
            Life::Down | Life::Asleep(_) => false,
        }
    }
}

impl GsDirectoryState {
    /// Makes the state of an FQDN, which wakes when there is something to decide.
    pub(super) fn begin(&mut self, fqdn: &Arc<str>, knowledge: Knowledge, urgency: Urgency) {
        let entry = self.entries.entry(Arc::clone(fqdn)).or_default();
        self.rollout.join(fqdn);
        let args = GsArgs {
            fqdn: Arc::clone(fqdn),
            offers: Arc::clone(&entry.offers),
            rule: super::inputs::rule_of(self.rules.as_deref(), fqdn),
            aliases: self.aliases.granted(fqdn),
            context: Arc::clone(&self.context),
            knowledge,
            urgency,
            links: Arc::clone(&self.links),
        };
        entry.life = Life::Asleep(Box::new(GsState::new(args)));
        self.look_after(fqdn);
    }

    /// The FQDN is not wanted any more.
    pub(super) fn end(&mut self, fqdn: &Arc<str>) {
        self.children.dismiss(fqdn);
        match self.entries.remove(fqdn).map(|entry| entry.life) {
            Some(Life::Awake(_, stamp)) => self.rest.lost(stamp),
            Some(Life::Leaving(_)) => self.rest.left(),
            Some(Life::Down | Life::Asleep(_)) | None => {}
        }
    }

    pub(super) fn tell(&mut self, fqdn: &str, message: GsMsg) {
        let Some(entry) = self.entries.get_mut(fqdn) else { return };
        match (&mut entry.life, message) {
            // It is started again from what the directory knows, which has the message's content already.
            (Life::Down, _) => return,
            (Life::Awake(actor, stamp), message) => {
                *stamp = self.rest.told(*stamp);
                let _ = actor.cast(message);
                return;
            }
            (Life::Asleep(state), message) => entry.news.extend(state.listen(message)),
            (Life::Leaving(_), message) => entry.news.push(message),
        }
        if let Some((fqdn, _)) = self.entries.get_key_value(fqdn) {
            let fqdn = Arc::clone(fqdn);
            self.look_after(&fqdn);
        }
    }

    pub(super) fn tell_all(&mut self, message: impl Fn() -> GsMsg) {
        let all: Vec<Arc<str>> = self.entries.keys().cloned().collect();
        for fqdn in all {
            self.tell(&fqdn, message());
        }
    }

    /// Notes when a sleeper wants to wake.
    fn look_after(&mut self, fqdn: &Arc<str>) {
        let Some(entry) = self.entries.get_mut(fqdn) else { return };
        let Life::Asleep(state) = &entry.life else { return };
        let due = if entry.news.is_empty() { state.due() } else { Some(state.urgency()) };
        if let Some(urgency) = due
            && entry.waking.is_none_or(|before| urgency < before)
        {
            entry.waking = Some(urgency);
            self.rest.wants_to_wake(fqdn, urgency);
        }
    }

    /// Wakes those who have news, as many as there is room for, and makes room for the others.
    pub(super) async fn wake_some(&mut self, myself: &ActorRef<GsDirectoryMsg>) {
        while let Some(fqdn) = self.rest.next() {
            self.wake(myself, &fqdn).await;
        }
        for fqdn in self.rest.make_room() {
            let Some(entry) = self.entries.get_mut(&fqdn) else { continue };
            if let Life::Awake(actor, _) = std::mem::take(&mut entry.life) {
                let _ = actor.cast(GsMsg::Sleep);
                entry.life = Life::Leaving(actor);
            }
        }
    }

    async fn wake(&mut self, myself: &ActorRef<GsDirectoryMsg>, fqdn: &Arc<str>) {
        let Some(entry) = self.entries.get_mut(fqdn) else { return };
        if entry.waking.take().is_none() {
            return;
        }
        let state = match std::mem::take(&mut entry.life) {
            Life::Asleep(state) => state,
            other => {
                entry.life = other;
                return;
            }
        };
        let news = std::mem::take(&mut entry.news);
        let decide = state.due().is_some();
        match Actor::spawn_linked(None, GsActor, state, myself.get_cell()).await {
            Ok((actor, _)) => {
                for message in decide.then_some(GsMsg::Decide).into_iter().chain(news) {
                    let _ = actor.cast(message);
                }
                entry.life = Life::Awake(actor.clone(), self.rest.woke(fqdn));
                if self.children.started(fqdn, actor.get_cell()) {
                    self.post_restarts();
                }
            }
            Err(error) => {
                let fallen = self.children.failed_to_start(fqdn, error.to_string());
                arrange(myself, &fallen, |fqdn, generation| GsDirectoryMsg::Restart { fqdn, generation });
                self.post_restarts();
            }
        }
    }

    /// An actor gave its state back. What came meanwhile is taken in.
    pub(super) fn on_asleep(&mut self, actor: ActorId, mut state: Box<GsState>) {
        let Some((fqdn, _)) = self.entries.get_key_value(state.fqdn()) else { return };
        let fqdn = Arc::clone(fqdn);
        let Some(entry) = self.entries.get_mut(&fqdn).filter(|entry| entry.is(actor)) else { return };
        self.rest.left();
        self.children.rested(&fqdn, actor);
        let news = std::mem::take(&mut entry.news);
        entry.news.extend(news.into_iter().filter_map(|message| state.listen(message)));
        entry.life = Life::Asleep(state);
        self.look_after(&fqdn);
    }

    /// An actor fell, with its state.
    pub(super) fn on_fallen(&mut self, myself: &ActorRef<GsDirectoryMsg>, fallen: &Fallen<Arc<str>>) {
        if let Some(entry) = self.entries.get_mut(&fallen.key) {
            entry.news.clear();
            match std::mem::take(&mut entry.life) {
                Life::Awake(_, stamp) => self.rest.lost(stamp),
                Life::Leaving(_) => self.rest.left(),
                Life::Down | Life::Asleep(_) => {}
            }
        }
        arrange(myself, fallen, |fqdn, generation| GsDirectoryMsg::Restart { fqdn, generation });
        self.post_restarts();
    }
}
