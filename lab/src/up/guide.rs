//! What to try next, as commands with the real addresses of this lab.

use super::lab::Lab;
use super::report::LabReport;
use super::topology::Topology;
use serde_json::json;

/// The lines to print when a lab is up.
pub fn lines(lab: &Lab, report: &LabReport) -> Vec<String> {
    let mut lines = vec![String::new(), "Try, in another terminal:".into()];
    lines.push(format!("  export KUBECONFIG={}", lab.dir().members().display()));
    lines.push("  kubectl get ingress --all-namespaces".into());
    lines.push(format!("  kubectl -n {} get gc,gdp,amkoclusters", lab.topology().namespace));
    lines.extend(report.dns.iter().take(1).map(|dns| dig(&dns.address, &lab.topology().demo_host())));
    lines.extend(curl(lab));
    lines.extend(report.operators.iter().map(|operator| format!("  curl http://{}/api/gs", operator.http)));
    lines.push(equal_weights(lab.topology()));
    lines.extend(blackout(lab));
    if lab.ports().moves_ports() {
        lines.push("Ports below 1024 are not open to this user: each of them is served 8000 higher.".into());
    }
    lines.push(String::new());
    lines
}

fn dig(address: &str, host: &str) -> String {
    let (ip, port) = address.rsplit_once(':').unwrap_or((address, "53"));
    let port = if port == "53" { String::new() } else { format!(" -p {port}") };
    format!("  for i in $(seq 12); do dig +short @{ip}{port} {host}; done | sort | uniq -c")
}

/// Gives every cluster the same share of the traffic.
fn equal_weights(topology: &Topology) -> String {
    let split = topology.clusters.iter().map(|cluster| json!({ "cluster": cluster.context, "weight": 1 }));
    let patch = json!({ "spec": { "trafficSplit": split.collect::<Vec<_>>() } });
    format!("  kubectl -n {} patch gdp global-gdp --type merge -p '{patch}'", topology.namespace)
}

fn curl(lab: &Lab) -> Option<String> {
    let cluster = lab.topology().clusters.first()?;
    let address = lab.addresses(&cluster.context).into_iter().next()?;
    let (host, port) = (lab.topology().demo_host(), (lab.ports().served)(80));
    let suffix = if port == 80 { String::new() } else { format!(":{port}") };
    Some(format!("  curl --resolve {host}:{port}:{address} http://{host}{suffix}/"))
}

fn blackout(lab: &Lab) -> Option<String> {
    let cluster = lab.topology().clusters.last()?;
    let program = std::env::current_exe().ok()?;
    Some(format!("  {} blackout {} --dir {}", program.display(), cluster.site, lab.dir().path().display()))
}
