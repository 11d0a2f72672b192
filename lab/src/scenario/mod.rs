//! Scripted scenarios: a lab of its own, the real operator, one story, and an exit code that says how it ended.

mod busy_neighbour;
mod controller_flapping;
mod controller_slow;
mod credentials_rotated;
mod dark_truth;
mod kit;
mod leader_blackout;
mod leader_promote;
mod neighbour;
mod odd_objects;
mod policy_replaced;
mod promoted_without_policy;
mod route_definition;
mod site_blackout;
mod tls_rollout;
mod typo;
mod wrong_context;

use crate::up::operator::Operator;
use crate::up::out::{complain, say};
use crate::up::run::stop_signal;
use kit::place::Place;
use kit::{Failure, Script, Stage};
use std::time::Duration;
use tokio::time::sleep;

/// No scenario takes longer, whatever happens.
const MOST_TIME: Duration = Duration::from_secs(600);
const PASSED: u8 = 0;
const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// One of the stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    LeaderBlackout,
    SiteBlackout,
    LeaderPromote,
    CredentialsRotated,
    ControllerSlow,
    ControllerFlapping,
    Neighbour,
    BusyNeighbour,
    DarkTruth,
    OddObjects,
    PolicyReplaced,
    PromotedWithoutPolicy,
    RouteDefinition,
    TlsRollout,
    Typo,
    WrongContext,
}

impl Scenario {
    pub const ALL: [Self; 16] = [
        Self::LeaderBlackout,
        Self::SiteBlackout,
        Self::LeaderPromote,
        Self::CredentialsRotated,
        Self::ControllerSlow,
        Self::ControllerFlapping,
        Self::Neighbour,
        Self::BusyNeighbour,
        Self::DarkTruth,
        Self::OddObjects,
        Self::PolicyReplaced,
        Self::PromotedWithoutPolicy,
        Self::RouteDefinition,
        Self::TlsRollout,
        Self::Typo,
        Self::WrongContext,
    ];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeaderBlackout => "leader-blackout",
            Self::SiteBlackout => "site-blackout",
            Self::LeaderPromote => "leader-promote",
            Self::CredentialsRotated => "credentials-rotated",
            Self::ControllerSlow => "controller-slow",
            Self::ControllerFlapping => "controller-flapping",
            Self::Neighbour => "neighbour",
            Self::BusyNeighbour => "busy-neighbour",
            Self::DarkTruth => "dark-truth",
            Self::OddObjects => "odd-objects",
            Self::PolicyReplaced => "policy-replaced",
            Self::PromotedWithoutPolicy => "promoted-without-policy",
            Self::RouteDefinition => "route-definition",
            Self::TlsRollout => "tls-rollout",
            Self::Typo => "typo",
            Self::WrongContext => "wrong-context",
        }
    }

    /// What it shows.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::LeaderBlackout => {
                "The GSLB leader's controller goes dark, applications change meanwhile, and all of it is in DNS after."
            }
            Self::SiteBlackout => {
                "A whole site goes dark: the monitors take its members out of DNS and back, without a single write."
            }
            Self::LeaderPromote => {
                "The GSLB leader goes dark, another site is promoted, and the operator goes on at the new leader."
            }
            Self::CredentialsRotated => {
                "The controllers' password changes: one refused login, a clear status, and the new Secret is enough."
            }
            Self::ControllerSlow => {
                "Every answer of the controller takes 2 s: 20 changes at once are all done, none twice."
            }
            Self::ControllerFlapping => {
                "The controller comes and goes for a minute while applications change: nothing is lost, nobody is flooded."
            }
            Self::Neighbour => {
                "Services and monitors of others, with similar names, stay as they are to the byte, whatever ours do."
            }
            Self::BusyNeighbour => {
                "Somebody else changes the controller every second and its pages are slow: full reads end all the same."
            }
            Self::DarkTruth => {
                "A cluster, then the controller, goes dark: status, pages, metrics and log say so within a minute, and so after."
            }
            Self::OddObjects => "Objects as they come in the field: each is told of, and holds up nothing else.",
            Self::PolicyReplaced => {
                "The policy is deleted and made again: no name notices; deleted for good, all go after the grace."
            }
            Self::PromotedWithoutPolicy => {
                "A follower without a policy is promoted: nothing is written or deleted, and the status says why."
            }
            Self::RouteDefinition => {
                "The definition of Routes comes to a plain cluster and goes: its Ingresses count all the time."
            }
            Self::TlsRollout => {
                "An application gets TLS cluster by cluster, and loses it again: every address stays in DNS."
            }
            Self::Typo => {
                "One letter too much in label, cluster name or selector with ten services: nothing goes until it is approved."
            }
            Self::WrongContext => {
                "A context leads to another cluster, then to one built anew: its members stay until that is approved."
            }
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }

    async fn play(self, stage: &Stage) -> Result<(), Failure> {
        match self {
            Self::LeaderBlackout => leader_blackout::play(stage).await,
            Self::SiteBlackout => site_blackout::play(stage).await,
            Self::LeaderPromote => leader_promote::play(stage).await,
            Self::CredentialsRotated => credentials_rotated::play(stage).await,
            Self::ControllerSlow => controller_slow::play(stage).await,
            Self::ControllerFlapping => controller_flapping::play(stage).await,
            Self::Neighbour => neighbour::play(stage).await,
            Self::BusyNeighbour => busy_neighbour::play(stage).await,
            Self::DarkTruth => dark_truth::play(stage).await,
            Self::OddObjects => odd_objects::play(stage).await,
            Self::PolicyReplaced => policy_replaced::play(stage).await,
            Self::PromotedWithoutPolicy => promoted_without_policy::play(stage).await,
            Self::RouteDefinition => route_definition::play(stage).await,
            Self::TlsRollout => tls_rollout::play(stage).await,
            Self::Typo => typo::play(stage).await,
            Self::WrongContext => wrong_context::play(stage).await,
        }
    }
}

