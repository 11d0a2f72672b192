//! A service is the best that can be had: one bad part is left out and told on the object that brought it, and everything
//! else is written, removals first.

use crate::support::ako_crds::{host_rule as ako_rule, install_ako_crds};
use crate::support::bodies::*;
use crate::support::controller::create;
use crate::support::objects::{Host, apply, delete_ingress, ingress, members, patch_config, policy, web};
use crate::support::status::{host_rule, rule};
use crate::support::{LEADER, World, lines, outcomes};
use amko_lab::avi::{AviWorld, AviWorldConfig, Fault, SiteConfig};
use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use amko_lab::kube::KubeWorld;
use serde_json::{Value, json};

/// Reason and message of the Events about objects of one kind.
fn events(cluster: &KubeWorld, kind: &str) -> Vec<(String, String)> {
    let of_kind = cluster.list("events").into_iter().filter(|event| event["involvedObject"]["kind"] == kind);
    let text = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
    of_kind.map(|event| (text(&event, "reason"), text(&event, "message"))).collect()
}

/// FND-A9
#[tokio::test(start_paused = true)]
async fn a_cluster_that_leaves_takes_its_entry_of_a_rule_with_it_and_not_the_rule() {
    let mut world = World::of_examples();
    apply(world.home(), policy(&["ctx-a"], json!({})));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    let public = json!([{"cluster": "ctx-a", "ip": "203.0.113.9"}, {"cluster": "ctx-b", "ip": "203.0.113.10"}]);
    apply(world.home(), host_rule("web-rule", json!({"fqdn": WEB, "ttl": 30, "publicIP": public})));
    world.start().await;
    let writes = world.writes_after(|world| patch_config(world.home(), members(&["ctx-a"]))).await;
    assert_eq!(writes, []);
    let service = &world.on_controller(LEADER, "gslbservice")[WEB];
    assert_eq!(
        (&service["ttl"], &service["groups"][0]["members"][0]["public_ip"]["ip"]["addr"]),
        (&json!(30), &json!("203.0.113.9"))
    );
    let status = rule(&world, "web-rule").unwrap()["status"].clone();
    let told = "publicIP names cluster ctx-b, which is not in spec.memberClusters of the GSLBConfig: the entry is not \
                used; correct the name, or remove the entry";
    assert_eq!((&status["status"], &status["service"]["limitations"]), (&json!("Accepted"), &json!([told])));
}

/// FND-E1: a rule would bring two members of one address into one pool, which the controller refuses. Each stays, where it
/// can be, and everything else of the rule is carried out.
#[tokio::test(start_paused = true)]
async fn members_of_one_address_stay_where_one_pool_cannot_have_both() {
    let mut world = World::of_examples();
    for cluster in ["ctx-a", "ctx-b"] {
        apply(world.cluster(cluster), web("web", "10.1.0.5"));
    }
    let share = |world: &World, of_a: u32, ttl: u32| {
        let split = [("ctx-a", of_a), ("ctx-b", 20)];
        let split = split.map(|(cluster, priority)| json!({"cluster": cluster, "weight": 1, "priority": priority}));
        let public = json!([{"cluster": "ctx-b", "ip": "203.0.113.7"}]);
        let spec = json!({"fqdn": WEB, "ttl": ttl, "publicIP": public, "trafficSplit": split});
        apply(world.home(), host_rule("web-rule", spec));
    };
    share(&world, 10, 30);
    world.start().await;
    let places = |world: &World| -> Vec<String> {
        let service = &world.on_controller(LEADER, "gslbservice")[WEB];
        let pools = service["groups"].as_array().unwrap().iter();
        let members = pools.flat_map(|pool| pool["members"].as_array().unwrap().iter().map(move |m| (pool, m)));
        let text =
            |(pool, member): (&Value, &Value)| format!("{} in {}", member["public_ip"]["ip"]["addr"], pool["priority"]);
        members.map(text).chain([service["ttl"].to_string()]).collect()
    };
    assert_eq!(places(&world), ["\"203.0.113.7\" in 20", "null in 10", "30"]);
    share(&world, 20, 40);
    world.settle().await;
    assert_eq!(places(&world), ["\"203.0.113.7\" in 20", "null in 10", "40"]);
    let member = "is a member of GSLB service web.example.org: pool of priority 10, address 10.1.0.5, ratio 1";
    let why = "its address 10.1.0.5 stays as it is on the controller: the controller refuses the GSLB service with it \
               (Member 10.1.0.5 is listed twice in pool amko-gs-group-20); correct it, or the controller; it is tried \
               again at the next full read";
    let told: Vec<_> = events(world.cluster("ctx-a"), "Ingress").into_iter().map(|(_, message)| message).collect();
    assert_eq!(told, [member.to_owned(), format!("{member}; {why}")]);
    share(&world, 10, 40);
    world.settle().await;
    assert_eq!(rule(&world, "web-rule").unwrap()["status"]["service"].get("refused"), None);
}

