//! The phases that a controller session goes through, and what is said of them.

use tokio::time::Instant;

/// Where the session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No settings, or no leadership: nothing is sent.
    Idle,
    /// Asking who leads, before anything was read.
    FirstProbe,
    /// Reading everything for the first time.
    FirstList,
    /// Work is done; the controller is read again at `refresh_at`.
    Ready { refresh_at: Instant },
    /// As ready, while asking who leads.
    Reprobe,
    /// As ready, while reading everything again.
    Relist,
    /// Nothing is done until the probe at `probe_at` finds the controller usable.
    Down { probe_at: Instant },
}

impl Phase {
    /// The phase in which to ask who leads, coming from this one.
    pub fn probing(self) -> Self {
        match self {
            Self::Ready { .. } => Self::Reprobe,
            _ => Self::FirstProbe,
        }
    }

    /// The phase in which to read everything, coming from this one.
    pub fn listing(self) -> Self {
        match self {
            Self::Reprobe | Self::Ready { .. } => Self::Relist,
            _ => Self::FirstList,
        }
    }

    /// Whether the answer to a probe is waited for.
    pub fn is_probing(self) -> bool {
        matches!(self, Self::FirstProbe | Self::Reprobe)
    }

    /// Whether a full read is waited for.
    pub fn is_listing(self) -> bool {
        matches!(self, Self::FirstList | Self::Relist)
    }

    /// Whether work may be started.
    pub fn may_write(self) -> bool {
        matches!(self, Self::Ready { .. } | Self::Reprobe | Self::Relist)
    }

    /// When the phase ends by itself.
    pub fn due(self) -> Option<Instant> {
        match self {
            Self::Ready { refresh_at: at } | Self::Down { probe_at: at } => Some(at),
            _ => None,
        }
    }
}

/// What the session tells of the controller, for the GSLBConfig's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControllerState {
    Unreachable(String),
    NotLeader(String),
    /// Reading everything for the first time.
    Syncing,
    Synced,
}
