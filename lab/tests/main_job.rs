//! The main job on the real thing: the lab and the operator as processes, driven by kubectl, asked by DNS.
//!
//! Steps whose program is missing are skipped by name; with `CI=true` that is a failure.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[cfg(test)]
mod main_job_support;
#[allow(dead_code, reason = "other test programs use the rest")]
#[cfg(test)]
mod up_support;

use amko_lab::testing::{becomes, eventually};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use main_job_support::controller::{Controller, members, split_by};
use main_job_support::dns::Resolver;
use main_job_support::expected::{self, SHOP, SHOP_MONITOR};
use main_job_support::kubectl::CONTEXTS;
use main_job_support::questions::HELLO;
use main_job_support::requests::Requests;
use main_job_support::tool::{present, tell};
use main_job_support::{World, amko};
use rustix::process::{Pid, test_kill_process};
use serde_json::{Value, json};
use std::process::{Child, Command};
use std::time::Duration;
use tokio::time::Instant;
use up_support::terminate;

const CATALOG: &str = "catalog.avi.iberia.local";
const CREATED: [&str; 2] = ["POST healthmonitor", "POST gslbservice"];
const DELETED: [&str; 2] = ["DELETE gslbservice", "DELETE healthmonitor"];
/// How long the operator may take to stop.
const STOP: Duration = Duration::from_secs(5);

/// A lab in the middle of the story, with sessions on its controllers.
struct Story {
    world: World,
    requests: Requests,
    /// The GSLB leader first.
    controllers: Vec<Controller>,
}

#[tokio::test]
async fn an_application_in_three_clusters_is_one_name_whatever_happens_to_it_and_to_the_operator() {
    let (mut story, operator) = Story::begin().await;
    story.a_name_that_is_there_from_the_start().await;
    if present("kubectl", "changes by kubectl, and the DNS split that follows them") {
        story.an_ingress_in_one_cluster().await;
        story.the_same_ingress_in_all_clusters().await;
        story.weights_follow_the_policy().await;
        story.a_failed_actor_is_restarted_and_misses_nothing().await;
        story.an_application_that_leaves_takes_its_service_along().await;
        story.without_a_policy_there_are_no_services().await;
    }
    story.a_stopped_operator_comes_back_without_a_write(operator).await;
}

#[tokio::test]
async fn a_stopped_lab_leaves_no_process_and_no_port() {
    let (world, operator) = World::start("clean-stop");
    let base = world.lab.port_base();
    let dns = world.lab.dns_addresses();
    assert_eq!(world.lab.stop(), Some(0));
    let process = Pid::from_raw(operator.try_into().unwrap()).unwrap();
    assert_eq!(test_kill_process(process), Err(rustix::io::Errno::SRCH), "the operator still runs");
    for port in [0, 1, 2, 20, 21, 22, 40, 50].map(|offset| base + offset) {
        std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    }
    dns.into_iter().for_each(|address| drop(std::net::UdpSocket::bind(address).unwrap()));
}

impl Story {
    async fn begin() -> (Self, u32) {
        let start = Instant::now();
        let (world, operator) = World::start("main-job");
        tell(&format!("main job: lab ready after {:?}", start.elapsed()));
        let controllers = Controller::all(&world).await;
        (Self { world, requests: Requests::default(), controllers }, operator)
    }

    fn leader(&self) -> &Controller {
        &self.controllers[0]
    }

    async fn writes(&mut self) -> Vec<String> {
        self.requests.writes(&self.world).await
    }

    async fn in_sync(&self, hosts: &[&str]) {
        becomes(&format!("{hosts:?} are all that is in sync"), true, async || self.world.in_sync(hosts).await).await;
    }

    /// Waits until every controller has the service with these members.
    async fn everywhere(&self, host: &str, wanted: &[(String, u64)]) {
        for controller in &self.controllers {
            let found = async || controller.service(host).await.map(|service| members(&service));
            becomes(host, Some(wanted.to_vec()), found).await;
        }
    }

    async fn a_name_that_is_there_from_the_start(&mut self) {
        self.in_sync(&[HELLO]).await;
        assert_eq!(self.writes().await, CREATED);
        for server in self.world.lab.dns_addresses() {
            let (code, addresses) = Resolver::new(server).answers(HELLO, RecordType::A);
            assert_eq!((code, addresses.len()), (ResponseCode::NoError, 1), "{server}");
        }
        self.world.split([6, 4, 2], 0);
        self.world.other_questions();
        self.world.answers_to_the_usual_tools();
    }

