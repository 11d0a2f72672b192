//! EventWriter: tells users on their own objects what became of them.
//!
//! *Owns* what was told last of each endpoint, and for each cluster the Events that wait. *Is told* full states: all
//! that is to be said about an FQDN, all objects of a cluster that cannot be used, what became of an object of AMKO.
//! *Does* one call at a time per cluster, at a bounded rate, inside a leadership term. *Fails* by dropping: Events are
//! best effort, and nothing waits for them.

mod delivery;
mod lane;
#[cfg(test)]
mod tests;
mod told;

use super::board::Board;
use crate::core::occurrence::verdict::Account;
use crate::core::occurrence::{Involved, Occurrence, Reason, digest};
use crate::kubernetes::events::Created;
use crate::kubernetes::members::MemberClients;
use crate::retry::RetryPolicy;
use crate::telemetry::metrics::{EventOutcome, Metrics};
use delivery::{Delivered, Delivery, Place};
use jiff::Timestamp;
use kube::Client;
use lane::{Lane, Next, Put};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use told::{Step, Told};

/// What the EventWriter is told.
#[derive(Debug)]
pub enum EventWriterMsg {
    /// All that is to be said about the endpoints of an FQDN.
    Account(Box<Account>),
    /// All objects of a member cluster that cannot be used, each once.
    Unusable { cluster: String, objects: Vec<(Involved, Occurrence)> },
    /// What became of an object of AMKO. Told only inside a term, and only while the object itself does not say it.
    Outcome { involved: Involved, occurrence: Occurrence },
    /// What the HostRule of a member cluster claims and cannot have; `None` when that is over.
    Claim { cluster: String, involved: Involved, occurrence: Option<Occurrence> },
    /// The leadership term. Comes before what is said inside of it.
    Term(Option<u64>),
    /// The cluster left the configuration.
    Left(String),
    /// These contexts of the kubeconfig lead elsewhere now, or as another user.
    Exchanged(BTreeSet<String>),
    /// The cluster can be read again.
    Returned(String),
    /// The time has come to look at what waits for a cluster.
    Due(Place),
    /// An Event was delivered, or not.
    Delivered(Box<Delivered>),
    /// Test hook: fail as a bug would.
    Poison,
}

/// What the EventWriter is made of.
#[derive(Clone)]
pub struct EventWriterArgs {
    /// Of the operator's own cluster.
    pub client: Client,
    pub members: Arc<dyn MemberClients>,
    pub board: Board,
    pub metrics: Arc<Metrics>,
    pub retry: RetryPolicy,
    pub seed: u64,
}

/// An Event that waits.
#[derive(Debug)]
struct Item {
    /// The service that it is about, if any.
    fqdn: Option<Arc<str>>,
    involved: Involved,
    occurrence: Occurrence,
    at: Timestamp,
}

/// One cluster.
struct Post {
    lane: Lane<Item>,
    /// `None` until one was made.
    client: Option<Client>,
    busy: bool,
    /// The client of the delivery that is on its way is not to be used again.
    outdated: bool,
    /// When it will be looked at again.
    alarm: Option<Instant>,
    /// The last delivery failed, which was told.
    failing: bool,
}

pub struct EventWriterState {
    args: EventWriterArgs,
    term: Option<u64>,
    told: Told,
    /// By member cluster, as told last; usually empty.
    unusable: BTreeMap<String, Vec<(Involved, Occurrence)>>,
    /// Digests by object, of what was told of objects without an FQDN.
    said: BTreeMap<u64, u64>,
    posts: BTreeMap<Place, Post>,
    rng: StdRng,
    /// Aborted when the state is dropped.
    deliveries: JoinSet<()>,
}

pub struct EventWriter;

/// Objects without an FQDN about which it is remembered what was told. When there are more, all are forgotten: what
/// is told again meets the Event that is there.
const REMEMBERED: usize = 10_000;

impl Actor for EventWriter {
    type Msg = EventWriterMsg;
    type State = EventWriterState;
    type Arguments = EventWriterArgs;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(EventWriterState {
            term: None,
            told: Told::default(),
            unusable: BTreeMap::new(),
            said: BTreeMap::new(),
            posts: BTreeMap::new(),
            rng: StdRng::seed_from_u64(args.seed),
            deliveries: JoinSet::new(),
            args,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            EventWriterMsg::Account(account) => state.on_account(&myself, *account),
            EventWriterMsg::Unusable { cluster, objects } => state.on_unusable(&myself, cluster, objects),
            EventWriterMsg::Outcome { involved, occurrence } => {
                state.tell_once(&myself, Place::Own, involved, occurrence);
            }
            EventWriterMsg::Claim { cluster, involved, occurrence: Some(occurrence) } => {
                state.tell_once(&myself, Place::Member(cluster), involved, occurrence);
            }
            // Should it be so once more, that is told once more.
            EventWriterMsg::Claim { cluster, involved, occurrence: None } => {
                state.said.remove(&digest(&(&Place::Member(cluster), &involved)));
            }
            EventWriterMsg::Term(term) => state.on_term(&myself, term),
            EventWriterMsg::Left(cluster) => state.on_left(cluster),
            EventWriterMsg::Exchanged(contexts) => state.on_exchanged(contexts),
            EventWriterMsg::Returned(cluster) => state.on_returned(cluster),
            EventWriterMsg::Due(place) => {
                if let Some(post) = state.posts.get_mut(&place) {
                    post.alarm = None;
                }
                state.serve(&myself, &place);
            }
            EventWriterMsg::Delivered(delivered) => state.on_delivered(&myself, *delivered),
            EventWriterMsg::Poison => return Err("poisoned by the test hook".into()),
        }
        while let Some(ended) = state.deliveries.try_join_next() {
            // A bug in a delivery: its cluster would wait for it for ever.
            ended?;
        }
        Ok(())
    }
}

