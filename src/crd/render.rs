//! The definitions as an API server takes them, and as the YAML files in `crds/`.

use super::{AmkoCluster, GlobalDeploymentPolicy, GslbConfig, GslbHostRule};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// One file of `crds/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrdFile {
    /// `<group>_<plural>.yaml`.
    pub name: String,
    /// One YAML document, with its start marker, so that files concatenate into a valid stream.
    pub content: String,
}

/// Gives the definitions of all kinds, sorted by name.
pub fn all() -> Vec<CustomResourceDefinition> {
    vec![AmkoCluster::crd(), GlobalDeploymentPolicy::crd(), GslbConfig::crd(), GslbHostRule::crd()]
}

/// Renders one file per definition, sorted by file name.
pub fn files() -> Vec<CrdFile> {
    let mut files: Vec<CrdFile> = all().iter().map(file).collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// Renders all definitions as one YAML stream: the concatenation of [`files`].
pub fn yaml() -> String {
    files().into_iter().map(|file| file.content).collect()
}

fn file(crd: &CustomResourceDefinition) -> CrdFile {
    let document = serde_saphyr::to_string(crd).expect("a definition holds only strings, numbers, lists and maps");
    CrdFile {
        name: format!("{}_{}.yaml", crd.spec.group, crd.spec.names.plural),
        content: format!("---\n{}\n", document.trim_end()),
    }
}
