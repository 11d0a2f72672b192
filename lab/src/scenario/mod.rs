//! Scripted scenarios: a lab of its own, the real operator, one story, and an exit code that says how it ended.

mod controller_flapping;
mod controller_slow;
mod credentials_rotated;
mod kit;
mod leader_blackout;
mod leader_promote;
mod neighbour;
mod site_blackout;

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
}

impl Scenario {
    pub const ALL: [Self; 7] = [
        Self::LeaderBlackout,
        Self::SiteBlackout,
        Self::LeaderPromote,
        Self::CredentialsRotated,
        Self::ControllerSlow,
        Self::ControllerFlapping,
        Self::Neighbour,
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
        }
    }
}

/// `amko-lab scenario NAME|list`: 0 when the scenario passed, 1 when not, 2 when there is none of this name.
pub async fn run(name: &str) -> u8 {
    if name == "list" {
        for scenario in Scenario::ALL {
            say(&format!("{:<20} {}", scenario.name(), scenario.sentence()));
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
