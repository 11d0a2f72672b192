//! How many services are in which state, how many members each cluster has in them, and how long what is left may take.
//! Times are counted from any one moment.

use super::report::SyncState;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A service that is behind for no longer than this is not told: one write takes about so long.
pub const MOMENT: Duration = Duration::from_secs(5);
/// Samples of the pace that count; one is taken at each look.
const SAMPLES: usize = 13;

/// All services.
#[derive(Debug, Default)]
pub struct Census {
    services: BTreeMap<Arc<str>, Counted>,
    states: BTreeMap<SyncState, usize>,
    /// Name of each cluster that has, or had, a member, and how many it has.
    clusters: Vec<(String, usize)>,
    /// Services that are not as they should be, and since when.
    open: BTreeMap<Arc<str>, Duration>,
    /// How many have come to be as they should.
    closed: u64,
    samples: VecDeque<(Duration, u64)>,
}

#[derive(Debug)]
struct Counted {
    state: SyncState,
    /// Index of the cluster, and members.
    members: Box<[(u16, u16)]>,
}

/// How far the services are from what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Headway {
    /// Services that are not as they should be.
    pub open: usize,
    /// Those of them for which that is so for longer than a moment.
    pub behind: usize,
    /// Those of them that wait for an approval.
    pub held: usize,
    /// Of so many.
    pub of: usize,
    /// Time for the rest, without what is held or quarantined, at the pace of the last minute; `None` when nothing has moved.
    pub left: Option<Duration>,
}

impl Census {
    /// Takes in how a service stands; `members` by cluster.
    pub fn put(&mut self, fqdn: &Arc<str>, state: SyncState, members: &[(String, u16)], at: Duration) {
        let was_open = self.forget(fqdn);
        let members: Box<[(u16, u16)]> = members.iter().map(|(cluster, count)| (self.index(cluster), *count)).collect();
        self.count(state, &members, true);
        match (was_open, state.is_open()) {
            (Some(since), true) => drop(self.open.insert(Arc::clone(fqdn), since)),
            (None, true) => drop(self.open.insert(Arc::clone(fqdn), at)),
            (Some(_), false) => self.closed += 1,
            (None, false) => {}
        }
        self.services.insert(Arc::clone(fqdn), Counted { state, members });
    }

    /// Nobody owns the service any more.
    pub fn remove(&mut self, fqdn: &Arc<str>) {
        if self.forget(fqdn).is_some() {
            self.closed += 1;
        }
    }

    /// Looks at how far everything is, and takes a sample of the pace.
    pub fn look(&mut self, at: Duration) -> Headway {
        let behind = self.open.values().filter(|since| at.saturating_sub(**since) >= MOMENT).count();
        self.samples.push_back((at, self.closed));
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
        let held = self.states.get(&SyncState::Held).copied().unwrap_or_default();
        let left = self.left(at).filter(|_| behind > self.stuck());
        Headway { open: self.open.len(), behind, held, of: self.services.len(), left }
    }

    /// Nothing is left to wait for: how fast it went says nothing of what comes later.
    pub fn rest(&mut self) {
        self.samples.clear();
    }

    pub fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// How many services are in each state that one is in.
    pub fn states(&self) -> impl Iterator<Item = (SyncState, usize)> {
        self.states.iter().map(|(state, count)| (*state, *count)).filter(|(_, count)| *count > 0)
    }

    /// How many members each cluster has.
    pub fn members(&self) -> impl Iterator<Item = (&str, usize)> {
        self.clusters.iter().map(|(cluster, count)| (cluster.as_str(), *count))
    }

    /// Services that time alone does not mend.
    fn stuck(&self) -> usize {
        let of = |state| self.states.get(&state).copied().unwrap_or_default();
        of(SyncState::Held) + of(SyncState::Quarantined)
    }

