//! The door to the controllers: each write is judged while it happens, by what the operator was told until then.
//!
//! A write fails the history when it touches what is foreign (I3), or takes away a member that has been eligible for a
//! while without a break, by everything that API servers told the operator meanwhile (I2 and I4). A member that left
//! and came back within that while proves nothing, nor does one that not every policy and GSLBConfig of that while
//! selects: then the operator may be right, and the end of the history shows whether it was.

mod eligible;
#[cfg(test)]
mod tests;
mod told;

use crate::support::witness::{HOME, Witness};
use crate::support::{UUID, World};
use amko_lab::avi::AviWorld;
use bytes::Bytes;
use eligible::{Offer, Setting, hands_tls_through, offers};
use http::{Method, Uri};
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use told::{History, Told};

/// How long after it was told of something the operator may still write what it decided before.
const LAG: Duration = Duration::from_secs(60);
/// How long a valid policy is in place, with nothing disturbed, before it surely is in force.
const TAKEN: Duration = Duration::from_secs(45);

/// How long a policy has to be gone before that is a wish.
const GRACE: Duration = Duration::from_secs(29);

const POLICIES: &str = "globaldeploymentpolicies";
const CONFIGS: &str = "gslbconfigs";
const KINDS: [&str; 3] = ["ingresses", "routes", "services"];

pub struct Door {
    avi: AviWorld,
    contexts: Vec<String>,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    told: Told,
    /// Since when a policy is surely in force.
    floor: Option<Instant>,
    disturbed: Instant,
    /// When somebody last approved what was held.
    approved: Option<Instant>,
    /// What happened, newest last.
    chronicle: Vec<String>,
    found: Vec<String>,
    counts: Counts,
}

/// What was judged.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub writes: usize,
    /// Members that a write took away, rightly.
    pub removed: usize,
    /// Members that a write left in place although it could have taken them, and that it must not take.
    pub protected: usize,
}

impl Door {
    /// Looks on from the next start of the operator.
    pub fn of(world: &mut World) -> Arc<Self> {
        let now = Instant::now();
        let state = State {
            told: Told::default(),
            floor: None,
            disturbed: now,
            approved: None,
            chronicle: Vec::new(),
            found: Vec::new(),
            counts: Counts::default(),
        };
        let contexts = world.clusters.keys().cloned().collect();
        let door = Arc::new(Self { avi: world.avi.clone(), contexts, began: now, state: Mutex::new(state) });
        world.witnessed_by(Arc::clone(&door) as Arc<dyn Witness>);
        door
    }

    /// Something is broken or mended: for a while it is not sure what has been taken over.
    pub fn disturbed(&self, what: &str) {
        self.state.lock().disturbed = Instant::now();
        self.note(what);
    }

    /// Somebody approves what is held: without a policy that may be everything.
    pub fn approved(&self, what: &str) {
        self.state.lock().approved = Some(Instant::now());
        self.note(&format!("approved: {what}"));
    }

    /// Something for whoever reads what happened.
    pub fn note(&self, what: &str) {
        let at = self.began.elapsed().as_secs_f64();
        self.state.lock().chronicle.push(format!("{at:>9.3} {what}"));
    }

    /// Fails the history when a write was wrong.
    pub fn check(&self, seed: u64) {
        let found = self.state.lock().found.join("\n");
        assert!(found.is_empty(), "seed {seed}: {found}");
    }

    /// Tells the whole history if it fails.
    pub fn teller(self: &Arc<Self>, seed: u64) -> Teller {
        Teller { door: Arc::clone(self), seed }
    }

    pub fn counts(&self) -> Counts {
        self.state.lock().counts
    }

    /// The objects of a kind, as this cluster last told of them.
    pub fn told(&self, context: &str, plural: &str) -> Vec<Value> {
        let state = self.state.lock();
        let objects = state.told.objects(context, plural);
        objects.filter_map(|(_, history)| history.newest().map(|(_, object)| object.clone())).collect()
    }

    fn stored(&self, site: &str, kind: &str, uuid: &str) -> Option<Arc<Value>> {
        self.avi.objects(site, kind).into_iter().find(|object| object["uuid"] == uuid)
    }

