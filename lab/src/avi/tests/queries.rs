//! Collections: filters, order, pages, what is shown of each object.

use super::*;

async fn seven_services(world: &AviWorld) -> Client {
    let mut client = Client::logged_in(world, "alpha").await;
    client.create("healthmonitor", &tcp_monitor("tcp")).await;
    for number in [3, 1, 2, 5, 4, 7, 6] {
        let mut body = service(&format!("gs-{number}"));
        body["created_by"] = if number % 2 == 0 { "amko-even" } else { "amko-odd" }.into();
        body["description"] = format!("Number {number}").into();
        if number < 3 {
            body["health_monitor_refs"] = json!(["/api/healthmonitor?name=tcp"]);
            body["markers"] = json!([{"key": "size", "values": ["small"]}]);
        }
        client.create("gslbservice", &body).await;
    }
    client
}

fn names(answer: &Answer) -> Vec<&str> {
    let results = answer.body["results"].as_array().expect("an envelope");
    results.iter().map(|object| object["name"].as_str().unwrap_or_default()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_filter_picks_its_objects_in_creation_order() {
    let world = AviWorld::new(two_sites());
    let mut client = seven_services(&world).await;
    let monitor =
        world.objects("alpha", "healthmonitor").last().expect("a monitor")["uuid"].as_str().expect("a uuid").to_owned();
    let all = vec!["gs-3", "gs-1", "gs-2", "gs-5", "gs-4", "gs-7", "gs-6"];
    let refers = format!("refers_to=healthmonitor:{monitor}");
    let cases: Vec<(&str, Vec<&str>)> = vec![
        ("", all.clone()),
        ("name=gs-5", vec!["gs-5"]),
        ("name=GS-5", vec![]),
        ("name.icontains=GS-5", vec!["gs-5"]),
        ("name.in=gs-6,gs-1", vec!["gs-1", "gs-6"]),
        ("created_by=amko-even", vec!["gs-2", "gs-4", "gs-6"]),
        ("include_name&name=gs-4&created_by=amko-odd", vec![]),
        ("is_federated=true&is_federated=false", all.clone()),
        ("isFederated=false&unknown=1", all.clone()),
        ("health_monitor_refs.name=tcp", vec!["gs-1", "gs-2"]),
        ("domain_names=gs-7.example.org", vec!["gs-7"]),
        ("search=Number 3", vec!["gs-3"]),
        ("isearch=number 3", vec!["gs-3"]),
        ("search=(description,Number 3)|(name,gs-4)", vec!["gs-3", "gs-4"]),
        (&refers, vec!["gs-1", "gs-2"]),
        ("label_key=size&label_value=small", vec!["gs-1", "gs-2"]),
        ("sort=-name&page_size=2", vec!["gs-7", "gs-6"]),
        ("sort=name&page=3&page_size=3", vec!["gs-7"]),
    ];
    for (query, expected) in cases {
        let query = query.replace(' ', "%20");
        assert_eq!(names(&client.get(&format!("/api/gslbservice?{query}")).await), expected, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_are_linked_by_absolute_urls_and_the_last_has_no_next() {
    let world = AviWorld::new(two_sites());
    let mut client = seven_services(&world).await;
    let mut path = "//api/gslbservice/?include_name&page_size=3&created_by=amko-odd".to_owned();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let page = client.get(&path).await;
        assert_eq!(page.body["count"], 4);
        seen.extend(names(&page).into_iter().map(ToOwned::to_owned));
        path = page.body.get("next").and_then(Value::as_str).unwrap_or_default().to_owned();
    }
    assert_eq!((seen.len(), path.as_str()), (4, ""));
    let first = client.get("/api/gslbservice?page_size=3&name.contains=gs").await;
    assert_eq!(first.body["next"], format!("https://{HOST}/api/gslbservice?page=2&page_size=3&name.contains=gs"));
    let refused = client.get("/api/gslbservice?page_size=201").await;
    assert_eq!(refused.outcome(), (400, "Page size should be between 1 and 200"));
    assert_eq!(client.get("/api/gslbservice?page=2").await.status, 404);
    assert_eq!(client.get("/api/gslbservice?name=absent").await.body, json!({"count": 0, "results": []}));
}

#[tokio::test(start_paused = true)]
async fn references_show_names_only_when_asked_in_any_spelling() {
    let world = AviWorld::new(two_sites());
    let mut client = seven_services(&world).await;
    for (query, suffix) in
        [("", ""), ("&include_name", "#tcp"), ("&include_name=", "#tcp"), ("&include_name=true", "#tcp")]
    {
        let answer = client.get(&format!("/api/gslbservice?name=gs-1{query}")).await;
        let reference = answer.body["results"][0]["health_monitor_refs"][0].as_str().unwrap_or_default();
        assert!(reference.starts_with(&format!("https://{HOST}/api/healthmonitor/healthmonitor-")), "{reference}");
        assert_eq!(reference.split_once('#').map_or("", |(_, name)| name), suffix.trim_start_matches('#'), "{query}");
    }
    client.headers.insert("host", "10.0.0.9:444".into());
    let answer = client.get("/api/gslbservice?name=gs-3").await;
    assert!(
        answer.body["results"][0]["url"]
            .as_str()
            .unwrap_or_default()
            .starts_with("https://10.0.0.9:444/api/gslbservice/")
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_shows_the_fields_of_the_version_and_of_the_query() {
    let world = AviWorld::new(two_sites());
    let mut client = seven_services(&world).await;
    let keys = |answer: &Answer| -> Vec<String> {
        let object = answer.body["results"][0].as_object().expect("an object");
        object.keys().cloned().collect()
    };
    let few = client.get("/api/gslbservice?name=gs-3&fields=ttl,enabled").await;
    assert_eq!(keys(&few), ["enabled", "name", "tenant_ref", "url", "uuid"]);
    let sparse = client.get("/api/gslbservice?name=gs-3&skip_default=true").await;
    let expected = [
        "_last_modified",
        "configpb_attributes",
        "created_by",
        "description",
        "domain_names",
        "groups",
        "name",
        "tenant_ref",
        "url",
        "uuid",
    ];
    assert_eq!(keys(&sparse), expected);
    let new = client.get("/api/gslbservice?name=gs-3").await;
    client.headers.insert("x-avi-version", "20.1.5".into());
    let old = client.get("/api/gslbservice?name=gs-3").await;
    let hidden: Vec<String> = keys(&new).into_iter().filter(|key| !keys(&old).contains(key)).collect();
    assert_eq!(hidden, ["topology_policy_enabled"]);
    assert_eq!(old.body.pointer("/results/0/groups/0/members/0/preference_order"), None);
    let mut late = service("late");
    late["groups"][0]["members"][0]["preference_order"] = 2.into();
    let refused = client.post("/api/gslbservice", &late).await;
    let text = "Incoming request (v20_1_5) has field (preference_order) introduced in later versions(v22_1_1).";
    assert_eq!(refused.outcome(), (400, text));
}

#[tokio::test(start_paused = true)]
async fn the_queries_that_amko_sends_are_answered() {
    let world = AviWorld::new(two_sites());
    let mut client = seven_services(&world).await;
    client.headers.insert("x-avi-tenant", "*".into());
    let cases = [
        ("gslbservice?include_name&page_size=100&created_by=amko-odd", json!(4)),
        ("gslbservice?created_by=amko-odd&include_name=&name=gs-1", json!(1)),
        ("healthmonitor?include_name&page_size=100&is_federated=true", json!(6)),
        ("healthmonitor?is_federated=true&name=tcp", json!(1)),
        ("pkiprofile?is_federated=true&page_size=10", json!(0)),
        ("applicationpersistenceprofile?include_name&page_size=100&is_federated=true", json!(0)),
        ("gslb", json!(1)),
        ("cloud", json!(1)),
        ("cluster", Value::Null),
    ];
    for (query, count) in cases {
        let answer = client.get(&format!("//api/{query}")).await;
        assert_eq!((answer.status, &answer.body["count"]), (200, &count), "{query}");
    }
}
