//! Which objects a follower should have, and what to change on one that has others.

use super::kind::Kind;
use super::trouble::Trouble;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the leader must have been without any object of a kind before the followers lose theirs (rule DB-37), however
/// short the grace of the policy itself is: a copy is what a promoted follower works by, and does no harm for a minute.
pub const GRACE: Duration = Duration::from_secs(60);

/// An object of the leader, as far as it is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub spec: Value,
    /// Goes along when the copy is created; a follower whose kind has a status subresource drops it.
    pub status: Value,
}

/// All objects of a kind that a complete list of the leader names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Originals {
    pub objects: Vec<Original>,
    /// `namespace/name` of those that are there and have never been readable.
    pub unreadable: Vec<String>,
    pub certainty: Certainty,
}

/// How sure it is that the leader's objects are what its user wishes for (DEL-02).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Certainty {
    /// What is there is meant; that there is none may be an accident.
    #[default]
    Found,
    /// The one in force has gone a short while ago, and may come back.
    Open,
    /// That there is none is a wish.
    Wished,
}

impl Originals {
    /// Whether the leader has none of the kind. An object that cannot be read is one.
    pub fn is_none(&self) -> bool {
        self.objects.is_empty() && self.unreadable.is_empty()
    }

    /// Whether the followers should look the same for both. A status of the leader alone is nothing to them.
    pub fn asks_the_same_as(&self, other: &Self) -> bool {
        let asked = |originals: &Self| originals.objects.iter().map(Original::without_status).collect::<Vec<_>>();
        let same = self.unreadable == other.unreadable && self.certainty == other.certainty;
        same && asked(self) == asked(other)
    }
}

impl Original {
    /// Without the status, which makes no difference to a follower that has the object.
    fn without_status(&self) -> Self {
        Self { status: Value::Null, ..self.clone() }
    }
}

impl Wish {
    /// What of it a follower can be compared with.
    pub fn as_asked(&self) -> Self {
        match self {
            Self::Copy(original) => Self::Copy(Box::new(original.without_status())),
            other => other.clone(),
        }
    }
}

/// What every follower should have of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// This object and no other.
    Copy(Box<Original>),
    /// None at all.
    Clear,
    /// What it has: the leader's objects have gone only just now, or nobody is known to have wished for that.
    Leave,
}

/// What follows from the leader's objects; `absent` is how long it is known to have had none, `None` when that is no
/// wish of anybody.
///
/// # Errors
/// When the leader's objects do not say what to copy.
pub fn wish(kind: Kind, originals: &Originals, absent: Option<Duration>) -> Result<Wish, Trouble> {
    match (originals.objects.as_slice(), originals.unreadable.as_slice()) {
        _ if originals.certainty == Certainty::Open => Ok(Wish::Leave),
        ([], []) if absent.is_some_and(|absent| absent >= GRACE) => Ok(Wish::Clear),
        ([], []) => Ok(Wish::Leave),
        ([original], []) => Ok(Wish::Copy(Box::new(original.clone()))),
        ([], [object]) => Err(Trouble::Unreadable { kind, object: object.clone() }),
        _ => Err(Trouble::Several(kind)),
    }
}

/// An object that a follower has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub name: String,
    pub annotations: BTreeMap<String, String>,
    pub spec: Value,
}

/// One change on a follower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Create,
    /// The object of the wished name gets this spec, and these annotations beside its own.
    Replace {
        spec: Value,
        annotations: BTreeMap<String, String>,
    },
    Delete {
        name: String,
    },
}

impl Change {
    /// For the log.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace { .. } => "replace",
            Self::Delete { .. } => "delete",
        }
    }
}

/// The changes that fulfil a wish, in order: nothing is deleted before the copy is there. Equal means no change.
pub fn changes(kind: Kind, wish: &Wish, found: &[Found]) -> Vec<Change> {
    let original = match wish {
        Wish::Leave => return Vec::new(),
        Wish::Clear => None,
        Wish::Copy(original) => Some(original),
    };
    let mut changes = Vec::new();
    if let Some(original) = original {
        match found.iter().find(|object| object.name == original.name) {
            None => changes.push(Change::Create),
            Some(object) => changes.extend(replacement(kind, original, object)),
        }
    }
    let others = found.iter().filter(|object| original.is_none_or(|original| object.name != original.name));
    changes.extend(others.map(|object| Change::Delete { name: object.name.clone() }));
    changes
}

fn replacement(kind: Kind, original: &Original, object: &Found) -> Option<Change> {
    let carried = kind.carried_annotations().iter().copied();
    let annotations: BTreeMap<String, String> = carried
        .filter_map(|key| original.annotations.get_key_value(key))
        .filter(|(key, value)| object.annotations.get(*key) != Some(*value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let same = kind.same_spec(&original.spec, &object.spec);
    (!same || !annotations.is_empty()).then(|| Change::Replace { spec: original.spec.clone(), annotations })
}
