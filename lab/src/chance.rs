//! Seeded randomness shared by the parts of one world: the same seed and the same calls give the same values.

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::sync::Arc;
use std::time::Duration;

/// A shared seeded generator. Cheap to clone; clones draw from the same sequence.
#[derive(Debug, Clone)]
pub struct Chance(Arc<Mutex<StdRng>>);

impl Chance {
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// A random (version 4) UUID.
    pub fn uuid(&self) -> uuid::Uuid {
        let mut bytes = [0u8; 16];
        self.0.lock().fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// `length` characters out of `alphabet`.
    pub fn text(&self, alphabet: &[u8], length: usize) -> String {
        let mut rng = self.0.lock();
        (0..length).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect()
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.0.lock().random_range(0..bound) }
    }

    /// A log-normally distributed delay with the given median; zero when the median is zero. `sigma` is the standard
    /// deviation of the logarithm: 0.5 puts the 99th percentile at about 3.2 times the median.
    pub fn latency(&self, median: Duration, sigma: f64) -> Duration {
        if median.is_zero() {
            return Duration::ZERO;
        }
        let (a, b): (f64, f64) = {
            let mut rng = self.0.lock();
            (rng.random(), rng.random())
        };
        // Box-Muller; 1 - a is never zero because random() is below one.
        let normal = (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos();
        median.mul_f64((sigma * normal).exp())
    }
}
