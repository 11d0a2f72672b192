//! The floor of each figure: the writes that the operator sent, sent again by a bare client to a controller of its own.

mod cluster;

use self::cluster::{Followed, list};
use crate::bare::{Bare, Write, client};
use crate::fleet::Cluster;
use crate::objects;
use crate::parameters::Parameters;
use crate::recorder::Seen;
use crate::server::Controller;
use amko_lab::up::kubeconfig::Access;
use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::future::try_join_all;
use http::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

const MONITORS: &str = "/api/healthmonitor";
const SERVICES: &str = "/api/gslbservice";
const VERSION: &str = "_last_modified";

/// A bare client on threads of its own, as the operator is a process of its own, and its controller.
pub struct Floor {
    pub controller: Arc<Controller>,
    ca: String,
    rate: u32,
    concurrency: usize,
    runtime: Option<Runtime>,
}

impl Floor {
    /// # Errors
    /// When no threads can be started.
    pub fn new(controller: Controller, ca: &str, parameters: &Parameters) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("floor").build()?;
        Ok(Self {
            controller: Arc::new(controller),
            ca: ca.to_owned(),
            rate: parameters.rate,
            concurrency: usize::from(parameters.concurrency),
            runtime: Some(runtime),
        })
    }

    /// How long the pieces take: from before the login to the last answer.
    ///
    /// # Errors
    /// When a write is refused.
    pub async fn time(&self, pieces: Vec<Vec<Write>>) -> Result<Duration> {
        ensure!(!pieces.is_empty(), "nothing to send: the operator wrote nothing");
        let (address, ca, rate, concurrency) = (self.controller.address, self.ca.clone(), self.rate, self.concurrency);
        let sending = async move {
            let began = Instant::now();
            let bare = Bare::log_in(address, &ca, rate).await?;
            bare.send_all(pieces, concurrency).await?;
            anyhow::Ok(began.elapsed())
        };
        self.spawn(sending)?.await?
    }

    /// How long the recorded reads take from the operator's own controller, one after another.
    ///
    /// # Errors
    /// When one is refused.
    pub async fn time_of_reads(&self, controller: SocketAddr, recorded: &[Seen]) -> Result<Duration> {
        let reads = recorded.iter().filter(|seen| seen.method.is_safe() && seen.path_and_query.starts_with("/api/"));
        let targets: Vec<String> = reads.map(|seen| seen.path_and_query.clone()).collect();
        let (ca, rate) = (self.ca.clone(), self.rate);
        let reading = async move {
            let began = Instant::now();
            let bare = Bare::log_in(controller, &ca, rate).await?;
            for target in &targets {
                bare.read(target).await?;
            }
            anyhow::Ok(began.elapsed())
        };
        self.spawn(reading)?.await?
    }

    /// How long the complete lists of the Ingresses take, of all clusters side by side, from the first connection on.
    ///
    /// # Errors
    /// When one is refused.
    pub async fn time_of_lists(&self, clusters: &[Cluster]) -> Result<Duration> {
        let accesses: Vec<Access> = clusters.iter().map(|cluster| cluster.access.clone()).collect();
        let kube = client(&self.ca)?.build()?;
        let listing = async move {
            let began = Instant::now();
            try_join_all(accesses.iter().map(|access| list(&kube, access))).await?;
            anyhow::Ok(began.elapsed())
        };
        self.spawn(listing)?.await?
    }

    /// The delay from each change to the arrival of its write, with nothing between the two but one watch of `cluster`
    /// and a table of ready bodies.
    ///
    /// # Errors
    /// When the watch breaks or a write is refused.
    pub async fn follow(
        &self,
        cluster: &Cluster,
        writes: BTreeMap<String, Write>,
        mut change: impl AsyncFnMut(&str) -> Result<Instant>,
        gap: Duration,
        patience: Duration,
    ) -> Result<Vec<Duration>> {
        let names: Vec<String> = writes.keys().cloned().collect();
        let mark = self.controller.record.mark();
        let following = self.following(cluster, writes, patience).await?;
        let mut began = BTreeMap::new();
        for name in names {
            began.insert(format!("{name}.example.org"), change(&name).await?);
            // The pace of the changes that are measured, the same as for the operator.
            tokio::time::sleep(gap).await;
        }
        timeout(patience, following).await.context("not all changes were followed")???;
        let arrivals = self.controller.record.since(mark);
        let delays = arrivals.iter().filter(|seen| seen.is_write()).filter_map(|seen| {
            let began = began.get(&name_of(&seen.body)?)?;
            Some(seen.at.saturating_duration_since(*began))
        });
        Ok(delays.collect())
    }

    /// The same for changes that are made all at once: from the first change to the last answer.
    ///
    /// # Errors
    /// When the watch breaks or a write is refused.
    pub async fn follow_at_once(
        &self,
        cluster: &Cluster,
        writes: BTreeMap<String, Write>,
        change: impl FnOnce() -> Result<()>,
        patience: Duration,
    ) -> Result<Duration> {
        let following = self.following(cluster, writes, patience).await?;
        let began = Instant::now();
        change()?;
        timeout(patience, following).await.context("not all changes were followed")???;
        Ok(began.elapsed())
    }

    /// Opens the watch; the task ends when every one of `writes` was answered.
    async fn following(
        &self,
        cluster: &Cluster,
        writes: BTreeMap<String, Write>,
        patience: Duration,
    ) -> Result<JoinHandle<Result<()>>> {
        let access = cluster.access.clone();
        let (address, ca, rate, concurrency) = (self.controller.address, self.ca.clone(), self.rate, self.concurrency);
        let (open, opened) = tokio::sync::oneshot::channel();
        let task = self.spawn(async move {
            let bare = Bare::log_in(address, &ca, rate).await?;
            let followed = Followed::open(&client(&ca)?.build()?, &access, writes).await?;
            let _ = open.send(());
            followed.writes().try_for_each_concurrent(concurrency, |write| bare.send(write)).await
        })?;
        match timeout(patience, opened).await.context("the watch does not open")? {
            Ok(()) => Ok(task),
            // It ended before that, and says why.
            Err(_) => bail!("the watch does not open: {:?}", task.await?),
        }
    }

    /// The recorded writes of services, one per service, as PUTs that this controller takes.
    ///
    /// # Errors
    /// When one of the services does not exist here.
    pub fn updates(&self, recorded: &[Seen]) -> Result<BTreeMap<String, Write>> {
        let here: BTreeMap<String, Arc<Value>> = self.controller.services().into_iter().map(named).collect();
        let mut writes = BTreeMap::new();
        for seen in recorded.iter().filter(|seen| seen.is_write() && seen.path_and_query.starts_with(SERVICES)) {
            let mut body: Value = serde_json::from_slice(&seen.body)?;
            let name = body["name"].as_str().context("a service without a name")?.to_owned();
            let present = here.get(&name).with_context(|| format!("the floor has no {name}"))?;
            body[VERSION] = present[VERSION].clone();
            let target = format!("{SERVICES}/{}", present["uuid"].as_str().context("a service without a uuid")?);
            writes.insert(name, Write { method: Method::PUT, target, body: Bytes::from(body.to_string()) });
        }
        Ok(writes)
    }

    pub async fn close(&self) {
        self.controller.close().await;
    }

    fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<JoinHandle<T>> {
        Ok(self.runtime.as_ref().context("the floor is closed")?.spawn(work))
    }
}

