//! What the followers are known to have of the leader's objects.

use super::copy::Wish;
use super::kind::Kind;
use std::collections::BTreeMap;

/// By follower and kind: the wish that was fulfilled there last. What is not here is not known.
#[derive(Debug, Default)]
pub struct Copies(BTreeMap<(String, Kind), Wish>);

impl Copies {
    /// The follower has what is wished for, or it is not known what it has.
    pub fn note(&mut self, follower: &str, kind: Kind, fulfilled: Option<&Wish>) {
        let key = (follower.to_owned(), kind);
        match fulfilled {
            // Nothing was done there.
            Some(Wish::Leave) => {}
            Some(wish) => drop(self.0.insert(key, wish.as_asked())),
            None => drop(self.0.remove(&key)),
        }
    }

    /// Whether the follower is known to have what is wished for now.
    pub fn has(&self, follower: &str, kind: Kind, wish: &Wish) -> bool {
        let known = || self.0.get(&(follower.to_owned(), kind));
        *wish == Wish::Leave || known().is_some_and(|known| *known == wish.as_asked())
    }

    /// Anything may have happened there.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}
