//! Objects, the revision counter and the history that watches and pages read.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::resource::ObjectKey;

/// The objects of one resource by namespace and name.
pub type Objects = BTreeMap<ObjectKey, Arc<Value>>;

static NONE: Objects = Objects::new();

/// First revision of a new cluster: no client may take the counter for an index.
const FIRST_REVISION: u64 = 1000;

/// One write to one object. A creation has no `old`, a removal no `new`.
#[derive(Debug, Clone)]
pub struct Change {
    pub revision: u64,
    pub key: ObjectKey,
    pub old: Option<Arc<Value>>,
    pub new: Option<Arc<Value>>,
}

#[derive(Debug)]
struct Collection {
    objects: Objects,
    log: VecDeque<Change>,
    /// Revision of the newest change that the log no longer has.
    dropped: u64,
    /// Moves when running watches must end cleanly (the CRD changed or went).
    epoch: u64,
    moved: watch::Sender<()>,
}

impl Collection {
    fn new() -> Self {
        Self { objects: Objects::new(), log: VecDeque::new(), dropped: 0, epoch: 0, moved: watch::Sender::new(()) }
    }

    fn after(&self, revision: u64) -> impl DoubleEndedIterator<Item = &Change> {
        self.log.range(self.log.partition_point(|change| change.revision <= revision)..)
    }
}

/// The objects of a cluster at one revision.
#[derive(Debug, Clone)]
pub struct Backup {
    objects: BTreeMap<String, Objects>,
    revision: u64,
}

/// Why a read from a revision is not possible: the history no longer reaches back to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOld;

/// What a running watch finds when it looks.
#[derive(Debug)]
pub struct Progress {
    pub changes: Vec<Change>,
    /// Everything up to here is in `changes` or was seen before.
    pub revision: u64,
    pub epoch: u64,
}

/// The data of one cluster.
#[derive(Debug)]
pub struct Store {
    collections: BTreeMap<String, Collection>,
    history: usize,
    /// A watch may not start below this revision.
    compacted: u64,
    revision: Arc<watch::Sender<u64>>,
}

impl Store {
    pub fn new(history: usize) -> Self {
        let revision = Arc::new(watch::Sender::new(FIRST_REVISION));
        Self { collections: BTreeMap::new(), history, compacted: FIRST_REVISION, revision }
    }

    pub fn revision(&self) -> u64 {
        *self.revision.borrow()
    }

    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    pub fn get(&self, resource: &str, key: &ObjectKey) -> Option<&Arc<Value>> {
        self.collections.get(resource)?.objects.get(key)
    }

    /// Objects in list order; of one namespace when it is given.
    pub fn objects(&self, resource: &str, namespace: Option<&str>) -> Vec<(ObjectKey, Arc<Value>)> {
        let objects = in_namespace(self.all(resource), namespace, None);
        objects.map(|(key, object)| (key.clone(), object.clone())).collect()
    }

    /// The same, of all namespaces, to look at.
    pub fn all(&self, resource: &str) -> &Objects {
        self.collections.get(resource).map_or(&NONE, |collection| &collection.objects)
    }

