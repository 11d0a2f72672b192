//! Parts of a service that the controller refuses: what it does not take is left out, so that everything else is
//! written, removals first.
//!
//! A refusal is about the whole service and seldom says which part of it is wrong. What the controller has already, it
//! has taken; so the parts that would come new, or change, are the suspects. One that the refusal names is left out at
//! once. Otherwise all of them are withheld, the rest is written, and then one after the other is tried. A domain name that
//! another service has is tried a second time after a pause, since that one may be about to let it go. What was refused by
//! itself stays out, with the controller's words, until a full read or another state of the GSLB is a reason to try it
//! again. A member that is there and whose change is left out stays what it is (see [`counterpart`]).

#[cfg(test)]
mod tests;

use super::dns_name;
use super::gslb::{GslbService, Member, Place, PoolAlgorithm};
use super::owner::MONITOR_PREFIX;
use std::collections::{BTreeMap, BTreeSet};

/// A part of a service that may be refused by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A member, new or changed, and the priority of the pool that it would be in.
    Member(u32, Box<Member>),
    /// A domain name beside the service's own.
    Name(String),
    /// A health monitor, by name.
    Monitor(String),
    Setting(Setting),
}

/// A property of the whole service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    Ttl,
    DownResponse,
    Persistence,
    /// How the pools choose among their members.
    Algorithm,
}

/// What the controller refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub of: Refused,
    /// The controller's words.
    pub text: String,
}

/// Of what kind the refused request was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// A new health monitor of this name.
    Monitor(String),
    Service,
    /// The service, because of one of its domain names.
    Names,
}

/// The parts of one service that are left out at present; usually none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Omissions {
    /// With the controller's words.
    refused: BTreeMap<Part, String>,
    /// Wait for their turn, the last one first.
    withheld: Vec<Part>,
    /// Was left out before and is in the service now, to see whether the controller takes it.
    trying: Option<Part>,
    /// Is left out only because nothing else was new: the rest has not been taken since.
    unproven: Option<Part>,
    /// The rest was refused too, so no new part is to blame.
    given_up: bool,
    /// A new service was refused once because of a domain name.
    doubted: bool,
    /// A domain name that was refused by itself once, and is tried once more when the pause after that is over.
    patient: Option<Part>,
}

