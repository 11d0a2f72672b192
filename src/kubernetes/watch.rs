//! One watch of one kind in one cluster, for as long as its owner lives.
//!
//! A relist is a diff: nothing is reported as gone before the list that does not name it is complete. The stream of
//! kube never ends by itself, retries at once, and keeps asking at a resource version that the server refuses; here
//! every failure waits with the project's backoff, and after a few in a row the watch starts over from a list.

mod failure;

pub use failure::NotServed;

use super::bounded::{MIN_ROUND, audible};
use super::ear::Ear;
use super::identity::Identity;
use super::readable::Readable;
use crate::retry::{Backoff, RetryPolicy, pause};
use failure::{describe, is_not_served};
use futures::{Stream, StreamExt};
use kube::api::Api;
use kube::runtime::watcher;
use kube::{Client, Resource, ResourceExt};
use rand::RngExt;
use rand::rngs::StdRng;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

/// How long the server keeps a watch open; a silent one is noticed five seconds later. A cluster that is well is never
/// silent for longer, so that a silence tells within a minute that it is gone.
const WATCH_SECONDS: u32 = 30;
/// After this many failures in a row the watch starts over from a list.
const FAILURES_BEFORE_RELIST: u32 = 3;
/// Seconds until everything is listed again though the watch is well: an event may have been lost on the way.
const RELIST: std::ops::RangeInclusive<f64> = 600.0..=1800.0;

/// What a watch tells its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchEvent<P, I> {
    /// A complete list: what it does not name is gone. `undecodable` are there too, but could not be read.
    Listed {
        objects: Vec<P>,
        undecodable: Vec<I>,
    },
    Applied(P),
    Deleted(I),
    /// One object could not be decoded; the others go on.
    Undecodable {
        id: I,
        /// For Events about it.
        uid: Option<String>,
        object: String,
        error: String,
    },
    /// The API server cannot be read at present; what was known stays.
    Failed(String),
    /// The watch that had failed is open again, from where it was; nothing was missed.
    Reopened,
}

/// What is watched, and how its objects become the owner's data.
pub struct Watch<K: Resource, P, I> {
    pub api: Api<Readable<K>>,
    /// Hears the client of `api`.
    pub ear: Ear,
    pub config: watcher::Config,
    pub project: fn(K) -> P,
    /// Identity of an object, for a deletion.
    pub identify: fn(&str, &str) -> I,
    pub retry: RetryPolicy,
    pub rng: StdRng,
    /// Who proves that a list is of the cluster that is meant, where it could be another.
    pub identity: Option<Identity>,
}

/// Why a stream is left.
enum Left {
    /// To list again.
    Again,
    /// The server is not proven to be the cluster that is meant: nothing of it counts before it is.
    Doubted,
}

/// What a watch asks: `scope` makes it of a client that is bounded, and heard.
pub fn source<K: Resource>(client: &Client, scope: impl FnOnce(Client) -> Api<Readable<K>>) -> (Api<Readable<K>>, Ear) {
    let (client, ear) = audible(client);
    (scope(client), ear)
}

/// A list in the making.
struct List<P, I> {
    objects: Vec<P>,
    undecodable: Vec<I>,
}

impl<K, P, I> Watch<K, P, I>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
{
    /// Watches until the future is dropped, handing each event to `tell`.
    pub async fn run(mut self, mut tell: impl FnMut(WatchEvent<P, I>)) {
        let mut backoff = Backoff::new(self.retry);
        loop {
            let NotServed(error) = self.while_served(&mut backoff, &mut tell).await;
            tell(WatchEvent::Failed(error));
            pause(backoff.fail(None, &mut self.rng)).await;
        }
    }

    /// Watches until the server answers that it does not know the kind, which is not told as a failure: the caller
    /// finds out what it means. Returns a second after it began at the earliest.
    pub async fn run_while_served(&mut self, mut tell: impl FnMut(WatchEvent<P, I>)) -> NotServed {
        self.while_served(&mut Backoff::new(self.retry), &mut tell).await
    }

    async fn while_served(&mut self, backoff: &mut Backoff, tell: &mut impl FnMut(WatchEvent<P, I>)) -> NotServed {
        let config = self.config.clone().timeout(WATCH_SECONDS);
        let mut anew = self.identity.as_ref().map(Identity::anew);
        let mut doubted = false;
        loop {
            let started = Instant::now();
            if doubted && let Err(why) = self.prove().await {
                tell(WatchEvent::Failed(why));
                pause(backoff.fail(None, &mut self.rng)).await;
                continue;
            }
            let stream = watcher::watcher(self.api.clone(), config.clone());
            let left = self.until_stuck(stream, &mut anew, backoff, tell).await;
            pause(MIN_ROUND.saturating_sub(started.elapsed())).await;
            match left {
                Ok(left) => doubted = matches!(left, Left::Doubted),
                Err(not_served) => return not_served,
            }
        }
    }

