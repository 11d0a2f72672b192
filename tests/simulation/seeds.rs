//! Which seeds a run replays, and on how many threads.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Seeds that every run replays.
const FIXED: u64 = 20;
/// New seeds beside them.
const NEW: usize = 6;
/// Of many seeds, how often is said how far they are.
const EVERY: usize = 100;

/// What the seeds came to.
#[derive(Default)]
pub struct Outcome {
    pub failed: Vec<u64>,
}

/// Seeds of this run: the one that `AMKO_SEED` names, as many new ones as `AMKO_SEEDS` says, or the fixed set and a few
/// new ones.
pub fn chosen() -> Vec<u64> {
    if let Some(seed) = number("AMKO_SEED") {
        return vec![seed];
    }
    let new = |count| std::iter::repeat_with(|| u64::from(rand::random::<u32>())).take(count);
    match number("AMKO_SEEDS") {
        Some(count) => new(usize::try_from(count).unwrap()).collect(),
        None => (0..FIXED).chain(new(NEW)).collect(),
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text:?}")))
}

/// Replays all seeds, on every core; one that fails stops no other.
pub fn replay(seeds: &[u64], history: impl Fn(u64) + Sync) -> Outcome {
    let next = AtomicUsize::new(0);
    let failed = parking_lot::Mutex::new(Vec::new());
    let work = || {
        while let Some((at, seed)) = take(seeds, &next) {
            if catch_unwind(AssertUnwindSafe(|| history(seed))).is_err() {
                println!("seed {seed} failed; SEED={seed} make simulate replays it");
                failed.lock().push(seed);
            }
            if at > 0 && at.is_multiple_of(EVERY) {
                println!("{at} of {} seeds, {} failed", seeds.len(), failed.lock().len());
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(seeds.len());
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let mut failed = failed.into_inner();
    failed.sort_unstable();
    Outcome { failed }
}

fn take(seeds: &[u64], next: &AtomicUsize) -> Option<(usize, u64)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    seeds.get(at).map(|seed| (at, *seed))
}
