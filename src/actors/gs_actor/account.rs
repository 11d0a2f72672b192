//! What the EventWriter is told about the endpoints of a service: all of it, whenever any of it has changed.

use super::{GsState, Knowledge};
use crate::actors::event_writer::EventWriterMsg;
use crate::core::build::Placed;
use crate::core::endpoint::{Endpoint, EndpointKey};
use crate::core::occurrence::digest;
use crate::core::occurrence::verdict::{Account, Facts, Progress, Standing, Verdict};
use std::sync::Arc;

/// What was told last, as small as can be.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Digest of the last account; `None` when nothing was told, or nothing is left to tell of.
    account: Option<u64>,
    /// The service was made since Events may be told.
    made: bool,
    /// What there is now is nothing new: it was found, or the EventWriter forgot it.
    anew: bool,
}

impl Told {
    /// What there is when it is told for the first time is nothing new.
    pub(super) fn nothing_new() -> Self {
        Self { anew: true, ..Self::default() }
    }

    pub(super) fn made(&mut self, made: bool) {
        self.made |= made;
    }

    /// Everything is to be told again.
    pub(super) fn forget(&mut self) {
        (self.account, self.anew) = (None, true);
    }
}

/// What was decided last.
pub(super) struct Decided {
    pub members: Vec<Placed>,
    pub refused: Vec<(EndpointKey, String)>,
    /// Nothing can be decided.
    pub waits: bool,
    /// Nothing is left to do.
    pub done: bool,
}

impl GsState {
    /// Tells the EventWriter how the endpoints stand.
    pub(super) fn tell_account(&mut self, decided: &Decided) {
        let speaks = self.speaks();
        self.told.made &= speaks;
        let account = self.account(decided, speaks);
        let digest = (!account.verdicts.is_empty()).then(|| digest(&account));
        if self.told.account != digest {
            self.told.account = digest;
            self.links.events.cast(EventWriterMsg::Account(Box::new(account)));
        }
        self.told.anew = false;
    }

    fn account(&self, decided: &Decided, speaks: bool) -> Account {
        let Decided { members, refused, waits, done } = decided;
        let progress = match &self.last_error {
            Some((error, _)) => Progress::Failing(error),
            None if *waits => Progress::Undecided,
            None if *done && speaks && matches!(self.knowledge, Knowledge::Known(_)) => Progress::InSync,
            None => Progress::Pending,
        };
        let waiting = self.slot.waiting_wish();
        let (waiting, observed) = (waiting.as_deref(), self.knowledge.observed());
        let facts = Facts { policy: &self.context.policy, members, refused, progress, waiting, observed };
        let found = |cluster: &str| self.told.anew || !self.context.settled || self.context.unheard.contains(cluster);
        // What is withheld stays when the controller has it, of which nothing is known yet.
        let open = |endpoint: &Endpoint| {
            matches!(self.knowledge, Knowledge::Unknown) && endpoint.withheld_addresses().next().is_some()
        };
        let verdict = |endpoint: &Arc<Endpoint>| Verdict {
            endpoint: Arc::clone(endpoint),
            found: found(&endpoint.key.cluster),
            standing: if open(endpoint) { Standing::Undecided } else { facts.standing(endpoint) },
        };
        Account {
            fqdn: Arc::clone(&self.fqdn),
            speaks,
            made: self.told.made,
            verdicts: self.offers.endpoints().map(verdict).collect(),
        }
    }
}
