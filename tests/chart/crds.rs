//! The chart's definitions are those of `crds/`, with what Helm needs to keep them up to date.

use crate::{chart, files, is_up_to_date, read, root};
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::path::Path;

/// A definition as the chart ships it. `templates/crds.yaml` says what the marks are for.
fn marked(definition: &str) -> String {
    let digest: String = Sha1::digest(definition).iter().map(|byte| format!("{byte:02x}")).collect();
    let marks = format!(
        "  labels:
    app.kubernetes.io/managed-by: Helm
  annotations:
    meta.helm.sh/release-name: amko
    meta.helm.sh/release-namespace: avi-system
    helm.sh/resource-policy: keep
    amko.vmware.com/definition: {digest}
"
    );
    let (head, spec) = definition.split_once("\nspec:\n").expect("a definition has a spec");
    format!("{head}\n{marks}spec:\n{spec}")
}

fn names(directory: &Path) -> Vec<String> {
    files(directory).iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn the_chart_has_the_definitions_of_the_operator() {
    let (ours, shipped) = (root().join("crds"), chart().join("crds"));
    for name in names(&ours) {
        is_up_to_date(&shipped.join(&name), &marked(&read(&ours.join(&name))));
    }
    assert_eq!(names(&shipped), names(&ours));
}

#[test]
fn the_marks_say_whose_a_definition_is_and_change_nothing_else() {
    for file in files(&root().join("crds")) {
        let ours: Value = serde_saphyr::from_str(&read(&file)).unwrap();
        let mut shipped: Value = serde_saphyr::from_str(&marked(&read(&file))).unwrap();
        let metadata = shipped["metadata"].as_object_mut().unwrap();
        assert_eq!(metadata.remove("labels").unwrap()["app.kubernetes.io/managed-by"], "Helm");
        let annotations = metadata.remove("annotations").unwrap();
        assert_eq!(annotations["meta.helm.sh/release-name"], "amko");
        assert_eq!(annotations["helm.sh/resource-policy"], "keep");
        assert_eq!(shipped, ours);
    }
}

#[test]
fn the_chart_has_the_version_of_the_operator() {
    let manifest: Value = serde_saphyr::from_str(&read(&chart().join("Chart.yaml"))).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!((manifest["version"].as_str(), manifest["appVersion"].as_str()), (Some(version), Some(version)));
}
