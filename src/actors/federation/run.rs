//! A run: ask the others, take the role, copy, say how it went; and when the next one is due.

use super::ask::{Asked, Home, ask};
use super::carry::{Carried, Place, carry};
use super::{FederationMsg, FederationState, LOOK, RESYNC};
use crate::actors::board::CopyNotice;
use crate::core::federation::condition::Step;
use crate::core::federation::copy::{Certainty, GRACE, Originals, Wish, wish};
use crate::core::federation::kind::Kind;
use crate::core::federation::survey::{Survey, others, survey};
use crate::core::federation::trouble::Trouble;
use crate::core::federation::{FederationMember, Role};
use crate::crd::AmkoClusterCondition;
use futures::FutureExt;
use ractor::ActorRef;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What a task of a run has found out.
#[derive(Debug)]
pub enum Progress {
    Asked(Asked),
    Carried(Vec<Carried>),
}

/// A run on its way.
#[derive(Debug)]
pub struct InFlight {
    number: u64,
    own: FederationMember,
    generation: Option<i64>,
    conditions: Vec<AmkoClusterCondition>,
    /// Whether something has to be tried again.
    retry: bool,
    /// Clusters without AMKO, when nothing else is wrong with members.
    without_amko: Vec<String>,
}

/// Conditions, and the generation of the AMKOCluster that they speak of.
#[derive(Debug, Default)]
pub struct Conditions {
    pub list: Vec<AmkoClusterCondition>,
    pub generation: Option<i64>,
}

/// The leader's objects by kind.
#[derive(Debug)]
pub struct Known([OfKind; 2]);

/// The leader's objects of a kind.
#[derive(Debug)]
struct OfKind {
    kind: Kind,
    originals: Originals,
    /// Since when there is none.
    absent_since: Option<Instant>,
    /// There was one since this cluster leads.
    led_with: bool,
}

impl OfKind {
    /// How long there has been none by somebody's wish. That of a policy is proven; a GSLBConfig must have been there
    /// while this cluster led.
    fn absent(&self, now: Instant) -> Option<Duration> {
        let wished = match self.kind {
            Kind::GslbConfig => self.led_with,
            Kind::GlobalDeploymentPolicy => self.originals.certainty == Certainty::Wished,
        };
        self.absent_since.filter(|_| wished).map(|since| now.saturating_duration_since(since))
    }
}

impl Known {
    pub fn new(configs: Originals, policies: Originals) -> Self {
        let of_kind = |kind, originals| OfKind { kind, originals, absent_since: None, led_with: false };
        let mut known = Self([of_kind(Kind::GslbConfig, configs), of_kind(Kind::GlobalDeploymentPolicy, policies)]);
        known.begin_again();
        known
    }

    /// Answers whether the followers should look different now.
    pub fn update(&mut self, configs: Originals, policies: Originals) -> bool {
        let mut changed = false;
        for (known, told) in self.0.iter_mut().zip([configs, policies]) {
            changed |= !known.originals.asks_the_same_as(&told);
            let none = told.is_none();
            known.absent_since = if none { known.absent_since.or_else(|| Some(Instant::now())) } else { None };
            known.led_with |= !none;
            known.originals = told;
        }
        changed
    }

    /// Counts every absence from now on: a new leader must not clear the others of what it never had a chance to get.
    pub fn begin_again(&mut self) {
        for known in &mut self.0 {
            known.absent_since = known.originals.is_none().then(Instant::now);
            known.led_with = !known.originals.is_none();
        }
    }

    /// What every follower should have now.
    pub(super) fn wishes(&self) -> Vec<(Kind, Result<Wish, Trouble>)> {
        let now = Instant::now();
        self.0.iter().map(|known| (known.kind, wish(known.kind, &known.originals, known.absent(now)))).collect()
    }

    /// When the next absence has lasted long enough.
    fn grace_over(&self) -> Option<Instant> {
        let ends = self.0.iter().filter_map(|known| known.absent_since.map(|since| since + GRACE));
        ends.filter(|end| *end > Instant::now()).min()
    }
}