    async fn prove(&self) -> Result<(), String> {
        match &self.identity {
            Some(identity) => identity.prove().await,
            None => Ok(()),
        }
    }

    /// Consumes one stream until it fails several times in a row, until it is time to list again, or until the kind turns
    /// out not to be served.
    async fn until_stuck<S>(
        &mut self,
        stream: S,
        anew: &mut Option<Receiver<()>>,
        backoff: &mut Backoff,
        tell: &mut impl FnMut(WatchEvent<P, I>),
    ) -> Result<Left, NotServed>
    where
        S: Stream<Item = watcher::Result<watcher::Event<Readable<K>>>>,
    {
        let mut stream = pin!(stream);
        let mut list = List { objects: Vec::new(), undecodable: Vec::new() };
        let mut failures = 0;
        let mut told_of_failure = false;
        let relist = Instant::now() + Duration::from_secs_f64(self.rng.random_range(RELIST));
        let mut listed = false;
        loop {
            let next = tokio::select! {
                biased;
                next = stream.next() => next,
                () = self.ear.accepted(), if told_of_failure => {
                    told_of_failure = false;
                    tell(WatchEvent::Reopened);
                    continue;
                }
                () = told(anew) => return Ok(Left::Again),
                () = pause(relist.saturating_duration_since(Instant::now())), if listed => return Ok(Left::Again),
            };
            let Some(item) = next else { return Ok(Left::Again) };
            match item {
                Ok(event) => {
                    let complete = matches!(event, watcher::Event::InitDone);
                    // After the list: what it says is then of this cluster.
                    if complete && let Err(why) = self.prove().await {
                        tell(WatchEvent::Failed(why));
                        pause(backoff.fail(None, &mut self.rng)).await;
                        return Ok(Left::Doubted);
                    }
                    listed |= complete;
                    // A list that begins proves nothing yet; a watch event or a finished list does.
                    if !matches!(event, watcher::Event::Init | watcher::Event::InitApply(_)) {
                        failures = 0;
                        told_of_failure = false;
                        backoff.reset();
                    }
                    self.take(event, &mut list, tell);
                }
                Err(error) if is_not_served(&error) => return Err(NotServed(describe::<K>(&error))),
                Err(error) => {
                    failures += 1;
                    told_of_failure = true;
                    self.ear.forget();
                    tell(WatchEvent::Failed(describe::<K>(&error)));
                    pause(backoff.fail(None, &mut self.rng)).await;
                    if failures >= FAILURES_BEFORE_RELIST {
                        return Ok(Left::Again);
                    }
                }
            }
        }
    }

    fn take(&self, event: watcher::Event<Readable<K>>, list: &mut List<P, I>, tell: &mut impl FnMut(WatchEvent<P, I>)) {
        match event {
            watcher::Event::Init => *list = List { objects: Vec::new(), undecodable: Vec::new() },
            watcher::Event::InitApply(object) => {
                let identity = self.identity(&object);
                match self.decode(object) {
                    Ok(projection) => list.objects.push(projection),
                    Err(event) => {
                        list.undecodable.push(identity);
                        tell(event);
                    }
                }
            }
            watcher::Event::InitDone => {
                let objects = std::mem::take(&mut list.objects);
                tell(WatchEvent::Listed { objects, undecodable: std::mem::take(&mut list.undecodable) });
            }
            watcher::Event::Apply(object) => match self.decode(object) {
                Ok(projection) => tell(WatchEvent::Applied(projection)),
                Err(event) => tell(event),
            },
            watcher::Event::Delete(object) => tell(WatchEvent::Deleted(self.identity(&object))),
        }
    }

    fn identity(&self, object: &Readable<K>) -> I {
        (self.identify)(&object.namespace().unwrap_or_default(), &object.name_any())
    }

    fn decode(&self, object: Readable<K>) -> Result<P, WatchEvent<P, I>> {
        let namespace = object.namespace().unwrap_or_default();
        let name = object.name_any();
        let uid = object.uid();
        object.0.map(self.project).map_err(|error| WatchEvent::Undecodable {
            id: (self.identify)(&namespace, &name),
            uid,
            object: format!("{} {namespace}/{name}", K::kind(&())),
            error: error.error,
        })
    }
}

/// Waits until somebody says that everything has to be listed anew.
async fn told(anew: &mut Option<Receiver<()>>) {
    if let Some(anew) = anew
        && anew.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests;