impl Drop for Floor {
    /// A runtime must not wait for its threads inside another one.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The least that leads from nothing to what the operator created: per FQDN its monitors, then its service as it was
/// written last.
///
/// # Errors
/// When a recorded body is no JSON.
pub fn creations(recorded: &[Seen]) -> Result<Vec<Vec<Write>>> {
    let mut monitors = BTreeMap::new();
    let mut services = BTreeMap::new();
    for seen in recorded.iter().filter(|seen| seen.is_write() && (200..300).contains(&seen.status)) {
        let mut body: Value = serde_json::from_slice(&seen.body)?;
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        if let Some(fields) = body.as_object_mut() {
            fields.remove(VERSION);
        }
        if seen.path_and_query.starts_with(MONITORS) {
            monitors.insert(name, body);
        } else if seen.path_and_query.starts_with(SERVICES) {
            services.insert(name, body);
        }
    }
    let post = |collection: &str, body: &Value| Write {
        method: Method::POST,
        target: format!("{collection}/"),
        body: Bytes::from(body.to_string()),
    };
    let piece = |service: &Value| {
        let names = service["health_monitor_refs"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let needed = names.filter_map(|name| monitors.remove(name.rsplit_once("?name=")?.1)).collect::<Vec<_>>();
        let mut piece: Vec<Write> = needed.iter().map(|body| post(MONITORS, body)).collect();
        piece.push(post(SERVICES, service));
        piece
    };
    Ok(services.values().map(piece).collect())
}

/// One write per piece.
pub fn apart(writes: BTreeMap<String, Write>) -> Vec<Vec<Write>> {
    writes.into_values().map(|write| vec![write]).collect()
}

/// The same, by the name of the Ingress.
pub fn by_ingress(writes: BTreeMap<String, Write>) -> BTreeMap<String, Write> {
    let ingress = |fqdn: String| fqdn.split('.').next().unwrap_or_default().to_owned();
    writes.into_iter().map(|(fqdn, write)| (ingress(fqdn), write)).collect()
}

/// Name of the object in a body.
pub fn name_of(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(body.get("name")?.as_str()?.to_owned())
}

fn named(service: Arc<Value>) -> (String, Arc<Value>) {
    (service["name"].as_str().unwrap_or_default().to_owned(), service)
}

/// Number of the application that an Ingress's name stands for.
pub fn number_of(name: &str) -> Option<u32> {
    let nth = name.split('.').next()?.rsplit('-').next()?.parse().ok()?;
    (objects::name(nth) == name.split('.').next()?).then_some(nth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(method: Method, path: &str, status: u16, body: &Value) -> Seen {
        let (at, body) = (Instant::now(), Bytes::from(body.to_string()));
        Seen { at, answered: Some(at), status, method, path_and_query: path.to_owned(), body }
    }

    #[tokio::test]
    async fn what_was_created_is_sent_again_monitor_first_and_each_service_once_as_it_was_last() {
        let monitor = json!({"name": "amko--a"});
        let refs = json!(["/api/healthmonitor?name=amko--a", "/api/healthmonitor?name=System-GSLB-TCP"]);
        let first = json!({"name": "a.example.org", "health_monitor_refs": refs, "ttl": 1});
        let mut last = first.clone();
        last["ttl"] = json!(2);
        let mut sent = last.clone();
        sent["_last_modified"] = json!("1");
        let log = [
            seen(Method::GET, "/api/gslbservice?page_size=100", 200, &json!({})),
            seen(Method::POST, "/api/healthmonitor/", 201, &monitor),
            seen(Method::POST, "/api/gslbservice/", 201, &first),
            seen(Method::PUT, "/api/gslbservice/gslbservice-1", 412, &json!({"name": "a.example.org", "ttl": 9})),
            seen(Method::PUT, "/api/gslbservice/gslbservice-1", 200, &sent),
        ];
        let pieces = creations(&log).unwrap();
        let lines = |piece: &Vec<Write>| {
            piece
                .iter()
                .map(|write| (write.method.clone(), write.target.clone(), serde_json::from_slice(&write.body).unwrap()))
                .collect::<Vec<(Method, String, Value)>>()
        };
        let expected = vec![
            (Method::POST, "/api/healthmonitor/".to_owned(), monitor),
            (Method::POST, "/api/gslbservice/".to_owned(), last),
        ];
        assert_eq!(pieces.iter().map(lines).collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn the_number_of_an_application_is_in_its_name() {
        assert_eq!(number_of(&objects::name(7)), Some(7));
        assert_eq!(number_of(&objects::fqdn(12_345)), Some(12_345));
        assert_eq!([number_of("app-7"), number_of("web"), number_of("")], [None; 3]);
    }
}
