//! Real servers keep what this crate promises.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use amko_realkube::{ApiServer, ControlPlane, Settings, available, kubeconfig};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::authentication::v1::{SelfSubjectReview, UserInfo};
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A control plane; `None`, and a note, where there are no programs for it.
async fn control_plane(what: &str) -> Option<ControlPlane> {
    match available() {
        Ok(tools) => Some(ControlPlane::start(&tools).await.unwrap()),
        Err(skip) => {
            skip.tell(what);
            None
        }
    }
}

fn config_maps(client: Client) -> Api<ConfigMap> {
    Api::namespaced(client, "default")
}

fn config_map(name: &str) -> ConfigMap {
    serde_json::from_value(json!({ "metadata": { "name": name }, "data": { "greeting": name } })).unwrap()
}

async fn create(server: &ApiServer, name: &str) -> ConfigMap {
    let api = config_maps(server.client().await.unwrap());
    api.create(&PostParams::default(), &config_map(name)).await.unwrap()
}

/// The names of the server's ConfigMaps in `default`, which a controller manager would fill with one more.
async fn names(server: &ApiServer) -> Vec<String> {
    let list = config_maps(server.client().await.unwrap()).list(&ListParams::default()).await.unwrap();
    list.into_iter().filter_map(|object| object.metadata.name).collect()
}

async fn who_am_i(client: Client) -> UserInfo {
    let reviews = Api::<SelfSubjectReview>::all(client);
    let review = reviews.create(&PostParams::default(), &SelfSubjectReview::default()).await.unwrap();
    review.status.unwrap().user_info.unwrap()
}

fn alive(process: u32) -> bool {
    PathBuf::from(format!("/proc/{process}")).exists()
}

#[tokio::test]
async fn three_servers_over_one_etcd_start_at_once_and_know_nothing_of_each_other() {
    let Some(plane) = control_plane("three real API servers").await else { return };
    let start = |name: &str| plane.server(Settings::named(name));
    let (one, two, three) = tokio::try_join!(start("one"), start("two"), start("three")).unwrap();
    let servers = [&one, &two, &three];
    for server in servers {
        create(server, server.name()).await;
    }
    for server in servers {
        assert_eq!(names(server).await, [server.name()]);
    }
    // Nor do they accept what belongs to another one.
    let stranger = two.client_as(one.issue("somebody", None).unwrap()).await.unwrap();
    let refused = config_maps(stranger).list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(&refused, kube::Error::Api(status) if status.code == 401), "{refused:?}");
    let untrusted = amko_realkube::Access { ca: one.ca(), ..two.access("two", two.admin()) };
    let untrusting = amko_realkube::client(&untrusted).await.unwrap();
    let error = config_maps(untrusting).list(&ListParams::default()).await.unwrap_err();
    assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
}

#[tokio::test]
async fn a_stopped_server_comes_back_on_its_port_with_its_objects() {
    let Some(plane) = control_plane("a real API server that stops").await else { return };
    let mut server = plane.server(Settings::named("one")).await.unwrap();
    let (url, created) = (server.url(), create(&server, "kept").await);
    server.stop().await;
    assert_eq!(server.process(), None);
    assert!(server.client().await.unwrap().apiserver_version().await.is_err(), "somebody answers");
    server.start().await.unwrap();
    assert_eq!(server.url(), url);
    assert_eq!(config_maps(server.client().await.unwrap()).get("kept").await.unwrap(), created);
    server.kill();
    server.start().await.unwrap();
    assert_eq!(config_maps(server.client().await.unwrap()).get("kept").await.unwrap(), created);
}

#[tokio::test]
async fn after_a_compaction_an_old_watch_answers_410() {
    let Some(plane) = control_plane("a real API server whose etcd is compacted").await else { return };
    let uncached = Settings::named("one").flag("--watch-cache=false");
    let server = plane.server(uncached).await.unwrap();
    let before = create(&server, "before").await.metadata.resource_version.unwrap();
    create(&server, "after").await;
    // Etcd keeps what the present revision is about, so one more is needed to lose what came right after.
    create(&server, "last").await;
    assert_eq!(first_event(&server, &before).await, Ok("after".to_owned()));
    plane.compact().await.unwrap();
    assert_eq!(first_event(&server, &before).await, Err(410));
}

/// What a watch of ConfigMaps from this resource version says first: the name of an object or the code of an error.
async fn first_event(server: &ApiServer, version: &str) -> Result<String, u16> {
    let api = config_maps(server.client().await.unwrap());
    let mut events = api.watch(&WatchParams::default(), version).await.unwrap().boxed();
    match events.try_next().await.unwrap() {
        Some(WatchEvent::Added(object)) => Ok(object.metadata.name.unwrap()),
        Some(WatchEvent::Error(status)) => Err(status.code),
        other => panic!("neither an object nor an error: {other:?}"),
    }
}

