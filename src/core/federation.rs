//! Who leads among the clusters of a federation, and what the leader copies to the others
//! (`docs/RULES.md#federation`).

pub mod condition;
pub mod copied;
pub mod copy;
pub mod kind;
pub mod survey;
#[cfg(test)]
mod tests;
pub mod trouble;

use crate::crd::AmkoClusterCondition;
use crate::crd::amko_cluster::{CONTEXT, VERSION};
use condition::Step;
use trouble::Trouble;

/// An AMKOCluster of the operator's own cluster, as far as leadership goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederationMember {
    pub namespace: String,
    /// UID of the object.
    pub uid: String,
    pub is_leader: bool,
    pub context: String,
    pub version: String,
    /// Contexts of the whole federation.
    pub clusters: Vec<String>,
}

/// What this replica may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// It may write.
    Leader { context: String },
    /// Another cluster leads; this one stands by.
    Follower,
    /// It cannot be told, and why. Nothing is written.
    Undecided(String),
}

/// Decides the role from a complete list of the AMKOCluster objects in the operator's namespace. A leader still has to
/// ask the others: see [`survey`].
pub fn decide(members: &[FederationMember], namespace: &str) -> Role {
    let member = match members {
        [] => return Role::Undecided("No AMKOCluster object was found".into()),
        [member] => member,
        _ => return Role::Undecided("only one AMKOClusterObject allowed per cluster".into()),
    };
    if !member.is_leader {
        return Role::Follower;
    }
    match insane(member, namespace).or_else(|| not_listed(member).map(|trouble| trouble.to_string())) {
        Some(text) => Role::Undecided(text),
        None => Role::Leader { context: member.context.clone() },
    }
}

/// The conditions of an AMKOCluster that ends a run before anybody else is asked; none for one that leads, and none
/// where there is no single object to carry them.
pub fn conditions_at_home(members: &[FederationMember], namespace: &str) -> Vec<AmkoClusterCondition> {
    let [member] = members else { return Vec::new() };
    if !member.is_leader {
        return vec![condition::of_follower()];
    }
    if let Some(text) = insane(member, namespace) {
        return vec![Step::Own.refused(text)];
    }
    let not_listed = not_listed(member).map(|trouble| vec![Step::Own.taken(&[]), Step::Clients.failed(&trouble)]);
    not_listed.unwrap_or_default()
}

/// The first check of the object alone that fails, in upstream's order and words.
fn insane(member: &FederationMember, namespace: &str) -> Option<String> {
    if member.namespace != namespace {
        return Some(format!("AMKOCluster's namespace is not {namespace}"));
    }
    if member.context.is_empty() {
        return Some(CONTEXT.wrong.into());
    }
    if member.version.is_empty() {
        return Some(VERSION.wrong.into());
    }
    None
}

fn not_listed(member: &FederationMember) -> Option<Trouble> {
    (!member.clusters.contains(&member.context)).then(|| Trouble::NotListed(member.context.clone()))
}
