//! One FQDN in the directory: its actor, or its state while it sleeps.

use super::rest::Stamp;
use super::{GsDirectoryMsg, GsDirectoryState};
use crate::actors::avi_session::slot::Slot;
use crate::actors::gs_actor::{GsActor, GsArgs, GsMsg, GsState, Input, Knowledge};
use crate::actors::offers::Offers;
use crate::actors::supervisor::{Fallen, arrange};
use crate::avi::urgency::Urgency;
use ractor::{Actor, ActorId, ActorRef};
use std::sync::Arc;
use tokio::time::Instant;

/// One FQDN. The offers are those that its actor holds too, shared.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub offers: Arc<Offers>,
    /// What the controller calls the service, where it spells the FQDN otherwise (OBJ-08): a successor has to find it.
    pub spelled: Option<Box<str>>,
    life: Life,
    /// What an actor that fell knew: its successor has to know what became of it, for the guard asks why members leave.
    fell_with: Option<Arc<Offers>>,
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
            Life::Awake(running, ..) | Life::Leaving(running) => running.get_id() == actor,
            Life::Down | Life::Asleep(_) => false,
        }
    }
}

/// Whether work waits for the controller, or is being done.
fn is_busy(slot: &Slot) -> bool {
    !slot.is_empty() || slot.is_taken()
}

/// A sleeper hears a message; `news` is what it will be awake for.
fn hear(state: &mut GsState, news: &mut Vec<GsMsg>, message: GsMsg) {
    match &message {
        // What the earlier session read is void.
        GsMsg::SessionRestarted => news.retain(|message| !matches!(message, GsMsg::Observed { .. })),
        // With news before it, it may say something new all the same.
        GsMsg::Observed { read, content } if news.is_empty() && state.knows(read, content) => return,
        _ => {}
    }
    news.extend(state.listen(message));
}

impl GsDirectoryState {
    /// Makes the state of an FQDN, which wakes when there is something to decide.
    pub(super) fn begin(&mut self, fqdn: &Arc<str>, knowledge: Knowledge, urgency: Urgency) {
        let entry = self.entries.entry(Arc::clone(fqdn)).or_default();
        self.rollout.join(fqdn);
        let now = Arc::clone(&entry.offers);
        let known = entry.fell_with.take().unwrap_or_else(|| Arc::clone(&now));
        let changed = !Arc::ptr_eq(&known, &now);
        let args = GsArgs {
            fqdn: Arc::clone(fqdn),
            offers: known,
            rule: super::inputs::rule_of(self.rules.as_deref(), fqdn),
            aliases: self.aliases.granted(fqdn),
            context: Arc::clone(&self.context),
            knowledge,
            read: self.last_read.clone(),
            spelled: entry.spelled.clone(),
            urgency,
            links: Arc::clone(&self.links),
        };
        let mut state = Box::new(GsState::new(args));
        if changed {
            hear(&mut state, &mut entry.news, GsMsg::Input(Input::Offers { offers: now, urgency, renamed: false }));
        }
        entry.life = Life::Asleep(state);
        if self.children.come_back(fqdn) {
            self.post_restarts();
        }
        self.look_after(fqdn);
    }