/// A world whose controller checks more than that of the examples.
fn strict(change: impl FnOnce(&mut AviWorldConfig)) -> World {
    let clock = Clock::starting_at("2026-01-01T00:00:00Z".parse().unwrap());
    let sites = [LEADER, "site1", "site2"].map(|name| SiteConfig { name: name.into(), address: name.into() });
    let mut config = AviWorldConfig::new(sites.to_vec(), clock, Chance::seeded(1));
    config.check_cluster_uuids = false;
    change(&mut config);
    let mut world = World::of_examples();
    world.avi = AviWorld::new(config);
    world
}

/// FND-A9: a refusal that is not the truth. What the controller has it has taken, and it stays.
#[tokio::test(start_paused = true)]
async fn a_member_that_the_controller_took_and_said_to_refuse_stays() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    let untrue = Fault::once(LEADER, "/api/gslbservice", 400, r#"{"error": "of the test"}"#);
    world.avi.inject(Fault { method: Some("PUT".into()), after_commit: true, ..untrue });
    let before = world.avi.last_request();
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    world.settle().await;
    apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({"ttl": 30})));
    world.settle().await;
    let addresses = || {
        let service = world.on_controller(LEADER, "gslbservice")[WEB].clone();
        let groups = service["groups"].as_array().unwrap().clone();
        let members = groups.into_iter().flat_map(|group| group["members"].as_array().unwrap().clone());
        members.map(|member| member["ip"]["addr"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(addresses(), ["10.1.0.5", "10.2.0.5"]);
    let writes = world.writes_since(before);
    let of_service: Vec<_> = outcomes(&writes).into_iter().filter(|(line, _)| line.contains("gslbservice")).collect();
    let put = "PUT gslbservice/<uuid>";
    assert_eq!(of_service, [(put, 400), (put, 412), (put, 200)], "it is not taken out in between");
}

/// Only names below `example.org`.
fn with_domain() -> World {
    strict(|config| config.domain = "example.org".into())
}

/// Its service has a member in both clusters, and `ctx-a` knows HostRules.
async fn with_both(mut world: World) -> World {
    install_ako_crds(world.cluster("ctx-a"));
    for (context, ip) in [("ctx-a", "10.1.0.5"), ("ctx-b", "10.2.0.5")] {
        apply(world.cluster(context), web_ingress(ip, "/"));
    }
    world.start().await;
    world
}

fn with_aliases(aliases: &[&str]) -> Value {
    ako_rule("hr", WEB, json!({"aliases": aliases}))
}

fn names_and_members(body: &Value) -> (Value, usize) {
    (body["domain_names"].clone(), body["groups"][0]["members"].as_array().unwrap().len())
}

/// FND-E1: one bad alias froze the whole service.
#[tokio::test(start_paused = true)]
async fn an_alias_outside_of_the_domains_of_the_gslb_is_left_out_and_told_on_its_host_rule() {
    let world = with_both(with_domain()).await;
    let aliases = ["shop.example.com", "www.web.example.org"];
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), with_aliases(&aliases)))).await;
    assert_eq!(outcomes(&writes), [("PUT gslbservice/<uuid>", 200)], "known beforehand");
    assert_eq!(names_and_members(&writes[0].body), (json!([WEB, "www.web.example.org"]), 2));
    let why = "it is in none of the DNS domains of the GSLB (example.org), and the whole service would be refused for it; \
               remove it, or add its domain to the GSLB";
    let event = format!("alias shop.example.com of GSLB service {WEB} is not used: {why}");
    assert_eq!(events(world.cluster("ctx-a"), "HostRule"), [("Refused".to_owned(), event)]);
    let told = format!("alias shop.example.com of {WEB} is not used: {why}");
    assert_eq!(world.links().board.read().refused_aliases, [told]);

    let writes = world.writes_after(|world| delete_ingress(world.cluster("ctx-b"), "web")).await;
    assert_eq!(outcomes(&writes), [("PUT gslbservice/<uuid>", 200)]);
    assert_eq!(names_and_members(&writes[0].body), (json!([WEB, "www.web.example.org"]), 1));
    world.writes_after(|world| drop(apply(world.cluster("ctx-a"), with_aliases(&["www.web.example.org"])))).await;
    assert_eq!(world.links().board.read().refused_aliases, Vec::<String>::new());
}