    async fn an_ingress_in_one_cluster(&mut self) {
        self.world.apply_ingress("s1az1", "shop");
        self.in_sync(&[HELLO, SHOP]).await;
        assert_eq!(self.writes().await, CREATED);
        self.everywhere(SHOP, &[(self.world.address("s1az1", "shop"), 6)]).await;
        let mut uuids = Vec::new();
        for controller in &self.controllers {
            uuids.push(controller.service(SHOP).await.unwrap()["uuid"].clone());
        }
        assert_eq!(uuids, vec![uuids[0].clone(); 3]);
        self.shop_is_as_upstream_writes_it(&["s1az1"]).await;
        tell(&format!("main job: one member in one cluster, {} on all three controllers", uuids[0]));
    }

    async fn the_same_ingress_in_all_clusters(&mut self) {
        self.world.apply_ingress("s1az2", "shop");
        self.world.apply_ingress("s2", "shop");
        self.everywhere(SHOP, &self.world.weighted("shop", [6, 4, 2])).await;
        self.in_sync(&[HELLO, SHOP]).await;
        let writes = self.writes().await;
        assert!(writes.len() <= 2 && writes.iter().all(|write| write == "PUT gslbservice"), "{writes:?}");
        self.shop_is_as_upstream_writes_it(&CONTEXTS).await;

        CONTEXTS.iter().for_each(|context| self.world.apply_ingress(context, "catalog"));
        self.everywhere(CATALOG, &self.world.weighted("catalog", [6, 4, 2])).await;
        self.in_sync(&[CATALOG, HELLO, SHOP]).await;
        let writes = self.writes().await;
        assert_eq!(writes[..2], CREATED);
        assert!(writes[2..].iter().all(|write| write == "PUT gslbservice"), "{writes:?}");
    }

    async fn weights_follow_the_policy(&mut self) {
        for (nth, weights) in [(1, [6, 3, 1]), (2, [20, 20, 1])] {
            self.world.patch_weights(weights);
            for name in ["catalog", "hello", "shop"] {
                let host = format!("{name}.avi.iberia.local");
                self.everywhere(&host, &self.world.weighted(name, weights.map(u64::from))).await;
            }
            self.in_sync(&[CATALOG, HELLO, SHOP]).await;
            assert_eq!(self.writes().await, ["PUT gslbservice"; 3], "{weights:?}");
            tell(&format!("main job: weights {weights:?}: 3 services, 3 writes"));
            self.world.split(weights, nth);
        }
    }

    async fn a_failed_actor_is_restarted_and_misses_nothing(&mut self) {
        let all = self.world.weighted("shop", [20, 20, 1]);
        let shop = format!("gs/{SHOP}");
        let steps = [
            (shop.as_str(), "s1az2", "app-", vec![all[0].clone(), all[2].clone()]),
            ("cluster-watcher/s1az2", "s1az2", "app=gslb", all.clone()),
            ("avi-session", "s2", "app-", all[..2].to_vec()),
            ("gs-directory", "s2", "app=gslb", all.clone()),
        ];
        for (actor, context, label, wanted) in steps {
            assert_eq!(self.world.poison(actor).await, 202, "{actor}");
            self.world.kubectl(context, &["label", "ingress", "shop", label], "");
            self.everywhere(SHOP, &wanted).await;
            self.in_sync(&[CATALOG, HELLO, SHOP]).await;
            assert_eq!(self.writes().await, ["PUT gslbservice"], "after the failure of {actor}");
            let expected = json!({ "up": true, "restarts": 1, "last_failure": "poisoned by the test hook" });
            becomes(actor, expected, async || self.world.actor(actor).await).await;
            tell(&format!("main job: {actor} failed: restarted once, 1 write for the change right after"));
        }
    }

    async fn an_application_that_leaves_takes_its_service_along(&mut self) {
        CONTEXTS.iter().for_each(|context| drop(self.world.kubectl(context, &["delete", "ingress", "catalog"], "")));
        for controller in &self.controllers {
            becomes(CATALOG, None, async || controller.service(CATALOG).await).await;
        }
        self.in_sync(&[HELLO, SHOP]).await;
        let writes = self.writes().await;
        let (puts, deletes) = writes.split_at(writes.len() - 2);
        assert!(puts.iter().all(|write| write == "PUT gslbservice"), "{writes:?}");
        assert_eq!(deletes, DELETED);
    }

