//! Who goes first when not all calls can be made at once.

/// How soon something should reach the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Urgency {
    /// Somebody changed one thing and waits for it.
    Interactive,
    /// One of many: a new policy, a full read, the start.
    #[default]
    Bulk,
}
