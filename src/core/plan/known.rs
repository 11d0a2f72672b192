//! Contents that are known already: reading them again makes no second copy.
//!
//! A full read finds nearly everything as it was, and for a moment what was known and what was found are in memory side
//! by side. Objects that are equal are one object then, as soon as each has been read.

use super::{Observed, ObservedMonitor, ObservedService};
use crate::core::occurrence::digest;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

/// The objects of one controller that somebody knows, as far as was noted here.
#[derive(Debug, Default)]
pub struct Known {
    services: Table<ObservedService>,
    monitors: Table<ObservedMonitor>,
}

/// By digest of the uuid. Two uuids with one digest only cost memory.
#[derive(Debug)]
struct Table<T>(HashMap<u64, Weak<T>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: PartialEq> Table<T> {
    /// The known object when it is equal, otherwise the one that was read, which is known from now on.
    fn same(&mut self, uuid: &str, read: T) -> Arc<T> {
        let known = self.0.get(&digest(&uuid)).and_then(Weak::upgrade).filter(|known| **known == read);
        known.unwrap_or_else(|| {
            let read = Arc::new(read);
            self.note(uuid, &read);
            read
        })
    }

    fn note(&mut self, uuid: &str, object: &Arc<T>) {
        self.0.insert(digest(&uuid), Arc::downgrade(object));
    }

    fn tidy(&mut self) {
        self.0.retain(|_, object| object.strong_count() > 0);
    }
}

impl Known {
    pub fn service(&mut self, read: ObservedService) -> Arc<ObservedService> {
        let uuid = read.uuid.clone();
        self.services.same(&uuid, read)
    }

    pub fn monitor(&mut self, read: ObservedMonitor) -> Arc<ObservedMonitor> {
        let uuid = read.uuid.clone();
        self.monitors.same(&uuid, read)
    }

    /// Somebody knows this from a write.
    pub fn note(&mut self, observed: &Observed) {
        for held in observed.holdings() {
            held.service.iter().for_each(|service| self.services.note(&service.uuid, service));
            held.monitors.values().for_each(|monitor| self.monitors.note(&monitor.uuid, monitor));
        }
    }

    /// Forgets what nobody knows any more.
    pub fn tidy(&mut self) {
        self.services.tidy();
        self.monitors.tidy();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn monitor(uuid: &str, version: &str) -> ObservedMonitor {
        let last_modified = Some(version.to_owned());
        ObservedMonitor { uuid: uuid.into(), last_modified, content: None, faithful: true }
    }

    #[test]
    fn an_object_that_is_read_as_it_is_known_is_the_known_one_and_a_changed_one_takes_its_place() {
        let mut known = Known::default();
        let first = known.monitor(monitor("hm-1", "1"));
        assert!(Arc::ptr_eq(&first, &known.monitor(monitor("hm-1", "1"))));
        assert!(!Arc::ptr_eq(&first, &known.monitor(monitor("hm-2", "1"))), "another object");
        let changed = known.monitor(monitor("hm-1", "2"));
        assert_eq!(changed.last_modified.as_deref(), Some("2"));
        assert!(Arc::ptr_eq(&changed, &known.monitor(monitor("hm-1", "2"))));
    }

    #[test]
    fn what_a_write_left_is_known_until_nobody_holds_it_any_more() {
        let mut known = Known::default();
        let written = Arc::new(monitor("hm-1", "1"));
        let mut observed = Observed::default();
        observed.edit("admin", |held| drop(held.monitors.insert("hm".into(), Arc::clone(&written))));
        known.note(&observed);
        assert!(Arc::ptr_eq(&written, &known.monitor(monitor("hm-1", "1"))));
        drop((written, observed));
        known.tidy();
        assert_eq!(known.monitors.0.len(), 0);
    }
}
