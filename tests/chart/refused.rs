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

/// FND-C13
#[test]
fn what_does_not_go_together_is_refused_before_the_operator_has_to() {
    let cases = [
        ("configs.amkoUUID=4ab35b6e", "configs.amkoUUID: AMKO-UUID length should be equal to 36."),
        (
            "image.repository=projects.registry.example.org/ako/amko",
            "image.repository is projects.registry.example.org/ako/amko, the image of AMKO 2.2, which this chart cannot \
             run: set it to where you keep the image of this operator",
        ),
        (
            "configs.gslbLeaderController=https://10.10.20.42",
            "configs.gslbLeaderController is \"https://10.10.20.42\": give the address alone, HOST or HOST:PORT, without \
             scheme, path and white space",
        ),
        (
            "configs.gslbLeaderController=10.10.20.42/api",
            "configs.gslbLeaderController is \"10.10.20.42/api\": give the address alone, HOST or HOST:PORT, without \
             scheme, path and white space",
        ),
        (
            "gslbLeaderCredentials.password=avi123\n",
            "gslbLeaderCredentials.password begins or ends with white space or a line break; take it out",
        ),
        (
            "federation.currentCluster=cluster1-admin,federation.currentClusterIsLeader=false",
            "federation.currentCluster, cluster1-admin, is in neither configs.memberClusters nor \
             federation.memberClusters: it is the context of the cluster that this is installed in",
        ),
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

/// FND-C13. The values of AMKO 2.2's documents are refused for their image and for nothing else.
#[test]
fn values_written_for_upstream_are_refused_for_their_image_alone() {
    let expected = "image.repository is avinetworks/amko, the image of AMKO 2.2, which this chart cannot run: set it to \
                    where you keep the image of this operator";
    for values in ["article", "second-style"] {
        let Some(wrong) = wrong(&[values], &["--set", "image.repository=avinetworks/amko"]) else { return };
        assert_eq!(wrong, [expected], "{values}");
    }
}

#[test]
fn a_follower_may_be_in_a_federation_that_does_not_list_it_yet() {
    let set = "federation.currentCluster=s2,federation.memberClusters={s1az1},federation.currentClusterIsLeader=false";
    let Some(wrong) = wrong(&["article"], &["--set", set]) else { return };
    assert_eq!(wrong, Vec::<String>::new());
}

/// Helm's words differ between versions; the way to the key, and the key that should not be there, do not.
#[test]
fn a_mistyped_key_or_value_is_named() {
    let cases: [(&str, &[&str]); 13] = [
        ("replicaCount=2", &["replicaCount"]),
        ("configs.gsllbLeaderController=x", &["configs", "gsllbLeaderController"]),
        ("configs.refreshInterval=soon", &["configs", "refreshInterval"]),
        ("configs.logLevel=TRACE", &["configs", "logLevel", "DEBUG"]),
        ("configs.requestsPerSecond=-1", &["configs", "requestsPerSecond"]),
        ("configs.deletionGuard.maxPercent=101", &["configs", "deletionGuard", "maxPercent", "100"]),
        ("configs.statusObjects=all", &["configs", "statusObjects", "Rules", "All"]),
        ("configs.memberClusters[0].context=a", &["configs", "memberClusters", "context"]),
        ("globalDeploymentPolicy.ttl=86401", &["globalDeploymentPolicy", "ttl"]),
        ("gdpConfig.trafficSplits=x", &["gdpConfig", "trafficSplits"]),
        (
            "globalDeploymentPolicy.trafficSplit[0].cluster=s2,globalDeploymentPolicy.trafficSplit[0].weight=21",
            &["globalDeploymentPolicy", "trafficSplit", "weight", "20"],
        ),
        (
            "globalDeploymentPolicy.downResponse.fallbackIP=192.0.2.1",
            &["globalDeploymentPolicy", "downResponse", "type"],
        ),
        ("networkPolicy.enable=true", &["networkPolicy", "enable"]),
    ];
    for (set, words) in cases {
        let Some(wrong) = wrong(&["article"], &["--set", set]) else { return };
        let named = wrong.iter().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(named, "{set}: {wrong:?}");
    }
}