impl Omissions {
    /// Nothing is left out.
    pub const NONE: &'static Self = &Self {
        refused: BTreeMap::new(),
        withheld: Vec::new(),
        trying: None,
        unproven: None,
        given_up: false,
        doubted: false,
        patient: None,
    };

    /// Why the part is left out at present; `None` when it is not. Of one that only waits for its turn nothing need be
    /// told.
    pub fn why(&self, part: &Part) -> Option<&str> {
        if self.trying.as_ref() == Some(part) {
            return None;
        }
        let refused = self.refused.get(part).map(String::as_str);
        refused.or_else(|| self.withheld.contains(part).then_some("it is tried as soon as the rest is written"))
    }

    /// Whether there is nothing to remember.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether parts still have to be tried.
    pub fn is_searching(&self) -> bool {
        self.trying.is_some() || !self.withheld.is_empty()
    }

    /// Takes a refusal in. `wanted` is the service that was asked for, `present` what the controller has of it. Answers
    /// whether there is something else to be written now.
    pub fn refused(&mut self, refusal: Refusal, wanted: &GslbService, present: Option<&GslbService>) -> bool {
        let Refusal { of, text } = refusal;
        if let Refused::Monitor(name) = of {
            self.refused.insert(Part::Monitor(name), text);
            return true;
        }
        let names_only = of == Refused::Names;
        if let Some(part) = self.trying.take() {
            if names_only && self.patient.as_ref() != Some(&part) {
                self.patient = Some(part.clone());
                self.trying = Some(part);
                return false;
            }
            self.refused.insert(part, text);
            self.trying = self.withheld.pop();
            return true;
        }
        if self.given_up {
            return false;
        }
        if !self.withheld.is_empty() {
            return self.refused_without_all(text, wanted, present);
        }
        let suspects = suspects(wanted, present, names_only);
        let named: Vec<&Part> = suspects.iter().filter(|part| part.is_named_in(&text)).collect();
        match (named.as_slice(), suspects.as_slice()) {
            (_, []) => {
                self.unproven.take().into_iter().for_each(|part| drop(self.refused.remove(&part)));
                self.given_up = true;
                return false;
            }
            // Whoever has the name may be a service that is about to let it go.
            _ if names_only && present.is_none() && !std::mem::replace(&mut self.doubted, true) => return false,
            ([part], _) if names_only => self.withheld = vec![(*part).clone()],
            _ if names_only => self.withheld = suspects,
            ([part], _) => drop(self.refused.insert((*part).clone(), text)),
            (_, [part]) => {
                self.unproven = Some(part.clone());
                self.refused.insert(part.clone(), text);
            }
            _ => self.withheld = suspects,
        }
        true
    }

    /// The rest is refused as well. Of a new service the one member that is in the rest may be the reason: then it is the
    /// next one's turn.
    fn refused_without_all(&mut self, text: String, wanted: &GslbService, present: Option<&GslbService>) -> bool {
        let next = self.withheld.iter().position(|part| matches!(part, Part::Member(..)));
        let rest = present.is_none().then(|| anchor(wanted)).flatten();
        if let (Some(next), Some(rest)) = (next, rest) {
            self.withheld.remove(next);
            self.refused.insert(rest, text);
            return true;
        }
        *self = Self { given_up: true, ..Self::default() };
        false
    }

    /// The controller took everything that was not left out.
    pub fn accepted(&mut self) {
        (self.unproven, self.patient) = (None, None);
        (self.given_up, self.doubted) = (false, false);
        if let Some(part) = self.trying.take() {
            self.refused.remove(&part);
        }
        self.trying = self.withheld.pop();
    }

    /// What is refused may be taken by now.
    pub fn try_again(&mut self) {
        self.given_up = false;
        (self.unproven, self.patient) = (None, None);
        if !self.is_searching() {
            self.withheld = self.refused.keys().rev().cloned().collect();
            self.trying = self.withheld.pop();
        }
    }

    /// What nobody wants any more is nothing to leave out.
    pub fn keep_wanted(&mut self, wanted: &GslbService) {
        let parts = parts(wanted);
        self.refused.retain(|part, _| parts.contains(part));
        self.withheld.retain(|part| parts.contains(part));
        self.unproven.take_if(|part| !parts.contains(part));
        if self.trying.take_if(|part| !parts.contains(part)).is_some() {
            self.trying = self.withheld.pop();
        }
    }

    /// What the controller has it has taken, whatever it has answered: that is nothing to leave out. A setting that it has
    /// may have another value.
    pub fn keep_absent(&mut self, present: &GslbService) {
        let parts = parts(present);
        let is_there = |part: &Part| !matches!(part, Part::Setting(_)) && parts.contains(part);
        self.refused.retain(|part, _| !is_there(part));
        self.withheld.retain(|part| !is_there(part));
        self.unproven.take_if(|part| is_there(part));
    }

    /// What it is made of may be another now.
    pub fn changed(&mut self) {
        self.given_up = false;
    }
}

impl Part {
    /// Whether the member is switched on is nothing that a controller refuses.
    pub fn member(priority: u32, member: &Member) -> Self {
        Self::Member(priority, Box::new(Member { enabled: true, ..member.clone() }))
    }

    /// Whether the controller's words name it.
    fn is_named_in(&self, text: &str) -> bool {
        match self {
            Self::Member(_, member) => {
                let mut addresses = [member.address].into_iter().chain(member.public_address);
                addresses.any(|address| has_word(text, &address.to_string()))
            }
            Self::Name(name) | Self::Monitor(name) => has_word(text, name),
            Self::Setting(_) => false,
        }
    }
}

/// Whether the text has the word, and not only as a part of a longer name or address.
fn has_word(text: &str, word: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || ['-', '_'].contains(&c);
    let joint = |c: char| c == '.' || c == ':';
    let (text, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    text.match_indices(&word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let mut after = text.get(at + word.len()..).unwrap_or_default().chars();
        let next = after.next();
        let goes_on = next.is_some_and(|c| inner(c) || (joint(c) && after.next().is_some_and(inner)));
        !before.is_some_and(|c| inner(c) || joint(c)) && !goes_on
    })
}

