//! Which part of a collection to read next, and whether the parts that were read leave a hole. Pure.
//!
//! Pages are not a snapshot: a deletion during the walk shifts the objects after it, and one of them slips from a page
//! that is still to be read to one that has been read. But each page by itself is an unbroken run of the sorted
//! collection. So the pages are cut to overlap: when a page shows an object that was seen before, then nothing lies
//! hidden between them. Whatever was there all the time sorts before that object, and was seen with it, or after it, and
//! is on this page. When a page shows none, more has gone meanwhile than the pages overlap, and reading goes on further
//! ahead of it, with a greater overlap. So a walk comes to its end beside any neighbour.

use std::collections::BTreeMap;

/// Largest page that controllers serve.
pub const PAGE_SIZE: usize = 200;

/// So many objects of a page are asked for again with the next one.
const OVERLAP: usize = 8;

/// How often in a row a page may contradict itself.
const CONTRADICTIONS: usize = 3;

/// So many pages in a row may bring nothing new, as they do after a step back.
const BARREN: usize = 16;

/// A page of the collection: the controller counts pages from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub page: usize,
    pub size: usize,
}

impl Window {
    /// Place of its first object, from 0.
    pub fn start(self) -> usize {
        (self.page - 1) * self.size
    }

    fn end(self) -> usize {
        self.start() + self.size
    }
}

/// What a page says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Of all objects of the collection.
    pub count: usize,
    /// Whether the controller says that there is another page.
    pub more: bool,
    /// Uuid, and a digest of the name: an object of another name has another place.
    pub objects: Vec<(&'a str, u64)>,
}

/// What follows from a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It counts, and there is more.
    More,
    /// It counts, and everything was read.
    Complete,
    /// It does not count.
    Again,
    /// The pages do not fit together, and reading on will not change that.
    Broken,
}

/// What was read so far of one collection.
#[derive(Debug)]
pub struct Cover {
    /// Largest page to ask for.
    size: usize,
    /// The place up to which everything was seen, as far as is known.
    reached: usize,
    overlap: usize,
    /// Of each uuid the digest of its name.
    seen: BTreeMap<String, u64>,
    /// Two pages were put beside each other without an overlap, because the controller's pages are too small for one.
    loose: bool,
    count: Option<usize>,
    steady: bool,
    contradictions: usize,
    /// Pages in a row that brought nothing new.
    barren: usize,
    steps: usize,
}

impl Default for Cover {
    fn default() -> Self {
        Self {
            size: PAGE_SIZE,
            reached: 0,
            overlap: OVERLAP,
            seen: BTreeMap::new(),
            loose: false,
            count: None,
            steady: true,
            contradictions: 0,
            barren: 0,
            steps: 0,
        }
    }
}

impl Cover {
    /// The page to ask for: of those that overlap enough with what was seen, the one that leads furthest.
    pub fn window(&self) -> Window {
        let first = Window { page: 1, size: self.size };
        if self.reached == 0 {
            return first;
        }
        let overlap = self.overlap.min(self.size / 4 * 3);
        let from = self.reached.saturating_sub(overlap);
        let sizes = self.size.div_ceil(2)..=self.size;
        let windows = sizes.map(|size| Window { page: from / size + 1, size });
        windows.max_by_key(|window| (window.end(), window.size)).unwrap_or(first)
    }

    /// The controller showed the page `asked`.
    pub fn shown(&mut self, asked: Window, page: &Shown<'_>) -> Progress {
        self.steps += 1;
        if self.steps > self.most_steps(page.count) {
            return Progress::Broken;
        }
        let clamped = asked.page == 1 && page.more && !page.objects.is_empty() && page.objects.len() < asked.size;
        let asked = if clamped { Window { page: 1, size: page.objects.len() } } else { asked };
        if !is_sound(asked, page) {
            self.contradictions += 1;
            return if self.contradictions < CONTRADICTIONS { Progress::Again } else { Progress::Broken };
        }
        self.contradictions = 0;
        if clamped {
            self.size = asked.size;
            self.overlap = self.overlap.min(self.size / 4);
        }
        self.steady &= self.count.replace(page.count).is_none_or(|count| count == page.count);
        let joins = asked.start() == 0 || page.objects.iter().any(|(uuid, name)| self.seen.get(*uuid) == Some(name));
        let beside = asked.start() >= self.reached;
        if !joins && !beside {
            self.step_back(asked);
            return Progress::Again;
        }
        self.loose |= !joins;
        let before = self.seen.len();
        self.seen.extend(page.objects.iter().map(|(uuid, name)| ((*uuid).to_owned(), *name)));
        self.reached = asked.start() + page.objects.len();
        self.overlap = (self.overlap / 2).max(OVERLAP.min(self.size / 4));
        self.barren = if self.seen.len() == before { self.barren + 1 } else { 0 };
        match page.more {
            true if self.barren > BARREN => Progress::Broken,
            true => Progress::More,
            false if self.loose && !(self.steady && self.seen.len() == page.count) => Progress::Broken,
            false => Progress::Complete,
        }
    }

    /// The controller has no such page: what filled it is gone.
    pub fn gone(&mut self, asked: Window) -> Progress {
        self.steps += 1;
        if asked.start() == 0 || self.steps > self.most_steps(self.count.unwrap_or_default()) {
            return Progress::Broken;
        }
        self.step_back(asked);
        Progress::Again
    }

    /// The page is larger than an answer may be. Answers whether smaller ones are left to ask for.
    pub fn too_large(&mut self) -> bool {
        let larger = self.size > 1;
        self.size = (self.size / 4).max(1);
        self.overlap = self.overlap.min(self.size / 4);
        larger
    }

    fn step_back(&mut self, asked: Window) {
        self.overlap = (self.overlap * 4).max(OVERLAP);
        self.reached = asked.start().min(self.reached);
        if self.overlap >= self.size {
            // Too much has changed to look for the place.
            self.reached = self.reached.saturating_sub(self.overlap);
        }
    }

    /// Four times what a quiet collection of this size needs: one that links pages for ever must not hold the operator.
    fn most_steps(&self, count: usize) -> usize {
        let most = count.max(self.count.unwrap_or_default()).max(self.seen.len());
        4 * (most / self.size.div_ceil(2) + 4)
    }
}

/// Whether the page is what it says of itself: so many objects as it has place for, none twice, and more to come only if
/// there is more.
fn is_sound(asked: Window, page: &Shown<'_>) -> bool {
    let left = page.count.saturating_sub(asked.start());
    let mut uuids: Vec<&str> = page.objects.iter().map(|(uuid, _)| *uuid).collect();
    uuids.sort_unstable();
    let repeated = uuids.windows(2).any(|pair| pair.first() == pair.last());
    !repeated && page.objects.len() == left.min(asked.size) && page.more == (left > asked.size)
}

#[cfg(test)]
mod tests;