impl EventWriterState {
    fn on_account(&mut self, myself: &ActorRef<EventWriterMsg>, account: Account) {
        let fqdn = Arc::clone(&account.fqdn);
        for step in self.told.take(account) {
            match step {
                Step::Put { id, cluster, involved, occurrence } => {
                    let place = Place::Member(cluster);
                    self.put(myself, place, id, item(Some(Arc::clone(&fqdn)), involved, occurrence));
                }
                Step::Withdraw(id) => self.posts.values_mut().for_each(|post| post.lane.withdraw(id)),
            }
        }
    }

    /// What is not named any more can be used again: should it break once more, that is told once more.
    fn on_unusable(
        &mut self,
        myself: &ActorRef<EventWriterMsg>,
        cluster: String,
        objects: Vec<(Involved, Occurrence)>,
    ) {
        let place = Place::Member(cluster.clone());
        let before = self.unusable.insert(cluster.clone(), objects).unwrap_or_default();
        let now: Vec<u64> = self.unusable[&cluster].iter().map(|(involved, _)| digest(&(&place, involved))).collect();
        for id in before.iter().map(|(involved, _)| digest(&(&place, involved))).filter(|id| !now.contains(id)) {
            self.said.remove(&id);
            self.posts.values_mut().for_each(|post| post.lane.withdraw(id));
        }
        self.tell_unusable(myself, &cluster);
    }

    fn tell_unusable(&mut self, myself: &ActorRef<EventWriterMsg>, cluster: &str) {
        if self.term.is_none() {
            return;
        }
        for (involved, occurrence) in self.unusable.get(cluster).cloned().unwrap_or_default() {
            self.tell_once(myself, Place::Member(cluster.to_owned()), involved, occurrence);
        }
    }

    /// Tells about an object without an FQDN, unless that is what was told last.
    fn tell_once(
        &mut self,
        myself: &ActorRef<EventWriterMsg>,
        place: Place,
        involved: Involved,
        occurrence: Occurrence,
    ) {
        if self.said.len() >= REMEMBERED {
            self.said.clear();
        }
        let words = digest(&occurrence);
        // What is said of a cluster replaces nothing that is said of another, or of the object itself.
        let topic = matches!(occurrence.reason, Reason::ClusterSeen | Reason::ClusterNotSeen).then_some(words);
        let id = digest(&(&place, &involved, topic));
        if self.term.is_some() && self.said.insert(id, words) != Some(words) {
            self.put(myself, place, id, item(None, involved, occurrence));
        }
    }

    /// Whoever leads tells. What is told again at the start of a term meets the Event that is there.
    fn on_term(&mut self, myself: &ActorRef<EventWriterMsg>, term: Option<u64>) {
        let began = self.term.is_none() && term.is_some();
        self.term = term;
        if term.is_none() {
            self.said.clear();
            self.posts.values_mut().for_each(|post| post.lane.clear());
        }
        if began {
            for cluster in self.unusable.keys().cloned().collect::<Vec<_>>() {
                self.tell_unusable(myself, &cluster);
            }
        }
    }

    fn on_left(&mut self, cluster: String) {
        self.unusable.remove(&cluster);
        self.args.board.post(|notices| drop(notices.events.remove(&cluster)));
        self.posts.remove(&Place::Member(cluster));
    }

    /// The next Event goes with a client for the new way.
    fn on_exchanged(&mut self, contexts: BTreeSet<String>) {
        for context in contexts {
            if let Some(post) = self.posts.get_mut(&Place::Member(context.clone())) {
                (post.client, post.outdated) = (None, post.busy);
            }
            self.on_returned(context);
        }
    }

    /// What made the cluster refuse Events may be over.
    fn on_returned(&mut self, cluster: String) {
        self.args.board.post(|notices| drop(notices.events.remove(&cluster)));
        if let Some(post) = self.posts.get_mut(&Place::Member(cluster)) {
            post.lane.speak();
        }
    }

