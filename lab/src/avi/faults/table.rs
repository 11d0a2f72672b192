//! The faults that are active, oldest first.

use super::catalogue;
use super::effect::{Effect, Phase};
use super::listing::{FaultListing, FaultOrder};
use super::matcher::{Arrival, Matcher, SessionPick, millionths};
use super::once::Fault;
use super::options::Options;
use crate::avi::meddle::Meddling;
use crate::chance::Chance;
use jiff::Timestamp;
use std::collections::BTreeMap;

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
            effect: Effect::Delay(std::time::Duration::ZERO),
            times: None,
            until: None,
            struck: 0,
        }
    }
}

impl Active {
    fn used_up(&self) -> bool {
        self.times.is_some_and(|times| self.struck >= times)
    }

    fn late(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    fn meddling(&self) -> Option<Meddling> {
        match &self.effect {
            Effect::Meddle(meddling) => Some(meddling.clone()),
            _ => None,
        }
    }

    fn ended(self) -> Ended {
        Ended { meddling: self.meddling(), target: self.target }
    }
}

/// What a request has to suffer.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) struct Struck {
    pub effect: Effect,
    pub phase: Phase,
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
        let meddling = active.meddling();
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

    /// What this request has to suffer, in the order in which the faults were added; each counts as used. Of those
    /// that replace the answer only the first strikes.
    pub fn strike(&mut self, arrival: &Arrival<'_>, chance: &Chance) -> Vec<Struck> {
        let mut struck: Vec<Struck> = Vec::new();
        let mut replaced = false;
        for active in &mut self.active {
            let here = active.target.as_deref().is_none_or(|target| target == arrival.site);
            let exclusive = active.effect.is_exclusive();
            if !here || active.used_up() || (exclusive && replaced) || !active.matcher.strikes(arrival, chance) {
                continue;
            }
            active.struck += 1;
            replaced |= exclusive;
            struck.push(Struck { effect: active.effect.clone(), phase: active.phase });
        }
        struck
    }
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
