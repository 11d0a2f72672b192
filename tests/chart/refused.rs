//! Values that cannot be used: the error names the key, and all that is missing is told at once.

use crate::helm::template;

/// What is wrong, one entry for each line of the error that begins with a dash; empty when the values are fine.
fn wrong(values: &[&str], more: &[&str]) -> Option<Vec<String>> {
    let ran = template(values, more)?;
    let lines = ran.err.lines().filter_map(|line| line.strip_prefix("- ")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(ran.succeeded, lines.is_empty(), "{more:?}: {}", ran.err);
    Some(lines)
}

#[test]
fn the_defaults_lack_what_only_the_user_knows() {
    let Some(wrong) = wrong(&[], &[]) else { return };
    let expected = [
        "configs.gslbLeaderController is not set: the address of the Avi controller that leads the GSLB",
        "configs.memberClusters is empty: the kubeconfig contexts of the member clusters, as [{clusterContext: NAME}]",
        "gslbLeaderCredentials.username is not set; set it, or gslbLeaderCredentials.existingSecret",
        "gslbLeaderCredentials.password is not set; set it, or gslbLeaderCredentials.existingSecret",
        "globalDeploymentPolicy.appSelector and .namespaceSelector are not set: without a label nothing is selected",
    ];
    assert_eq!(wrong, expected);
}

#[test]
fn what_does_not_go_together_is_refused_before_the_operator_has_to() {
    let cases = [
        ("configs.amkoUUID=4ab35b6e", "configs.amkoUUID: AMKO-UUID length should be equal to 36."),
        (
            "federation.currentCluster=s2,federation.memberClusters={s1az1}",
            "federation.memberClusters lacks federation.currentCluster, s2",
        ),
        (
            "globalDeploymentPolicy.matchClusters={s1az1,s9}",
            "globalDeploymentPolicy.matchClusters names s9, which is not in configs.memberClusters",
        ),
        (
            "globalDeploymentPolicy.trafficSplit[0].cluster=s9",
            "globalDeploymentPolicy.trafficSplit names s9, which is not in configs.memberClusters",
        ),
        (
            "globalDeploymentPolicy.healthMonitorRefs={m},gdpConfig.healthMonitorTemplate=t",
            "globalDeploymentPolicy.healthMonitorRefs and .healthMonitorTemplate cannot be set together",
        ),
    ];
    for (set, expected) in cases {
        let Some(wrong) = wrong(&["article"], &["--set", set]) else { return };
        assert_eq!(wrong, [expected], "{set}");
    }
}

#[test]
fn a_follower_may_be_in_a_federation_that_does_not_list_it_yet() {
    let set = "federation.currentCluster=s2,federation.memberClusters={s1az1},federation.currentClusterIsLeader=false";
    let Some(wrong) = wrong(&["article"], &["--set", set]) else { return };
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_mistyped_key_or_value_is_named() {
    let cases = [
        ("replicaCount=2", "at '/replicaCount': maximum: got 2, want 1"),
        ("configs.gsllbLeaderController=x", "at '/configs': additional properties 'gsllbLeaderController' not allowed"),
        ("configs.refreshInterval=soon", "at '/configs/refreshInterval': got string, want integer"),
        ("configs.logLevel=TRACE", "at '/configs/logLevel': value must be one of 'DEBUG', 'INFO', 'WARN', 'ERROR'"),
        ("configs.requestsPerSecond=-1", "at '/configs/requestsPerSecond': minimum: got -1, want 0"),
        ("configs.deletionGuard.maxPercent=101", "at '/configs/deletionGuard/maxPercent': maximum: got 101, want 100"),
        ("configs.statusObjects=all", "at '/configs/statusObjects': value must be one of 'Rules', 'All', <nil>"),
        (
            "configs.memberClusters[0].context=a",
            "at '/configs/memberClusters/0': additional properties 'context' not allowed",
        ),
        ("globalDeploymentPolicy.ttl=86401", "at '/globalDeploymentPolicy/ttl': maximum: got 86,401, want 86,400"),
        ("gdpConfig.trafficSplits=x", "at '/gdpConfig': additional properties 'trafficSplits' not allowed"),
        (
            "globalDeploymentPolicy.trafficSplit[0].cluster=s2,globalDeploymentPolicy.trafficSplit[0].weight=21",
            "at '/globalDeploymentPolicy/trafficSplit/0/weight': maximum: got 21, want 20",
        ),
        (
            "globalDeploymentPolicy.downResponse.fallbackIP=192.0.2.1",
            "at '/globalDeploymentPolicy/downResponse': missing property 'type'",
        ),
        ("networkPolicy.enable=true", "at '/networkPolicy': additional properties 'enable' not allowed"),
    ];
    for (set, expected) in cases {
        let Some(wrong) = wrong(&["article"], &["--set", set]) else { return };
        let named = wrong.iter().any(|line| line == expected);
        assert!(named, "{set}: {wrong:?}");
    }
}