    fn put(&mut self, myself: &ActorRef<EventWriterMsg>, place: Place, id: u64, item: Item) {
        let now = Instant::now();
        let fqdn = item.fqdn.clone();
        let post = self.posts.entry(place.clone()).or_insert_with(|| Post::new(&place, &self.args, now));
        match post.lane.put(id, item, now) {
            Put::Waits => {}
            Put::Replaced => self.args.metrics.event(EventOutcome::Deduplicated, 1),
            Put::Dropped { id, oldest } => {
                self.args.metrics.event(EventOutcome::Dropped, 1);
                self.left(&oldest, id);
            }
            Put::Forbidden => {
                self.args.metrics.event(EventOutcome::Forbidden, 1);
                self.told.left(fqdn.as_deref().unwrap_or_default(), id);
            }
        }
        self.serve(myself, &place);
    }

    fn left(&mut self, item: &Item, id: u64) {
        if let Some(fqdn) = &item.fqdn {
            self.told.left(fqdn, id);
        }
    }

    /// Sends what is due to a cluster, one at a time, or sets an alarm for it.
    fn serve(&mut self, myself: &ActorRef<EventWriterMsg>, place: &Place) {
        let now = Instant::now();
        let Some(post) = self.posts.get_mut(place).filter(|post| !post.busy) else { return };
        match post.lane.next(now) {
            Next::Idle => {}
            Next::At(at) => {
                if post.alarm.is_none_or(|alarm| at < alarm) {
                    post.alarm = Some(at);
                    let place = place.clone();
                    // Not cancelled: one that is not needed any more finds nothing due.
                    drop(myself.send_after(at - now, || EventWriterMsg::Due(place)));
                }
            }
            Next::Send { id, item } => {
                post.busy = true;
                let client = post.client.clone();
                self.left(&item, id);
                let delivery = Delivery {
                    place: place.clone(),
                    client,
                    members: Arc::clone(&self.args.members),
                    event: crate::kubernetes::events::event(&item.involved, &item.occurrence, item.at),
                    retry: self.args.retry,
                    rng: StdRng::seed_from_u64(self.rng.random()),
                };
                let myself = myself.clone();
                self.deliveries.spawn(async move {
                    let delivered = Box::new(delivery.run().await);
                    // The writer owns this task: when it is gone, so is the task.
                    let _ = myself.cast(EventWriterMsg::Delivered(delivered));
                });
            }
        }
    }

    fn on_delivered(&mut self, myself: &ActorRef<EventWriterMsg>, delivered: Delivered) {
        let Delivered { place, client, created } = delivered;
        self.count(&place, &created);
        // A cluster that left meanwhile has nothing waiting.
        let Some(post) = self.posts.get_mut(&place) else { return };
        post.busy = false;
        if std::mem::take(&mut post.outdated) {
            // What it was told says nothing of the way that counts now.
            return self.serve(myself, &place);
        }
        post.client = client;
        post.failing = matches!(created, Created::Failed(_));
        if let Created::Forbidden(message) = created {
            self.fall_silent(&place, &message);
        } else if matches!(created, Created::Written | Created::Known) {
            post.lane.speak();
            self.args.board.post(|notices| drop(notices.events.remove(place.name())));
        }
        self.serve(myself, &place);
    }

    fn count(&self, place: &Place, created: &Created) {
        let cluster = place.name();
        let outcome = match created {
            Created::Written => EventOutcome::Written,
            Created::Known => EventOutcome::Deduplicated,
            Created::Forbidden(_) => EventOutcome::Forbidden,
            Created::Pointless(error) => {
                tracing::debug!(cluster, error, "an Event has no place in the cluster");
                EventOutcome::Dropped
            }
            Created::Failed(error) => {
                if self.posts.get(place).is_some_and(|post| !post.failing) {
                    tracing::warn!(
                        cluster,
                        error,
                        "an Event could not be written and is dropped; Events are best effort"
                    );
                }
                EventOutcome::Dropped
            }
        };
        self.args.metrics.event(outcome, 1);
    }

    fn fall_silent(&mut self, place: &Place, message: &str) {
        let Some(post) = self.posts.get_mut(place) else { return };
        let (given_up, silence) = post.lane.fall_silent(Instant::now());
        self.args.metrics.event(EventOutcome::Forbidden, given_up.len());
        for (id, item) in given_up {
            self.left(&item, id);
        }
        let cluster = place.name();
        let remedy = format!(
            "allow the operator to `create` `events` (core group) in all namespaces of the cluster; it tries again in \
             {} s",
            silence.as_secs()
        );
        tracing::warn!(cluster, error = message, "no Events can be written: {remedy}");
        let notice = format!("no Events can be written: {message}: {remedy}");
        self.args.board.post(|notices| drop(notices.events.insert(cluster.to_owned(), notice)));
    }
}

impl Post {
    fn new(place: &Place, args: &EventWriterArgs, now: Instant) -> Self {
        let client = (*place == Place::Own).then(|| args.client.clone());
        Self { lane: Lane::new(now), client, busy: false, outdated: false, alarm: None, failing: false }
    }
}

fn item(fqdn: Option<Arc<str>>, involved: Involved, occurrence: Occurrence) -> Item {
    Item { fqdn, involved, occurrence, at: Timestamp::now() }
}
