//! Decisions over a few roles.

use serde_json::json;

use super::*;

const ROBOT: &str = "system:serviceaccount:a:robot";

fn store() -> Store {
    let mut store = Store::new(100);
    let mut put = |resource: &str, namespace: Option<&str>, name: &str, mut object: Value| {
        object["metadata"] = json!({ "name": name, "namespace": namespace.unwrap_or_default() });
        store.put(resource, ObjectKey::new(namespace, name), object);
    };
    let rule = json!({ "apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["one"] });
    put(ROLES, Some("a"), "one", json!({ "rules": [rule] }));
    let rule = json!({ "apiGroups": ["example.com"], "resources": ["*/status", "things"], "verbs": ["*"] });
    put(
        CLUSTER_ROLES,
        None,
        "things",
        json!({ "rules": [rule, { "nonResourceURLs": ["/metrics/*"], "verbs": ["get"] }] }),
    );
    let subject = json!([{ "kind": "ServiceAccount", "name": "robot", "namespace": "a" }]);
    put(BINDINGS, Some("a"), "one", json!({ "subjects": subject, "roleRef": { "kind": "Role", "name": "one" } }));
    let subject = json!([{ "kind": "Group", "name": "makers" }]);
    let role = json!({ "kind": "ClusterRole", "name": "things" });
    put(
        CLUSTER_BINDINGS,
        None,
        "things",
        json!({ "kind": "ClusterRoleBinding", "subjects": subject, "roleRef": role }),
    );
    let subject = json!([{ "kind": "User", "name": "chief" }]);
    put(
        BINDINGS,
        Some("b"),
        "b",
        json!({ "subjects": subject, "roleRef": { "kind": "ClusterRole", "name": "cluster-admin" } }),
    );
    store
}

fn user(name: &str, groups: &[&str]) -> UserInfo {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    UserInfo { username: name.to_owned(), uid: String::new(), groups }
}

/// `verb group resource name namespace`, `-` for nothing.
fn asks(words: &str) -> Attributes {
    let mut words = words.split(' ').map(|word| if word == "-" { String::new() } else { word.to_owned() });
    let mut next = || words.next().unwrap_or_default();
    let (verb, group, resource, name, namespace) = (next(), next(), next(), next(), next());
    Attributes { verb, group, resource, name, namespace, path: String::new() }
}

#[test]
fn a_binding_allows_what_its_role_says_where_it_stands() {
    let (store, robot, maker, chief) =
        (store(), user(ROBOT, &[]), user("m", &["makers"]), user("chief", &["system:authenticated"]));
    let table = [
        (&robot, "get - secrets one a", true),
        (&robot, "get - secrets two a", false),
        (&robot, "list - secrets - a", false),
        (&robot, "get - secrets one b", false),
        (&maker, "delete example.com things x b", true),
        (&maker, "update example.com things/status x -", true),
        (&maker, "update example.com things/scale x b", false),
        (&maker, "get - things x b", false),
        (&chief, "delete - secrets one b", true),
        (&chief, "delete - secrets one a", false),
        (&chief, "create authorization.k8s.io selfsubjectaccessreviews - -", true),
    ];
    for (user, words, allowed) in table {
        assert_eq!(decide(&store, user, &asks(words)).allowed, allowed, "{} {words}", user.username);
    }
    let masters = user("root", &[MASTERS]);
    assert!(decide(&store, &masters, &asks("delete - secrets one c")).allowed);
}

#[test]
fn paths_are_allowed_by_prefix() {
    let store = store();
    let reads = |path: &str| Attributes { verb: "get".into(), path: path.into(), ..Attributes::default() };
    let decisions = ["/metrics/x", "/metrics", "/apis/apps"].map(|path| {
        let maker = decide(&store, &user("m", &["makers"]), &reads(path)).allowed;
        (maker, decide(&store, &user("u", &[EVERYBODY]), &reads(path)).allowed)
    });
    assert_eq!(decisions, [(true, false), (false, false), (false, true)]);
}

#[test]
fn a_refusal_names_user_verb_and_place() {
    let texts = ["list - secrets - a", "get example.com things/status x a", "delete - namespaces a -"]
        .map(|words| asks(words).forbidden(&user("u", &[])).message);
    let expected = [
        "secrets is forbidden: User \"u\" cannot list resource \"secrets\" in API group \"\" in the namespace \"a\"",
        "things.example.com \"x\" is forbidden: User \"u\" cannot get resource \"things/status\" in API group \
         \"example.com\" in the namespace \"a\"",
        "namespaces \"a\" is forbidden: User \"u\" cannot delete resource \"namespaces\" in API group \"\" at the \
         cluster scope",
    ];
    assert_eq!(texts, expected);
}