/// `amko-lab scenario NAME|list`: 0 when the scenario passed, 1 when not, 2 when there is none of this name.
pub async fn run(name: &str) -> u8 {
    if name == "list" {
        for scenario in Scenario::ALL {
            say(&format!("{:<24} {}", scenario.name(), scenario.sentence()));
        }
        return PASSED;
    }
    let Some(scenario) = Scenario::named(name) else {
        complain(&format!("amko-lab: no scenario {name:?}; `amko-lab scenario list` names them"));
        return USAGE;
    };
    match stage_and_play(scenario).await {
        Ok(()) => {
            say(&format!("scenario {name}: passed"));
            PASSED
        }
        Err(failure) => {
            // The last line stays one line.
            let why = failure.to_string().replace('\n', " ");
            say(&format!("scenario {name}: failed: {why}"));
            FAILED
        }
    }
}

/// Stops everything that it started, however the scenario ends.
async fn stage_and_play(scenario: Scenario) -> Result<(), Failure> {
    let script = Script::begin();
    let stop = stop_signal().map_err(|error| Failure::broken("signals", error))?;
    say(&format!("scenario {}: {}", scenario.name(), scenario.sentence()));
    let place = Place::claim(scenario.name())?;
    let cut = async {
        tokio::select! {
            () = stop => Failure::Unexpected("interrupted".into()),
            () = sleep(MOST_TIME) => Failure::Unexpected(format!("not finished after {MOST_TIME:?}")),
        }
    };
    let played = perform(scenario, script, &place, cut).await;
    match &played {
        Ok(()) => place.clear(),
        Err(_) => script.sees(&format!("the files stay in {}", place.dir().display())),
    }
    played
}

/// Plays until the end or until `cut` says why not, and stops the operator and the lab in order.
async fn perform(
    scenario: Scenario,
    script: Script,
    place: &Place,
    cut: impl Future<Output = Failure>,
) -> Result<(), Failure> {
    tokio::pin!(cut);
    let (stage, mut operator) = tokio::select! {
        started = Stage::start(script, place) => started?,
        why = &mut cut => return Err(why),
    };
    let played = tokio::select! {
        played = scenario.play(&stage) => played,
        ended = ended(&mut operator) => Err(Failure::Unexpected(ended)),
        why = &mut cut => Err(why),
    };
    let stopped = operator.stop().await.map_err(|error| Failure::broken("the operator did not stop", error));
    stage.lab.stop().await;
    played.and(stopped)
}

async fn ended(operator: &mut Operator) -> String {
    let status = operator.ended().await.map_or_else(|error| error.to_string(), |status| status.to_string());
    format!("the operator ended by itself ({status}); see {}", operator.log().display())
}
