//! The trouble with one thing outside, as the log tells it: a line when it begins, one for a further cause, and one when
//! it ends. Repeats are counted.

use std::collections::BTreeSet;
use std::time::Duration;

/// A further cause is told after this time at the earliest.
const PAUSE: Duration = Duration::from_secs(600);
/// Causes told in one outage; what comes after them is counted only.
const CAUSES: usize = 8;

/// The present trouble, if any. Times are since any fixed moment.
#[derive(Debug, Default)]
pub struct Outage(Option<Present>);

#[derive(Debug)]
struct Present {
    since: Duration,
    told: Duration,
    causes: BTreeSet<String>,
    failures: u64,
}

/// A line for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Begins,
    /// For another reason than told so far.
    GoesOn {
        failures: u64,
        lasted: Duration,
    },
    Ends {
        failures: u64,
        lasted: Duration,
    },
}

impl Outage {
    /// Something has failed, for this reason.
    pub fn failed(&mut self, cause: &str, now: Duration) -> Option<Line> {
        let Some(present) = &mut self.0 else {
            let causes = [cause.to_owned()].into();
            self.0 = Some(Present { since: now, told: now, causes, failures: 1 });
            return Some(Line::Begins);
        };
        present.failures += 1;
        let due = now.saturating_sub(present.told) >= PAUSE && present.causes.len() < CAUSES;
        if !due || !present.causes.insert(cause.to_owned()) {
            return None;
        }
        present.told = now;
        Some(Line::GoesOn { failures: present.failures, lasted: now.saturating_sub(present.since) })
    }

    /// Nothing is wrong any more.
    pub fn over(&mut self, now: Duration) -> Option<Line> {
        let Present { since, failures, .. } = self.0.take()?;
        Some(Line::Ends { failures, lasted: now.saturating_sub(since) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FND-C4
    #[test]
    fn an_outage_has_a_line_when_it_begins_and_one_when_it_ends() {
        let at = Duration::from_secs;
        let mut outage = Outage::default();
        assert_eq!(outage.over(at(0)), None);
        assert_eq!(outage.failed("refused", at(1)), Some(Line::Begins));
        let repeats: Vec<_> = (2..200).map(|second| outage.failed("refused", at(second))).collect();
        assert_eq!(repeats, [None; 198]);
        assert_eq!(outage.over(at(201)), Some(Line::Ends { failures: 199, lasted: at(200) }));
        assert_eq!((outage.over(at(202)), outage.failed("refused", at(203))), (None, Some(Line::Begins)));
    }

    /// FND-C4: two causes in turn, and causes that never repeat, are no flood either.
    #[test]
    fn a_further_cause_is_told_once_and_not_soon() {
        let at = Duration::from_secs;
        let mut outage = Outage::default();
        outage.failed("refused", at(0));
        assert_eq!(outage.failed("no answer", at(599)), None);
        assert_eq!(outage.failed("no answer", at(600)), Some(Line::GoesOn { failures: 3, lasted: at(600) }));
        assert_eq!((outage.failed("refused", at(3000)), outage.failed("no answer", at(4000))), (None, None));
        let told = (0..1000).filter(|n| outage.failed(&format!("request {n}"), at(5000 + n * 1000)).is_some());
        assert_eq!(told.count(), CAUSES - 2);
    }
}
