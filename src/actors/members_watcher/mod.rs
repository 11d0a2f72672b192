//! MembersWatcher: keeps the kubeconfig of the member clusters up to date.
//!
//! *Owns* the watch of the Secret, or the look at the file, that holds it. *Is told* what is found there. *Does* one
//! thing after each change: takes it over and tells who leads elsewhere now. *Fails* by keeping what was known: a
//! kubeconfig that is gone, cannot be read or cannot be used changes nothing, and is told in the log, in `/api/status`
//! and as a metric.

mod source;

use super::board::Board;
use super::link::Link;
use super::operator::OperatorMsg;
use crate::kubernetes::kubeconfig::parse;
use crate::kubernetes::members::{Exchange, KubeconfigMembers};
use crate::retry::{RetryPolicy, pause};
use kube::Client;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rand::SeedableRng;
use rand::rngs::StdRng;
use secrecy::{ExposeSecret, SecretString};
use source::{Finding, look};
use std::time::Duration;
use tokio::task::JoinSet;

/// When a context that could not be used is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// What the MembersWatcher is told.
#[derive(Debug)]
pub enum MembersWatcherMsg {
    Found(Finding),
    /// Time to try this text again, of which a part could not be used.
    Again(SecretString),
    /// Test hook: fail as a bug would.
    Poison,
}

/// What the MembersWatcher is made of.
pub struct MembersWatcherArgs {
    /// Of the operator's own cluster.
    pub client: Client,
    pub members: KubeconfigMembers,
    pub operator: Link<OperatorMsg>,
    pub board: Board,
    pub retry: RetryPolicy,
    pub seed: u64,
}

pub struct MembersWatcherState {
    members: KubeconfigMembers,
    operator: Link<OperatorMsg>,
    board: Board,
    /// What was found last; taken over or not, it need not be looked at again.
    text: Option<SecretString>,
    trouble: Trouble,
    /// Aborted when the state is dropped.
    looking: JoinSet<()>,
    myself: ActorRef<MembersWatcherMsg>,
}

/// What is wrong.
#[derive(Debug, Default, PartialEq, Eq)]
struct Trouble {
    /// With what was found.
    content: Option<String>,
    /// With looking.
    sight: Option<String>,
}

pub struct MembersWatcher;

impl Actor for MembersWatcher {
    type Msg = MembersWatcherMsg;
    type State = MembersWatcherState;
    type Arguments = MembersWatcherArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        let MembersWatcherArgs { client, members, operator, board, retry, seed } = args;
        let mut looking = JoinSet::new();
        let (place, rng) = (members.place().clone(), StdRng::seed_from_u64(seed));
        // The actor owns this task: when it is gone, so is the task.
        let told = myself.clone();
        looking.spawn(look(place, client, retry, rng, move |finding| {
            let _ = told.cast(MembersWatcherMsg::Found(finding));
        }));
        let (text, trouble) = (None, Trouble::default());
        Ok(MembersWatcherState { members, operator, board, text, trouble, looking, myself })
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            MembersWatcherMsg::Found(finding) => state.on_finding(finding),
            MembersWatcherMsg::Again(text) => state.on_again(&text),
            MembersWatcherMsg::Poison => return Err("poisoned by the test hook".into()),
        }
        Ok(())
    }
}

impl MembersWatcherState {
    fn on_finding(&mut self, finding: Finding) {
        match finding {
            Finding::Text(text) => {
                self.sees();
                let known = self.text.as_ref().is_some_and(|known| known.expose_secret() == text.expose_secret());
                if !known {
                    let found = text.clone();
                    self.text = Some(text);
                    self.on_text(&found);
                }
            }
            Finding::Missing(trouble) => {
                self.text = None;
                self.sees();
                self.content(trouble);
            }
            Finding::Blind(trouble) => {
                if self.trouble.sight.is_none() {
                    tracing::warn!(trouble, "the kubeconfig of the members cannot be looked at, it stays as last read");
                }
                self.members.unusable(&trouble);
                self.trouble.sight = Some(trouble);
            }
            Finding::Sees => self.sees(),
        }
        self.post();
    }

    fn sees(&mut self) {
        if self.trouble.sight.take().is_some() {
            tracing::info!("the kubeconfig of the members can be looked at again");
        }
    }

    /// Comes back to the text that was found last, in a while.
    fn look_again(&mut self) {
        let (myself, text) = (self.myself.clone(), self.text.clone());
        while self.looking.try_join_next().is_some() {}
        self.looking.spawn(async move {
            pause(AGAIN).await;
            if let Some(text) = text {
                let _ = myself.cast(MembersWatcherMsg::Again(text));
            }
        });
    }

    fn on_again(&mut self, text: &SecretString) {
        // Something else may have been found meanwhile.
        if self.text.as_ref().is_some_and(|known| known.expose_secret() == text.expose_secret()) {
            self.on_text(text);
            self.post();
        }
    }

    fn on_text(&mut self, text: &SecretString) {
        let place = self.members.place();
        let kubeconfig = match parse(text.expose_secret()) {
            Ok(kubeconfig) if kubeconfig.contexts.is_empty() => Err("it has no contexts".to_owned()),
            parsed => parsed,
        };
        match kubeconfig {
            Ok(kubeconfig) => {
                let exchange = self.members.exchange(&kubeconfig);
                self.taken_over(exchange);
            }
            Err(wrong) => self.content(format!("{place} is no usable kubeconfig: {wrong}: correct it")),
        }
    }

    fn taken_over(&mut self, exchange: Exchange) {
        let Exchange { changed, moved, refused, contexts } = exchange;
        if !changed.is_empty() {
            tracing::info!(place = %self.members.place(), ?changed, "the kubeconfig of the members has changed");
        }
        if refused.is_empty() {
            self.trouble.content = None;
        } else {
            // What a context names outside of the kubeconfig may come later.
            self.look_again();
            let refused: Vec<String> =
                refused.iter().map(|(context, error)| format!("context {context:?} cannot be used: {error}")).collect();
            let place = self.members.place();
            self.content(format!("in {place}, {}; until then each stays as it was", refused.join("; ")));
        }
        self.board.post(|notices| notices.kubeconfig.get_or_insert_default().contexts = contexts);
        if !changed.is_empty() {
            self.operator.cast(OperatorMsg::Exchanged { contexts: changed, moved });
        }
    }

    /// There is something wrong with what was found.
    fn content(&mut self, trouble: String) {
        let known = self.members.unusable(&trouble);
        let trouble = if known { format!("{trouble}. What was read before stays in force") } else { trouble };
        if self.trouble.content.as_ref() != Some(&trouble) {
            tracing::error!(trouble, "the kubeconfig of the members cannot be used");
            self.trouble.content = Some(trouble);
        }
    }

    fn post(&self) {
        let all: Vec<&str> =
            [&self.trouble.content, &self.trouble.sight].into_iter().filter_map(Option::as_deref).collect();
        let error = (!all.is_empty()).then(|| all.join("; "));
        let place = self.members.place().to_string();
        self.board.post(|notices| {
            let notice = notices.kubeconfig.get_or_insert_default();
            (notice.place, notice.error) = (place, error);
        });
    }
}
