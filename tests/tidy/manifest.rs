//! The rule about what the operator may depend on.

use crate::Finding;
use crate::source::SourceFile;

/// The lab simulates the operator's world, realkube starts parts of it; an operator that needs them would ship them.
pub fn operator_depends_on_no_lab(manifest: &SourceFile) -> Vec<Finding> {
    dependencies(&manifest.text)
        .filter(|line| ["amko-lab", "\"lab\"", "realkube"].iter().any(|name| line.contains(name)))
        .map(|line| manifest.finding(&format!("`{line}` ships what only tests need; use [dev-dependencies]")))
        .collect()
}

/// Header and entries of every section that ends up in the shipped binary.
fn dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    let mut shipped = false;
    manifest.lines().filter(move |line| {
        if line.starts_with('[') {
            shipped = is_shipped(line.trim_matches(['[', ']', ' ']));
        }
        shipped
    })
}

fn is_shipped(section: &str) -> bool {
    !section.starts_with("workspace")
        && section.split('.').any(|part| part == "dependencies" || part == "build-dependencies")
}

#[test]
fn the_rule_sees_every_kind_of_shipped_section() {
    let check = |text: &str| operator_depends_on_no_lab(&SourceFile::new("Cargo.toml", text)).len();
    assert_eq!(check("[dependencies]\nbytes = \"1\"\namko-lab = { path = \"lab\" }\n"), 1);
    assert_eq!(check("[dependencies]\nservers = { package = \"amko-realkube\", path = \"realkube\" }\n"), 1);
    assert_eq!(check("[dependencies.amko-lab]\nversion = \"1\"\n"), 1);
    assert_eq!(check("[target.'cfg(unix)'.dependencies]\nworld = { package = \"amko-lab\" }\n"), 1);
    assert_eq!(check("[build-dependencies]\nworld = { path = \"lab\" }\n"), 1);
}

#[test]
fn the_rule_leaves_tests_and_the_workspace_alone() {
    let text = "[workspace]\nmembers = [\".\", \"lab\"]\n[dev-dependencies]\namko-lab = { path = \"lab\" }\n";
    assert_eq!(operator_depends_on_no_lab(&SourceFile::new("Cargo.toml", text)), Vec::<Finding>::new());
}