/// FND-E1: what froze the service in other ways, all at once, and told in one Event.
#[tokio::test(start_paused = true)]
async fn aliases_that_are_no_names_or_the_same_name_again_leave_one_service_with_each_name_once() {
    let world = with_both(World::of_examples()).await;
    let aliases = [
        "WWW.web.example.org",
        "www.web.example.org",
        "WEB.example.org",
        "www.web.example.org.",
        "https://www.web.example.org/",
        "www.web.example.org:8443",
        "two names",
    ];
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), with_aliases(&aliases)))).await;
    assert_eq!(outcomes(&writes), [("PUT gslbservice/<uuid>", 200)]);
    assert_eq!(names_and_members(&writes[0].body), (json!([WEB, "www.web.example.org"]), 2));
    let [(reason, message)] = events(world.cluster("ctx-a"), "HostRule").try_into().unwrap();
    let told: Vec<&str> = message.split("; alias ").collect();
    assert_eq!((reason.as_str(), told.len()), ("Refused", 3), "{message}");
    for alias in &aliases[4..] {
        assert!(message.contains(&format!("alias {alias} of GSLB service {WEB} is not used: ")), "{message}");
    }
    let writes = world.writes_after(|world| delete_ingress(world.cluster("ctx-b"), "web")).await;
    assert_eq!(outcomes(&writes), [("PUT gslbservice/<uuid>", 200)]);
}

/// FND-E1: what only the controller can know. The removal of the same moment is not held up.
#[tokio::test(start_paused = true)]
async fn an_alias_that_the_controller_refuses_is_found_and_left_out_and_tried_again_later() {
    let world = with_both(World::of_examples()).await;
    let pool = json!({"name": "p", "priority": 10, "members": [{"ip": {"addr": "192.0.2.1", "type": "V4"}}]});
    let taken =
        create(&world, "gslbservice", json!({"name": "other", "domain_names": ["x.example.org"], "groups": [pool]}))
            .await;
    let writes = world
        .writes_after(|world| {
            apply(world.cluster("ctx-a"), with_aliases(&["w.example.org", "x.example.org", "y.example.org"]));
            delete_ingress(world.cluster("ctx-b"), "web");
        })
        .await;
    let service = &world.on_controller(LEADER, "gslbservice")[WEB];
    assert_eq!(names_and_members(service), (json!(["w.example.org", WEB, "y.example.org"]), 1));
    let answers: Vec<u16> = writes.iter().map(|write| write.status).collect();
    assert_eq!(answers, [400, 200, 400, 400], "the rest first, then the alias twice by itself");
    assert_eq!(names_and_members(&writes[1].body).1, 1, "the removal is in the rest");
    let told = world.links().board.read().refused_aliases.clone();
    assert!(
        matches!(told.as_slice(), [one] if one.contains("alias x.example.org") && one.contains("conflict")),
        "{told:?}"
    );
    let [(reason, message)] = events(world.cluster("ctx-a"), "HostRule").try_into().unwrap();
    assert!(reason == "Refused" && message.contains("x.example.org"), "{reason} {message}");

    let target = format!("/api/gslbservice/{}", taken["uuid"].as_str().unwrap());
    world.somebody_else().request(http::Method::DELETE, &target, "admin", None).await.unwrap();
    // Virtual: until the next full read.
    tokio::time::sleep(std::time::Duration::from_secs(1900)).await;
    world.settle().await;
    let names = &world.on_controller(LEADER, "gslbservice")[WEB]["domain_names"];
    assert_eq!(*names, json!(["w.example.org", WEB, "x.example.org", "y.example.org"]));
    assert_eq!(world.links().board.read().refused_aliases, Vec::<String>::new());
}

