//! Which requests a fault strikes.

use crate::chance::Chance;
use jiff::Timestamp;

/// Probabilities are kept in millionths.
const MILLION: u64 = 1_000_000;

/// A request as it arrives at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::avi) struct Arrival<'a> {
    pub site: &'a str,
    pub now: Timestamp,
    pub method: &'a str,
    /// Without repeated and trailing slashes.
    pub path: &'a str,
    pub tenant: Option<&'a str>,
    /// Where its session stands among those of the site; `None` without one.
    pub session: Option<SessionRank>,
}

/// Where a session stands among those that are open on its site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::avi) struct SessionRank {
    /// In the order of logins, from 1; never used again.
    pub number: u64,
    pub oldest: bool,
    pub newest: bool,
}

/// A choice of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::avi) enum SessionPick {
    Number(u64),
    Oldest,
    Newest,
}

impl SessionPick {
    /// # Errors
    /// When the text is neither a number nor `oldest` nor `newest`.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "oldest" => Ok(Self::Oldest),
            "newest" => Ok(Self::Newest),
            _ => text.parse().map(Self::Number).map_err(|_| "is neither a number, oldest nor newest".to_owned()),
        }
    }

    fn is(self, rank: SessionRank) -> bool {
        match self {
            Self::Number(number) => rank.number == number,
            Self::Oldest => rank.oldest,
            Self::Newest => rank.newest,
        }
    }
}

/// What a request must be like. The default takes every request.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) struct Matcher {
    /// Upper-case method; `None` matches all.
    pub method: Option<String>,
    /// Prefix of the path, or a pattern for the whole path when it holds a `*`, which stands for any text.
    pub path: String,
    /// As in the tenant header.
    pub tenant: Option<String>,
    pub session: Option<SessionPick>,
    /// This many requests that match otherwise go through first.
    pub skip: u64,
    /// Then each n-th of them is struck; 1 or more.
    pub every: u64,
    /// Chance of each that is left to be struck, in millionths.
    pub millionths: u64,
    /// How many matched so far.
    pub seen: u64,
}

impl Default for Matcher {
    fn default() -> Self {
        Self {
            method: None,
            path: "/".into(),
            tenant: None,
            session: None,
            skip: 0,
            every: 1,
            millionths: MILLION,
            seen: 0,
        }
    }
}

impl Matcher {
    /// Whether the request is struck. Each that matches counts, struck or not.
    pub fn strikes(&mut self, arrival: &Arrival<'_>, chance: &Chance) -> bool {
        if !self.matches(arrival) {
            return false;
        }
        self.seen += 1;
        let due = self.seen > self.skip && (self.seen - self.skip - 1).is_multiple_of(self.every.max(1));
        // No draw without need: a fault that strikes always must not move what else is random.
        due && (self.millionths >= MILLION || chance.below(MILLION) < self.millionths)
    }

    fn matches(&self, arrival: &Arrival<'_>) -> bool {
        self.method.as_deref().is_none_or(|method| method == arrival.method)
            && path_matches(&self.path, arrival.path)
            && self.tenant.as_deref().is_none_or(|tenant| Some(tenant) == arrival.tenant)
            && self.session.is_none_or(|pick| arrival.session.is_some_and(|rank| pick.is(rank)))
    }
}

fn path_matches(wanted: &str, path: &str) -> bool {
    if !wanted.contains('*') {
        return path.starts_with(wanted);
    }
    let mut pieces = wanted.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

/// Millionths of a probability.
///
/// # Errors
/// When the text is no number from 0 to 1.
pub(super) fn millionths(text: &str) -> Result<u64, String> {
    let number: f64 = text.parse().map_err(|_| "is no number".to_owned())?;
    if !(0.0..=1.0).contains(&number) {
        return Err("is not from 0 to 1".into());
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to a million")]
    Ok((number * MILLION as f64).round() as u64)
}