    async fn without_a_policy_there_are_no_services(&mut self) {
        let before = self.leader().content().await;
        assert_eq!(before.len(), 4, "two services and their monitors");
        let gdp = ["-n", "avi-system", "gdp", "global-gdp"];
        let mut policy = self.world.get("s1az1", &gdp);
        policy.as_object_mut().unwrap().remove("status");
        policy["metadata"] = json!({ "name": "global-gdp", "namespace": "avi-system" });

        let grace = r#"{"spec": {"deletionGuard": {"policyGraceSeconds": 1}}}"#;
        self.world.kubectl("s1az1", &["-n", "avi-system", "patch", "gc", "gc-1", "--type=merge", "-p", grace], "");
        self.world.kubectl("s1az1", &["-n", "avi-system", "delete", "gdp", "global-gdp"], "");
        becomes("no policy, no services", vec![], async || self.leader().content().await).await;
        self.in_sync(&[]).await;
        let writes = self.writes().await;
        assert_eq!(sorted(&writes), sorted(&[DELETED, DELETED].concat()));
        let monitors = |n: usize| writes[..n].iter().filter(|write| *write == DELETED[1]).count();
        assert!((0..=4).all(|n| monitors(n) <= n / 2), "a service goes before its monitor: {writes:?}");

        self.world.kubectl("s1az1", &["apply", "-f", "-"], &policy.to_string());
        becomes("the policy is back", before, async || self.leader().content().await).await;
        self.in_sync(&[HELLO, SHOP]).await;
        assert_eq!(sorted(&self.writes().await), sorted(&[CREATED, CREATED].concat()));
        tell("main job: policy deleted: 4 deletes; applied again: 4 posts, same content");
    }

    async fn a_stopped_operator_comes_back_without_a_write(mut self, operator: u32) {
        let services = self.leader().list("gslbservice", "").await;
        let hosts: Vec<&str> = services.iter().filter_map(|service| service["name"].as_str()).collect();
        let start = Instant::now();
        terminate(operator);
        self.world.lab.prints("operator ended by itself (exit status: 0)", STOP);
        let stopped = start.elapsed();
        assert!(stopped < STOP, "{stopped:?}");

        let log = std::fs::File::create(self.world.lab.dir().join("second-operator.log")).unwrap();
        let mut command = Command::new(amko());
        let second = command.args(self.world.operator_arguments()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut second = Ended(second.spawn().unwrap());
        self.in_sync(&hosts).await;
        assert_eq!(self.world.ask("/api/status").await["avi_api"]["synced"], true);
        assert_eq!(self.world.poison("avi-session").await, 404, "there are no test hooks without the flag");
        terminate(second.0.id());
        let exit = eventually("the second operator stops", async || second.0.try_wait().unwrap()).await;
        assert_eq!(exit.code(), Some(0));
        assert_eq!(self.writes().await, [""; 0]);
        tell(&format!("main job: operator stopped in {stopped:?}, started again: 0 writes"));
        assert_eq!(self.world.lab.stop(), Some(0));
    }

    /// Compares the service and its monitor with what upstream sends for an Ingress in these clusters, and the rest
    /// with the controller's own defaults.
    async fn shop_is_as_upstream_writes_it(&self, contexts: &[&str]) {
        let found = self.leader().service(SHOP).await.unwrap();
        let monitor = self.leader().list("healthmonitor", SHOP_MONITOR).await.remove(0);
        let config = self.world.get("s1az1", &["-n", "avi-system", "gc", "gc-1"]);
        let owner =
            format!("amko-{}", config["metadata"]["annotations"]["amko.vmware.com/amko-uuid"].as_str().unwrap());

        let members: Vec<Value> =
            contexts.iter().zip([6, 4, 2]).map(|(c, ratio)| self.world.member(c, ratio)).collect();
        let sent = expected::service(contexts, &owner, &members, &monitor);
        let (same, more) = split_by(&sent, &found);
        assert_eq!((same, more), (sent, expected::service_defaults(&found, contexts.len())));
        let sent = expected::monitor(&owner, &monitor);
        let (same, more) = split_by(&sent, &monitor);
        assert_eq!((same, more), (sent, expected::monitor_defaults(&monitor)));
    }
}

/// Killed when dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sorted<T: AsRef<str>>(lines: &[T]) -> Vec<&str> {
    let mut lines: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
    lines.sort_unstable();
    lines
}
