//! Who leads among the clusters of a federation (`docs/RULES.md#federation`).

/// An AMKOCluster of the operator's own cluster, as far as leadership goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederationMember {
    pub namespace: String,
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

/// Decides the role from a complete list of the AMKOCluster objects in the operator's namespace.
pub fn decide(members: &[FederationMember], namespace: &str) -> Role {
    let member = match members {
        [] => return Role::Undecided("No AMKOCluster object was found".into()),
        [member] => member,
        _ => return Role::Undecided("only one AMKOClusterObject allowed per cluster".into()),
    };
    if !member.is_leader {
        return Role::Follower;
    }
    match fault(member, namespace) {
        Some(text) => Role::Undecided(text),
        None => Role::Leader { context: member.context.clone() },
    }
}

/// The first sanity check that fails, in upstream's order and words.
fn fault(member: &FederationMember, namespace: &str) -> Option<String> {
    if member.namespace != namespace {
        return Some(format!("AMKOCluster's namespace is not {namespace}"));
    }
    if member.context.is_empty() {
        return Some("clusterContext field can't be empty in AMKOCluster object".into());
    }
    if member.version.is_empty() {
        return Some("version field can't be empty in AMKOCluster object".into());
    }
    if !member.clusters.contains(&member.context) {
        let context = &member.context;
        return Some(format!(
            "error in initialising member cluster contexts: current cluster context {context} not part of member clusters"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member() -> FederationMember {
        FederationMember {
            namespace: "avi-system".into(),
            is_leader: true,
            context: "ctx-a".into(),
            version: "2.2.1".into(),
            clusters: vec!["ctx-a".into(), "ctx-b".into()],
        }
    }

    #[test]
    fn a_sane_leader_leads_and_one_that_is_told_not_to_stands_by() {
        assert_eq!(decide(&[member()], "avi-system"), Role::Leader { context: "ctx-a".into() });
        let follower = FederationMember { is_leader: false, version: String::new(), ..member() };
        assert_eq!(decide(&[follower], "avi-system"), Role::Follower, "a follower is not checked any further");
    }

    #[test]
    fn nothing_is_decided_from_none_several_or_insane_objects() {
        let none: &[FederationMember] = &[];
        let cases: [(&[FederationMember], &str); 6] = [
            (none, "No AMKOCluster object was found"),
            (&[member(), member()], "only one AMKOClusterObject allowed per cluster"),
            (
                &[FederationMember { namespace: "other".into(), ..member() }],
                "AMKOCluster's namespace is not avi-system",
            ),
            (
                &[FederationMember { context: String::new(), ..member() }],
                "clusterContext field can't be empty in AMKOCluster object",
            ),
            (
                &[FederationMember { version: String::new(), ..member() }],
                "version field can't be empty in AMKOCluster object",
            ),
            (
                &[FederationMember { clusters: vec![], ..member() }],
                "error in initialising member cluster contexts: current cluster context ctx-a not part of member clusters",
            ),
        ];
        for (members, text) in cases {
            assert_eq!(decide(members, "avi-system"), Role::Undecided(text.into()));
        }
    }
}
