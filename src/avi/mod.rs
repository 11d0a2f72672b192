//! How the operator talks to an Avi controller.
//!
//! Three layers, each usable without the one above: [`transport`] moves HTTP messages, [`session`] logs in and keeps
//! one session alive for many parallel calls, [`api`] knows the requests. [`wire`] translates between the
//! controller's JSON and the types of [`crate::core`].
//!
//! **Invariant.** Nothing here retries, except the one repetition after a new login: whoever decides writes decides
//! about retries, with what [`call_error::CallError`] says about the failure.

pub mod api;
pub mod call_error;
mod classify;
pub mod session;
#[cfg(test)]
pub(crate) mod testing;
pub mod transport;
pub mod urgency;
pub mod wire;
