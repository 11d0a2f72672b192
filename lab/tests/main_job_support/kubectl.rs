//! kubectl against the clusters of a lab.

use super::World;
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

pub const CONTEXTS: [&str; 3] = ["s1az1", "s1az2", "s2"];

impl World {
    /// Runs kubectl in a cluster with `input`, and gives what it prints.
    pub fn kubectl(&self, context: &str, words: &[&str], input: &str) -> String {
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(self.lab.members()).args(["--context", context]);
        command.arg("--cache-dir").arg(self.lab.dir().join("kubectl-cache")).args(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "kubectl {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// `kubectl get` as JSON.
    pub fn get(&self, context: &str, words: &[&str]) -> Value {
        serde_json::from_str(&self.kubectl(context, &[&["get", "-o", "json"], words].concat(), "")).unwrap()
    }

    /// Applies an Ingress for the host of this name in a cluster.
    pub fn apply_ingress(&self, context: &str, name: &str) {
        let printed = self.kubectl(context, &["apply", "-f", "-"], &ingress(name));
        assert_eq!(printed, format!("ingress.networking.k8s.io/{name} created"));
    }

    /// Patches the policy: weights of the clusters in their order.
    pub fn patch_weights(&self, weights: [u32; 3]) {
        let split = CONTEXTS.iter().zip(weights);
        let split: Vec<Value> = split
            .map(|(cluster, weight)| serde_json::json!({ "cluster": cluster, "weight": weight, "priority": 10 }))
            .collect();
        let patch = serde_json::json!({ "spec": { "trafficSplit": split } }).to_string();
        let words = ["-n", "avi-system", "patch", "gdp", "global-gdp", "--type=merge", "-p", &patch];
        let printed = self.kubectl("s1az1", &words, "");
        assert_eq!(printed, "globaldeploymentpolicy.amko.vmware.com/global-gdp patched");
    }
}

fn ingress(name: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}, labels: {{app: gslb}}}}
spec:
  ingressClassName: avi-lb
  rules:
  - host: {name}.avi.iberia.local
    http:
      paths:
      - {{path: /, pathType: Prefix, backend: {{service: {{name: hello, port: {{number: 80}}}}}}}}
"
    )
}
