//! The kubeconfig of the member clusters, from its text. An entry that cannot be read is the trouble of those contexts
//! that refer to it.

use super::access::Access;
use kube::config::{Kubeconfig, KubeconfigError, NamedAuthInfo, NamedCluster, NamedContext};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// Under this key, what is wrong with an entry.
const UNREADABLE: &str = "amko.vmware.com/unreadable";

/// Reads a kubeconfig. Single entries that cannot be read stay as [`unreadable`] ones.
///
/// # Errors
/// Where it is wrong, in one line that quotes nothing of it: there may be tokens in it.
pub fn parse(text: &str) -> Result<Kubeconfig, String> {
    if text.trim().is_empty() {
        return Err("it is empty".into());
    }
    Kubeconfig::from_yaml(text).or_else(|error| {
        by_entry(text).ok_or_else(|| match error {
            KubeconfigError::Parse(error) => match error.location() {
                Some(place) => format!("wrong from line {}, column {} on", place.line(), place.column()),
                None => "it is no YAML".into(),
            },
            other => other.to_string(),
        })
    })
}

/// Entry by entry; `None` when it is no kubeconfig at all.
fn by_entry(text: &str) -> Option<Kubeconfig> {
    let whole: Value = serde_saphyr::from_str(text).ok()?;
    Some(Kubeconfig {
        clusters: entries(&whole, "clusters", |name, other| NamedCluster { name, cluster: None, other })?,
        auth_infos: entries(&whole, "users", |name, other| NamedAuthInfo { name, auth_info: None, other })?,
        contexts: entries(&whole, "contexts", |name, other| NamedContext { name, context: None, other })?,
        ..Kubeconfig::default()
    })
}

type Other = BTreeMap<String, Value>;

/// The entries of one list. Without a name, nothing can refer to one.
fn entries<T: DeserializeOwned>(whole: &Value, list: &str, odd: impl Fn(String, Other) -> T) -> Option<Vec<T>> {
    let all = match whole.as_object()?.get(list) {
        None | Some(Value::Null) => return Some(Vec::new()),
        Some(all) => all.as_array()?,
    };
    let read = |(number, entry): (usize, &Value)| {
        serde_path_to_error::deserialize(entry).map_or_else(
            |error| {
                let name = entry["name"].as_str()?.to_owned();
                let what = format!("{} of entry {} ({name:?}) of {list} has the wrong type", error.path(), number + 1);
                Some(odd(name, [(UNREADABLE.to_owned(), Value::from(what))].into()))
            },
            Some,
        )
    };
    Some(all.iter().enumerate().filter_map(read).collect())
}

/// What is wrong with an entry that could not be read, by its further fields.
pub fn unreadable(other: &BTreeMap<String, Value>) -> Option<String> {
    other.get(UNREADABLE).and_then(Value::as_str).map(str::to_owned)
}

/// By context, of several with one name the first.
pub fn contexts(kubeconfig: &Kubeconfig) -> BTreeMap<String, Access> {
    let mut all = BTreeMap::new();
    for named in &kubeconfig.contexts {
        all.entry(named.name.clone()).or_insert_with(|| Access::of(kubeconfig, named));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
        ];
        for (text, expected) in wrong {
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        }
    }

    /// FND-E2: what one entry says is no reason to refuse the others.
    #[test]
    fn an_entry_that_cannot_be_read_is_the_trouble_of_those_who_use_it() {
        let text = "{clusters: [{name: a, cluster: {server: 'https://a'}}, {name: b, cluster: {server: [secret]}}],
            users: [{name: a, user: {token: t}}, {name: b, user: {token: [secret]}}, {user: {token: [secret]}}],
            contexts: [{name: ctx-a, context: {cluster: a, user: a}}, {name: ctx-b, context: {cluster: b, user: a}},
                {name: ctx-c, context: {cluster: a, user: b}}, {name: ctx-d, context: {cluster: [secret]}},
                {name: ctx-e, context: {cluster: nowhere}}]}";
        let all = contexts(&parse(text).unwrap());
        let told: Vec<(&str, String)> = all
            .iter()
            .map(|(context, access)| {
                let config = access.config();
                (
                    context.as_str(),
                    config.map_or_else(|error| error.to_string(), |config| config.cluster_url.to_string()),
                )
            })
            .collect();
        let wrong = |what: &str| format!("{what} has the wrong type: correct it");
        let expected = [
            ("ctx-a", "https://a/".to_owned()),
            ("ctx-b", wrong("cluster.server of entry 2 (\"b\") of clusters")),
            ("ctx-c", wrong("user.token of entry 2 (\"b\") of users")),
            ("ctx-d", wrong("context.cluster of entry 4 (\"ctx-d\") of contexts")),
            ("ctx-e", "the kubeconfig has no cluster \"nowhere\": add it, or correct the context".to_owned()),
        ];
        assert_eq!(told, expected);
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

    #[test]
    fn a_context_is_used_with_its_own_cluster_and_user_only() {
        let config = access(&text("one", "a")).config().unwrap();
        assert_eq!(config.cluster_url, "https://a.example.org/");
        let without = access(&text("one", "a").replace("\"cluster\":\"a\"", "\"cluster\":\"b\""));
        let lacking = "the kubeconfig has no cluster \"b\": add it, or correct the context";
        assert_eq!(without.config().map(drop).unwrap_err().to_string(), lacking);
    }
}
