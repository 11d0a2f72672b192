//! A walk over a collection that others change meanwhile: nothing that is there throughout is missed.

use super::*;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeSet;

/// A controller's collection, sorted by name; each object has its name as uuid.
struct Collection {
    names: Vec<String>,
    /// Largest page that it serves.
    most: usize,
    /// Numbers of new names.
    next: u32,
}

impl Collection {
    fn of(count: u32) -> Self {
        Self { names: (0..count).map(own).collect(), most: PAGE_SIZE, next: 0 }
    }

    /// The page, or `None` past the end.
    fn page(&self, window: Window) -> Option<(usize, bool, Vec<String>)> {
        let size = window.size.min(self.most);
        let start = (window.page - 1) * size;
        if window.page > 1 && start >= self.names.len() {
            return None;
        }
        let names: Vec<String> = self.names.iter().skip(start).take(size).cloned().collect();
        let more = start + names.len() < self.names.len();
        Some((self.names.len(), more, names))
    }

    fn insert(&mut self, name: String) {
        let place = self.names.partition_point(|known| *known < name);
        self.names.insert(place, name);
    }
}

/// Ours, and those of others between them.
fn own(number: u32) -> String {
    format!("{number:06}-own")
}

fn foreign(place: u32, number: u32) -> String {
    format!("{place:06}-x{number}")
}

/// What the walk finds, after how many pages; `meddle` changes the collection before each page but the first.
fn walk(collection: &mut Collection, mut meddle: impl FnMut(&mut Collection)) -> Result<(BTreeSet<String>, usize), ()> {
    let (mut cover, mut found, mut pages) = (Cover::default(), BTreeSet::new(), 0);
    loop {
        if pages > 0 {
            meddle(collection);
        }
        pages += 1;
        let window = cover.window();
        let progress = match collection.page(window) {
            None => cover.gone(window),
            Some((count, more, names)) => {
                let objects = names.iter().map(|name| (name.as_str(), 0)).collect();
                let progress = cover.shown(window, &Shown { count, more, objects });
                found.extend(names);
                progress
            }
        };
        match progress {
            Progress::Complete => return Ok((found, pages)),
            Progress::Broken => return Err(()),
            Progress::More | Progress::Again => {}
        }
    }
}

#[test]
fn a_quiet_collection_is_read_with_few_more_pages_than_it_has() {
    for (count, most) in
        [(0, 1), (1, 1), (199, 1), (200, 1), (201, 2), (384, 2), (1_000, 6), (10_000, 58), (50_000, 290)]
    {
        let (found, pages) = walk(&mut Collection::of(count), |_| {}).unwrap();
        assert_eq!(found.len(), count as usize);
        assert!(pages <= most, "{count} objects in {pages} pages");
    }
}

#[test]
fn pages_overlap_and_lead_on() {
    let mut cover = Cover::default();
    let names: Vec<String> = (0..1000).map(own).collect();
    let mut windows = Vec::new();
    for _ in 0..4 {
        let window = cover.window();
        windows.push((window.page, window.size, window.start()));
        let objects = names[window.start()..window.end()].iter().map(|name| (name.as_str(), 0)).collect();
        assert_eq!(cover.shown(window, &Shown { count: 1000, more: true, objects }), Progress::More);
    }
    assert_eq!(windows, [(1, 200, 0), (2, 192, 192), (3, 188, 376), (4, 185, 555)]);
}

/// FND-B8: whatever a neighbour does between two pages, at whatever rate, what is there throughout is found, and the walk
/// comes to its end.
#[test]
fn beside_any_neighbour_a_walk_ends_and_misses_nothing_that_was_there_throughout() {
    for seed in 0..300 {
        let mut rng = StdRng::seed_from_u64(seed);
        let count = rng.random_range(1..3_000);
        let mut collection = Collection {
            most: *[PAGE_SIZE, PAGE_SIZE, 100, 25].get(seed as usize % 4).unwrap(),
            ..Collection::of(count)
        };
        for number in 0..rng.random_range(0..2_000_u32) {
            collection.insert(foreign(rng.random_range(0..count), number));
        }
        let own: BTreeSet<String> = collection.names.iter().filter(|name| name.ends_with("own")).cloned().collect();
        // Whoever deletes whole pages between two of them cannot be kept up with, and will soon have none left.
        let rate = collection.most / 4;
        let (deletions, insertions) = (rng.random_range(0..rate), rng.random_range(0..rate));
        let (size, low) = (collection.names.len(), rng.random_range(0..2) == 0);
        let walked = walk(&mut collection, |collection| {
            for _ in 0..deletions {
                // Those at the front do the most harm.
                let end = if low { collection.names.len() / 4 + 1 } else { collection.names.len() };
                let place = rng.random_range(0..end);
                if collection.names.get(place).is_some_and(|name| !name.ends_with("own")) {
                    collection.names.remove(place);
                }
            }
            for _ in 0..insertions {
                collection.next += 1;
                let name = foreign(rng.random_range(0..count), 1_000_000 + collection.next);
                collection.insert(name);
            }
        });
        let (found, pages) = walked.unwrap_or_else(|()| panic!("seed {seed}: no end"));
        let missed: Vec<&String> = own.difference(&found).collect();
        assert_eq!(missed, Vec::<&String>::new(), "seed {seed}");
        let most = 3 * size / collection.most + 40;
        assert!(pages <= most, "seed {seed}: {pages} pages, at most {most}");
    }
}

