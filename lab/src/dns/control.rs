//! Follows the virtual services of every site and tells the board what each controller would report of them.

use super::HealthBoard;
use crate::avi::AviWorld;

/// Starts the task that carries controller status between the sites.
pub struct ControlWatch;

/// A running [`ControlWatch`].
pub struct ControlHandle {}

impl ControlWatch {
    /// Follows the virtual services of these sites until the handle is stopped.
    pub fn start(_sites: Vec<String>, _world: AviWorld, _board: HealthBoard) -> ControlHandle {
        ControlHandle {}
    }
}

impl ControlHandle {
    /// Ends the task and waits for it.
    pub async fn stop(self) {}
}
