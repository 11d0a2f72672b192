//! Who is awake: few actors at a time, however many FQDNs there are.
//!
//! An actor at rest costs several kilobytes, mostly for its channels; its state costs far less. So only so many are
//! awake at once. Who has news wakes in the order of coming, after those that somebody waits for. Who was told something
//! longest ago sleeps first: at once when it has no work in the session's queue, otherwise only after a while, for the
//! end of its work would wake it again. Its work stays in the queue either way. Pure bookkeeping; the caller owns the
//! clock.

use crate::avi::urgency::Urgency;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How many actors are awake at most; a little above two megabytes of them.
pub const AWAKE: usize = 256;

/// Long enough for an actor to have decided about what it was told.
const MOMENT: Duration = Duration::from_millis(2);

/// How long one that waits for the controller keeps others from waking.
const PATIENCE: Duration = Duration::from_millis(100);

/// The mark of an awake actor: when it was told something last, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(Instant, u64);

#[derive(Debug)]
pub struct Rest<W> {
    limit: usize,
    number: u64,
    /// Those awake that were not told to sleep.
    awake: BTreeMap<Stamp, (Arc<str>, W)>,
    /// Told to sleep, and not there yet.
    leaving: usize,
    /// Who has news. An entry may be outdated: who takes it out looks.
    interactive: VecDeque<Arc<str>>,
    bulk: VecDeque<Arc<str>>,
    /// Before that it is no use to look who could sleep.
    look_at: Option<Instant>,
}

impl<W> Rest<W> {
    pub fn new(limit: usize) -> Self {
        let (interactive, bulk) = (VecDeque::new(), VecDeque::new());
        Self { limit, number: 0, awake: BTreeMap::new(), leaving: 0, interactive, bulk, look_at: None }
    }

    /// A sleeper has news.
    pub fn wants_to_wake(&mut self, fqdn: &Arc<str>, urgency: Urgency) {
        let queue = match urgency {
            Urgency::Interactive => &mut self.interactive,
            Urgency::Bulk => &mut self.bulk,
        };
        queue.push_back(Arc::clone(fqdn));
    }

    /// Who may wake now. What somebody waits for is not held up by those that wait for the controller.
    pub fn next(&mut self) -> Option<Arc<str>> {
        let awake = self.awake.len() + self.leaving;
        let interactive = if awake < self.limit + self.limit / 4 { self.interactive.pop_front() } else { None };
        interactive.or_else(|| if awake < self.limit { self.bulk.pop_front() } else { None })
    }

    /// `work` is what [`Rest::make_room`] looks at.
    pub fn woke(&mut self, fqdn: &Arc<str>, work: W, now: Instant) -> Stamp {
        let stamp = self.stamp(now);
        self.awake.insert(stamp, (Arc::clone(fqdn), work));
        stamp
    }

    /// It was told something again.
    pub fn told(&mut self, before: Stamp, now: Instant) -> Stamp {
        let stamp = self.stamp(now);
        if let Some(awake) = self.awake.remove(&before) {
            self.awake.insert(stamp, awake);
        }
        stamp
    }

    /// Who has to sleep so that others may wake. They count as awake until [`Rest::left`]. `is_busy` says who waits for
    /// the controller.
    pub fn make_room(&mut self, now: Instant, is_busy: impl Fn(&W) -> bool) -> Vec<Arc<str>> {
        let waiting = self.interactive.len() + self.bulk.len();
        let free = self.limit.saturating_sub(self.awake.len());
        let wanted = waiting.saturating_sub(free);
        if wanted == 0 || self.look_at.is_some_and(|at| at > now) {
            return Vec::new();
        }
        let since = |stamp: &Stamp| now.saturating_duration_since(stamp.0);
        let old = self.awake.iter().take_while(|(stamp, _)| since(stamp) >= MOMENT);
        let tired = old.filter(|(stamp, (_, work))| since(stamp) >= PATIENCE || !is_busy(work));
        let leaving: Vec<Stamp> = tired.take(wanted).map(|(stamp, _)| *stamp).collect();
        self.look_at = (leaving.len() < wanted).then(|| now + MOMENT);
        self.leaving += leaving.len();
        leaving.into_iter().filter_map(|stamp| Some(self.awake.remove(&stamp)?.0)).collect()
    }

    /// When [`Rest::make_room`] has to be asked again, should nothing happen before.
    pub fn look_at(&self) -> Option<Instant> {
        self.look_at.filter(|_| !self.is_rested())
    }

    /// Whether everybody with news is awake.
    pub fn is_rested(&self) -> bool {
        self.interactive.is_empty() && self.bulk.is_empty()
    }

    /// An actor that was told to sleep is gone, asleep or fallen.
    pub fn left(&mut self) {
        self.leaving -= 1;
    }

