//! What API servers were asked, as their audit logs have it.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each request once, when it has been answered.
const POLICY: &str =
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n";

/// The audit log of one API server.
pub struct Audit(PathBuf);

impl Audit {
    /// Where to write it, and the flags that an API server needs for that.
    pub fn in_directory(directory: &Path, name: &str) -> (Self, [String; 2]) {
        let (policy, log) = (directory.join("audit-policy.yaml"), directory.join(format!("audit-{name}.log")));
        std::fs::write(&policy, POLICY).unwrap();
        let flags =
            [format!("--audit-policy-file={}", policy.display()), format!("--audit-log-path={}", log.display())];
        (Self(log), flags)
    }

    /// `user verb path` of what was refused with 403, to users with such a name.
    pub fn forbidden(&self, user: &str) -> BTreeSet<String> {
        let refused = self.events().into_iter().filter(|event| event["responseStatus"]["code"] == 403);
        refused.map(|event| line(&event)).filter(|line| line.starts_with(user)).collect()
    }

    /// `user verb path` of everything that was asked by users with such a name, and how often.
    pub fn counted(&self, user: &str) -> BTreeMap<String, usize> {
        let mut counted = BTreeMap::new();
        for line in self.events().iter().map(line).filter(|line| line.starts_with(user)) {
            *counted.entry(line).or_default() += 1;
        }
        counted
    }

    fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.0).unwrap();
        // A line in the middle of being written is the last one.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

fn line(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let path = text(&event["requestURI"]);
    let path = path.split('?').next().unwrap();
    format!("{} {} {path}", text(&event["user"]["username"]), text(&event["verb"]))
}