    /// The same as it was at `revision`.
    pub fn objects_at(&self, resource: &str, revision: u64) -> Result<Cow<'_, Objects>, TooOld> {
        let Some(collection) = self.collections.get(resource) else { return Ok(Cow::Borrowed(&NONE)) };
        if revision < collection.dropped.max(self.compacted) {
            return Err(TooOld);
        }
        // What moved since then are other kinds, mostly.
        if collection.after(revision).next().is_none() {
            return Ok(Cow::Borrowed(&collection.objects));
        }
        let mut objects = collection.objects.clone();
        for change in collection.after(revision).rev() {
            match &change.old {
                Some(old) => objects.insert(change.key.clone(), old.clone()),
                None => objects.remove(&change.key),
            };
        }
        Ok(Cow::Owned(objects))
    }

    /// Names of all resources that have, or had, objects.
    pub fn resources(&self) -> Vec<String> {
        self.collections.keys().cloned().collect()
    }

    /// Stores the object under the next revision and returns what was stored.
    pub fn put(&mut self, resource: &str, key: ObjectKey, mut object: Value) -> Arc<Value> {
        let revision = self.revision() + 1;
        object["metadata"]["resourceVersion"] = json!(revision.to_string());
        let object = Arc::new(object);
        let old = self.collection(resource).objects.insert(key.clone(), object.clone());
        self.record(resource, Change { revision, key, old, new: Some(object.clone()) });
        object
    }

    /// Removes the object and returns it with the revision of its removal.
    pub fn remove(&mut self, resource: &str, key: &ObjectKey) -> Option<Arc<Value>> {
        let old = self.collection(resource).objects.remove(key)?;
        let revision = self.revision() + 1;
        self.record(resource, Change { revision, key: key.clone(), old: Some(old.clone()), new: None });
        Some(Arc::new(at_revision(&old, revision)))
    }

    /// Removes the object without a trace in the history: no watch gets an event.
    pub fn lose(&mut self, resource: &str, key: &ObjectKey) -> Option<Arc<Value>> {
        self.collection(resource).objects.remove(key)
    }

    /// Everything as it is now, for [`Store::restore`].
    pub fn backup(&self) -> Backup {
        let objects =
            self.collections.iter().map(|(resource, collection)| (resource.clone(), collection.objects.clone()));
        Backup { objects: objects.collect(), revision: self.revision() }
    }

    /// Goes back to a backup, with its revision. A watch from a later one starts, and is told of nothing before that
    /// revision has come again.
    pub fn restore(&mut self, backup: &Backup) {
        for (resource, collection) in &mut self.collections {
            collection.objects = backup.objects.get(resource).cloned().unwrap_or_default();
            collection.log.clear();
            collection.dropped = backup.revision;
        }
        self.compacted = backup.revision;
        self.revision.send_replace(backup.revision);
    }

    /// Forgets all history.
    pub fn compact(&mut self) {
        self.compacted = self.revision();
        for collection in self.collections.values_mut() {
            if let Some(last) = collection.log.back() {
                collection.dropped = last.revision;
            }
            collection.log.clear();
        }
    }

    /// Ends the running watches of the resource.
    pub fn end_watches(&mut self, resource: &str) {
        let collection = self.collection(resource);
        collection.epoch += 1;
        collection.moved.send_replace(());
    }

    /// Whether a watch may start after `revision`.
    pub fn check_start(&self, resource: &str, revision: u64) -> Result<(), TooOld> {
        let dropped = self.collections.get(resource).map_or(0, |collection| collection.dropped);
        if revision < dropped.max(self.compacted) { Err(TooOld) } else { Ok(()) }
    }

    /// Wakes a watch of the resource; also its epoch, which ends the watch when it moves.
    pub fn follow(&mut self, resource: &str) -> (watch::Receiver<()>, u64) {
        let collection = self.collection(resource);
        (collection.moved.subscribe(), collection.epoch)
    }

    /// The changes after `revision`.
    pub fn progress(&self, resource: &str, revision: u64) -> Result<Progress, TooOld> {
        let current = self.revision();
        let Some(collection) = self.collections.get(resource) else {
            return Ok(Progress { changes: Vec::new(), revision: current, epoch: 0 });
        };
        if revision < collection.dropped {
            return Err(TooOld);
        }
        let changes = collection.after(revision).cloned().collect();
        Ok(Progress { changes, revision: current.max(revision), epoch: collection.epoch })
    }

    fn collection(&mut self, resource: &str) -> &mut Collection {
        self.collections.entry(resource.to_owned()).or_insert_with(Collection::new)
    }

    fn record(&mut self, resource: &str, change: Change) {
        let (history, revision) = (self.history, change.revision);
        let collection = self.collection(resource);
        collection.log.push_back(change);
        while collection.log.len() > history {
            if let Some(oldest) = collection.log.pop_front() {
                collection.dropped = oldest.revision;
            }
        }
        collection.moved.send_replace(());
        self.revision.send_replace(revision);
    }
}

/// The objects of one namespace, or of all, in list order; only those behind `after`, when it is given.
pub fn in_namespace<'a>(
    objects: &'a Objects,
    namespace: Option<&'a str>,
    after: Option<&ObjectKey>,
) -> impl Iterator<Item = (&'a ObjectKey, &'a Arc<Value>)> {
    let first = namespace.map(|namespace| ObjectKey::new(Some(namespace), ""));
    let begin = match (after, &first) {
        (Some(after), None) => Bound::Excluded(after),
        (Some(after), Some(first)) if after >= first => Bound::Excluded(after),
        (_, Some(first)) => Bound::Included(first),
        (None, None) => Bound::Unbounded,
    };
    objects
        .range::<ObjectKey, _>((begin, Bound::Unbounded))
        .take_while(move |(key, _)| namespace.is_none_or(|namespace| key.namespace == namespace))
}

/// A copy that carries another resourceVersion: events carry the revision of the change that they report.
pub fn at_revision(object: &Value, revision: u64) -> Value {
    let mut object = object.clone();
    object["metadata"]["resourceVersion"] = json!(revision.to_string());
    object
}
