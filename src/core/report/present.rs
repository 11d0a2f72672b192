//! What status an object has, as far as is known. What is seen lags behind what is written, and others write too; which of
//! two statuses is the later one is said by their versions.

use crate::crd::GslbHostRuleStatus;

/// What an object said at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stated {
    pub status: GslbHostRuleStatus,
    /// `resourceVersion`; `None` where it is no number. Then what comes last is the latest.
    pub version: Option<u64>,
    pub generation: Option<i64>,
}

/// Whose a status is that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    Here,
    Elsewhere,
}

/// The newest status of one object, seen or written.
#[derive(Debug)]
pub struct Present {
    status: GslbHostRuleStatus,
    version: Option<u64>,
    under_way: Option<UnderWay>,
    /// Seen, and older than what was known. It counts all the same when nothing later is seen: an object that comes back
    /// from a backup has a version of former times.
    outdated: Option<Stated>,
}

/// A write without an answer yet.
#[derive(Debug)]
struct UnderWay {
    status: GslbHostRuleStatus,
    /// What was known when it began.
    since: Option<u64>,
    /// Another status was seen since.
    overtaken: bool,
}

impl Present {
    pub fn new(seen: Stated) -> Self {
        Self { status: seen.status, version: seen.version, under_way: None, outdated: None }
    }

    pub fn status(&self) -> &GslbHostRuleStatus {
        self.under_way.as_ref().map_or(&self.status, |write| &write.status)
    }

    /// Takes in what is seen.
    pub fn see(&mut self, seen: Stated) -> Author {
        match self.version.zip(seen.version) {
            Some((known, seen_at)) if seen_at < known => {
                self.outdated = Some(seen);
                Author::Here
            }
            // What was written, also where the server has dropped some of it.
            Some((known, seen_at)) if seen_at == known => {
                self.outdated = None;
                Author::Here
            }
            _ => self.take(seen),
        }
    }

    fn take(&mut self, seen: Stated) -> Author {
        let is_own = *self.status() == seen.status;
        self.outdated = None;
        self.version = seen.version;
        self.status = seen.status;
        if is_own {
            return Author::Here;
        }
        self.under_way.iter_mut().for_each(|write| write.overtaken = true);
        Author::Elsewhere
    }

    /// A write begins. What is seen of it may come before its answer.
    pub fn begin(&mut self, status: GslbHostRuleStatus) {
        self.under_way = Some(UnderWay { status, since: self.version, overtaken: false });
    }

    /// The write was answered with the version that the object has since.
    pub fn written(&mut self, version: Option<u64>) {
        let Some(UnderWay { status, since, overtaken }) = self.under_way.take() else { return };
        let later_is_known = match version.zip(self.version) {
            // What was known before the write is not later than the write: then versions went back.
            Some((written, known)) => written < known && since.is_none_or(|since| since <= written),
            None => overtaken,
        };
        if !later_is_known {
            (self.status, self.version) = (status, version);
        }
    }

    /// The write has failed. Should it have been done all the same, that will be seen.
    pub fn failed(&mut self) {
        self.under_way = None;
    }

    /// Whether something older was seen last than what is known.
    pub fn is_outdated(&self) -> bool {
        self.outdated.is_some()
    }

    /// Nothing later was seen for long.
    pub fn believe(&mut self) {
        if let Some(seen) = self.outdated.take() {
            (self.status, self.version) = (seen.status, seen.version);
        }
    }
}

#[cfg(test)]
mod tests;