    /// Name of the tenant of an object.
    fn tenant(&self, site: &str, object: &Value) -> String {
        let uuid = object["tenant_ref"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
        let tenants = self.avi.objects(site, "tenant");
        let tenant = tenants.iter().find(|tenant| tenant["uuid"] == *uuid);
        tenant.and_then(|tenant| tenant["name"].as_str()).map_or(uuid, str::to_owned)
    }

    fn judge(&self, site: &str, request: &http::Request<Bytes>) -> Option<String> {
        let pieces: Vec<&str> = request.uri().path().split('/').filter(|piece| !piece.is_empty()).collect();
        let ["api", kind, rest @ ..] = pieces.as_slice() else { return None };
        if !["gslbservice", "healthmonitor"].contains(kind) {
            return Some(format!("a write of a {kind}, which the operator has no business with"));
        }
        let [uuid] = rest else { return None };
        // What is not there cannot be touched.
        let stored = self.stored(site, kind, uuid)?;
        if !is_ours(kind, &stored) {
            return Some(format!("it is foreign (I3): {stored}"));
        }
        if *kind != "gslbservice" {
            return None;
        }
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        // The controller refuses what was made for another version.
        if *request.method() != Method::DELETE && body["_last_modified"] != stored["_last_modified"] {
            return None;
        }
        let (fqdn, tenant) = (stored["name"].as_str().unwrap_or_default(), self.tenant(site, &stored));
        let left = members(&body);
        let mut state = self.state.lock();
        for address in members(&stored) {
            let reason = state.certain(&self.contexts, fqdn, &tenant, &address);
            match (left.contains(&address), reason) {
                (true, Some(_)) => state.counts.protected += 1,
                (true, None) => {}
                (false, None) => state.counts.removed += 1,
                (false, Some(object)) => {
                    return Some(format!("{address} leaves {fqdn} of tenant {tenant}, although {object} (I2, I4)"));
                }
            }
        }
        None
    }
}

/// Tells the history when it is dropped.
pub struct Teller {
    door: Arc<Door>,
    seed: u64,
}

impl Drop for Teller {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("history of seed {}:\n{}", self.seed, self.door.state.lock().chronicle.join("\n"));
        }
    }
}

impl State {
    /// Why the address certainly is a member of the service: the object that has offered it all the while.
    fn certain(&self, contexts: &[String], fqdn: &str, tenant: &str, address: &str) -> Option<String> {
        let then = Instant::now().checked_sub(LAG)?;
        let mut configs: Vec<&Value> =
            self.told.object(HOME, CONFIGS, "avi-system", "gc-1")?.since(then).collect::<Option<_>>()?;
        configs.dedup_by(|one, other| one["spec"] == other["spec"]);
        let policies = self.policies(then)?;
        for context in contexts {
            for plural in KINDS {
                for ((namespace, name), history) in self.told.objects(context, plural) {
                    let looks =
                        Looks { told: &self.told, then, context, plural, configs: &configs, policies: &policies };
                    if looks.at(namespace, history, fqdn, tenant).is_some_and(|found| found == address) {
                        return Some(format!("{plural} {namespace}/{name} in {context} offers it all the while"));
                    }
                }
            }
        }
        None
    }

    /// All policies that may have been in force since then; `None` when there may have been none.
    fn policies(&self, then: Instant) -> Option<Vec<&Value>> {
        let (floor, now) = (self.floor?, Instant::now());
        let mut all = Vec::new();
        let mut without = true;
        for ((namespace, name), history) in self.told.objects(HOME, POLICIES) {
            if namespace != "avi-system" {
                continue;
            }
            let from = if name == "global-gdp" { floor.min(then) } else { floor };
            let counts = |(gone, back): (Instant, Option<Instant>)| {
                let until = back.unwrap_or(now);
                let wished = gone + GRACE <= until || self.approved.is_some_and(|at| gone <= at && at <= until);
                wished && until >= from
            };
            without &= history.gaps().any(counts);
            all.extend(history.since(from).flatten());
        }
        all.dedup_by(|one: &mut &Value, other| one["spec"] == other["spec"]);
        (!without).then_some(all)
    }

    /// Whether a policy now is in force for sure.
    fn look_at_policy(&mut self) {
        let now = Instant::now();
        let settled = |since: Instant| now.saturating_duration_since(since) >= TAKEN;
        let others = self.told.objects(HOME, POLICIES).filter(|((_, name), _)| name != "global-gdp");
        let alone = others.into_iter().all(|(_, history)| history.newest().is_none());
        let policy = self.told.object(HOME, POLICIES, "avi-system", "global-gdp").and_then(History::newest);
        let config = self.told.object(HOME, CONFIGS, "avi-system", "gc-1").and_then(History::newest);
        let (Some((since, policy)), Some((configured, config))) = (policy, config) else { return };
        // What a policy refers to is asked of the controller, which may take its time.
        let undisturbed = settled(since) && settled(configured) && (!has_references(policy) || settled(self.disturbed));
        if alone && undisturbed && is_surely_valid(policy, config) {
            self.floor = Some(since);
        }
    }
}

/// An object of one kind of one cluster, looked at under everything that counted since then.
struct Looks<'a> {
    told: &'a Told,
    then: Instant,
    context: &'a str,
    plural: &'a str,
    configs: &'a [&'a Value],
    policies: &'a [&'a Value],
}