impl FederationState {
    /// Something has changed: a run now, or right after the one on its way.
    pub(super) fn trigger(&mut self, myself: &ActorRef<FederationMsg>) {
        self.backoff.reset();
        self.compare_at = None;
        match self.run {
            Some(_) => self.again = true,
            None => self.begin(myself),
        }
    }

    pub(super) fn on_due(&mut self, myself: &ActorRef<FederationMsg>) {
        if self.run.is_none() {
            self.begin(myself);
        }
    }

    /// Ends the run on its way, half done as it may be; the next one compares again.
    pub(super) fn cancel(&mut self) {
        self.tasks.abort_all();
        self.compare_at = None;
        self.run = None;
        self.again = false;
        self.copies.forget();
        self.followers.clear();
        self.post_copies();
        self.disarm();
    }

    pub(super) fn disarm(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
    }

    fn begin(&mut self, myself: &ActorRef<FederationMsg>) {
        self.disarm();
        let Some(own) = self.candidate() else { return };
        self.runs += 1;
        let contexts = others(&own);
        let home = Home { client: self.args.client.clone(), uid: own.uid.clone() };
        let generation = self.generation();
        self.run = Some(InFlight {
            number: self.runs,
            own,
            generation,
            conditions: Vec::new(),
            retry: false,
            without_amko: Vec::new(),
        });
        let (members, namespace) = (Arc::clone(&self.args.members), self.args.namespace.clone());
        self.task(myself, async move { Progress::Asked(ask(members.as_ref(), &namespace, &contexts, &home).await) });
    }

    /// Runs a part of the present run beside the actor.
    fn task(&mut self, myself: &ActorRef<FederationMsg>, part: impl Future<Output = Progress> + Send + 'static) {
        let (myself, run) = (myself.clone(), self.runs);
        self.tasks.spawn(async move {
            let message = match AssertUnwindSafe(part).catch_unwind().await {
                Ok(progress) => FederationMsg::Progress { run, progress: Box::new(progress) },
                // A task that died silently would be waited for for ever.
                Err(_) => FederationMsg::Crashed("a bug: panic during a run of the federation".into()),
            };
            // The actor owns this task: when it is gone, so is the task.
            let _ = myself.cast(message);
        });
    }

    pub(super) fn on_progress(&mut self, myself: &ActorRef<FederationMsg>, run: u64, progress: Progress) {
        // A word from a cancelled run must not end the one that came after it.
        let Some(flight) = self.run.take_if(|flight| flight.number == run) else { return };
        match progress {
            Progress::Asked(asked) => self.on_asked(myself, flight, asked),
            Progress::Carried(carried) => self.on_carried(myself, flight, carried),
        }
    }

    fn on_asked(&mut self, myself: &ActorRef<FederationMsg>, mut flight: InFlight, asked: Asked) {
        if let Some(blind) = asked.blind {
            // Somebody else may lead, and cannot be asked. This is so before the first kubeconfig only.
            self.set_role(Role::Undecided(blind));
            return self.wait(myself, true);
        }
        let Survey { valid, conditions, rival, retry, without_amko } = survey(&flight.own, &asked.answers);
        flight.conditions = conditions;
        (flight.retry, flight.without_amko) = (retry, without_amko);
        if let Some(rival) = rival {
            flight.retry = true;
            self.set_role(Role::Undecided(rival.to_string()));
            return self.end(myself, flight);
        }
        self.set_role(Role::Leader { context: flight.own.context.clone() });
        let Some(known) = &self.known else {
            // What to copy is told soon, and starts the next run; the status waits for that one.
            return self.wait(myself, flight.retry);
        };
        self.followers.clone_from(&valid);
        if valid.is_empty() {
            tracing::debug!("no valid clusters left to federate on");
            return self.end(myself, flight);
        }
        let wishes = known.wishes();
        if self.compare_at.is_some_and(|at| at > Instant::now())
            && self.same_as_before(&flight)
            && self.have_all(&valid, &wishes)
        {
            return self.wait(myself, flight.retry);
        }
        let place = |context: &str, client| Place {
            context: context.to_owned(),
            client,
            namespace: self.args.namespace.clone(),
        };
        let home = place(&flight.own.context, self.args.client.clone());
        let members: Vec<Place> =
            valid.iter().filter_map(|context| Some(place(context, asked.clients.get(context)?.clone()))).collect();
        self.run = Some(flight);
        self.task(myself, async move { Progress::Carried(carry(wishes, &home, &members).await) });
    }

