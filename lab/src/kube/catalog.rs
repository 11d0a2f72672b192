//! The resources that are served at this moment: the built-in ones and those of established CRDs.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::builtin_resources;
use super::resource::Resource;

/// Looked up at request time, so that CRDs come and go without a new router.
#[derive(Debug)]
pub struct Catalog {
    builtin: Vec<Arc<Resource>>,
    /// By CRD name; one entry per served version.
    custom: BTreeMap<String, Vec<Arc<Resource>>>,
}

/// One API group with its versions, most preferred first.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub name: String,
    pub versions: Vec<String>,
}

impl Default for Catalog {
    /// The built-in resources.
    fn default() -> Self {
        Self { builtin: builtin_resources::all().into_iter().map(Arc::new).collect(), custom: BTreeMap::new() }
    }
}

impl Catalog {
    /// Every served resource, one entry per version.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Resource>> + Clone {
        self.builtin.iter().chain(self.custom.values().flatten())
    }

    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        self.all().find(|r| r.group == group && r.version == version && r.plural == plural).cloned()
    }

    pub fn by_kind(&self, group: &str, version: &str, kind: &str) -> Option<Arc<Resource>> {
        self.all().find(|r| r.group == group && r.version == version && r.kind == kind).cloned()
    }

    /// By `services` or `ingresses.networking.k8s.io`; of several versions, the one that is stored.
    pub fn by_qualified_name(&self, name: &str) -> Option<Arc<Resource>> {
        let (plural, group) = name.split_once('.').unwrap_or((name, ""));
        let mut named = self.all().filter(|r| r.plural == plural && r.group == group);
        let stored = named.clone().find(|r| r.version == r.storage_version);
        stored.or_else(|| named.next()).cloned()
    }

    pub fn has_group_version(&self, group: &str, version: &str) -> bool {
        self.all().any(|r| r.group == group && r.version == version)
    }

    /// Resources of one group version, by plural.
    pub fn group_version(&self, group: &str, version: &str) -> Vec<Arc<Resource>> {
        let mut found: Vec<_> = self.all().filter(|r| r.group == group && r.version == version).cloned().collect();
        found.sort_by(|a, b| a.plural.cmp(&b.plural));
        found
    }

    /// All groups: built-in ones in their fixed order, then the groups of CRDs by name.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut custom: Vec<&Arc<Resource>> = self.custom.values().flatten().collect();
        custom.sort_by(|a, b| a.group.cmp(&b.group));
        for resource in self.builtin.iter().chain(custom) {
            let known = groups.iter_mut().find(|group| group.name == resource.group);
            match known {
                Some(group) if group.versions.contains(&resource.version) => {}
                Some(group) => group.versions.push(resource.version.clone()),
                None => groups.push(Group { name: resource.group.clone(), versions: vec![resource.version.clone()] }),
            }
        }
        for group in &mut groups {
            group.versions.sort_by_key(|version| Reverse(version_rank(version)));
        }
        groups
    }

    /// The served versions of the CRD of that name; empty when it is not served.
    pub fn custom(&self, crd: &str) -> &[Arc<Resource>] {
        self.custom.get(crd).map(Vec::as_slice).unwrap_or_default()
    }

    /// Serves these versions of a CRD from now on.
    pub fn set_custom(&mut self, crd: &str, versions: Vec<Resource>) {
        self.custom.insert(crd.to_owned(), versions.into_iter().map(Arc::new).collect());
    }

    pub fn remove_custom(&mut self, crd: &str) {
        self.custom.remove(crd);
    }
}

/// Order of Kubernetes version names: `v2` above `v1` above `v1beta2` above `v1alpha1` above anything else.
fn version_rank(version: &str) -> (u8, u64, u64) {
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let Ok(major) = rest[..digits].parse() else { return (0, 0, 0) };
    let tail = &rest[digits..];
    let stage = |prefix: &str, rank: u8| Some((rank, major, tail.strip_prefix(prefix)?.parse().ok()?));
    if tail.is_empty() { (3, major, 0) } else { stage("beta", 2).or(stage("alpha", 1)).unwrap_or((0, 0, 0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_versions_are_preferred_over_beta_and_alpha() {
        let mut versions = vec!["v1alpha1", "v2beta1", "v1", "odd", "v2", "v1beta1"];
        versions.sort_by_key(|version| Reverse(version_rank(version)));
        assert_eq!(versions, ["v2", "v1", "v2beta1", "v1beta1", "v1alpha1", "odd"]);
    }
}
