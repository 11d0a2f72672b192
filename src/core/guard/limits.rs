//! What may go without being asked about.

/// What may go within the time that counts: not more than both say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Of the own services, 0 to 100. With 100 nothing is ever too much.
    pub max_percent: u32,
    pub max_count: usize,
}

impl Limits {
    /// Whether so many services may lose something where there were `own` before.
    pub fn allow(self, losing: usize, own: usize) -> bool {
        losing <= self.max_count || self.allow_percent(losing, own)
    }

    /// The same by the percentage alone, however few there are.
    pub fn allow_percent(self, losing: usize, own: usize) -> bool {
        let percent = usize::try_from(self.max_percent).unwrap_or(usize::MAX);
        losing.saturating_mul(100) <= own.saturating_mul(percent)
    }

    /// Whether nothing is ever too much.
    pub fn is_off(self) -> bool {
        self.max_percent >= 100
    }
}
