//! Faults of a controller's state: what somebody else does to it around a request.

use super::reply::Reply;
use super::request::Request;
use super::state::State;

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meddling {}

/// Done once on each target when the fault is added.
pub(super) fn begin(_state: &mut State, _site: &str, what: &Meddling) {
    match *what {}
}

/// Done just before a request that the fault strikes is executed. An answer replaces the execution.
pub(super) fn run(_state: &mut State, _site: &str, _request: &Request, what: &Meddling) -> Option<Reply> {
    match *what {}
}

/// Done once on each target when the fault is over: cleared, its time past, or used up.
pub(super) fn end(_state: &mut State, _site: &str, what: &Meddling) {
    match *what {}
}
