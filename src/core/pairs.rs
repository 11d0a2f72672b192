//! Labels and annotations, small and shared.
//!
//! An operator holds these for every object and every endpoint. They are few, never change in place and are the same
//! for an object and its endpoints, so one sorted slice that all of them share takes far less than a map for each.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Labels or annotations by key. A clone shares them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pairs(Arc<[(Box<str>, Box<str>)]>);

impl Pairs {
    pub fn get(&self, key: &str) -> Option<&str> {
        let index = self.0.binary_search_by(|(known, _)| (**known).cmp(key)).ok()?;
        self.0.get(index).map(|(_, value)| &**value)
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same with `key` set to `value`.
    #[cfg(test)]
    pub(super) fn with(&self, key: &str, value: &str) -> Self {
        let known = self.0.iter().map(|(key, value)| (key.to_string(), value.to_string()));
        known.chain([(key.to_owned(), value.to_owned())]).collect()
    }
}

impl From<BTreeMap<String, String>> for Pairs {
    fn from(map: BTreeMap<String, String>) -> Self {
        Self(map.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

/// Of several values of one key the last one counts.
impl FromIterator<(String, String)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        pairs.into_iter().collect::<BTreeMap<_, _>>().into()
    }
}

impl<const N: usize> From<[(String, String); N]> for Pairs {
    fn from(pairs: [(String, String); N]) -> Self {
        pairs.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs() -> Pairs {
        [("tier", "gold"), ("app", "shop"), ("tier", "silver")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }

    #[test]
    fn a_value_is_found_by_its_exact_key_and_the_last_one_of_a_key_counts() {
        let found = ["app", "tier", "App", "ap", "zone", ""].map(|key| pairs().get(key).map(str::to_owned));
        assert_eq!(found, [Some("shop".to_owned()), Some("silver".to_owned()), None, None, None, None]);
    }

    #[test]
    fn the_order_in_which_they_came_does_not_show() {
        assert_eq!(pairs(), Pairs::default().with("app", "shop").with("tier", "silver"));
    }
}