/// FND-E1: nobody wakes a service that sleeps because of a full read that found nothing new, but for this.
#[tokio::test(start_paused = true)]
async fn an_alias_that_was_refused_is_tried_again_for_a_service_that_sleeps() {
    let mut world = World::of_examples();
    world.awake = 1;
    let world = with_both(world).await;
    let pool = json!({"name": "p", "priority": 10, "members": [{"ip": {"addr": "192.0.2.1", "type": "V4"}}]});
    let other = json!({"name": "other", "domain_names": ["x.example.org"], "groups": [pool]});
    let taken = create(&world, "gslbservice", other).await;
    world.writes_after(|world| drop(apply(world.cluster("ctx-a"), with_aliases(&["x.example.org"])))).await;
    assert_eq!(world.on_controller(LEADER, "gslbservice")[WEB]["domain_names"], json!([WEB]));
    // They keep the one place of those that are awake.
    for number in 0..4 {
        let object = web(&format!("later{number}"), &format!("10.1.0.{}", 50 + number));
        world.writes_after(|world| drop(apply(world.cluster("ctx-a"), object))).await;
    }

    let target = format!("/api/gslbservice/{}", taken["uuid"].as_str().unwrap());
    world.somebody_else().request(http::Method::DELETE, &target, "admin", None).await.unwrap();
    // Virtual: until the next full read.
    tokio::time::sleep(std::time::Duration::from_secs(1900)).await;
    world.settle().await;
    assert_eq!(world.on_controller(LEADER, "gslbservice")[WEB]["domain_names"], json!([WEB, "x.example.org"]));
}

/// FND-E1: the controller of one cluster is no site of the GSLB.
#[tokio::test(start_paused = true)]
async fn a_member_of_no_site_is_left_out_and_told_and_the_others_are_written() {
    let mut world = strict(|config| config.check_cluster_uuids = true);
    let gslb = world.avi.objects(LEADER, "gslb")[0].clone();
    let of_site = |n: usize, ip: &str| {
        let mut object = web_ingress(ip, "/");
        object["metadata"]["annotations"]["ako.vmware.com/controller-cluster-uuid"] =
            gslb["sites"][n]["cluster_uuid"].clone();
        object
    };
    apply(world.cluster("ctx-a"), of_site(1, "10.1.0.5"));
    world.start().await;
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web_ingress("10.2.0.5", "/")))).await;
    assert_eq!(writes, [], "the others are as they were");
    let [(reason, message)] = events(world.cluster("ctx-b"), "Ingress").try_into().unwrap();
    assert_eq!(reason, "Refused");
    assert!(message.contains("cluster-avi-web in its annotations, is no site of the GSLB"), "{message}");

    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), of_site(2, "10.2.0.5")))).await;
    assert_eq!((lines(&writes), names_and_members(&writes[0].body).1), (vec!["PUT gslbservice/<uuid>"], 2));
}

/// FND-E1
#[tokio::test(start_paused = true)]
async fn a_service_that_is_refused_as_a_whole_blames_no_part_and_is_told_as_failing() {
    let mut world = with_domain();
    world.start().await;
    let host = Host { host: "web.example.com", ip: "10.1.0.5", paths: &["/"] };
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), ingress("web", &[host]));
    // Virtual: time for several tries.
    tokio::time::sleep(std::time::Duration::from_secs(300)).await;
    let writes = world.writes_since(before);
    assert!(
        writes.iter().filter(|write| write.line == "POST gslbservice").all(|write| write.status == 400),
        "{writes:#?}"
    );
    let events = events(world.cluster("ctx-a"), "Ingress");
    assert!(events.iter().any(|(reason, _)| reason == "NotProgrammed"), "{events:?}");
}
