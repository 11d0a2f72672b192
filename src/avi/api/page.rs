//! One page of a collection, read object by object: of a page of megabytes, only what is kept of its objects is ever in
//! memory beside its text, and the tree of one object.

use crate::avi::session::Response;
use crate::avi::wire::text;
use crate::core::occurrence::digest;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// A page.
#[derive(Debug)]
pub(super) struct Page<T> {
    /// Of all objects of the collection.
    pub count: usize,
    /// Whether another page follows.
    pub more: bool,
    pub objects: Vec<Object<T>>,
}

/// An object of a page.
#[derive(Debug)]
pub(super) struct Object<T> {
    pub uuid: String,
    /// Digest of the name.
    pub name: u64,
    pub content: T,
}

impl<T> Page<T> {
    /// Reads an answer; of each object only what `project` makes of it is kept.
    ///
    /// # Errors
    /// When the answer is not a page of objects.
    pub fn read(answer: &Response, project: &impl Fn(&Value) -> T) -> Result<Self, serde_json::Error> {
        answer.stream(Pages(project))
    }
}

struct Pages<'a, F>(&'a F);

impl<'de, T, F: Fn(&Value) -> T> DeserializeSeed<'de> for Pages<'_, F> {
    type Value = Page<T>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, T, F: Fn(&Value) -> T> Visitor<'de> for Pages<'_, F> {
    type Value = Page<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of a collection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut count, mut more, mut objects) = (None, false, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "count" => count = Some(map.next_value::<usize>()?),
                "next" => more = map.next_value::<Option<String>>()?.is_some_and(|link| !link.is_empty()),
                "results" => objects = Some(map.next_value_seed(Objects(self.0))?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Page {
            count: count.ok_or_else(|| A::Error::custom("there is no `count`"))?,
            more,
            objects: objects.ok_or_else(|| A::Error::custom("there is no list `results`"))?,
        })
    }
}

struct Objects<'a, F>(&'a F);

impl<'de, T, F: Fn(&Value) -> T> DeserializeSeed<'de> for Objects<'_, F> {
    type Value = Vec<Object<T>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, T, F: Fn(&Value) -> T> Visitor<'de> for Objects<'_, F> {
    type Value = Vec<Object<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut objects = Vec::new();
        while let Some(object) = seq.next_element::<Value>()? {
            let uuid = text(&object, "uuid").filter(|uuid| !uuid.is_empty());
            let uuid = uuid.ok_or_else(|| A::Error::custom("an object has no uuid"))?.to_owned();
            let name = digest(&text(&object, "name"));
            objects.push(Object { uuid, name, content: self.0(&object) });
        }
        Ok(objects)
    }
}
