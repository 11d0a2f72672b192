//! A bound on the rate of requests, kept by each site for itself.

use super::effect::Effect;
use super::instead::{Instead, Page};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// What becomes of a request above the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::avi) enum Over {
    /// 429, with this many seconds in `Retry-After`.
    Refuse(Option<u64>),
    /// It waits for its turn.
    Hold,
}

/// Requests of one second may come at once; after that each needs its turn.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) struct Limit {
    /// Requests per second; 0 lets none through.
    pub rate: u32,
    pub over: Over,
    /// By site: when the turn of the next request would be, had all come evenly.
    turns: BTreeMap<String, Timestamp>,
}

impl Limit {
    pub fn new(rate: u32, over: Over) -> Self {
        Self { rate, over, turns: BTreeMap::new() }
    }

    /// What becomes of a request that arrives now; `None`: it is within the rate.
    pub fn strike(&mut self, site: &str, now: Timestamp) -> Option<Effect> {
        let refuse = |retry_after| Effect::Instead(Instead::Page(Page::too_many(retry_after)));
        let Some(apart) = Duration::from_secs(1).checked_div(self.rate) else {
            return Some(match self.over {
                Over::Refuse(retry_after) => refuse(retry_after),
                // With a rate of nothing a turn never comes.
                Over::Hold => Effect::Instead(Instead::Silence),
            });
        };
        let turn = self.turns.get(site).map_or(now, |turn| now.max(*turn));
        let early = turn.duration_since(now).unsigned_abs().saturating_sub(Duration::from_secs(1) - apart);
        let later = |turn: Timestamp| turn.checked_add(apart).unwrap_or(Timestamp::MAX);
        match (early.is_zero(), self.over) {
            (false, Over::Refuse(retry_after)) => Some(refuse(retry_after)),
            (true, Over::Refuse(_)) => {
                self.turns.insert(site.to_owned(), later(turn));
                None
            }
            (on_time, Over::Hold) => {
                self.turns.insert(site.to_owned(), later(turn));
                (!on_time).then_some(Effect::Slow { delay: early, trickle: None })
            }
        }
    }
}
