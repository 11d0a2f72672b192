//! Failures to order: by name from a catalogue, or as a single [`Fault`] put together by a test.
//!
//! A fault strikes the requests that its [`matcher`] picks, as long as its span lasts, and does to each of them what
//! its [`effect`] says. The [`table`] holds those that are active; [`catalogue`] names all that there are.

pub mod catalogue;
mod change;
mod connection;
pub(super) mod effect;
mod instead;
mod limit;
mod listing;
mod matcher;
mod once;
mod options;
mod table;

pub use connection::{Certificate, ConnectionState, Handshake};
pub use listing::{FaultListing, FaultOrder};
pub(super) use matcher::{Arrival, SessionRank};
pub use once::{Fault, FaultAnswer};
pub(super) use table::{FaultTable, Struck};

use super::meddle;
use super::state::State;

impl State {
    /// Adds a fault by name; see [`super::AviWorld::add_fault`].
    pub(super) fn add_fault(&mut self, order: &FaultOrder) -> Result<u64, String> {
        let known: Vec<&str> = self.sites.keys().map(String::as_str).collect();
        if let Some(target) = order.target.as_deref().filter(|target| !known.contains(target)) {
            return Err(format!("{target:?} has no controller; known sites are {}", known.join(", ")));
        }
        let now = self.now();
        let (id, meddling) = self.faults.order(order, now)?;
        if let Some(meddling) = meddling {
            for site in self.sites_of(order.target.as_deref()) {
                meddle::begin(self, &site, &meddling);
            }
        }
        Ok(id)
    }

    /// Takes a fault out of the table before its time.
    pub(super) fn clear_fault(&mut self, id: u64) -> Result<(), String> {
        let ended = self.faults.remove(id).ok_or_else(|| format!("there is no fault {id}"))?;
        self.wind_up(vec![ended]);
        Ok(())
    }

    pub(super) fn clear_faults(&mut self) {
        let ended = self.faults.clear();
        self.wind_up(ended);
    }

    /// Forgets the faults whose time is over.
    pub(super) fn end_late_faults(&mut self) {
        let ended = self.faults.take_late(self.config.clock.now());
        self.wind_up(ended);
    }

    /// Forgets the faults that have struck as often as they should.
    pub(super) fn end_used_faults(&mut self) {
        let ended = self.faults.take_used();
        self.wind_up(ended);
    }

    fn wind_up(&mut self, ended: Vec<table::Ended>) {
        for table::Ended { target, meddling } in ended {
            let Some(meddling) = meddling else { continue };
            for site in self.sites_of(target.as_deref()) {
                meddle::end(self, &site, &meddling);
            }
        }
    }

    fn sites_of(&self, target: Option<&str>) -> Vec<String> {
        self.sites.keys().filter(|site| target.is_none_or(|target| target == **site)).cloned().collect()
    }
}
