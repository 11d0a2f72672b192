//! Whether the absence of the policy is a wish (DEL-02): only after proof and time.
//!
//! Deleting the policy in force is how a user says that every GSLB service shall go. Tools delete it as well, to make it
//! anew a moment later; and at a start, or on a follower that is promoted, there may be none for any reason. So the
//! policy that was in force keeps its place for a grace, and what follows from its absence follows only when it was
//! seen to go by a process that led, the grace is over, and a list that began after it lacks the policy, too.

#[cfg(test)]
mod tests;

use crate::core::precedence::ObjectName;
use crate::core::report::whole_second;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a deleted policy may come back under its name, where `spec.deletionGuard.policyGraceSeconds` says nothing
/// else.
pub const GRACE: Duration = Duration::from_secs(30);

/// How long after its end a wish is gone on with at a start. Later, a policy may have come and gone without a trace in
/// the status.
pub const WISH_HOLDS: Duration = Duration::from_secs(5 * 60);

/// The time on two clocks: one never jumps, people and other processes read the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since any fixed moment.
    pub elapsed: Duration,
    pub wall: Timestamp,
}

/// What there is at home.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Every policy that counts, readable or not, from a complete list and the watch after it.
    pub policies: &'a BTreeSet<ObjectName>,
    /// Whether this process leads.
    pub leads: bool,
    /// Whether there is an active GSLBConfig, which says what is about to happen. Who deletes that as well may be a tool
    /// that makes both anew.
    pub configured: bool,
    pub grace: Duration,
    /// The wish that the GSLBConfig's status has kept.
    pub kept: Option<&'a Wish>,
}

/// That the policy of this name was deleted, when, and when its grace ends: what outlives the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub policy: ObjectName,
    pub deleted: Timestamp,
    pub due: Timestamp,
}

/// The policy in force has gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    pub policy: ObjectName,
    pub deleted: Timestamp,
    /// When its grace ends.
    pub due: Timestamp,
    /// Whether it was seen to go by a process that led.
    pub wished: bool,
    /// Whether this process knows what the policy said, so that it stays in force.
    pub remembered: bool,
    /// Whether another policy waits for the place.
    pub successor: bool,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There are policies: which of them is in force is chosen as usual.
    Choose,
    /// The policy in force is gone and may come back: what it said stays.
    Leaving(Departure),
    /// There is none, by a proven wish.
    Gone(Departure),
    /// There is none, and nobody is known to have wished for that.
    Missing,
}

/// Follows the policy in force through its absences.
#[derive(Debug, Default)]
pub struct Presence {
    state: State,
    /// What an earlier process has kept is out of date: a policy has been there since this one began, or their definition
    /// has been away.
    kept_is_over: bool,
    /// The definition of the policies has been away, and no list came since. Who takes that away makes it anew, or makes
    /// everything anew; the policies that go with it were not meant one by one.
    undefined: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// None was in force since this process began, or since the last one was given up.
    #[default]
    Nobody,
    Here(ObjectName),
    Leaving(Absence),
    Gone(Absence),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Absence {
    policy: ObjectName,
    deleted: Timestamp,
    /// When the last policy went that was beside it: the grace begins anew then, since that one may come back as well.
    alone: Timestamp,
    /// Whether one is beside it.
    successor: bool,
    /// Since when this process counts, and what of the grace was over by then.
    counted: Duration,
    spent: Duration,
    wished: bool,
    remembered: bool,
    /// A list that began after the grace lacks the policy.
    confirmed: bool,
}

impl Presence {
    /// This policy is valid, and in force.
    pub fn in_force(&mut self, policy: &ObjectName) {
        self.state = State::Here(policy.clone());
    }

    /// The API server does not know policies at present.
    pub fn not_served(&mut self) {
        (self.undefined, self.kept_is_over) = (true, true);
    }

    /// A list of the policies was taken in, and looked at.
    pub fn served(&mut self) {
        self.undefined = false;
    }