    /// The FQDN is not wanted any more.
    pub(super) fn end(&mut self, fqdn: &Arc<str>) {
        self.children.dismiss(fqdn);
        self.census.remove(fqdn);
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
                *stamp = self.rest.told(*stamp, Instant::now());
                let _ = actor.cast(message);
                return;
            }
            (Life::Asleep(state), message) => hear(state, &mut entry.news, message),
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
        let due = match entry.news.as_slice() {
            [] => state.due(),
            news if news.iter().any(|message| matches!(message, GsMsg::View(_))) => Some(Urgency::Interactive),
            _ => Some(state.urgency()),
        };
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
        for fqdn in self.rest.make_room(Instant::now(), |slot| is_busy(slot)) {
            let Some(entry) = self.entries.get_mut(&fqdn) else { continue };
            if let Life::Awake(actor, ..) = std::mem::take(&mut entry.life) {
                let _ = actor.cast(GsMsg::Sleep);
                entry.life = Life::Leaving(actor);
            }
        }
        self.look_again(myself);
    }

    /// Keeps one timer while somebody waits for room.
    fn look_again(&mut self, myself: &ActorRef<GsDirectoryMsg>) {
        if let Some(at) = self.rest.look_at().filter(|_| !self.looks) {
            self.looks = true;
            drop(myself.send_after(at.saturating_duration_since(Instant::now()), || GsDirectoryMsg::MakeRoom));
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
        let slot = state.slot();
        match Actor::spawn_linked(None, GsActor, state, myself.get_cell()).await {
            Ok((actor, _)) => {
                let _ = actor.cast(GsMsg::Woken(news));
                entry.life = Life::Awake(actor.clone(), self.rest.woke(fqdn, slot, Instant::now()));
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
        for message in std::mem::take(&mut entry.news) {
            hear(&mut state, &mut entry.news, message);
        }
        entry.life = Life::Asleep(state);
        self.look_after(&fqdn);
    }

    /// An actor fell, with its state.
    pub(super) fn on_fallen(&mut self, myself: &ActorRef<GsDirectoryMsg>, fallen: &Fallen<Arc<str>>) {
        if let Some(entry) = self.entries.get_mut(&fallen.key) {
            entry.news.clear();
            entry.fell_with.get_or_insert_with(|| Arc::clone(&entry.offers));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actors::avi_session::{FullRead, SessionMark};
    use crate::actors::gs_actor::{Context, Links};
    use crate::actors::link::Link;
    use crate::core::host_rule::RuleState;
    use crate::core::plan::{Holding, Observed, ObservedMonitor, Unseen};
    use crate::core::policy::{DeploymentState, PolicySnapshot};
    use crate::core::references::Catalog;

    /// A monitor that the controller holds, and about which nothing can be decided.
    fn left() -> Observed {
        let monitor = ObservedMonitor { uuid: "hm-1".into(), last_modified: None, content: None, faithful: true };
        let mut held = Holding::empty("admin");
        held.monitors.insert("amko--left".to_owned(), Arc::new(monitor));
        [held].into_iter().collect()
    }

    /// Knows what the controller holds, and has decided about it.
    fn sleeper() -> GsState {
        let policy = PolicySnapshot { installation: None, deployment: DeploymentState::Unknown };
        let context = Context {
            policy: Arc::new(policy),
            catalog: Arc::new(Catalog::default()),
            unseen: Unseen::new(),
            unheard: Unseen::new(),
            unknown: Unseen::new(),
            term: None,
            settled: true,
        };
        let links = Links {
            session: Link::default(),
            directory: Link::default(),
            status: Link::default(),
            events: Link::default(),
        };
        let mut state = GsState::new(GsArgs {
            fqdn: "a.org".into(),
            offers: Arc::default(),
            rule: RuleState::None,
            aliases: [].into(),
            context: Arc::new(context),
            knowledge: Knowledge::Known(Box::new(left())),
            read: None,
            spelled: None,
            urgency: Urgency::Bulk,
            links: Arc::new(links),
        });
        state.decide();
        state
    }

    fn full_read() -> GsMsg {
        let read = FullRead { session: SessionMark::default(), as_of: Instant::now() };
        GsMsg::Observed { read, content: Box::new(left()) }
    }

    #[test]
    fn a_full_read_that_says_nothing_new_wakes_nobody_except_behind_other_news() {
        let (mut state, mut news) = (sleeper(), Vec::new());
        hear(&mut state, &mut news, full_read());
        assert_eq!((news.len(), state.due()), (0, None));
        hear(&mut state, &mut news, GsMsg::ReportAgain);
        hear(&mut state, &mut news, full_read());
        assert!(matches!(news.as_slice(), [GsMsg::ReportAgain, GsMsg::Observed { .. }]), "{news:?}");
    }

    #[test]
    fn after_a_restart_of_the_session_the_same_full_read_is_news_and_an_earlier_one_is_void() {
        let (mut state, mut news) = (sleeper(), vec![full_read()]);
        hear(&mut state, &mut news, GsMsg::SessionRestarted);
        let read = FullRead { session: SessionMark::default(), as_of: Instant::now() };
        assert_eq!((news.len(), state.knows(&read, &left()), state.due()), (0, false, Some(Urgency::Bulk)));
        hear(&mut state, &mut news, full_read());
        assert!(matches!(news.as_slice(), [GsMsg::Observed { .. }]), "{news:?}");
    }
}
