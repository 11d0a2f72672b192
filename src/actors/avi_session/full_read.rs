//! What tells full reads of controllers apart, and so what was decided from them.

use std::sync::Arc;
use tokio::time::Instant;

/// One session with one controller: as long as settings, leadership and address stay. What was observed in another one
/// says nothing about this controller, and what was decided from it is void. Clones are one; each new mark is another.
#[derive(Debug, Clone, Default)]
pub struct SessionMark(Arc<()>);

impl PartialEq for SessionMark {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for SessionMark {}

/// A full read of the controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullRead {
    pub session: SessionMark,
    /// When it began.
    pub as_of: Instant,
}
