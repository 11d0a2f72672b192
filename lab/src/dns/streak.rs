//! From single checks to a verdict about a member.

/// Counts checks of one kind in a row. Without a verdict at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streak {
    verdict: Option<bool>,
    /// Checks in a row that contradict the verdict, or that led to none yet, and what they say.
    run: u32,
    last: bool,
    rule: StreakRule,
}

/// How many checks in a row it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreakRule {
    /// Good ones until a member that was down is up.
    pub successful_checks: u32,
    /// Bad ones until a member is down.
    pub failed_checks: u32,
    /// The first good check of a member without a verdict suffices.
    pub quick_start: bool,
}

impl Streak {
    /// Starts from the verdict that an earlier run came to, if any.
    pub fn new(rule: StreakRule, verdict: Option<bool>) -> Self {
        Self { verdict, run: 0, last: false, rule }
    }

    /// Takes in one check and returns the verdict when it changes.
    pub fn observe(&mut self, good: bool) -> Option<bool> {
        self.run = if good == self.last { self.run.saturating_add(1) } else { 1 };
        self.last = good;
        let quick = good && self.verdict.is_none() && self.rule.quick_start;
        let needed = if good { self.rule.successful_checks } else { self.rule.failed_checks };
        if self.verdict == Some(good) || (self.run < needed && !quick) {
            return None;
        }
        self.verdict = Some(good);
        self.verdict
    }
}
