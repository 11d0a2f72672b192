//! The HTTP paths that health monitors ask for (`docs/RULES.md#ingress`).

use super::Intake;
use crate::core::request_target::has_control;

impl Intake<'_> {
    /// The paths in the order written, an empty one as `/`, each once; `/` alone when there are none. One with a control
    /// character is refused: whoever may write a path would write the headers of the controller's probes.
    pub(super) fn paths<'a>(&mut self, written: impl IntoIterator<Item = &'a String>) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        for path in written {
            let path = if path.is_empty() { "/" } else { path };
            if has_control(path) {
                self.refuse(format!(
                    "the path {path:?} holds a control character, so no health monitor asks for it; write a path \
                     without"
                ));
            } else if !paths.iter().any(|known| known == path) {
                paths.push(path.to_owned());
            }
        }
        if paths.is_empty() {
            paths.push("/".to_owned());
        }
        paths.shrink_to_fit();
        paths
    }
}
