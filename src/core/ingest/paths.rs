//! The HTTP paths that health monitors ask for (`docs/RULES.md#ingress`).

/// The paths in the order written, an empty one as `/`, each once; `/` alone when there are none.
pub(super) fn distinct<'a>(written: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for path in written {
        let path = if path.is_empty() { "/" } else { path };
        if !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
    }
    if paths.is_empty() {
        paths.push("/".to_owned());
    }
    paths.shrink_to_fit();
    paths
}
