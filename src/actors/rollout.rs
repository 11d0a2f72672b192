//! How far a policy has been carried out: which FQDNs have not been in line with it since it came.
//!
//! Part of the GsDirectory's state. A service that changes later for other reasons is behind again when that takes longer
//! than a moment. What passes within a moment is not told.

use crate::core::census::Headway;
use crate::core::policy::PolicySnapshot;
use crate::core::report::Sight;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long services may be behind before it is told.
const MOMENT: Duration = Duration::from_secs(2);

/// What follows from a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Nothing,
    /// Look again after this time.
    WaitAMoment(Duration),
    /// So many FQDNs are behind.
    Tell(usize),
}

/// The rollout of the newest policy.
#[derive(Debug)]
pub struct Rollout {
    policy: Arc<PolicySnapshot>,
    behind: BTreeSet<Arc<str>>,
    /// Everybody has followed once: who comes later is not behind.
    done: bool,
    timer: bool,
    due: bool,
    /// How many were behind when it was told last.
    told: Option<usize>,
    /// Services that are not as they should be for longer than a moment, whatever they were before.
    late: usize,
    /// The number may be told anew.
    counted: bool,
    told_sight: Option<Sight>,
}

impl Rollout {
    pub fn new(policy: Arc<PolicySnapshot>) -> Self {
        let behind = BTreeSet::new();
        Self {
            policy,
            behind,
            done: false,
            timer: false,
            due: false,
            told: None,
            late: 0,
            counted: false,
            told_sight: None,
        }
    }

    /// A policy came, and these FQDNs exist. The same policy once more is only told again.
    pub fn begin<'a>(&mut self, policy: &Arc<PolicySnapshot>, fqdns: impl Iterator<Item = &'a Arc<str>>) {
        self.told = None;
        if self.policy != *policy {
            let (told_sight, late) = (self.told_sight, self.late);
            *self = Self { behind: fqdns.cloned().collect(), late, told_sight, ..Self::new(Arc::clone(policy)) };
        }
    }

    pub fn join(&mut self, fqdn: &Arc<str>) {
        if !self.done {
            self.behind.insert(Arc::clone(fqdn));
        }
    }

    pub fn leave(&mut self, fqdn: &Arc<str>) {
        self.behind.remove(fqdn);
    }

    /// An FQDN is in line with a policy, perhaps with one before the newest.
    pub fn in_sync(&mut self, policy: &Arc<PolicySnapshot>, fqdn: &Arc<str>) {
        if self.policy == *policy {
            self.behind.remove(fqdn);
        }
    }

    /// All services were counted.
    pub fn count(&mut self, progress: Headway) {
        (self.late, self.counted) = (progress.behind, true);
    }

    /// The moment is over.
    pub fn be_due(&mut self) {
        self.due = self.timer;
    }

    /// What has to be done now. Nothing before the first look at clusters and controller is over (`ready`).
    pub fn step(&mut self, ready: bool) -> Step {
        let number = self.behind.len().max(self.late);
        let some = number > 0;
        let counted = std::mem::take(&mut self.counted);
        if !ready || self.told.is_some_and(|told| told == number || ((told > 0) == some && !counted)) {
            return Step::Nothing;
        }
        if some && self.late == 0 && !self.due {
            let begin = !std::mem::replace(&mut self.timer, true);
            return if begin { Step::WaitAMoment(MOMENT) } else { Step::Nothing };
        }
        self.done |= self.behind.is_empty();
        self.told = Some(number);
        Step::Tell(number)
    }

    /// What can be said of things that nobody reported, when that has changed. Before everybody has `spoken` who sleeps,
    /// not more than before.
    pub fn sight(&mut self, ready: bool, all_seen: bool, spoken: bool) -> Option<Sight> {
        let sight = match (ready, all_seen) {
            (false, _) => Sight::Blind,
            (true, false) => Sight::Settled,
            (true, true) => Sight::Complete,
        };
        if !spoken && sight > self.told_sight.unwrap_or(Sight::Blind) {
            return None;
        }
        (self.told_sight.replace(sight) != Some(sight)).then_some(sight)
    }

    /// Who was told about the sight does not know it any more.
    pub fn forget_sight(&mut self) {
        self.told_sight = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::policy::DeploymentState;

    fn policy(deployment: DeploymentState) -> Arc<PolicySnapshot> {
        Arc::new(PolicySnapshot { installation: None, deployment })
    }

    fn fqdns(names: &[&str]) -> Vec<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    fn begun(names: &[&str]) -> (Rollout, Arc<PolicySnapshot>, Vec<Arc<str>>) {
        let (newer, names) = (policy(DeploymentState::Absent), fqdns(names));
        let mut rollout = Rollout::new(policy(DeploymentState::Unknown));
        rollout.begin(&newer, names.iter());
        (rollout, newer, names)
    }

    /// DB-50.
    #[test]
    fn a_policy_that_everybody_follows_within_a_moment_is_told_once() {
        let (mut rollout, newer, names) = begun(&["a", "b"]);
        assert_eq!(rollout.step(false), Step::Nothing, "nothing was looked at yet");
        assert_eq!(rollout.step(true), Step::WaitAMoment(MOMENT));
        rollout.in_sync(&newer, &names[0]);
        assert_eq!(rollout.step(true), Step::Nothing);
        rollout.in_sync(&newer, &names[1]);
        assert_eq!((rollout.step(true), rollout.step(true)), (Step::Tell(0), Step::Nothing));
        rollout.join(&fqdns(&["later"])[0]);
        assert_eq!(rollout.step(true), Step::Nothing, "a service that comes later is not behind");
    }

    /// DB-50.
    #[test]
    fn who_is_behind_for_longer_is_told_when_it_begins_and_when_it_ends() {
        let (mut rollout, newer, names) = begun(&["a", "b"]);
        assert_eq!(rollout.step(true), Step::WaitAMoment(MOMENT));
        rollout.be_due();
        assert_eq!((rollout.step(true), rollout.step(true)), (Step::Tell(2), Step::Nothing));
        rollout.in_sync(&newer, &names[0]);
        assert_eq!(rollout.step(true), Step::Nothing, "not each step is told");
        rollout.leave(&names[1]);
        assert_eq!(rollout.step(true), Step::Tell(0));
    }

    #[test]
    fn being_in_line_with_an_older_policy_counts_for_nothing() {
        let (mut rollout, _, names) = begun(&["a"]);
        rollout.in_sync(&policy(DeploymentState::Unknown), &names[0]);
        rollout.step(true);
        rollout.be_due();
        assert_eq!(rollout.step(true), Step::Tell(1));
    }

    #[test]
    fn the_same_policy_once_more_is_told_again_and_nobody_is_behind_it() {
        let (mut rollout, newer, names) = begun(&["a"]);
        rollout.in_sync(&newer, &names[0]);
        assert_eq!(rollout.step(true), Step::Tell(0));
        rollout.begin(&newer, names.iter());
        assert_eq!(rollout.step(true), Step::Tell(0));
    }

    #[test]
    fn more_can_be_said_of_absent_things_once_sleepers_have_spoken_and_less_at_once() {
        let mut rollout = begun(&[]).0;
        assert_eq!((rollout.sight(true, true, false), rollout.sight(true, true, true)), (None, Some(Sight::Complete)));
        assert_eq!((rollout.sight(false, true, false), rollout.sight(false, true, true)), (Some(Sight::Blind), None));
        rollout.sight(true, true, true);
        rollout.forget_sight();
        assert_eq!((rollout.sight(true, true, false), rollout.sight(true, true, true)), (None, Some(Sight::Complete)));
    }
}
