//! The phases that a controller session goes through, and what is said of them.

use crate::core::knowledge::Obstacle;
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
    /// Many calls in a row have failed: nothing is started until a probe tells whether the whole controller has, or a
    /// part of it.
    Doubt { refresh_at: Instant },
    /// The controller asked for a pause: nothing is started until then.
    Resting { until: Instant, refresh_at: Instant },
    /// The controller takes no writes until the probe at `probe_at` finds that it does; what is only read goes on.
    Frozen { probe_at: Instant },
    /// Nothing is done until the probe at `probe_at` finds the controller usable.
    Down { probe_at: Instant },
}

impl Phase {
    /// The phase in which to ask who leads, coming from this one.
    pub fn probing(self) -> Self {
        match self {
            Self::Ready { .. } => Self::Reprobe,
            Self::Doubt { .. } => self,
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
        matches!(self, Self::FirstProbe | Self::Reprobe | Self::Doubt { .. })
    }

    /// Whether a full read is waited for.
    pub fn is_listing(self) -> bool {
        matches!(self, Self::FirstList | Self::Relist)
    }

    /// Whether work may be started.
    pub fn may_write(self) -> bool {
        matches!(self, Self::Ready { .. } | Self::Reprobe | Self::Relist)
    }

    /// Whether something may be looked up.
    pub fn may_read(self) -> bool {
        self.may_write() || matches!(self, Self::Frozen { .. })
    }

    /// Whether the controller was read completely and nothing has happened since that makes it doubtful.
    pub fn is_synced(self) -> bool {
        self.may_write() || matches!(self, Self::Doubt { .. } | Self::Resting { .. })
    }

    /// When the phase ends by itself.
    pub fn due(self) -> Option<Instant> {
        match self {
            Self::Ready { refresh_at: at } | Self::Resting { until: at, .. } => Some(at),
            Self::Frozen { probe_at: at } | Self::Down { probe_at: at } => Some(at),
            _ => None,
        }
    }

    /// When the controller is to be read again, if it was read before; now when that was under way.
    pub fn refresh_at(self, now: Instant) -> Option<Instant> {
        match self {
            Self::Ready { refresh_at } | Self::Doubt { refresh_at } | Self::Resting { refresh_at, .. } => {
                Some(refresh_at)
            }
            Self::Reprobe | Self::Relist => Some(now),
            Self::Idle | Self::FirstProbe | Self::FirstList | Self::Frozen { .. } | Self::Down { .. } => None,
        }
    }
}

/// What the session tells of the controller, for the GSLBConfig's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControllerState {
    /// Nothing can be done there: which kind of trouble, and in words.
    Unusable(Obstacle, String),
    /// And who does, as far as is known.
    NotLeader(String),
    /// Reading everything for the first time.
    Syncing,
    Synced,
}

impl ControllerState {
    /// One word, as a condition gives its reason. States with the same word differ in their text only.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unusable(obstacle, _) => obstacle.reason(),
            Self::NotLeader(_) => "NotLeader",
            Self::Syncing => "Syncing",
            Self::Synced => "Synced",
        }
    }

    /// Whether the controller answers.
    pub fn answers(&self) -> bool {
        match self {
            Self::Unusable(obstacle, _) => obstacle.answers(),
            Self::NotLeader(_) | Self::Syncing | Self::Synced => true,
        }
    }
}