    fn left(&self, at: Duration) -> Option<Duration> {
        let (begin, closed) = self.samples.front()?;
        let (moved, time) = (self.closed.saturating_sub(*closed), at.saturating_sub(*begin));
        let open = u128::try_from(self.open.len().saturating_sub(self.stuck())).ok()?;
        let millis = (open * time.as_millis()).checked_div(u128::from(moved))?;
        u64::try_from(millis).ok().map(Duration::from_millis)
    }

    /// Takes a service out of the counts. Answers since when it was open.
    fn forget(&mut self, fqdn: &Arc<str>) -> Option<Duration> {
        let Counted { state, members } = self.services.remove(fqdn)?;
        self.count(state, &members, false);
        self.open.remove(fqdn)
    }

    fn count(&mut self, state: SyncState, members: &[(u16, u16)], more: bool) {
        let change = |count: &mut usize, by: usize| *count = if more { *count + by } else { count.saturating_sub(by) };
        change(self.states.entry(state).or_default(), 1);
        for (cluster, members) in members {
            if let Some((_, count)) = self.clusters.get_mut(usize::from(*cluster)) {
                change(count, usize::from(*members));
            }
        }
    }

    fn index(&mut self, cluster: &str) -> u16 {
        let known = self.clusters.iter().position(|(name, _)| name == cluster);
        let index = known.unwrap_or_else(|| {
            self.clusters.push((cluster.to_owned(), 0));
            self.clusters.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn fqdn(n: usize) -> Arc<str> {
        format!("app{n}.example.org").into()
    }

    fn in_two() -> Vec<(String, u16)> {
        vec![("a".to_owned(), 1), ("b".to_owned(), 2)]
    }

    /// FND-D5
    #[test]
    fn states_and_members_are_counted_as_they_are_now() {
        let mut census = Census::default();
        for n in 0..3 {
            census.put(&fqdn(n), SyncState::Queued, &in_two(), seconds(0));
        }
        census.put(&fqdn(0), SyncState::InSync, &in_two()[..1], seconds(1));
        census.remove(&fqdn(2));
        census.remove(&fqdn(2));
        let states: Vec<_> = census.states().collect();
        assert_eq!(states, [(SyncState::InSync, 1), (SyncState::Queued, 1)]);
        assert_eq!(census.members().collect::<Vec<_>>(), [("a", 2), ("b", 2)]);
    }

    /// FND-C7
    #[test]
    fn what_waits_for_longer_than_a_moment_is_behind_and_the_pace_tells_how_long_the_rest_takes() {
        let mut census = Census::default();
        (0..300).for_each(|n| census.put(&fqdn(n), SyncState::Queued, &[], seconds(0)));
        assert_eq!(census.look(seconds(1)), Headway { open: 300, behind: 0, held: 0, of: 300, left: None });
        assert_eq!(
            census.look(seconds(5)),
            Headway { open: 300, behind: 300, held: 0, of: 300, left: None },
            "nothing has moved yet"
        );
        (0..37).for_each(|n| census.put(&fqdn(n), SyncState::InSync, &[], seconds(10)));
        // 37 in nine seconds, so 263 take 64.
        let left = Some(Duration::from_millis(63_972));
        assert_eq!(census.look(seconds(10)), Headway { open: 263, behind: 263, held: 0, of: 300, left });
        (37..300).for_each(|n| census.put(&fqdn(n), SyncState::InSync, &[], seconds(60)));
        assert_eq!(census.look(seconds(60)), Headway { of: 300, ..Headway::default() });
        assert!(!census.has_open());
    }

    /// FND-C7: one that fails does not begin anew with each try.
    #[test]
    fn a_service_is_behind_since_it_was_first_not_as_it_should_be() {
        let mut census = Census::default();
        census.put(&fqdn(0), SyncState::Queued, &[], seconds(0));
        census.put(&fqdn(0), SyncState::Failing, &[], seconds(4));
        census.put(&fqdn(1), SyncState::NotSelected, &[], seconds(0));
        assert_eq!(census.look(seconds(6)), Headway { open: 1, behind: 1, held: 0, of: 2, left: None });
    }
}