    /// Whether everybody answered as in the run whose conditions are told.
    fn same_as_before(&self, flight: &InFlight) -> bool {
        flight.generation == self.conditions.generation && self.conditions.list.starts_with(&flight.conditions)
    }

    /// Whether each of these followers is known to have everything that is wished for.
    fn have_all(&self, followers: &[String], wishes: &[(Kind, Result<Wish, Trouble>)]) -> bool {
        let has = |follower: &String, (kind, wish): &(Kind, Result<Wish, Trouble>)| {
            wish.as_ref().is_ok_and(|wish| self.copies.has(follower, *kind, wish))
        };
        followers.iter().all(|follower| wishes.iter().all(|wish| has(follower, wish)))
    }

    fn on_carried(&mut self, myself: &ActorRef<FederationMsg>, mut flight: InFlight, carried: Vec<Carried>) {
        for Carried { kind, result, settled, wish, members } in carried {
            for (follower, fulfilled) in members.into_iter().filter(|_| flight.number > self.forgotten) {
                self.copies.note(&follower, kind, wish.as_ref().filter(|_| fulfilled));
            }
            flight.retry |= !settled;
            flight.conditions.push(match result {
                Ok(troubles) => Step::Copy(kind).taken(&troubles),
                Err(trouble) => Step::Copy(kind).failed(&trouble),
            });
        }
        self.end(myself, flight);
    }

    fn end(&mut self, myself: &ActorRef<FederationMsg>, flight: InFlight) {
        let InFlight { conditions, generation, retry, without_amko, .. } = flight;
        self.compare_at = (!retry).then(|| Instant::now() + RESYNC);
        self.post_copies();
        // What has changed meanwhile is not copied yet, and the next run, at once, says when it is.
        if self.again && self.is_behind() {
            return self.wait(myself, retry);
        }
        if conditions != self.conditions.list {
            for condition in conditions.iter().filter(|condition| !condition.reason.is_empty()) {
                let AmkoClusterCondition { type_, status, reason } = condition;
                if Step::Members.is(condition) && !without_amko.is_empty() {
                    tracing::info!(?without_amko, "clusters without AMKO get no configuration");
                } else {
                    tracing::warn!(step = type_, status, reason, "federation");
                }
            }
        }
        self.conditions = Conditions { list: conditions, generation };
        self.write_status();
        self.wait(myself, retry);
    }

    /// Whether a follower that can be copied to is not known to have everything.
    fn is_behind(&self) -> bool {
        let Some(known) = &self.known else { return false };
        let wishes = known.wishes();
        !self.have_all(&self.followers, &wishes)
    }

    /// What each follower has, for people.
    pub(super) fn post_copies(&self) {
        let wishes = self.known.as_ref().map(Known::wishes).unwrap_or_default();
        let notice = |follower: &String| {
            let of = |kind: Kind, wish: &Result<Wish, Trouble>| match wish {
                Ok(Wish::Leave) => CopyNotice::Kept,
                Ok(wish) if self.copies.has(follower, kind, wish) => CopyNotice::Copied,
                _ => CopyNotice::Pending,
            };
            let kinds = wishes.iter().map(|(kind, wish)| (kind.name(), of(*kind, wish))).collect();
            (follower.clone(), kinds)
        };
        let followers = self.followers.iter().map(notice).collect();
        self.args.board.post(|notices| notices.followers = followers);
    }

    /// Arranges the next run.
    fn wait(&mut self, myself: &ActorRef<FederationMsg>, retry: bool) {
        if std::mem::take(&mut self.again) {
            return self.begin(myself);
        }
        let mut delay = LOOK;
        if retry {
            delay = self.backoff.fail(None, &mut self.rng);
        } else {
            self.backoff.reset();
        }
        if let Some(end) = self.known.as_ref().and_then(Known::grace_over) {
            self.compare_at = self.compare_at.map(|at| at.min(end));
            delay = delay.min(end.saturating_duration_since(Instant::now()));
        }
        self.disarm();
        self.timer = Some(myself.send_after(delay, || FederationMsg::Due).abort_handle());
    }
}
