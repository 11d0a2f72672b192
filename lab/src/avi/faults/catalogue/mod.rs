//! All faults that can be ordered, by name.

mod state;
mod wire;

pub use super::options::Options;

use super::effect::Effect;

/// One sort of fault.
#[derive(Debug)]
pub struct Entry {
    /// Kebab-case.
    pub name: &'static str,
    /// Such as `F-1`.
    pub number: &'static str,
    /// One sentence.
    pub what: &'static str,
    /// Its own options, beside those of [`COMMON`].
    pub options: &'static [OptionEntry],
    /// Options of [`COMMON`] whose default is another one here.
    pub presets: &'static [(&'static str, &'static str)],
    /// The effect that the options describe.
    pub(in crate::avi) build: fn(&Options) -> Result<Effect, String>,
}

/// One option of a fault.
#[derive(Debug)]
pub struct OptionEntry {
    pub name: &'static str,
    /// Empty: not set.
    pub default: &'static str,
    pub what: &'static str,
}

const fn option(name: &'static str, default: &'static str, what: &'static str) -> OptionEntry {
    OptionEntry { name, default, what }
}

/// Options that every fault has: which requests it strikes, when in their course, and for how long.
pub const COMMON: &[OptionEntry] = &[
    option("method", "", "only requests with this method"),
    option("path", "/", "only paths that begin so, or that look so when it holds a `*`"),
    option("tenant", "", "only requests for this tenant, as in the tenant header"),
    option("session", "", "only requests of this session: `oldest`, `newest`, or its number in the order of logins"),
    option("skip", "0", "this many matching requests go through first"),
    option("every", "1", "then each n-th matching request is struck"),
    option("probability", "1", "chance of each of those to be struck, from 0 to 1"),
    option("phase", "after-commit", "how far a struck request gets: before-read, before-commit or after-commit"),
    option("times", "", "ends after this many requests were struck"),
    option("for", "", "ends after this time"),
];

/// All of them, in the order of their numbers.
pub fn all() -> Vec<&'static Entry> {
    let mut all: Vec<&'static Entry> = wire::ENTRIES.iter().chain(state::ENTRIES).collect();
    all.sort_by_key(|entry| entry.number.trim_start_matches("F-").parse::<u32>().unwrap_or(u32::MAX));
    all
}

/// The entry of this name.
///
/// # Errors
/// When there is none; the text names those that there are.
pub fn find(name: &str) -> Result<&'static Entry, String> {
    let all = all();
    let names = || all.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    let found = all.iter().find(|entry| entry.name == name).copied();
    found.ok_or_else(|| format!("there is no fault {name:?}; known are {}", names()))
}
