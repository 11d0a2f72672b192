//! The lab of a scenario with the operator at work in it, and the usual things to do and to look at.

use super::hosts::Expected;
use super::kube::Kube;
use super::place::Place;
use super::questions::Resolver;
use super::requests::Requests;
use super::script::{Failure, Script, list};
use crate::up::lab::Lab;
use crate::up::operator::{Operator, OperatorConfig, find_program};
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// How long the operator may take for anything while nothing is wrong.
pub const SOON: Duration = Duration::from_secs(30);
/// `deletionGuard.policyGraceSeconds`, by default.
pub const GRACE: Duration = Duration::from_secs(30);
/// How long it may take after an outage: the longest pause between two probes of a controller, and the work.
pub const AFTER_OUTAGE: Duration = Duration::from_secs(60);

/// Sessions that an operator may hold at one controller.
pub const SESSIONS: usize = 4;

/// A running lab with its operator.
pub struct Stage {
    pub script: Script,
    pub lab: Lab,
    pub kube: Kube,
    /// The DNS of every site, in the order of the topology.
    pub dns: Vec<Resolver>,
    /// Number of the operator's process.
    pub process: u32,
    operator: String,
    names: Mutex<BTreeMap<String, String>>,
}

impl Stage {
    /// Starts a lab and the operator at this place, and waits until DNS answers for the demo application.
    ///
    /// # Errors
    /// When something cannot be started or is not ready in time.
    pub async fn start(script: Script, place: &Place) -> Result<(Self, Operator), Failure> {
        let program = find_program()?;
        script.does(&format!("start a lab with ports from {} and files in {}", place.base(), place.dir().display()));
        let lab = Lab::start(place.options(), |line| script.shows(&format!("  {line}"))).await?;
        let report = lab.report().await;
        let dns = report.dns.iter().map(Resolver::new).collect::<Result<_, _>>()?;
        let context = lab.topology().config_cluster().to_owned();
        let mut operator = Operator::start(OperatorConfig {
            program,
            members: lab.dir().members(),
            log: lab.dir().operator_log(&context),
            namespace: lab.topology().namespace.clone(),
            http: lab.topology().operator_http,
            context,
            more: Vec::new(),
        })?;
        operator.ready().await?;
        let process = operator.process().unwrap_or_default();
        script.sees(&format!("the operator is ready, process {process}, log in {}", operator.log().display()));
        let (kube, url) = (Kube::new(lab.dir())?, format!("http://{}", lab.topology().operator_http));
        let stage = Self { script, lab, kube, dns, process, operator: url, names: Mutex::default() };
        let hello = stage.demo();
        let all = stage.contexts();
        stage.resolve(vec![stage.expected(&hello, &all).await?], SOON).await?;
        stage.in_sync(&[&hello], SOON).await?;
        Ok((stage, operator))
    }

    /// The name of the demo application, without the zone.
    pub fn demo(&self) -> String {
        self.lab.topology().policy.app.clone()
    }

    pub fn contexts(&self) -> Vec<&str> {
        self.lab.topology().clusters.iter().map(|cluster| cluster.context.as_str()).collect()
    }

    /// The cluster with AMKO's objects.
    pub fn home(&self) -> &str {
        self.lab.topology().config_cluster()
    }

    /// The site that led at the start.
    pub fn leader(&self) -> &str {
        self.lab.topology().gslb_leader()
    }

    /// `name` in the zone of the lab.
    pub fn host(&self, name: &str) -> String {
        format!("{name}.{}", self.lab.topology().zone)
    }

    /// The DNS of the sites that are not among these.
    pub fn dns_without(&self, sites: &[&str]) -> Vec<Resolver> {
        self.dns.iter().filter(|dns| !sites.contains(&dns.site.as_str())).cloned().collect()
    }

    /// Creates an Ingress for the host of this name in these clusters.
    ///
    /// # Errors
    /// When a cluster refuses.
    pub async fn create(&self, name: &str, contexts: &[&str]) -> Result<(), Failure> {
        for context in contexts {
            self.kube.create_ingress(context, name, &self.lab.topology().zone).await?;
        }
        Ok(())
    }

    /// Deletes the Ingress of this name in these clusters.
    ///
    /// # Errors
    /// When a cluster refuses.
    pub async fn delete(&self, name: &str, contexts: &[&str]) -> Result<(), Failure> {
        for context in contexts {
            self.kube.delete_ingress(context, name).await?;
        }
        Ok(())
    }