/// FND-B8: hundreds go between two pages, once.
#[test]
fn after_a_mass_deletion_the_walk_looks_for_its_place_and_goes_on() {
    let mut collection = Collection::of(1_000);
    for number in 0..900 {
        collection.insert(foreign(number / 3, number));
    }
    let mut once = Some(());
    let (found, pages) = walk(&mut collection, |collection| {
        if collection.names.len() > 1_000 && once.take().is_none() {
            collection.names.retain(|name| name.ends_with("own"));
        }
    })
    .unwrap();
    assert!((0..1_000).all(|number| found.contains(&own(number))));
    assert!(pages < 40, "{pages}");
}

/// FND-B8: there is no number of objects at which reading ends.
#[test]
fn three_hundred_thousand_objects_are_read() {
    let (found, _) = walk(&mut Collection::of(300_000), |_| {}).unwrap();
    assert_eq!(found.len(), 300_000);
}

/// One page that contradicts itself is asked for again; several in a row end the walk.
#[test]
fn a_page_that_contradicts_itself_does_not_count() {
    let sound = Shown { count: 3, more: false, objects: vec![("a", 0), ("b", 0), ("c", 0)] };
    let first = Window { page: 1, size: 200 };
    let unsound = [
        Shown { count: 4, ..sound.clone() },
        Shown { count: 2, ..sound.clone() },
        Shown { more: true, objects: Vec::new(), ..sound.clone() },
        Shown { objects: vec![("a", 0), ("b", 0), ("a", 0)], ..sound.clone() },
    ];
    for page in unsound {
        let mut cover = Cover::default();
        assert_eq!([0; 2].map(|_| cover.shown(first, &page)), [Progress::Again; 2], "{page:?}");
        assert_eq!(cover.shown(first, &sound), Progress::Complete);
        let mut cover = Cover::default();
        let last = [0; 3].map(|_| cover.shown(first, &page));
        assert_eq!(last, [Progress::Again, Progress::Again, Progress::Broken], "{page:?}");
    }
}

#[test]
fn an_object_of_another_name_does_not_join_two_pages() {
    let mut cover = Cover::default();
    let names: Vec<String> = (0..400).map(own).collect();
    let part =
        |range: std::ops::Range<usize>, digest| names[range].iter().map(|name| (name.as_str(), digest)).collect();
    let (first, second) = (Window { page: 1, size: 200 }, Window { page: 2, size: 192 });
    assert_eq!(cover.shown(first, &Shown { count: 400, more: true, objects: part(0..200, 1) }), Progress::More);
    let renamed = Shown { count: 400, more: true, objects: part(192..384, 2) };
    assert_eq!(cover.shown(second, &renamed), Progress::Again);
}

/// Where the controller's pages are too small to overlap, only a collection that stands still counts.
#[test]
fn pages_of_one_object_count_while_nothing_changes() {
    let mut collection = Collection { most: 1, ..Collection::of(5) };
    assert_eq!(walk(&mut collection, |_| {}).map(|(found, _)| found.len()), Ok(5));
    let mut changing = Collection { most: 1, ..Collection::of(5) };
    let mut once = Some(());
    let walked = walk(&mut changing, |collection| drop(once.take().map(|()| collection.names.remove(0))));
    assert_eq!(walked, Err(()));
}

/// FND-D3: pages that are too large are asked for in smaller pieces, down to single objects.
#[test]
fn pages_that_are_too_large_become_smaller() {
    let mut cover = Cover::default();
    let sizes: Vec<(bool, usize)> = (0..5).map(|_| (cover.too_large(), cover.window().size)).collect();
    assert_eq!(sizes, [(true, 50), (true, 12), (true, 3), (true, 1), (false, 1)]);
}

#[test]
fn a_controller_that_links_the_same_page_for_ever_holds_nobody() {
    let names: Vec<String> = (0..200).map(own).collect();
    let objects: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 0)).collect();
    let mut cover = Cover::default();
    for pages in 1.. {
        let window = cover.window();
        let objects = objects[..window.size].to_vec();
        match cover.shown(window, &Shown { count: usize::MAX, more: true, objects }) {
            Progress::Broken => return assert!(pages < 40, "{pages}"),
            _ => continue,
        }
    }
}
