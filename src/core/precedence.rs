//! Which of several objects is the one in force, where only one can be (rules GDP-02 to GDP-04, DB-03).

use jiff::Timestamp;

/// Namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    pub namespace: String,
    pub name: String,
}

/// An object that wants to be in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub object: ObjectName,
    /// `metadata.creationTimestamp`; an object without one counts as the youngest.
    pub created: Option<Timestamp>,
    /// Whether its status says that it was accepted, by this process or an earlier one.
    pub accepted: bool,
}

/// The object in force and those that have to wait.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Precedence<'a> {
    pub first: Option<&'a Candidate>,
    /// In the order in which they would follow.
    pub others: Vec<&'a Candidate>,
}

/// Ranks the candidates: the one that is in force already stays; then the accepted ones, then the oldest, then by
/// namespace and name. When the one in force is gone, the next takes its place.
pub fn rank<'a>(candidates: impl IntoIterator<Item = &'a Candidate>, in_force: Option<&ObjectName>) -> Precedence<'a> {
    let mut ranked: Vec<&Candidate> = candidates.into_iter().collect();
    ranked.sort_by_key(|candidate| {
        let Candidate { object, created, accepted } = *candidate;
        (in_force != Some(object), !accepted, created.is_none(), *created, object)
    });
    let mut ranked = ranked.into_iter();
    Precedence { first: ranked.next(), others: ranked.collect() }
}
