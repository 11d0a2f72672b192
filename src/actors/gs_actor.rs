//! GsActor: the owner of one FQDN.
//!
//! *Owns* the endpoints, the policy it last saw and what the controller is known to hold. *Is told* each of these as a
//! full state. *Does* one thing after each: decides anew and, when the controller differs, leaves the writes in its
//! slot of the session's queue. While a write is in flight it only listens, so any number of changes become one next
//! write. *Sleeps* when told to: its state goes back to the directory, which wakes another actor with it when there is
//! news. *Fails* alone: what it knew is given to it again, and the controller's side is read again before it writes.

mod account;
mod drift;
mod guarding;
mod learning;
mod omitting;
mod reporting;
mod standing;
mod state;
#[cfg(test)]
mod tests;

use super::avi_session::slot::Slot;
use super::avi_session::{FullRead, Report};
use super::gs_directory::GsDirectoryMsg;
use super::offers::Offers;
use crate::avi::urgency::Urgency;
use crate::core::build::Built;
use crate::core::guard::Kept;
use crate::core::host_rule::RuleState;
use crate::core::plan::{Observed, Unseen};
use crate::core::policy::PolicySnapshot;
use crate::core::references::Catalog;
pub use crate::core::report::SyncState;
use jiff::Timestamp;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
pub use state::{GsArgs, GsState, Links};
use std::sync::Arc;
use tokio::time::Instant;

/// What a GsActor is told.
#[derive(Debug)]
pub enum GsMsg {
    /// What it decides from is not what it was.
    Input(Input),
    /// It woke up: this is what it was told while it could not listen. About all of it is decided once.
    Woken(Vec<GsMsg>),
    /// A full read of the controller says that it holds this.
    Observed {
        read: FullRead,
        content: Box<Observed>,
    },
    /// The work that was in the slot has been done, or not; at this time.
    Done {
        slot: Arc<Slot>,
        report: Report,
        at: Instant,
    },
    /// The guard has said something about what it would take away, or has changed its mind.
    Ruled,
    /// The session was restarted: work that it held is lost, and what it was doing is unknown.
    SessionRestarted,
    /// The StatusWriter was restarted: report again.
    ReportAgain,
    /// The EventWriter was restarted: tell it again how things are.
    TellAgain,
    View(RpcReplyPort<Option<GsView>>),
    /// Give the state back and end.
    Sleep,
    /// Test hook: fail as a bug would.
    Poison,
}

/// What an FQDN is decided from, each as a whole.
#[derive(Debug)]
pub enum Input {
    /// What the clusters offer for it.
    Offers {
        offers: Arc<Offers>,
        urgency: Urgency,
        /// They differ because services are named otherwise.
        renamed: bool,
    },
    /// Its GSLBHostRule.
    Rule(RuleState),
    /// The further domain names that belong to this service, sorted.
    Aliases(Arc<[Arc<str>]>),
    /// The policy, the clusters that were never completely seen, and the leadership term.
    Context(Arc<Context>),
}

/// What is the same for every FQDN.
#[derive(Debug, PartialEq, Eq)]
pub struct Context {
    pub policy: Arc<PolicySnapshot>,
    /// What is known about the objects on the controller that policies refer to.
    pub catalog: Arc<Catalog>,
    pub unseen: Unseen,
    /// All member clusters that were never completely seen, whether the policy picks them or not.
    pub unheard: Unseen,
    /// Member clusters that no kubeconfig has.
    pub unknown: Unseen,
    /// Writes are decided inside a term, and are refused outside of it.
    pub term: Option<u64>,
    /// Whether the first look at all clusters is over; before, nothing is written.
    pub settled: bool,
}

/// What the actor knows about the controller's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knowledge {
    /// No full read has come in since the session began.
    Unknown,
    Known(Box<Observed>),
    /// Something happened in between (an unclear answer, a conflict, a restart): read again before deciding.
    Stale(Box<Observed>),
}

impl Knowledge {
    /// What was read last, of late or before something happened.
    pub fn observed(&self) -> Option<&Observed> {
        match self {
            Self::Unknown => None,
            Self::Known(observed) | Self::Stale(observed) => Some(observed),
        }
    }
}

/// What is shown of one FQDN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GsView {
    pub fqdn: Arc<str>,
    pub built: Built,
    pub rule: RuleState,
    pub knowledge: Knowledge,
    pub state: SyncState,
    /// Members that stay although nothing explains them that is seen and wanted.
    pub kept: Vec<Kept>,
    pub last_write: Option<Timestamp>,
    pub last_error: Option<String>,
}

pub struct GsActor;

impl Actor for GsActor {
    type Msg = GsMsg;
    /// `None` once it was given back.
    type State = Option<Box<GsState>>;
    type Arguments = Box<GsState>;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        state: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(Some(state))
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        held: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if matches!(message, GsMsg::Sleep) {
            if let Some(state) = held.take() {
                state.go_home(|state| GsDirectoryMsg::Asleep { actor: myself.get_id(), state });
            }
            myself.stop(None);
            return Ok(());
        }
        let Some(state) = held else { return Ok(()) };
        if hear(state, message)? {
            state.decide();
        }
        Ok(())
    }
}

/// Takes a message in. Answers whether there may be something to decide.
fn hear(state: &mut GsState, message: GsMsg) -> Result<bool, &'static str> {
    match message {
        GsMsg::Input(input) => state.take_in(input),
        GsMsg::Woken(news) => {
            let due = state.due().is_some();
            return news.into_iter().try_fold(due, |due, message| Ok(hear(state, message)? || due));
        }
        GsMsg::Observed { read, content } => state.on_observed(read, content),
        GsMsg::Done { slot, report, at } => state.on_done(&slot, report, at),
        // The slot tells what.
        GsMsg::Ruled => {}
        GsMsg::SessionRestarted => state.on_session_restarted(),
        GsMsg::ReportAgain => state.report_again(),
        GsMsg::TellAgain => state.tell_again(),
        GsMsg::View(reply) => {
            // The asker may have gone; that is its own business.
            let _ = reply.send(Some(state.view()));
            return Ok(false);
        }
        // Nobody is told to sleep in its sleep.
        GsMsg::Sleep => return Ok(false),
        GsMsg::Poison => return Err("poisoned by the test hook"),
    }
    Ok(true)
}