/// Everything that can be left out of the service.
fn parts(service: &GslbService) -> BTreeSet<Part> {
    let names =
        service.domain_names.iter().filter(|name| !dns_name::same(name, &service.name)).cloned().map(Part::Name);
    let monitors = service.monitors.iter().cloned().map(Part::Monitor);
    let settings = [
        service.ttl.map(|_| Setting::Ttl),
        service.down_response.map(|_| Setting::DownResponse),
        service.persistence.as_ref().map(|_| Setting::Persistence),
        service.pools.iter().any(|pool| pool.algorithm != PoolAlgorithm::RoundRobin).then_some(Setting::Algorithm),
    ];
    let settings = settings.into_iter().flatten().map(Part::Setting);
    service
        .placed_members()
        .map(|(priority, member)| Part::member(priority, member))
        .chain(names)
        .chain(monitors)
        .chain(settings)
        .collect()
}

/// What the controller does not have yet, in the order of [`Part`] backwards, so that members are tried first. Own
/// monitors exist by now. At least one member stays.
fn suspects(wanted: &GslbService, present: Option<&GslbService>, names_only: bool) -> Vec<Part> {
    let known = present.map(parts).unwrap_or_default();
    let changed = |setting: Setting| match (setting, present) {
        (_, None) => true,
        (Setting::Ttl, Some(present)) => present.ttl != wanted.ttl,
        (Setting::DownResponse, Some(present)) => present.down_response != wanted.down_response,
        (Setting::Persistence, Some(present)) => present.persistence != wanted.persistence,
        (Setting::Algorithm, Some(present)) => {
            wanted.pools.iter().any(|pool| pool.algorithm != algorithm_at(pool.priority, Some(present)))
        }
    };
    let is_new = |part: &Part| match part {
        Part::Name(_) => !known.contains(part),
        _ if names_only => false,
        Part::Setting(setting) => changed(*setting),
        Part::Monitor(name) => !name.starts_with(MONITOR_PREFIX) && !known.contains(part),
        Part::Member(..) => !known.contains(part),
    };
    let mut new: Vec<Part> = parts(wanted).into_iter().filter(is_new).collect();
    let places: BTreeSet<Place> = wanted.placed_members().map(|(priority, member)| member.place(priority)).collect();
    let comes = |(priority, member): (u32, &Member)| {
        let stays = present.is_some_and(|present| counterpart(priority, member, &places, present).is_some());
        !stays && new.contains(&Part::member(priority, member))
    };
    if wanted.placed_members().all(comes) {
        let anchor = anchor(wanted);
        new.retain(|part| Some(part) != anchor.as_ref());
    }
    new.reverse();
    new
}

/// The member that stays when all are new.
fn anchor(wanted: &GslbService) -> Option<Part> {
    wanted.placed_members().next().map(|(priority, member)| Part::member(priority, member))
}

/// What the controller has of a wanted member, and in the pool of which priority: the one at its place, or else one of its
/// address, above all with its public address, whose own place is none of `wanted`, the places of all. `None` of one that
/// would come new.
pub fn counterpart<'a>(
    priority: u32,
    member: &Member,
    wanted: &BTreeSet<Place>,
    present: &'a GslbService,
) -> Option<(u32, &'a Member)> {
    let own = member.place(priority);
    let candidates = present.placed_members().filter(|(at, held)| {
        held.address == member.address && (held.place(*at) == own || !wanted.contains(&held.place(*at)))
    });
    candidates.min_by_key(|(at, held)| (held.place(*at) != own, held.public_address != member.public_address))
}

/// How the pool of this priority chooses where the wanted algorithm is left out: as it does at present, or else as the
/// others do, or by the controller's default.
pub fn algorithm_at(priority: u32, present: Option<&GslbService>) -> PoolAlgorithm {
    let pools = present.map(|present| present.pools.as_slice()).unwrap_or_default();
    let same = pools.iter().find(|pool| pool.priority == priority).or(pools.first());
    same.map_or(PoolAlgorithm::RoundRobin, |pool| pool.algorithm)
}
