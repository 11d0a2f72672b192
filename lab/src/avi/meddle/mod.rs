//! Faults of a controller's state: what somebody else does to it around a request, and what it is in for a while.

mod circumstance;
mod deed;

pub(super) use circumstance::{Change, Circumstance};
pub(super) use deed::Deed;

use super::reply::Reply;
use super::request::Request;
use super::state::State;

/// Owner of what strangers create, and user in the events about them.
pub(super) const STRANGER: &str = "somebody";

/// What is done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meddling {
    /// Before each request that is struck.
    Deed(Deed),
    /// From the time when the fault is added until it is over.
    Circumstance(Circumstance),
}

/// Done once on each target when the fault is added.
pub(super) fn begin(state: &mut State, site: &str, what: &Meddling) {
    match what {
        Meddling::Deed(_) => {}
        Meddling::Circumstance(circumstance) => circumstance.begin(state, site),
    }
}

/// Done just before a request that the fault strikes is executed. An answer replaces the execution.
pub(super) fn run(state: &mut State, site: &str, request: &Request, what: &Meddling) -> Option<Reply> {
    match what {
        Meddling::Deed(deed) => deed.run(state, site, request),
        Meddling::Circumstance(_) => None,
    }
}

/// Done once on each target when the fault is over: cleared, its time past, or used up.
pub(super) fn end(state: &mut State, site: &str, what: &Meddling) {
    match what {
        Meddling::Deed(deed) => deed.end(state, site),
        Meddling::Circumstance(circumstance) => circumstance.end(state, site),
    }
}