impl Looks<'_> {
    /// The address that the object offers all the while for a service of this tenant. Objects of other tenants change
    /// nothing: who is there stays.
    fn at(&self, namespace: &str, history: &History, fqdn: &str, tenant: &str) -> Option<String> {
        let mut addresses = BTreeSet::new();
        for version in history.since(self.then) {
            let object = version?;
            let offer = offers(self.plural, object).into_iter().find(|offer| self.names(offer, object, fqdn))?;
            if self.tenants(object, namespace) != BTreeSet::from([Some(tenant.to_owned())]) {
                return None;
            }
            addresses.insert(offer.address.to_string());
        }
        addresses.pop_first().filter(|_| addresses.is_empty())
    }

    /// The tenants that the object had; `None` is among them when it was not selected all the while.
    fn tenants(&self, object: &Value, namespace: &str) -> BTreeSet<Option<String>> {
        let Some(namespaces) = self.told.object(self.context, "namespaces", "", namespace) else {
            return BTreeSet::from([None]);
        };
        let mut tenants = BTreeSet::new();
        for namespace in namespaces.since(self.then) {
            let Some(namespace) = namespace else {
                tenants.insert(None);
                continue;
            };
            for config in self.configs {
                for policy in self.policies {
                    let setting = Setting { context: self.context, config, policy, namespace };
                    tenants.insert(eligible::tenant(object, setting));
                }
            }
        }
        tenants
    }

    /// Whether the offer is for the service by every GSLBConfig.
    fn names(&self, offer: &Offer, object: &Value, fqdn: &str) -> bool {
        self.configs.iter().all(|config| {
            if is_custom(config) {
                !hands_tls_through(self.plural, object) && self.is_called(&offer.host, fqdn)
            } else {
                offer.host.eq_ignore_ascii_case(fqdn)
            }
        })
    }

    /// Whether all HostRules for the host agreed all the while on this global name.
    fn is_called(&self, host: &str, fqdn: &str) -> bool {
        let mut called = false;
        for (_, history) in self.told.objects(self.context, "hostrules") {
            let versions: Vec<Option<&Value>> = history.since(self.then).collect();
            let about = |rule: &Value| rule["spec"]["virtualhost"]["fqdn"] == host;
            if !versions.iter().flatten().any(|rule| about(rule)) {
                continue;
            }
            let agrees = |rule: &Value| {
                about(rule)
                    && rule["spec"]["virtualhost"]["gslb"]["fqdn"] == fqdn
                    && rule["status"]["status"] == "Accepted"
            };
            if !versions.iter().all(|rule| rule.is_some_and(agrees)) {
                return false;
            }
            called = true;
        }
        called
    }
}

impl Witness for Door {
    fn answered(&self, seam: &str, uri: &Uri, body: &Value) {
        let said = self.state.lock().told.list(Instant::now(), seam, uri, body);
        said.iter().for_each(|said| self.note(said));
    }

    fn happened(&self, seam: &str, uri: &Uri, event: &Value) {
        let said = self.state.lock().told.event(Instant::now(), seam, uri, event);
        said.iter().for_each(|said| self.note(said));
    }

    fn asked(&self, site: &str, request: &http::Request<Bytes>) {
        let path = request.uri().path();
        if request.method().is_safe() || path.contains("login") || path.contains("logout") {
            return;
        }
        self.state.lock().look_at_policy();
        let line = format!("{} {path} at {site}: {}", request.method(), String::from_utf8_lossy(request.body()));
        self.note(&line);
        self.state.lock().counts.writes += 1;
        if let Some(wrong) = self.judge(site, request) {
            self.note(&format!("WRONG: {wrong}"));
            self.state.lock().found.push(format!("{line}: {wrong}"));
        }
    }
}

fn is_ours(kind: &str, object: &Value) -> bool {
    let owner = format!("amko-{UUID}");
    if kind == "gslbservice" {
        return object["created_by"] == *owner;
    }
    let markers = object["markers"].as_array().map_or(&[][..], Vec::as_slice);
    markers.iter().any(|marker| marker["key"] == "created-by" && marker["values"][0] == *owner)
}

/// The addresses of a service's members.
fn members(service: &Value) -> BTreeSet<String> {
    let pools = service["groups"].as_array().into_iter().flatten();
    let members = pools.flat_map(|pool| pool["members"].as_array().into_iter().flatten());
    members.filter_map(|member| member["ip"]["addr"].as_str()).map(str::to_owned).collect()
}

fn is_custom(config: &Value) -> bool {
    config["spec"]["useCustomGlobalFqdn"] == true
}

/// Whether the operator certainly takes this policy: it selects by something, names known clusters, and nothing on the
/// controller that may be missing.
fn is_surely_valid(policy: &Value, config: &Value) -> bool {
    let spec = &policy["spec"];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let known: Vec<Value> = list(&config["spec"]["memberClusters"]);
    let is_known = |entry: &Value| known.iter().any(|member| member["clusterContext"] == entry["cluster"]);
    let named = [&spec["matchClusters"], &spec["trafficSplit"]].into_iter().flat_map(list);
    let selects = spec["matchRules"]["appSelector"]["label"].as_object().is_some_and(|labels| !labels.is_empty());
    let missing = list(&spec["healthMonitorRefs"]).iter().any(|name| name == "missing");
    let both = !spec["healthMonitorRefs"].is_null() && !spec["healthMonitorTemplate"].is_null();
    selects && named.into_iter().all(|entry| is_known(&entry)) && !missing && !both
}

fn has_references(policy: &Value) -> bool {
    ["healthMonitorRefs", "healthMonitorTemplate", "sitePersistenceRef"].iter().any(|f| !policy["spec"][*f].is_null())
}
