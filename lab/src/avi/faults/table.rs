//! The faults that are active, oldest first.

use super::catalogue;
use super::connection::ConnectionState;
use super::effect::{Effect, Phase};
use super::listing::{FaultListing, FaultOrder};
use super::matcher::{Arrival, Matcher, SessionPick, millionths};
use super::once::Fault;
use super::options::Options;
use crate::avi::meddle::Meddling;
use crate::chance::Chance;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// One active fault.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Active {
    pub id: u64,
    pub name: &'static str,
    /// `None`: all sites.
    pub target: Option<String>,
    pub options: BTreeMap<String, String>,
    pub matcher: Matcher,
    pub phase: Phase,
    pub effect: Effect,
    /// Requests to strike; `None`: no end.
    pub times: Option<u64>,
    pub until: Option<Timestamp>,
    pub struck: u64,
}

impl Default for Active {
    /// Has no effect.
    fn default() -> Self {
        Self {
            id: 0,
            name: "",
            target: None,
            options: BTreeMap::new(),
            matcher: Matcher::default(),
            phase: Phase::default(),
            effect: Effect::Slow { delay: Duration::ZERO, trickle: None },
            times: None,
            until: None,
            struck: 0,
        }
    }
}

impl Active {
    fn is_at(&self, site: &str) -> bool {
        self.target.as_deref().is_none_or(|target| target == site)
    }

    /// What it does to the request; `replaced`: another fault has taken the place of the answer already.
    fn strike(&mut self, arrival: &Arrival<'_>, chance: &Chance, replaced: bool) -> Option<Struck> {
        let idle = matches!(self.effect, Effect::Connection(_)) || (replaced && self.effect.is_exclusive());
        if idle || self.used_up() || !self.is_at(arrival.site) || !self.matcher.strikes(arrival, chance) {
            return None;
        }
        let effect = match &mut self.effect {
            Effect::Limit(limit) => limit.strike(arrival.site, arrival.now)?,
            effect => effect.clone(),
        };
        self.struck += 1;
        Some(Struck { effect, phase: self.phase, nth: self.struck - 1 })
    }

    fn used_up(&self) -> bool {
        self.times.is_some_and(|times| self.struck >= times)
    }

    fn late(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    fn ended(self) -> Ended {
        Ended { meddling: self.effect.meddling().cloned(), target: self.target }
    }
}

/// What a request has to suffer.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) struct Struck {
    pub effect: Effect,
    pub phase: Phase,
    /// How many requests the same fault struck before.
    pub nth: u64,
}

/// A fault that is over.
pub(super) struct Ended {
    pub target: Option<String>,
    pub meddling: Option<Meddling>,
}

/// The faults still to strike, oldest first.
#[derive(Debug, Default)]
pub(in crate::avi) struct FaultTable {
    active: Vec<Active>,
    last_id: u64,
}

impl FaultTable {
    /// Adds a fault put together by hand.
    pub fn add(&mut self, fault: Fault) -> u64 {
        self.push(fault.into_active())
    }

    /// Adds a fault by name; what it does to the state, if anything, is given back with its id.
    pub(super) fn order(&mut self, order: &FaultOrder, now: Timestamp) -> Result<(u64, Option<Meddling>), String> {
        let entry = catalogue::find(&order.name)?;
        let options = Options::of(entry, &order.options)?;
        let effect = (entry.build)(&options)?;
        if let (Effect::Connection(_), Some(vain)) = (&effect, vain_option(order)) {
            return Err(format!("option {vain} has no effect: {} strikes connections, not requests", entry.name));
        }
        let lasts = options.duration("for")?;
        let active = Active {
            name: entry.name,
            target: order.target.clone(),
            options: order.options.clone(),
            matcher: matcher(&options)?,
            phase: options.choice("phase", PHASES)?,
            times: options.parsed("times")?,
            until: lasts.map(|lasts| now.checked_add(lasts).unwrap_or(Timestamp::MAX)),
            effect,
            ..Active::default()
        };
        let meddling = active.effect.meddling().cloned();
        Ok((self.push(active), meddling))
    }

    fn push(&mut self, mut active: Active) -> u64 {
        self.last_id += 1;
        active.id = self.last_id;
        self.active.push(active);
        self.last_id
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Ended> {
        let at = self.active.iter().position(|active| active.id == id)?;
        Some(self.active.remove(at).ended())
    }

    pub(super) fn clear(&mut self) -> Vec<Ended> {
        self.active.drain(..).map(Active::ended).collect()
    }

    pub(super) fn take_late(&mut self, now: Timestamp) -> Vec<Ended> {
        self.active.extract_if(.., |active| active.late(now)).map(Active::ended).collect()
    }

    pub(super) fn take_used(&mut self) -> Vec<Ended> {
        self.active.extract_if(.., |active| active.used_up()).map(Active::ended).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    pub fn listing(&self) -> Vec<FaultListing> {
        let left = self.active.iter().filter(|active| !active.used_up());
        let show = |active: &Active| FaultListing {
            id: active.id,
            name: active.name.to_owned(),
            target: active.target.clone(),
            options: active.options.clone(),
            struck: active.struck,
        };
        left.map(show).collect()
    }

    /// How connections to the site fare.
    pub fn connection(&self, site: &str, now: Timestamp) -> ConnectionState {
        let here = self.active.iter().filter(|active| active.is_at(site) && !active.late(now));
        here.fold(ConnectionState::default(), |connection, active| match &active.effect {
            Effect::Connection(fault) => connection.with(*fault),
            _ => connection,
        })
    }

    /// What this request has to suffer, in the order in which the faults were added; each counts as used. Of those
    /// that replace the answer only the first strikes.
    pub fn strike(&mut self, arrival: &Arrival<'_>, chance: &Chance) -> Vec<Struck> {
        let mut struck: Vec<Struck> = Vec::new();
        for active in &mut self.active {
            let replaced = struck.iter().any(|struck| struck.effect.is_exclusive());
            struck.extend(active.strike(arrival, chance, replaced));
        }
        struck
    }
}

/// An option that says which requests are struck.
fn vain_option(order: &FaultOrder) -> Option<&str> {
    let mut common = catalogue::COMMON.iter().map(|option| option.name).filter(|name| *name != "for");
    common.find(|name| order.options.contains_key(*name))
}

const PHASES: &[(&str, Phase)] =
    &[("before-read", Phase::BeforeRead), ("before-commit", Phase::BeforeCommit), ("after-commit", Phase::AfterCommit)];

fn matcher(options: &Options) -> Result<Matcher, String> {
    Ok(Matcher {
        method: options.optional("method").map(str::to_uppercase),
        path: options.text("path").to_owned(),
        tenant: options.optional("tenant").map(str::to_owned),
        session: options.read("session", SessionPick::parse)?,
        skip: options.parsed("skip")?.unwrap_or(0),
        every: options.parsed("every")?.unwrap_or(1),
        millionths: options.read("probability", millionths)?.unwrap_or(u64::MAX),
        seen: 0,
    })
}