    /// An actor that was not told to sleep is gone.
    pub fn lost(&mut self, stamp: Stamp) {
        self.awake.remove(&stamp);
    }

    fn stamp(&mut self, now: Instant) -> Stamp {
        self.number += 1;
        Stamp(now, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fqdns(names: &[&str]) -> Vec<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    /// With these in the queue.
    fn waiting(limit: usize, names: &[&str]) -> Rest<Arc<str>> {
        let mut rest = Rest::new(limit);
        fqdns(names).iter().for_each(|fqdn| rest.wants_to_wake(fqdn, Urgency::Bulk));
        rest
    }

    /// Wakes everybody who may.
    fn wake(rest: &mut Rest<Arc<str>>, now: Instant) -> Vec<(Arc<str>, Stamp)> {
        std::iter::from_fn(|| {
            let fqdn = rest.next()?;
            let stamp = rest.woke(&fqdn, Arc::clone(&fqdn), now);
            Some((fqdn, stamp))
        })
        .collect()
    }

    fn names(woken: &[(Arc<str>, Stamp)]) -> Vec<&str> {
        woken.iter().map(|(fqdn, _)| &**fqdn).collect()
    }

    fn nobody(_: &Arc<str>) -> bool {
        false
    }

    #[test]
    fn no_more_than_the_limit_are_awake_and_those_that_somebody_waits_for_wake_first() {
        let mut rest = waiting(2, &["a", "b", "c"]);
        rest.wants_to_wake(&"d".into(), Urgency::Interactive);
        assert_eq!(names(&wake(&mut rest, Instant::now())), ["d", "a"]);
        assert_eq!(rest.next(), None);
    }

    #[test]
    fn a_quarter_more_may_wake_when_somebody_waits_for_it() {
        let (mut rest, start) = (waiting(4, &["a", "b", "c", "d"]), Instant::now());
        wake(&mut rest, start);
        for fqdn in fqdns(&["e", "f"]) {
            rest.wants_to_wake(&fqdn, Urgency::Interactive);
        }
        assert_eq!(names(&wake(&mut rest, start)), ["e"]);
    }

    #[test]
    fn who_was_told_something_longest_ago_sleeps_and_keeps_its_place_until_it_does() {
        let (mut rest, start) = (waiting(3, &["a", "b", "c"]), Instant::now());
        let woken = wake(&mut rest, start);
        let later = start + MOMENT;
        assert_eq!(rest.make_room(later, nobody), fqdns(&[]), "nobody waits");
        rest.told(woken[0].1, start);
        rest.wants_to_wake(&"d".into(), Urgency::Bulk);
        rest.wants_to_wake(&"e".into(), Urgency::Bulk);
        assert_eq!(rest.make_room(later, nobody), fqdns(&["b", "c"]));
        assert_eq!((rest.make_room(later, nobody), rest.next()), (fqdns(&[]), None), "they are not asleep yet");
        rest.left();
        assert_eq!(names(&wake(&mut rest, later)), ["d"]);
        rest.left();
        assert_eq!(names(&wake(&mut rest, later)), ["e"]);
    }

    #[test]
    fn who_was_told_something_just_now_decides_first() {
        let (mut rest, start) = (waiting(1, &["a", "b"]), Instant::now());
        wake(&mut rest, start);
        assert_eq!((rest.make_room(start, nobody), rest.look_at()), (fqdns(&[]), Some(start + MOMENT)));
        assert_eq!((rest.make_room(start + MOMENT, nobody), rest.look_at()), (fqdns(&["a"]), None));
    }

    #[test]
    fn who_waits_for_the_controller_stays_awake_for_a_while_and_no_longer() {
        let (mut rest, start) = (waiting(2, &["busy", "idle", "c", "d"]), Instant::now());
        wake(&mut rest, start);
        let busy = |fqdn: &Arc<str>| **fqdn == *"busy";
        assert_eq!(rest.make_room(start + MOMENT, busy), fqdns(&["idle"]));
        assert_eq!(rest.look_at(), Some(start + 2 * MOMENT));
        assert_eq!(rest.make_room(start + PATIENCE, busy), fqdns(&["busy"]));
    }

    #[test]
    fn an_actor_that_is_lost_leaves_its_place_to_others() {
        let (mut rest, start) = (waiting(1, &["a"]), Instant::now());
        let woken = wake(&mut rest, start);
        rest.wants_to_wake(&"b".into(), Urgency::Bulk);
        rest.lost(woken[0].1);
        assert_eq!(names(&wake(&mut rest, start)), ["b"]);
        assert_eq!(rest.make_room(start + PATIENCE, nobody), fqdns(&[]));
    }
}
