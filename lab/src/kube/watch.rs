//! Watches: each keeps a cursor into the history of its resource and reads on when the resource moves.
//!
//! A watch holds no queue of its own. One that falls behind the history ends with ERROR 410, as a slow consumer of a
//! real server is cut.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::list::invalid_options;
use super::render::Renderer;
use super::resource::Resource;
use super::selector::Selector;
use super::status::{Status, forbidden_field};
use super::store::{Change, at_revision};
use super::view;
use super::world::Inner;

const BOOKMARK_PERIOD: Duration = Duration::from_secs(60);
const LAST_BOOKMARK: Duration = Duration::from_secs(2);

/// The query of a watch, parsed.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    pub namespace: Option<String>,
    pub selector: Selector,
    /// `None` and 0 start with the present state.
    pub revision: Option<u64>,
    pub timeout: Option<Duration>,
    pub bookmarks: bool,
    pub initial: Initial,
}

/// What a watch tells before the changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initial {
    /// The present state where the watch has no revision to start from.
    Usual,
    /// The present state and, to clients that take bookmarks, the mark of its end.
    Streamed,
    /// Nothing: without a revision, the watch starts now.
    Nothing,
}

/// Reads `sendInitialEvents` and `resourceVersionMatch` of a watch.
///
/// # Errors
/// 422 for one without the other.
pub fn parse_initial(send_initial_events: Option<&str>, version_match: Option<&str>) -> Result<Initial, Status> {
    let error = match (send_initial_events, version_match) {
        (None, None) => return Ok(Initial::Usual),
        (Some(wanted), Some("NotOlderThan")) => {
            let wanted = matches!(wanted, "true" | "1");
            return Ok(if wanted { Initial::Streamed } else { Initial::Nothing });
        }
        (None, Some(_)) => forbidden_field(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
        (Some(_), _) => forbidden_field(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
    };
    Err(invalid_options(&[error]))
}

/// Why the stream broke off: the server went away.
pub type Cut = std::io::Error;

struct Watcher {
    world: Arc<Inner>,
    resource: Arc<Resource>,
    options: WatchOptions,
    renderer: Renderer,
    cursor: u64,
    epoch: u64,
    moved: watch::Receiver<()>,
    cuts: watch::Receiver<u64>,
    end: Instant,
    bookmark: Option<Instant>,
    lines: VecDeque<Bytes>,
    finished: bool,
}

enum Wake {
    Moved,
    Bookmark,
    End,
    Cut,
}

/// Starts a watch; the stream yields one line per event and ends when the watch does.
pub fn start(
    world: Arc<Inner>,
    resource: Arc<Resource>,
    options: WatchOptions,
    renderer: Renderer,
) -> impl Stream<Item = Result<Bytes, Cut>> + Send + 'static {
    let key = resource.storage_key();
    let cuts = world.cuts.subscribe();
    let mut state = world.state.lock();
    let (mut moved, epoch) = state.store.follow(&key);
    moved.mark_unchanged();
    let timeout = options.timeout.unwrap_or_else(|| Duration::from_secs(1800 + state.chance.below(1800)));
    let start = match options.initial {
        Initial::Streamed => 0,
        _ => options.revision.unwrap_or(0),
    };
    let tells_state = start == 0 && options.initial != Initial::Nothing;
    let initial = if tells_state { state.store.objects(&key, options.namespace.as_deref()) } else { Vec::new() };
    let too_old = start != 0 && state.store.check_start(&key, start).is_err();
    let current = state.store.revision();
    drop(state);
    let end = Instant::now() + timeout;
    let mut watcher = Watcher {
        world: world.clone(),
        resource,
        bookmark: None,
        options,
        renderer,
        cursor: if start == 0 { current } else { start },
        epoch,
        moved,
        cuts,
        end,
        lines: VecDeque::new(),
        finished: false,
    };
    watcher.schedule_bookmark();
    if too_old {
        watcher.fail(&too_old_status(start, current));
    }
    for (_, stored) in initial {
        let object = view::present(&watcher.resource, &stored);
        if watcher.options.selector.matches(&object) {
            watcher.push("ADDED", object);
        }
    }
    if tells_state && watcher.options.bookmarks {
        watcher.push_end_of_state();
    }
    stream::unfold(watcher, Watcher::next)
}

fn too_old_status(from: u64, current: u64) -> Status {
    Status::expired(format!("too old resource version: {from} ({current})"))
}

impl Watcher {
    async fn next(mut self) -> Option<(Result<Bytes, Cut>, Self)> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Some((Ok(line), self));
            }
            if self.finished {
                return None;
            }
            self.read_on();
            if !self.lines.is_empty() || self.finished {
                continue;
            }
            match self.wait().await {
                Wake::Moved => {}
                Wake::Bookmark => self.push_bookmark(),
                Wake::End => self.finished = true,
                Wake::Cut => {
                    self.finished = true;
                    let error = Cut::new(std::io::ErrorKind::ConnectionReset, "the API server went away");
                    return Some((Err(error), self));
                }
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        let bookmark = self.bookmark;
        let at_bookmark = async {
            match bookmark {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = self.cuts.changed() => Wake::Cut,
            _ = self.moved.changed() => Wake::Moved,
            () = at_bookmark => Wake::Bookmark,
            () = sleep_until(self.end) => Wake::End,
        }
    }

    /// Turns the changes since the cursor into lines.
    fn read_on(&mut self) {
        let key = self.resource.storage_key();
        self.moved.mark_unchanged();
        let progress = self.world.state.lock().store.progress(&key, self.cursor);
        let Ok(progress) = progress else {
            let current = self.world.state.lock().store.revision();
            self.fail(&too_old_status(self.cursor, current));
            return;
        };
        for change in &progress.changes {
            self.push_change(change);
        }
        self.cursor = progress.revision;
        self.finished |= progress.epoch != self.epoch;
    }

    fn push_change<'c>(&mut self, change: &'c Change) {
        if self.options.namespace.as_ref().is_some_and(|namespace| *namespace != change.key.namespace) {
            return;
        }
        let shown = |stored: Option<&'c Value>| {
            let object = view::present(&self.resource, stored?);
            self.options.selector.matches(&object).then_some(object)
        };
        match (shown(change.old.as_deref()), shown(change.new.as_deref())) {
            (None, None) => {}
            (None, Some(new)) => self.push("ADDED", new),
            (Some(_), Some(new)) => self.push("MODIFIED", new),
            (Some(old), None) => self.push("DELETED", Cow::Owned(at_revision(&old, change.revision))),
        }
    }

    fn push(&mut self, kind: &str, object: Cow<'_, Value>) {
        let object = self.renderer.object(&self.resource, object);
        self.push_line(kind, &object);
    }

    fn push_line(&mut self, kind: &str, object: &Value) {
        // The type comes first, as a real server writes it: clients read the object according to it.
        self.lines.push_back(Bytes::from(format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")));
    }

    fn push_bookmark(&mut self) {
        self.push_line("BOOKMARK", &self.bookmark_object());
        self.schedule_bookmark();
    }

    /// The bookmark that ends a streamed state.
    fn push_end_of_state(&mut self) {
        let mut object = self.bookmark_object();
        object["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        self.push_line("BOOKMARK", &object);
    }

    fn bookmark_object(&self) -> Value {
        json!({
            "kind": self.resource.kind, "apiVersion": self.resource.api_version(),
            "metadata": { "resourceVersion": self.cursor.to_string(), "creationTimestamp": null },
        })
    }

    fn fail(&mut self, status: &Status) {
        self.push_line("ERROR", &status.to_json());
        self.finished = true;
    }

    /// Once a minute, and shortly before the end.
    fn schedule_bookmark(&mut self) {
        if !self.options.bookmarks {
            return;
        }
        let now = Instant::now();
        let last = self.end.checked_sub(LAST_BOOKMARK).filter(|last| *last > now);
        self.bookmark = last.map(|last| last.min(now + BOOKMARK_PERIOD));
    }
}
