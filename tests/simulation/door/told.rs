//! What the operator was told by the API servers, version by version: by complete lists and by watches, nothing else.

use crate::support::witness::parameter;
use http::Uri;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;

/// Namespace and name.
pub type Key = (String, String);
/// The objects of one kind, as one seam tells of them.
pub type Objects = BTreeMap<Key, History>;

/// What one object was, from when on; `None`: it was not there.
#[derive(Default)]
pub struct History(Vec<(Instant, Option<Arc<Value>>)>);

impl History {
    fn push(&mut self, now: Instant, object: Option<&Value>) {
        let known = self.0.last().and_then(|(_, object)| object.as_deref());
        if known != object {
            self.0.push((now, object.cloned().map(Arc::new)));
        }
    }

    /// Everything that it was between then and now, what it already was then first.
    pub fn since(&self, then: Instant) -> impl Iterator<Item = Option<&Value>> {
        let later = self.0.partition_point(|(from, _)| *from <= then);
        let before = later.checked_sub(1).and_then(|at| self.0[at].1.as_deref());
        std::iter::once(before).chain(self.0[later..].iter().map(|(_, object)| object.as_deref()))
    }

    /// When it was not there, though it was before: from when on, and until when if it came back.
    pub fn gaps(&self) -> impl Iterator<Item = (Instant, Option<Instant>)> {
        let next = self.0.iter().skip(1).map(|(from, _)| Some(*from)).chain([None]);
        let gaps = self.0.iter().zip(next).filter(|((_, object), _)| object.is_none());
        gaps.map(|((from, _), until)| (*from, until))
    }

    /// What it is now, and since when its spec is the same.
    pub fn newest(&self) -> Option<(Instant, &Value)> {
        let object = self.0.last()?.1.as_deref()?;
        let same =
            |version: &Option<Arc<Value>>| version.as_deref().is_some_and(|other| other["spec"] == object["spec"]);
        let since = self.0.iter().rev().take_while(|(_, version)| same(version)).last();
        since.map(|(since, _)| (*since, object))
    }
}

/// A collection, by the path of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Collection {
    seam: String,
    namespace: Option<String>,
    plural: String,
}

#[derive(Default)]
pub struct Told {
    /// By seam and plural.
    kinds: BTreeMap<(String, String), Objects>,
    /// The items of lists that go on, by the token for their next page.
    begun: BTreeMap<(Collection, String), Vec<Value>>,
}

impl Told {
    /// The objects of a kind, as this seam told of them.
    pub fn objects(&self, seam: &str, plural: &str) -> impl Iterator<Item = (&Key, &History)> {
        self.kinds.get(&(seam.to_owned(), plural.to_owned())).into_iter().flatten()
    }

    pub fn object(&self, seam: &str, plural: &str, namespace: &str, name: &str) -> Option<&History> {
        let objects = self.kinds.get(&(seam.to_owned(), plural.to_owned()))?;
        objects.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// Takes in an answer; what a complete list lacks is gone. Returns what changed, in words.
    pub fn list(&mut self, now: Instant, seam: &str, uri: &Uri, body: &Value) -> Vec<String> {
        let Some(collection) = Collection::of(seam, uri) else { return Vec::new() };
        let Some(items) = body["items"].as_array() else { return Vec::new() };
        let token = parameter(uri, "continue").to_owned();
        let mut all = self.begun.remove(&(collection.clone(), token)).unwrap_or_default();
        all.extend(items.iter().cloned());
        match body["metadata"]["continue"].as_str().filter(|token| !token.is_empty()) {
            Some(next) => {
                self.begun.insert((collection, next.to_owned()), all);
                Vec::new()
            }
            None => self.replace(now, &collection, &all),
        }
    }

    fn replace(&mut self, now: Instant, collection: &Collection, items: &[Value]) -> Vec<String> {
        let objects = self.kinds.entry((collection.seam.clone(), collection.plural.clone())).or_default();
        let listed: BTreeMap<Key, &Value> = items.iter().map(|item| (key(item), item)).collect();
        let here = |key: &Key| collection.namespace.as_deref().is_none_or(|namespace| namespace == key.0);
        let mut said = vec![format!("{collection}: complete list of {}", items.len())];
        for (key, history) in objects.iter_mut().filter(|(key, _)| here(key)) {
            if !listed.contains_key(key) && history.newest().is_some() {
                history.push(now, None);
                said.push(format!("{collection}: the list lacks {}/{}", key.0, key.1));
            }
        }
        for (key, item) in listed {
            objects.entry(key).or_default().push(now, Some(item));
        }
        said
    }

    /// Takes in an event of a watch. Returns it in words.
    pub fn event(&mut self, now: Instant, seam: &str, uri: &Uri, event: &Value) -> Option<String> {
        let collection = Collection::of(seam, uri)?;
        assert_eq!(parameter(uri, "sendInitialEvents"), "", "lists that are streamed would have to be told apart");
        let object = &event["object"];
        let verb = event["type"].as_str().filter(|verb| ["ADDED", "MODIFIED", "DELETED"].contains(verb))?;
        let objects = self.kinds.entry((collection.seam.clone(), collection.plural.clone())).or_default();
        objects.entry(key(object)).or_default().push(now, Some(object).filter(|_| verb != "DELETED"));
        let (namespace, name) = key(object);
        Some(format!("{collection}: {verb} {namespace}/{name}"))
    }
}

impl Collection {
    /// `None` for anything but a whole collection.
    fn of(seam: &str, uri: &Uri) -> Option<Self> {
        if ["fieldSelector", "labelSelector"].iter().any(|name| !parameter(uri, name).is_empty()) {
            return None;
        }
        let pieces: Vec<&str> = uri.path().split('/').filter(|piece| !piece.is_empty()).collect();
        let rest = match pieces.as_slice() {
            ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => rest,
            _ => return None,
        };
        let (namespace, plural) = match rest {
            [plural] => (None, *plural),
            ["namespaces", namespace, plural] => (Some((*namespace).to_owned()), *plural),
            _ => return None,
        };
        Some(Self { seam: seam.to_owned(), namespace, plural: plural.to_owned() })
    }
}

impl std::fmt::Display for Collection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.seam, self.plural)
    }
}

fn key(object: &Value) -> Key {
    let part = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    (part("namespace"), part("name"))
}
