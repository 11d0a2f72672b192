//! The state of a world at one moment, to come back to.

use super::replication::LeaderChange;
use super::state::{Site, State};
use super::world::AviWorld;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What all controllers were at one moment: objects, sessions, conditions, what was on its way between them. Not in it:
/// the log of requests, faults, the source of health, and chance, which goes on.
#[derive(Clone)]
pub struct Snapshot(Arc<Past>);

struct Past {
    sites: BTreeMap<String, Site>,
    change: Option<LeaderChange>,
    password: String,
}

impl State {
    pub(super) fn snapshot(&self) -> Snapshot {
        let (sites, change) = (self.sites.clone(), self.change.clone());
        Snapshot(Arc::new(Past { sites, change, password: self.config.password.clone() }))
    }

    fn restore(&mut self, snapshot: &Snapshot) {
        let Past { sites, change, password } = &*snapshot.0;
        self.sites.clone_from(sites);
        self.change.clone_from(change);
        self.config.password.clone_from(password);
        self.revision += 1;
    }
}

impl AviWorld {
    /// The world as it is now.
    pub fn snapshot(&self) -> Snapshot {
        self.with(|state| state.snapshot())
    }

    /// Makes the world what it was, uuids and versions of objects included. A snapshot of another world makes this one
    /// its copy.
    pub fn restore(&self, snapshot: &Snapshot) {
        self.with(|state| state.restore(snapshot));
    }

    /// Makes the world what it was when it was created.
    pub fn reset(&self) {
        self.with(|state| {
            if let Some(seed) = state.seed.clone() {
                state.restore(&seed);
            }
        });
    }
}
