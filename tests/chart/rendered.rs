//! Values in, objects out: whole, against `tests/chart/golden/`.

use crate::helm::{IMAGE, helm, path, template, values_file};
use crate::{chart, files, is_up_to_date, read, root};
use serde_json::Value;
use std::collections::BTreeMap;

/// The objects of rendered text, by kind and name.
fn objects(text: &str) -> BTreeMap<String, Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    let documents = documents.into_iter().filter(|document| !document.is_null());
    let by_name = documents.map(|object| {
        let word = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or("?").to_owned();
        (format!("{} {}", word("/kind"), word("/metadata/name")), object)
    });
    by_name.collect()
}

/// The same as text: sorted, one document each.
fn stream(objects: &BTreeMap<String, Value>) -> String {
    let documents = objects.values().map(|object| serde_saphyr::to_string(object).unwrap());
    documents.map(|document| format!("---\n{}\n", document.trim_end())).collect()
}

/// The objects that these values become, by kind and name. `None` where there is no helm.
pub fn rendered(values: &[&str], more: &[&str]) -> Option<BTreeMap<String, Value>> {
    let ran = template(values, more)?;
    assert!(ran.succeeded, "{values:?} {more:?}: {}", ran.err);
    Some(objects(&ran.out))
}

/// DB-41. The files in `tests/chart/values/` that name no other in their first line are rendered by themselves.
#[test]
fn values_become_these_objects() {
    let directory = root().join("tests/chart/values");
    let mut names = Vec::new();
    for file in files(&directory) {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let beside = read(&file).lines().next().and_then(|line| line.strip_prefix("# on top of ")).map(str::to_owned);
        let values: Vec<&str> = beside.as_deref().into_iter().chain([name.as_str()]).collect();
        let Some(objects) = rendered(&values, &[]) else { return };
        is_up_to_date(&root().join("tests/chart/golden").join(format!("{name}.yaml")), &stream(&objects));
        names.push(format!("{name}.yaml"));
    }
    let golden = files(&root().join("tests/chart/golden"));
    let golden: Vec<&str> = golden.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(golden, names, "each rendered file has its values");
}

#[test]
fn helm_lint_finds_nothing() {
    for values in ["article", "second-style"] {
        let words = ["lint", "--strict", &path(&chart()), "--values", &path(&values_file(values)), "--set", IMAGE];
        let Some(ran) = helm(&words) else { return };
        assert!(ran.succeeded, "{values}: {}{}", ran.out, ran.err);
    }
}

/// DB-41
#[test]
fn both_styles_of_keys_mean_the_same() {
    let (Some(first), Some(second)) = (rendered(&["article"], &[]), rendered(&["second-style"], &[])) else { return };
    assert_eq!(stream(&first), stream(&second));
}

/// DB-41
#[test]
fn where_both_styles_are_given_the_keys_at_the_top_win_one_by_one() {
    let more = [
        "--set=federation.currentClusterIsLeader=false,federation.currentCluster=s2",
        "--set=configs.federation.currentClusterIsLeader=true,configs.federation.memberClusters={s1az1,s2}",
        "--set=globalDeploymentPolicy.ttl=0,gdpConfig.ttl=30,gdpConfig.defaultDomain=apps.example.org",
    ];
    let Some(objects) = rendered(&["article"], &more) else { return };
    let spec = serde_json::json!({
        "isLeader": false, "clusterContext": "s2", "version": env!("CARGO_PKG_VERSION"), "clusters": ["s1az1", "s2"],
    });
    assert_eq!(objects["AMKOCluster amkocluster-federation"]["spec"], spec);
    let policy = &objects["GlobalDeploymentPolicy global-gdp"]["spec"];
    assert_eq!((policy["ttl"].as_u64(), policy["defaultDomain"].as_str()), (Some(0), Some("apps.example.org")));
}

#[test]
fn a_selector_may_name_key_and_value() {
    let more = ["--set=globalDeploymentPolicy.appSelector=null", "--set=gdpConfig.namespaceSelector.label.key=ns"];
    let more = [more[0], more[1], "--set=gdpConfig.namespaceSelector.label.value=gslb"];
    let Some(objects) = rendered(&["article"], &more) else { return };
    let rules = serde_json::json!({"namespaceSelector": {"label": {"ns": "gslb"}}});
    assert_eq!(objects["GlobalDeploymentPolicy global-gdp"]["spec"]["matchRules"], rules);
}

/// DEL-04. Without them the services would be deleted, or not be recognised any more.
#[test]
fn what_services_hang_on_survives_the_release_unless_somebody_says_otherwise() {
    let kept = |more: &[&str]| {
        let objects = rendered(&["article"], more)?;
        let policy = |object: &Value| object["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep";
        let names = objects.iter().filter(|(_, object)| policy(object)).map(|(name, _)| name.clone());
        Some(names.collect::<Vec<_>>())
    };
    let Some(names) = kept(&[]) else { return };
    assert_eq!(names, ["GSLBConfig gc-1", "GlobalDeploymentPolicy global-gdp"]);
    assert_eq!(kept(&["--set=keepOnUninstall=false"]).unwrap(), Vec::<String>::new());
}

#[test]
fn versions_and_names_that_yaml_reads_as_numbers_stay_text() {
    let more = ["--set=configs.controllerVersion=22.1,gslbLeaderCredentials.password=123456"];
    let Some(objects) = rendered(&["article"], &more) else { return };
    let version = &objects["GSLBConfig gc-1"]["spec"]["gslbLeader"]["controllerVersion"];
    assert_eq!(version, "22.1");
    assert_eq!(objects["Secret gslb-avi-secret"]["data"]["password"], "MTIzNDU2");
}

/// FND-C15
#[test]
fn a_follower_may_leave_what_the_leader_copies_out_of_its_release() {
    let configuration = ["GSLBConfig gc-1", "GlobalDeploymentPolicy global-gdp"];
    let cases = [(true, false, false), (false, false, true), (true, true, true), (false, true, true)];
    for (copies, leads, expected) in cases {
        let more = format!("--set=federation.copiesFromLeader={copies},federation.currentClusterIsLeader={leads}");
        let Some(objects) = rendered(&["article"], &[&more]) else { return };
        let there = configuration.map(|name| objects.contains_key(name));
        assert_eq!(there, [expected; 2], "{more}");
        assert!(objects.contains_key("AMKOCluster amkocluster-federation"), "{more}");
    }
}