    /// The virtual address that an Ingress got.
    ///
    /// # Errors
    /// When it gets none in time.
    pub async fn address(&self, context: &str, name: &str) -> Result<IpAddr, Failure> {
        let path = format!("/apis/networking.k8s.io/v1/namespaces/default/ingresses/{name}");
        // AKO is as quick as it can be; the bound only keeps a broken lab from hanging.
        for _ in 0..200 {
            let ingress = self.kube.get(context, &path).await?;
            let address = ingress["status"]["loadBalancer"]["ingress"][0]["ip"].as_str();
            if let Some(address) = address.and_then(|address| address.parse().ok()) {
                return Ok(address);
            }
            // Between two looks; there are two hundred at most.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Failure::broken(format!("Ingress {name} in {context}"), "AKO gave it no address"))
    }

    /// What DNS has to say of the host of this name with an Ingress in these clusters; nothing without one.
    ///
    /// # Errors
    /// As [`Self::address`].
    pub async fn expected(&self, name: &str, contexts: &[&str]) -> Result<Expected, Failure> {
        let mut addresses = BTreeSet::new();
        for context in contexts {
            addresses.insert(self.address(context, name).await?);
        }
        Ok(Expected { host: self.host(name), addresses })
    }

    /// Waits until the DNS of every site says this.
    ///
    /// # Errors
    /// When one of them does not in time.
    pub async fn resolve(&self, expected: Vec<Expected>, within: Duration) -> Result<(), Failure> {
        self.resolve_at(&self.dns, expected, within).await
    }

    /// Waits until these servers say this.
    ///
    /// # Errors
    /// When one of them does not in time.
    pub async fn resolve_at(
        &self,
        resolvers: &[Resolver],
        expected: Vec<Expected>,
        within: Duration,
    ) -> Result<(), Failure> {
        let sites = list(resolvers.iter().map(|dns| &dns.site));
        for Expected { host, addresses } in &expected {
            let what = match addresses.len() {
                0 => format!("DNS of {sites}: {host} does not exist"),
                _ => format!("DNS of {sites}: {host} is {}", list(addresses)),
            };
            let expected = Expected { host: host.clone(), addresses: addresses.clone() };
            let look = async || expected.everywhere(resolvers).await.map(|()| "so it is".to_owned());
            self.script.wait(&what, within, look).await?;
        }
        Ok(())
    }

    /// Waits until the operator has written all it wants, for exactly the hosts of these names.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn in_sync(&self, names: &[&str], within: Duration) -> Result<Duration, Failure> {
        let mut hosts: Vec<String> = names.iter().map(|name| self.host(name)).collect();
        hosts.sort_unstable();
        let what = format!("the operator has everything in place for {} services", hosts.len());
        self.script.wait(&what, within, async || self.in_sync_now(&hosts).await).await
    }

    async fn in_sync_now(&self, hosts: &[String]) -> Result<String, String> {
        let services = self.ask("/api/gs").await;
        let services = services.as_array().ok_or("the operator does not answer")?;
        let wanted: Vec<&Value> = services.iter().filter(|service| service["wanted"].is_object()).collect();
        let found: Vec<&str> = wanted.iter().filter_map(|service| service["fqdn"].as_str()).collect();
        let waiting = wanted.iter().filter(|service| service["state"] != "in-sync").count();
        // What is no longer wanted may still wait for its deletion.
        let leaving = services.len() - wanted.len();
        if found != hosts || waiting > 0 {
            return Err(format!("wanted are {}, {waiting} of them not in sync", list(found)));
        }
        Ok(format!("{} services in sync, {leaving} leaving", found.len()))
    }

    /// What the operator answers at this path; `Null` when it does not.
    pub async fn ask(&self, path: &str) -> Value {
        let sent = self.kube.http().get(format!("{}{path}", self.operator)).send().await;
        let Ok(answer) = sent else { return Value::Null };
        answer.json().await.unwrap_or_default()
    }

    /// The same as text; empty when there is no answer.
    pub async fn text(&self, path: &str) -> String {
        let sent = self.kube.http().get(format!("{}{path}", self.operator)).send().await;
        match sent {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The state and the conditions in the status of gc-1.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn config_status(&self) -> Result<Value, Failure> {
        Ok(self.kube.get(self.home(), &self.config_path()).await?["status"].clone())
    }

    /// Where gc-1 is.
    pub fn config_path(&self) -> String {
        format!("/apis/amko.vmware.com/v1alpha1/namespaces/{}/gslbconfigs/gc-1", self.lab.topology().namespace)
    }

    /// Where the GlobalDeploymentPolicy is.
    pub fn policy_path(&self) -> String {
        let namespace = &self.lab.topology().namespace;
        format!("/apis/amko.vmware.com/v1alpha2/namespaces/{namespace}/globaldeploymentpolicies/global-gdp")
    }

    /// From here on, for [`Self::requests`].
    pub fn mark(&self) -> u64 {
        self.learn_names();
        self.lab.worlds().avi.last_request()
    }

    /// The requests to all controllers since the mark.
    pub fn requests(&self, mark: u64) -> Requests {
        self.learn_names();
        let records = self.lab.worlds().avi.requests().into_iter().filter(|record| record.seq > mark);
        Requests::new(records.collect(), self.names.lock().clone())
    }

    fn learn_names(&self) {
        let avi = &self.lab.worlds().avi;
        let kinds = ["gslbservice", "healthmonitor"];
        let sites = self.lab.worlds().sites();
        let objects = sites.flat_map(|site| kinds.into_iter().flat_map(move |kind| avi.objects(site, kind)));
        let named = objects.filter_map(|o| Some((o["uuid"].as_str()?.to_owned(), o["name"].as_str()?.to_owned())));
        self.names.lock().extend(named);
    }
}
