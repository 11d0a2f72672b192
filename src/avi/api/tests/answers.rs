//! Questions about what policies refer to: the request of each, and what its answers mean.

use super::*;
use crate::core::references::{Answer, Question, ReferencedMonitor};

fn monitor_question() -> Question {
    Question::Monitor { tenant: "team2".into(), name: "my hm".into() }
}

fn profile(name: &str) -> Answer {
    Answer::Profile { name: name.into() }
}

/// Every question with its request and, for one object, its answer.
fn questions() -> [(Question, &'static str, Value, Answer); 5] {
    let (tenant, name) = (String::from("team2"), String::from("gap-1"));
    let sites = ["b-site", "a-site"].map(|name| json!({"name": name, "cname": "x"}));
    let monitor = ReferencedMonitor {
        federated: Some(true),
        monitor_type: "HEALTH_MONITOR_HTTPS".into(),
        http_request: Some("GET /old HTTP/1.1".into()),
        response_codes: vec!["HTTP_2XX".into()],
    };
    [
        (
            monitor_question(),
            "GET /api/healthmonitor?name=my%20hm",
            json!({"name": "my hm", "is_federated": true, "type": "HEALTH_MONITOR_HTTPS", "https_monitor":
                {"http_request": "GET /old HTTP/1.1", "http_response_code": ["HTTP_2XX"]}}),
            Answer::Monitor(monitor),
        ),
        (
            Question::PersistenceProfile { tenant: tenant.clone(), name: name.clone() },
            "GET /api/applicationpersistenceprofile?name=gap-1",
            json!({"name": "gap-1"}),
            profile("gap-1"),
        ),
        (
            Question::PkiProfile { tenant: tenant.clone(), name },
            "GET /api/pkiprofile?name=gap-1",
            json!({"name": "gap-1"}),
            profile("gap-1"),
        ),
        (
            Question::DefaultPkiProfile { tenant: tenant.clone() },
            "GET /api/pkiprofile?is_federated=true&page_size=10",
            json!({"name": "pki-x"}),
            profile("pki-x"),
        ),
        (
            Question::ThirdPartySites { tenant },
            "GET /api/gslb",
            json!({"name": "gslb", "third_party_sites": sites}),
            Answer::Sites(["a-site", "b-site"].map(str::to_owned).into()),
        ),
    ]
}

/// GDP-06.
#[tokio::test(start_paused = true)]
async fn each_question_is_one_request_in_its_tenant() {
    for (question, line, object, expected) in questions() {
        let controller = TestController::default();
        controller.on(line, 200, page(&[object]));
        assert_eq!(controller.client().answer(&question).await, Ok(expected));
        assert_eq!(controller.seen(), [seen(line, "team2", Value::Null)]);
    }
}

/// DB-13 and FND-A8: only an empty list says that something is absent. A collection that is not found says nothing.
#[tokio::test(start_paused = true)]
async fn an_empty_list_is_absent_and_anything_else_is_no_answer() {
    for (question, line, ..) in questions() {
        let controller = TestController::default();
        controller.on(line, 200, page(&[]));
        assert_eq!(controller.client().answer(&question).await, Ok(Answer::Absent), "{line}");
        let html = json!("<html>not found</html>");
        let silent = [(404, json!({"error": "not found"})), (404, html.clone()), (200, html), (204, Value::Null)];
        let refused = [(503, json!({})), (403, json!({})), (200, json!({"count": 1}))];
        for (status, body) in silent.into_iter().chain(refused) {
            let controller = TestController::default();
            controller.on(line, status, body);
            assert!(controller.client().answer(&question).await.is_err(), "{line} {status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_look_up_names_what_was_looked_up() {
    let controller = TestController::default();
    controller.on("GET /api/healthmonitor?name=my%20hm", 403, json!({"error": "no"}));
    let error = controller.client().answer(&monitor_question()).await.unwrap_err();
    assert_eq!(error.what, "health monitor my hm: GET /api/healthmonitor?name=my%20hm in tenant team2");
    assert_eq!(error.failure, Failure::Forbidden("no".into()));
}

#[tokio::test(start_paused = true)]
async fn an_object_of_another_name_is_not_the_one_that_was_asked_for() {
    let controller = TestController::default();
    let other = json!({"name": "my hm 2", "type": "HEALTH_MONITOR_TCP"});
    controller.on("GET /api/healthmonitor?name=my%20hm", 200, page(&[other]));
    assert_eq!(controller.client().answer(&monitor_question()).await, Ok(Answer::Absent));
}

/// GDP-05: a monitor that does not say whether it is federated is not the same as one that is not.
#[tokio::test(start_paused = true)]
async fn what_a_monitor_does_not_say_stays_unknown() {
    let controller = TestController::default();
    let bare = json!({"name": "my hm", "type": "HEALTH_MONITOR_TCP", "tcp_monitor": {}});
    controller.on("GET /api/healthmonitor?name=my%20hm", 200, page(&[bare]));
    let expected = ReferencedMonitor { monitor_type: "HEALTH_MONITOR_TCP".into(), ..ReferencedMonitor::default() };
    assert_eq!(controller.client().answer(&monitor_question()).await, Ok(Answer::Monitor(expected)));
}

#[tokio::test(start_paused = true)]
async fn the_first_of_several_pki_profiles_counts_and_a_gslb_without_third_party_sites_has_none() {
    let controller = TestController::default();
    let profiles = ["pki-z", "pki-a"].map(|name| json!({"name": name}));
    controller.on("GET /api/pkiprofile?is_federated=true&page_size=10", 200, page(&profiles));
    controller.on("GET /api/gslb", 200, page(&[json!({"name": "gslb"})]));
    let tenant = || String::from("admin");
    let client = controller.client();
    assert_eq!(client.answer(&Question::DefaultPkiProfile { tenant: tenant() }).await, Ok(profile("pki-z")));
    let none = Answer::Sites([].into());
    assert_eq!(client.answer(&Question::ThirdPartySites { tenant: tenant() }).await, Ok(none));
}
