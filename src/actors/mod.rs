//! When and by whom: the actors. Each is thin: take a message, call the core, send a message.
//!
//! Data moves one way, down: watchers → directory → GSLB service actors → controller session. What comes back up is
//! only results. Every message carries a full state, so that a lost one is repaired by the next.

pub mod avi_session;
pub mod board;
pub mod cluster_watcher;
pub mod event_writer;
pub mod ever_listed;
pub mod federation;
pub mod gs_actor;
pub mod gs_directory;
pub mod identities;
pub mod link;
#[cfg(test)]
pub(crate) mod listening;
pub mod members_watcher;
pub mod offers;
pub mod operator;
pub mod policy_watcher;
pub mod rollout;
pub mod status_writer;
pub mod supervisor;
