//! Who is awake: few actors at a time, however many FQDNs there are.
//!
//! An actor at rest costs several kilobytes, mostly for its channels; its state costs far less. So only so many are
//! awake at once. Who was told something longest ago sleeps first, and who has news wakes in the order of coming, after
//! those that somebody waits for. Whether work of an FQDN waits in the session's queue does not matter: it stays there.
//! Pure bookkeeping.

use crate::avi::urgency::Urgency;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How many actors are awake at most; a little above two megabytes of them.
pub const AWAKE: usize = 256;

/// The mark of an awake actor: when it was told something last, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(u64);

#[derive(Debug)]
pub struct Rest {
    limit: usize,
    number: u64,
    /// Those awake that were not told to sleep.
    awake: BTreeMap<Stamp, Arc<str>>,
    /// Told to sleep, and not there yet.
    leaving: usize,
    /// Who has news. An entry may be outdated: who takes it out looks.
    interactive: VecDeque<Arc<str>>,
    bulk: VecDeque<Arc<str>>,
}

impl Rest {
    pub fn new(limit: usize) -> Self {
        let (interactive, bulk) = (VecDeque::new(), VecDeque::new());
        Self { limit, number: 0, awake: BTreeMap::new(), leaving: 0, interactive, bulk }
    }

    /// A sleeper has news.
    pub fn wants_to_wake(&mut self, fqdn: &Arc<str>, urgency: Urgency) {
        let queue = match urgency {
            Urgency::Interactive => &mut self.interactive,
            Urgency::Bulk => &mut self.bulk,
        };
        queue.push_back(Arc::clone(fqdn));
    }

    /// Who may wake now.
    pub fn next(&mut self) -> Option<Arc<str>> {
        if self.awake.len() + self.leaving >= self.limit {
            return None;
        }
        self.interactive.pop_front().or_else(|| self.bulk.pop_front())
    }

    pub fn woke(&mut self, fqdn: &Arc<str>) -> Stamp {
        let stamp = self.stamp();
        self.awake.insert(stamp, Arc::clone(fqdn));
        stamp
    }

    /// It was told something again.
    pub fn told(&mut self, before: Stamp) -> Stamp {
        let stamp = self.stamp();
        if let Some(fqdn) = self.awake.remove(&before) {
            self.awake.insert(stamp, fqdn);
        }
        stamp
    }

    /// Who has to sleep so that others may wake. They count as awake until [`Rest::left`].
    pub fn make_room(&mut self) -> Vec<Arc<str>> {
        let waiting = self.interactive.len() + self.bulk.len();
        let free = self.limit.saturating_sub(self.awake.len());
        let count = waiting.saturating_sub(free);
        let leaving: Vec<Arc<str>> = (0..count).map_while(|_| self.awake.pop_first()).map(|(_, fqdn)| fqdn).collect();
        self.leaving += leaving.len();
        leaving
    }

    /// An actor that was told to sleep is gone, asleep or fallen.
    pub fn left(&mut self) {
        self.leaving -= 1;
    }

    /// An actor that was not told to sleep is gone.
    pub fn lost(&mut self, stamp: Stamp) {
        self.awake.remove(&stamp);
    }

    fn stamp(&mut self) -> Stamp {
        self.number += 1;
        Stamp(self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fqdns(names: &[&str]) -> Vec<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    /// Wakes everybody who may.
    fn wake(rest: &mut Rest) -> Vec<(Arc<str>, Stamp)> {
        std::iter::from_fn(|| {
            let fqdn = rest.next()?;
            let stamp = rest.woke(&fqdn);
            Some((fqdn, stamp))
        })
        .collect()
    }

    fn names(woken: &[(Arc<str>, Stamp)]) -> Vec<&str> {
        woken.iter().map(|(fqdn, _)| &**fqdn).collect()
    }

    #[test]
    fn no_more_than_the_limit_are_awake_and_those_that_somebody_waits_for_wake_first() {
        let mut rest = Rest::new(2);
        for fqdn in fqdns(&["a", "b", "c"]) {
            rest.wants_to_wake(&fqdn, Urgency::Bulk);
        }
        rest.wants_to_wake(&"d".into(), Urgency::Interactive);
        assert_eq!(names(&wake(&mut rest)), ["d", "a"]);
        assert_eq!(rest.next(), None);
    }

    #[test]
    fn who_was_told_something_longest_ago_sleeps_and_keeps_its_place_until_it_does() {
        let mut rest = Rest::new(3);
        for fqdn in fqdns(&["a", "b", "c"]) {
            rest.wants_to_wake(&fqdn, Urgency::Bulk);
        }
        let woken = wake(&mut rest);
        assert_eq!(rest.make_room(), fqdns(&[]), "nobody waits");
        rest.told(woken[0].1);
        rest.wants_to_wake(&"d".into(), Urgency::Bulk);
        rest.wants_to_wake(&"e".into(), Urgency::Bulk);
        assert_eq!(rest.make_room(), fqdns(&["b", "c"]));
        assert_eq!((rest.make_room(), rest.next()), (fqdns(&[]), None), "they are not asleep yet");
        rest.left();
        assert_eq!(names(&wake(&mut rest)), ["d"]);
        rest.left();
        assert_eq!(names(&wake(&mut rest)), ["e"]);
    }

    #[test]
    fn an_actor_that_is_lost_leaves_its_place_to_others() {
        let mut rest = Rest::new(1);
        rest.wants_to_wake(&"a".into(), Urgency::Bulk);
        let woken = wake(&mut rest);
        rest.wants_to_wake(&"b".into(), Urgency::Bulk);
        rest.lost(woken[0].1);
        assert_eq!(names(&wake(&mut rest)), ["b"]);
        assert_eq!(rest.make_room(), fqdns(&[]));
    }
}
