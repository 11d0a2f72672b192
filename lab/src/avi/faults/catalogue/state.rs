//! Faults of the controllers' state.

use super::Entry;

/// Their `build` gives an `Effect::Meddle`; what it does stands in `meddle.rs`.
pub(super) const ENTRIES: &[Entry] = &[];
