//! What the other clusters of the federation answered, and what follows from it.

use super::FederationMember;
use super::condition::Step;
use super::trouble::Trouble;
use crate::crd::AmkoClusterCondition;

/// An installation of AMKO in another cluster, as its AMKOCluster has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    pub is_leader: bool,
    pub version: String,
}

/// What came of asking one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The kubeconfig does not know its context.
    UnknownContext,
    /// No client could be made, and why.
    NoClient(String),
    /// It did not say, and why. Nothing is concluded from that.
    NoList(String),
    /// Its API server knows no AMKOClusters, in its own words: no AMKO is installed there.
    NoKind(String),
    /// Its context leads to the operator's own cluster.
    Own,
    /// Its AMKOClusters, all of them.
    Peers(Vec<Peer>),
}

/// The outcome of asking everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Contexts that configuration may be copied to.
    pub valid: Vec<String>,
    /// Of the steps so far.
    pub conditions: Vec<AmkoClusterCondition>,
    /// A reachable cluster that leads as well: nothing may be written at all.
    pub rival: Option<Trouble>,
    /// Whether asking again soon may give a better answer.
    pub retry: bool,
    /// Clusters in which no AMKO is installed, if that is all that is wrong with members. Nothing is to be done about
    /// it: they only offer applications.
    pub without_amko: Vec<String>,
}

/// The other contexts of the federation, each once, in the order of the AMKOCluster.
pub fn others(own: &FederationMember) -> Vec<String> {
    let mut others: Vec<String> = Vec::new();
    for context in &own.clusters {
        if *context != own.context && !others.contains(context) {
            others.push(context.clone());
        }
    }
    others
}

/// Judges the answers of [`others`], in their order. `own` has passed its own checks.
pub fn survey(own: &FederationMember, answers: &[(String, Answer)]) -> Survey {
    let rival = answers.iter().find(|(_, answer)| leads(answer)).map(|(c, _)| Trouble::AnotherLeader(c.clone()));
    let mut survey = Survey {
        valid: Vec::new(),
        conditions: vec![Step::Own.taken(&[])],
        rival: rival.clone(),
        retry: true,
        without_amko: Vec::new(),
    };
    let unknown = answers.iter().find(|(_, answer)| *answer == Answer::UnknownContext);
    let hard = match unknown {
        Some((context, _)) => Some(Trouble::UnknownContext(context.clone())),
        None => answers.is_empty().then_some(Trouble::NobodyElse),
    };
    if let Some(trouble) = hard {
        survey.conditions.push(Step::Clients.failed(&trouble));
        survey.retry = trouble != Trouble::NobodyElse;
        return survey;
    }
    let without_client: Vec<Trouble> =
        answers.iter().filter_map(|(context, answer)| no_client(context, answer)).collect();
    survey.conditions.push(Step::Clients.taken(&without_client));
    if without_client.len() == answers.len() {
        return survey;
    }
    if let Some(rival) = &rival {
        survey.conditions.push(Step::Members.failed(rival));
        return survey;
    }
    let (mut refused, mut without_amko) = (Vec::new(), Vec::new());
    for (context, answer) in answers {
        match judge(own, context, answer) {
            Some(Ok(())) => survey.valid.push(context.clone()),
            Some(Err(trouble)) => {
                refused.push(trouble);
                let absent = matches!(answer, Answer::NoKind(_)) || matches!(answer, Answer::Peers(p) if p.is_empty());
                without_amko.extend(absent.then(|| context.clone()));
            }
            None => {}
        }
    }
    survey.conditions.push(Step::Members.taken(&refused));
    survey.retry = !without_client.is_empty() || without_amko.len() < refused.len();
    if without_amko.len() == refused.len() {
        survey.without_amko = without_amko;
    }
    survey
}

fn leads(answer: &Answer) -> bool {
    matches!(answer, Answer::Peers(peers) if peers.iter().any(|peer| peer.is_leader))
}

fn no_client(context: &str, answer: &Answer) -> Option<Trouble> {
    match answer {
        Answer::NoClient(error) => Some(Trouble::NoClient { cluster: context.into(), error: error.clone() }),
        _ => None,
    }
}

/// Whether a cluster that nobody else leads may be copied to; `None` where there is no client to do it with.
fn judge(own: &FederationMember, context: &str, answer: &Answer) -> Option<Result<(), Trouble>> {
    let cluster = context.to_owned();
    let peers = match answer {
        Answer::UnknownContext | Answer::NoClient(_) => return None,
        Answer::NoList(error) | Answer::NoKind(error) => {
            return Some(Err(Trouble::NoMemberList { cluster, error: error.clone() }));
        }
        Answer::Own => return Some(Err(Trouble::OwnCluster(cluster))),
        Answer::Peers(peers) => peers,
    };
    Some(match peers.as_slice() {
        [] => Err(Trouble::NoInstallation(cluster)),
        [peer] if peer.version == own.version => Ok(()),
        [peer] => Err(Trouble::OtherVersion { own: own.version.clone(), cluster, other: peer.version.clone() }),
        _ => Err(Trouble::SeveralInstallations(cluster)),
    })
}
