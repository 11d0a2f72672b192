//! The kubeconfig of the member clusters: from its text, and what of it concerns one context.

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError, NamedAuthInfo, NamedCluster, NamedContext};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// Reads a kubeconfig.
///
/// # Errors
/// Where it is wrong, in one line that quotes nothing of it: there may be tokens in it.
pub fn parse(text: &str) -> Result<Kubeconfig, String> {
    if text.trim().is_empty() {
        return Err("it is empty".into());
    }
    Kubeconfig::from_yaml(text).map_err(|error| match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(place) => format!("wrong from line {}, column {} on", place.line(), place.column()),
            None => "it is no YAML".into(),
        },
        other => other.to_string(),
    })
}

/// One context with its cluster and user: what is needed to reach a member. Never shown: it holds credentials.
#[derive(Clone)]
pub struct Access(Kubeconfig);

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access")
    }
}

/// By context, of several with one name the first.
pub fn contexts(kubeconfig: &Kubeconfig) -> BTreeMap<String, Access> {
    let mut all = BTreeMap::new();
    for named in &kubeconfig.contexts {
        all.entry(named.name.clone()).or_insert_with(|| Access::of(kubeconfig, named));
    }
    all
}

impl Access {
    fn of(kubeconfig: &Kubeconfig, named: &NamedContext) -> Self {
        let context = named.context.as_ref();
        let cluster = context.and_then(|context| kubeconfig.clusters.iter().find(|c| c.name == context.cluster));
        let user = context.and_then(|context| context.user.as_ref());
        let user = user.and_then(|user| kubeconfig.auth_infos.iter().find(|known| known.name == *user));
        Self(Kubeconfig {
            contexts: vec![named.clone()],
            clusters: cluster.cloned().into_iter().collect(),
            auth_infos: user.cloned().into_iter().collect(),
            current_context: Some(named.name.clone()),
            ..Kubeconfig::default()
        })
    }

    /// Whether both lead to the same server as the same user. What cluster and user are called does not matter.
    pub fn leads_where(&self, other: &Self) -> bool {
        self.facts() == other.facts()
    }

    /// Whether both lead to the same server, as whomever.
    pub fn is_at(&self, other: &Self) -> bool {
        self.facts()[0] == other.facts()[0]
    }

    fn facts(&self) -> Value {
        let clusters: Vec<_> = self.0.clusters.iter().map(|NamedCluster { cluster, .. }| cluster).collect();
        let users: Vec<_> = self.0.auth_infos.iter().map(|NamedAuthInfo { auth_info, .. }| auth_info).collect();
        json!([clusters, users])
    }

    /// The configuration of a client.
    ///
    /// # Errors
    /// When context, cluster or certificates are not what they should be.
    pub async fn config(&self) -> Result<Config, KubeconfigError> {
        Config::from_custom_kubeconfig(self.0.clone(), &KubeConfigOptions::default()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(token: &str, user: &str) -> String {
        json!({"clusters": [{"name": "a", "cluster": {"server": "https://a.example.org"}}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": "ctx-a", "context": {"cluster": "a", "user": user}}]})
        .to_string()
    }

    fn access(text: &str) -> Access {
        contexts(&parse(text).unwrap()).remove("ctx-a").unwrap()
    }

    /// DB-34
    #[test]
    fn what_is_wrong_with_a_kubeconfig_is_told_in_one_line_that_quotes_nothing_of_it() {
        let wrong = [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("secret-token", "wrong from line 1, column 1 on"),
            ("users: secret-token", "wrong from line 1, column 8 on"),
            ("users:\n- name: a\n  user: {token: secret-token}\n  - wrong", "wrong from line 4, column 5 on"),
            ("users: [{name: a, user: {token: [secret-token]}}]", "wrong from line 1, column 33 on"),
        ];
        for (text, expected) in wrong {
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn only_what_leads_elsewhere_or_as_another_user_is_another_access() {
        let before = access(&text("one", "a"));
        assert!(before.leads_where(&access(&text("one", "somebody"))));
        assert!(!before.leads_where(&access(&text("two", "a"))));
        assert!(!before.leads_where(&access(&text("one", "a").replace("a.example", "b.example"))));
        assert!(
            !before.leads_where(&access(&text("one", "a").replace("\"clusters\":[", "\"clusters\":[], \"other\":[")))
        );
        let of_key = |key: &str| {
            let user = json!({"client-certificate-data": "cert", "client-key-data": key}).to_string();
            access(&text("one", "a").replace(r#"{"token":"one"}"#, &user))
        };
        assert!(of_key("one").leads_where(&of_key("one")) && !of_key("one").leads_where(&of_key("two")));
        assert_eq!(format!("{before:?}"), "Access");
    }

    #[tokio::test]
    async fn a_context_is_used_with_its_own_cluster_and_user_only() {
        let config = access(&text("one", "a")).config().await.unwrap();
        assert_eq!(config.cluster_url, "https://a.example.org/");
        let without = access(&text("one", "a").replace("\"cluster\":\"a\"", "\"cluster\":\"b\""));
        assert_eq!(without.config().await.unwrap_err().to_string(), "failed to load the cluster of context: b");
    }
}
