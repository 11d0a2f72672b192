//! How the operator talks to an Avi controller.
//!
//! Three layers, each usable without the one above: [`transport`] moves HTTP messages, [`session`] logs in and keeps
//! a few sessions alive for many parallel calls, [`api`] knows the requests. [`limit`] makes calls wait for their turn,
//! [`version`] agrees with the controller on a version. [`wire`] translates between the controller's JSON and the types
//! of [`crate::core`].
//!
//! **Invariant.** Whoever decides writes decides about retries, with what [`call_error::CallError`] says about the
//! failure. Nothing here retries, with two exceptions. A call whose session was refused is repeated after a new login,
//! since a refused call was not executed. A read whose answer was lost or cannot be read is repeated once: it changes
//! nothing, and a walk of two hundred pages must not start over for one broken page.

pub mod api;
pub mod call_error;
mod classify;
pub mod limit;
pub mod session;
#[cfg(test)]
pub(crate) mod testing;
pub mod transport;
pub mod urgency;
pub mod version;
pub mod wanted;
pub mod wire;