#[tokio::test]
async fn a_client_is_whom_its_credentials_name() {
    let Some(plane) = control_plane("users of a real API server").await else { return };
    let server = plane.server(Settings::named("one").user("jane", &["readers", "writers"])).await.unwrap();
    let admin = who_am_i(server.client().await.unwrap()).await;
    assert_eq!(admin.username.as_deref(), Some("admin"));
    assert_eq!(admin.groups.unwrap(), ["system:masters", "system:authenticated"]);

    let jane = who_am_i(server.client_as(server.user("jane").unwrap()).await.unwrap()).await;
    assert_eq!(jane.username.as_deref(), Some("jane"));
    assert_eq!(jane.groups.unwrap(), ["readers", "writers", "system:authenticated"]);

    let certified = server.issue("john", Some("auditors")).unwrap();
    let john = who_am_i(server.client_as(certified).await.unwrap()).await;
    assert_eq!(john.username.as_deref(), Some("john"));
    assert_eq!(john.groups.unwrap(), ["auditors", "system:authenticated"]);

    let accounts: Api<ServiceAccount> = Api::namespaced(server.client().await.unwrap(), "default");
    let account = serde_json::from_value(json!({ "metadata": { "name": "robot" } })).unwrap();
    accounts.create(&PostParams::default(), &account).await.unwrap();
    let granted = server.service_account("default", "robot", Duration::from_secs(600)).await.unwrap();
    let robot = server.client_as(granted).await.unwrap();
    let user = who_am_i(robot.clone()).await;
    assert_eq!(user.username.as_deref(), Some("system:serviceaccount:default:robot"));
    // It has no rights yet, unlike the admin.
    let refused = config_maps(robot).list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(&refused, kube::Error::Api(status) if status.code == 403), "{refused:?}");
}

#[tokio::test]
async fn flags_can_be_changed_at_a_restart() {
    let Some(plane) = control_plane("flags of a real API server").await else { return };
    let mut server = plane.server(Settings::named("one")).await.unwrap();
    let groups = async |server: &ApiServer| {
        let list = server.client().await.unwrap().list_api_groups().await.unwrap();
        list.groups.into_iter().map(|group| group.name).collect::<Vec<_>>()
    };
    assert!(groups(&server).await.contains(&"batch".to_owned()));
    server.restart_with(&["--runtime-config=batch/v1=false"]).await.unwrap();
    assert!(!groups(&server).await.contains(&"batch".to_owned()));
}

#[tokio::test]
async fn a_flag_that_the_server_does_not_know_is_reported_in_its_own_words() {
    let Some(plane) = control_plane("a real API server with a wrong flag").await else { return };
    let error = plane.server(Settings::named("one").flag("--no-such-flag")).await.err().unwrap().to_string();
    assert!(error.starts_with("one ended with exit status: 1 before it was ready"), "{error}");
    assert!(error.contains("unknown flag: --no-such-flag"), "{error}");
}

#[tokio::test]
async fn kubectl_of_the_same_version_uses_any_context_of_a_kubeconfig() {
    let Some(plane) = control_plane("kubectl against real API servers").await else { return };
    let start = |name: &str| plane.server(Settings::named(name));
    let (east, west) = tokio::try_join!(start("east"), start("west")).unwrap();
    create(&west, "found").await;
    let accesses = [east.access("east", east.admin()), west.access("west", west.admin())];
    let file = plane.directory().join("kubeconfig");
    std::fs::write(&file, kubeconfig(&accesses).unwrap()).unwrap();
    let say = |words: &[&str]| kubectl(&available().unwrap().kubectl, &file, words);
    assert_eq!(say(&["get", "configmaps", "--output", "name"]), "");
    assert_eq!(say(&["--context", "west", "get", "configmaps", "--output", "name"]), "configmap/found\n");
    let versions: Value = serde_json::from_str(&say(&["version", "--output", "json"])).unwrap();
    assert_eq!(versions["clientVersion"]["gitVersion"], versions["serverVersion"]["gitVersion"]);
}

fn kubectl(program: &Path, kubeconfig: &Path, words: &[&str]) -> String {
    let cache = kubeconfig.with_file_name("kubectl-cache");
    let mut command = Command::new(program);
    command.arg("--kubeconfig").arg(kubeconfig).arg("--cache-dir").arg(cache).args(words);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn after_a_drop_no_process_and_no_file_is_left() {
    let Some(plane) = control_plane("real servers that are dropped").await else { return };
    let server = plane.server(Settings::named("one")).await.unwrap();
    let (etcd, process) = (plane.etcd_process().unwrap(), server.process().unwrap());
    let directory = plane.directory().to_owned();
    assert!(alive(etcd) && alive(process) && directory.exists());
    drop(plane);
    assert!(alive(etcd), "a server still needs it");
    drop(server);
    assert!(!alive(etcd) && !alive(process) && !directory.exists());
}

#[tokio::test]
async fn servers_stop_in_order() {
    let Some(plane) = control_plane("real servers that are stopped").await else { return };
    let mut server = plane.server(Settings::named("one")).await.unwrap();
    let (etcd, process) = (plane.etcd_process().unwrap(), server.process().unwrap());
    server.stop().await;
    assert!(alive(etcd) && !alive(process));
    plane.stop().await;
    assert!(!alive(etcd));
}

#[test]
fn servers_outlive_the_runtime_in_which_they_were_started() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let started = runtime().block_on(async {
        let plane = control_plane("real servers that tests share").await?;
        let server = plane.server(Settings::named("one")).await.unwrap();
        create(&server, "first").await;
        plane.compact().await.unwrap();
        Some((plane, server))
    });
    let Some((plane, mut server)) = started else { return };
    runtime().block_on(async {
        assert_eq!(names(&server).await, ["first"]);
        create(&server, "second").await;
        plane.compact().await.unwrap();
        server.stop().await;
        server.start().await.unwrap();
        assert_eq!(names(&server).await, ["first", "second"]);
    });
}
