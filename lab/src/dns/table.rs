//! The lookup table of one site: which service answers for a name.

use super::clients::Clients;
use super::service::{GslbRules, Service, SiteRule};
use super::wire;
use crate::avi::AviWorld;
use hickory_proto::rr::{LowerName, Name};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// The controller objects of one site that its DNS service works from.
#[derive(Debug, Clone, Default)]
pub struct SiteObjects {
    /// Name of the site.
    pub site: String,
    /// Objects of type `gslbservice`.
    pub services: Vec<Arc<Value>>,
    /// Objects of type `healthmonitor`.
    pub monitors: Vec<Arc<Value>>,
    /// The object of type `gslb`, when the site is in a GSLB.
    pub gslb: Option<Arc<Value>>,
}

impl SiteObjects {
    /// Reads what the site's controller holds now.
    pub fn read(world: &AviWorld, site: &str) -> Self {
        Self {
            site: site.into(),
            services: world.objects(site, "gslbservice"),
            monitors: world.objects(site, "healthmonitor"),
            gslb: world.objects(site, "gslb").into_iter().next(),
        }
    }

    /// Whether the other holds the very same objects.
    pub fn is_same(&self, other: &Self) -> bool {
        let all =
            |a: &[Arc<Value>], b: &[Arc<Value>]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b));
        same(self.gslb.as_ref(), other.gslb.as_ref())
            && all(&self.services, &other.services)
            && all(&self.monitors, &other.monitors)
    }
}

/// All services of a site, by name and by uuid.
#[derive(Debug, Default)]
pub struct Table {
    pub services: Vec<Arc<Service>>,
    exact: HashMap<LowerName, usize>,
    /// By the part of the name behind `*.`.
    wildcard: HashMap<LowerName, usize>,
    by_uuid: HashMap<String, usize>,
}

impl Table {
    /// Position in [`Self::services`] of the service that answers for the name: the one with exactly this name, else
    /// the one with the longest matching wildcard.
    pub fn find(&self, name: &LowerName) -> Option<usize> {
        if let Some(index) = self.exact.get(name) {
            return Some(*index);
        }
        if self.wildcard.is_empty() {
            return None;
        }
        let mut suffix = name.clone();
        while !suffix.is_root() {
            suffix = suffix.base_name();
            if let Some(index) = self.wildcard.get(&suffix) {
                return Some(*index);
            }
        }
        None
    }

    /// Position in [`Self::services`] of the service with this uuid.
    pub fn position(&self, uuid: &str) -> Option<usize> {
        self.by_uuid.get(uuid).copied()
    }

    fn insert(&mut self, entry: &Entry, domains: &[LowerName]) {
        let index = self.services.len();
        for (name, wildcard) in &entry.names {
            if domains.is_empty() || domains.iter().any(|domain| domain.zone_of(name)) {
                let map = if *wildcard { &mut self.wildcard } else { &mut self.exact };
                map.entry(name.clone()).or_insert(index);
            }
        }
        self.by_uuid.insert(entry.service.uuid.clone(), index);
        self.services.push(entry.service.clone());
    }
}

struct Entry {
    source: Arc<Value>,
    service: Arc<Service>,
    /// Names, or the suffix behind `*.` with `true`.
    names: Vec<(LowerName, bool)>,
}

/// Compiles tables and remembers the parts: an unchanged service is not compiled again.
#[derive(Default)]
pub struct Compiler {
    gslb: Option<Arc<Value>>,
    entries: HashMap<String, Option<Entry>>,
}

impl Compiler {
    /// The table for these objects. Disabled services and services outside the domains of the site's DNS service are
    /// left out; objects that do not parse are too, with a warning.
    pub fn compile(&mut self, objects: &SiteObjects) -> Table {
        let gslb = parse_gslb(objects.gslb.as_deref());
        if !same(self.gslb.as_ref(), objects.gslb.as_ref()) {
            self.entries.clear();
            self.gslb.clone_from(&objects.gslb);
        }
        let (rules, domains) = (gslb_rules(&gslb), domains_of(&gslb, &objects.site));
        let mut previous = std::mem::take(&mut self.entries);
        let mut table = Table::default();
        for source in &objects.services {
            let uuid = source.get("uuid").and_then(Value::as_str).unwrap_or_default().to_owned();
            let kept = previous.remove(&uuid).flatten().filter(|entry| Arc::ptr_eq(&entry.source, source));
            let entry = kept.or_else(|| compile_entry(source, &rules));
            if let Some(entry) = &entry {
                table.insert(entry, &domains);
            }
            self.entries.insert(uuid, entry);
        }
        table
    }
}

fn same(a: Option<&Arc<Value>>, b: Option<&Arc<Value>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}

fn compile_entry(source: &Arc<Value>, rules: &GslbRules) -> Option<Entry> {
    let object = wire::GslbService::deserialize(&**source)
        .inspect_err(|error| tracing::warn!(%error, "leaving out a GSLB service that cannot be read"))
        .ok()?;
    object.enabled.then(|| Entry {
        source: source.clone(),
        service: Arc::new(Service::compile(&object, rules)),
        names: object.domain_names.iter().filter_map(|name| parse_name(name, object.wildcard_match)).collect(),
    })
}

fn parse_name(text: &str, wildcards: bool) -> Option<(LowerName, bool)> {
    match text.strip_prefix("*.") {
        Some(suffix) if wildcards => absolute(suffix).map(|name| (name, true)),
        Some(_) => None,
        None => absolute(text).map(|name| (name, false)),
    }
}

/// A name in the form of query names: absolute, compared without case.
pub fn absolute(text: &str) -> Option<LowerName> {
    let mut name = Name::from_utf8(text).ok()?;
    name.set_fqdn(true);
    Some(LowerName::new(&name))
}

/// The parsed `gslb` object; empty when there is none or it cannot be read.
pub fn parse_gslb(object: Option<&Value>) -> wire::Gslb {
    object.and_then(|object| wire::Gslb::deserialize(object).ok()).unwrap_or_default()
}

fn gslb_rules(gslb: &wire::Gslb) -> GslbRules {
    let sites = gslb.sites.iter().chain(&gslb.third_party_sites);
    let rule = |site: &wire::Site| (site.cluster_uuid.clone(), SiteRule { enabled: site.enabled, ratio: site.ratio });
    GslbRules {
        sites: sites.map(rule).collect(),
        clients: Arc::new(Clients::compile(gslb.client_ip_addr_group.as_ref())),
    }
}

/// The domains placed on the site's DNS virtual services; those of the whole GSLB when the site lists none.
fn domains_of(gslb: &wire::Gslb, site: &str) -> Vec<LowerName> {
    let own = gslb.sites.iter().filter(|candidate| candidate.name == site).flat_map(|site| &site.dns_vses);
    let own: Vec<LowerName> = own.flat_map(|dns| &dns.domain_names).filter_map(|name| absolute(name)).collect();
    if own.is_empty() { gslb.dns_configs.iter().filter_map(|dns| absolute(&dns.domain_name)).collect() } else { own }
}
