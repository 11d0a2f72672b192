//! helm, with a chart that holds every kind that charts of operators hold.

use std::time::Duration;

use crate::check::{Checked, Failure, eventually};
use crate::client::{Cluster, names};
use crate::clients_support::Home;
use crate::fixtures::CRDS;

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/chart");

/// 120.
pub(super) async fn helm_installs_upgrades_rolls_back_and_uninstalls_a_chart(c: Cluster) -> Checked {
    let helm = amko_realkube::helm().map_err(|skip| Failure::NotApplicable(skip.to_string()))?;
    let helm = helm.display().to_string();
    let home = Home::new(&c);
    let chart = home.path().join("chart");
    // A definition belongs to the whole cluster: the chart of this run has a group of its own.
    let group = format!("{}.example.com", c.namespace);
    copy(CHART.as_ref(), &chart, &group);
    let chart = chart.display();
    let helm = async |line: String| home.feed(&helm, &line, "").await;
    let secrets = format!("{}?labelSelector=owner%3Dhelm", c.core("secrets"));

    let installed = helm(format!("install demo {chart} --set group={group} --set text=one")).await?;
    holds!(installed.contains("STATUS: deployed"), "{installed}");
    same!(names(&c.get(&secrets).await?.ok(200)?), ["sh.helm.release.v1.demo.v1"]);
    text_is(&c, "one").await?;
    for (collection, name) in collections(&c, &group) {
        same!(c.get(&format!("{collection}/{name}")).await?.ok(200)?["metadata"]["labels"]["chart"], "conformance");
    }

    let upgraded = helm(format!("upgrade demo {chart} --set group={group} --set text=two --set port=81")).await?;
    holds!(upgraded.contains("REVISION: 2"), "{upgraded}");
    text_is(&c, "two").await?;
    let service = c.get(&c.core("services/demo")).await?.ok(200)?;
    same!(service["spec"]["ports"][0]["port"], 81);
    same!(c.get(&format!("{}/demo", collections(&c, &group)[0].0)).await?.ok(200)?["spec"]["size"], 2);

    let listed = helm("list".to_owned()).await?;
    holds!(listed.contains("demo") && listed.contains("deployed"), "{listed}");
    let status = helm("status demo".to_owned()).await?;
    holds!(status.contains("REVISION: 2"), "{status}");
    helm("rollback demo 1".to_owned()).await?;
    text_is(&c, "one").await?;
    let history = helm("history demo".to_owned()).await?;
    holds!(history.contains("Rollback to 1"), "{history}");
    helm("uninstall demo".to_owned()).await?;
    same!(names(&c.get(&secrets).await?.ok(200)?).len(), 0);
    for (collection, name) in collections(&c, &group) {
        let path = format!("{collection}/{name}");
        eventually(Duration::from_secs(30), || async { c.is_absent(&path).await }).await?;
    }
    c.delete(&format!("{CRDS}/gadgets.{group}")).await?.expect(200)
}

async fn text_is(c: &Cluster, text: &str) -> Checked {
    same!(c.get(&c.config_map("demo")).await?.ok(200)?["data"]["text"], text);
    Ok(())
}

/// Where the chart's objects are; the custom resource first.
fn collections(c: &Cluster, group: &str) -> Vec<(String, &'static str)> {
    let rbac = "rbac.authorization.k8s.io/v1";
    vec![
        (c.group(&format!("{group}/v1"), "gadgets"), "demo"),
        (c.config_maps(), "demo"),
        (c.core("services"), "demo"),
        (c.core("serviceaccounts"), "demo"),
        (c.group(rbac, "roles"), "demo"),
        (c.group(rbac, "rolebindings"), "demo"),
        (c.group("apps/v1", "statefulsets"), "demo"),
    ]
}

/// Copies the chart; definitions are no templates, so their group is put in here.
fn copy(from: &std::path::Path, to: &std::path::Path, group: &str) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target, group);
        } else {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            std::fs::write(target, text.replace("GROUP", group)).unwrap();
        }
    }
}