    /// What follows from what there is.
    pub fn look(&mut self, seen: Seen<'_>, now: Moment) -> Standing {
        let seen = Seen { configured: seen.configured && !self.undefined, ..seen };
        self.restore(seen, now);
        self.kept_is_over |= !seen.policies.is_empty();
        self.state = match std::mem::take(&mut self.state) {
            State::Here(policy) if !seen.policies.contains(&policy) => State::Leaving(Absence {
                policy,
                deleted: whole_second(now.wall),
                alone: whole_second(now.wall),
                successor: !seen.policies.is_empty(),
                counted: now.elapsed,
                spent: Duration::ZERO,
                wished: seen.leads && seen.configured,
                remembered: true,
                confirmed: false,
            }),
            State::Leaving(absence) => absence.go_on(seen, now),
            State::Gone(_) if !seen.policies.is_empty() => State::Nobody,
            state => state,
        };
        match &self.state {
            State::Leaving(absence) => Standing::Leaving(absence.departure(seen)),
            State::Gone(absence) => Standing::Gone(absence.departure(seen)),
            State::Nobody if seen.policies.is_empty() => Standing::Missing,
            State::Nobody | State::Here(_) => Standing::Choose,
        }
    }

    /// How long to wait before the list that confirms an absence; `None` when none is needed.
    pub fn list_due(&self, grace: Duration, now: Moment) -> Option<Duration> {
        match &self.state {
            State::Leaving(absence) if !absence.confirmed => Some(absence.left(grace, now)),
            _ => None,
        }
    }

    /// A complete list that began at `began` names these policies. Whether it confirms the absence.
    pub fn listed(&mut self, policies: &BTreeSet<ObjectName>, grace: Duration, began: Moment) -> bool {
        match &mut self.state {
            State::Leaving(absence) => {
                let after_grace = absence.left(grace, began).is_zero();
                absence.confirmed = after_grace && !policies.contains(&absence.policy);
                absence.confirmed
            }
            _ => false,
        }
    }

    /// Goes on with what an earlier process has begun, with the same end. Where that is past, no process has looked at it,
    /// and the grace begins anew.
    fn restore(&mut self, seen: Seen<'_>, now: Moment) {
        let Some(wish) = seen.kept.filter(|_| self.state == State::Nobody && !self.kept_is_over) else { return };
        let since = |past: Timestamp| Duration::try_from(now.wall.duration_since(past)).unwrap_or_default();
        if since(wish.due) > WISH_HOLDS || seen.policies.contains(&wish.policy) {
            return;
        }
        // A clock that is ahead elsewhere makes the grace a new one at most.
        let began = wish.due.checked_sub(seen.grace).unwrap_or(Timestamp::MIN).min(now.wall);
        let (began, age) = match since(began) {
            age if age < seen.grace => (began, age),
            _ => (whole_second(now.wall), Duration::ZERO),
        };
        self.state = State::Leaving(Absence {
            policy: wish.policy.clone(),
            deleted: wish.deleted.min(now.wall),
            alone: began,
            successor: !seen.policies.is_empty(),
            counted: now.elapsed,
            spent: age,
            wished: true,
            remembered: false,
            confirmed: false,
        });
    }
}

impl Absence {
    fn go_on(mut self, seen: Seen<'_>, now: Moment) -> State {
        if seen.policies.contains(&self.policy) {
            // What it says now is judged like any update, so the last valid one stays (GDP-07).
            return if self.remembered { State::Here(self.policy) } else { State::Nobody };
        }
        if std::mem::replace(&mut self.successor, !seen.policies.is_empty()) && !self.successor {
            (self.alone, self.counted, self.spent) = (whole_second(now.wall), now.elapsed, Duration::ZERO);
            (self.wished, self.confirmed) = (self.wished && seen.leads, false);
        }
        self.wished &= seen.configured;
        match (self.confirmed, seen.policies.is_empty(), self.wished) {
            (false, ..) => State::Leaving(self),
            (true, false, _) | (true, true, false) => State::Nobody,
            // Who does not lead decides nothing.
            (true, true, true) if !seen.leads => State::Leaving(self),
            (true, true, true) => State::Gone(self),
        }
    }

    /// What is left of the grace.
    fn left(&self, grace: Duration, now: Moment) -> Duration {
        grace.saturating_sub(self.spent).saturating_sub(now.elapsed.saturating_sub(self.counted))
    }

    fn departure(&self, seen: Seen<'_>) -> Departure {
        Departure {
            policy: self.policy.clone(),
            deleted: self.deleted,
            due: self.alone.checked_add(seen.grace).unwrap_or(Timestamp::MAX),
            wished: self.wished,
            remembered: self.remembered,
            successor: self.successor,
        }
    }
}
