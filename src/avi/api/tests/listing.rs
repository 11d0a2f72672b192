//! Listing: which requests, which objects, and what an unstable collection leads to.

use super::*;
use litemap::LiteMap;

fn controller(services: &[Value], legacy: &[Value], monitors: &[Value]) -> TestController {
    let controller = TestController::default();
    controller.on(OWN, 200, page(services)).on(LEGACY, 200, page(legacy)).on(MONITORS, 200, page(monitors));
    controller
}

async fn list(controller: &TestController) -> Result<OwnObjects, CallError> {
    controller.client().list_own(&owner(), &Default::default()).await
}

fn names(own: &OwnObjects) -> Vec<&str> {
    own.by_fqdn.keys().map(String::as_str).collect()
}

/// DB-16 and DB-45.
#[tokio::test(start_paused = true)]
async fn a_list_is_three_walks_over_all_tenants_with_no_call_per_object() {
    let services = [stored_service("a.b"), stored_service("c.d")];
    let mut legacy = stored_service("old.example.org");
    legacy["created_by"] = json!("amko-gslb");
    let controller = controller(&services, &[legacy], &[stored_monitor("a.b"), stored_monitor("c.d")]);
    let own = list(&controller).await.unwrap();
    let old = Holding { monitors: LiteMap::new(), ..holding("old.example.org") };
    let expected = [("a.b", holding("a.b")), ("c.d", holding("c.d")), ("old.example.org", old)];
    let by_fqdn = expected.map(|(name, holding)| (name.to_owned(), [holding].into_iter().collect()));
    assert_eq!(own, OwnObjects { by_fqdn: by_fqdn.into(), ..OwnObjects::default() });
    assert_eq!(controller.seen(), [MONITORS, OWN, LEGACY].map(|line| seen(line, "*", Value::Null)));
}

#[tokio::test(start_paused = true)]
async fn objects_of_users_and_of_other_installations_are_left_out() {
    let mut service = stored_service("a.b");
    service["created_by"] = json!("amko-other");
    let mut other = stored_monitor("a.b");
    other["markers"][0]["values"] = json!(["amko-other"]);
    let mut users = stored_monitor("c.d");
    users["name"] = json!("user-c.d-hm");
    let own = list(&controller(&[service], &[], &[other, users])).await.unwrap();
    assert_eq!(own, OwnObjects::default());
}

#[tokio::test(start_paused = true)]
async fn a_monitor_without_its_description_belongs_to_the_service_that_refers_to_it() {
    let mut edited = stored_monitor("a.b");
    edited["description"] = json!("edited");
    let controller = controller(&[stored_service("a.b")], &[], &[edited]);
    let own = list(&controller).await.unwrap();
    let monitors: Vec<_> = own.by_fqdn["a.b"].only().monitors.keys().map(String::as_str).collect();
    assert_eq!((monitors, own.loose_monitors), (vec!["amko--a-b"], vec![]));
}

/// A first page of services that goes on.
fn first_page(count: u32, next: &str) -> Value {
    json!({"count": count, "next": next, "results": [stored_service("a.b")]})
}

const SECOND: &str = "GET /api/gslbservice?page=2";
const LINK: &str = "https://somewhere.else:444/api/gslbservice?page=2";

fn two_pages(first: Value) -> TestController {
    let controller = TestController::default();
    controller.on(LEGACY, 200, page(&[])).on(MONITORS, 200, page(&[])).on(OWN, 200, first);
    controller
}

#[tokio::test(start_paused = true)]
async fn the_next_page_is_asked_of_the_same_controller_whatever_host_the_link_names() {
    let controller = two_pages(first_page(2, LINK));
    controller.on(SECOND, 200, json!({"count": 2, "next": null, "results": [stored_service("c.d")]}));
    assert_eq!(names(&list(&controller).await.unwrap()), ["a.b", "c.d"]);
    assert_eq!(controller.lines(), [MONITORS, OWN, SECOND, LEGACY]);
}

#[tokio::test(start_paused = true)]
async fn a_collection_that_shifts_during_the_walk_is_read_again() {
    let last = |names: &[&str]| {
        let results: Vec<_> = names.iter().map(|name| stored_service(name)).collect();
        json!({"count": results.len() + 1, "results": results})
    };
    let controller = two_pages(first_page(3, LINK));
    controller.on(OWN, 200, first_page(2, LINK)).on(SECOND, 200, last(&["d.e"])).on(SECOND, 200, last(&["c.d"]));
    assert_eq!(names(&list(&controller).await.unwrap()), ["a.b", "c.d"]);
    assert_eq!(controller.lines(), [MONITORS, OWN, SECOND, OWN, SECOND, LEGACY]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_disappears_starts_the_walk_again() {
    let controller = two_pages(first_page(2, LINK));
    controller.on(OWN, 200, page(&[stored_service("a.b")])).on(SECOND, 404, json!({"detail": "Invalid page."}));
    assert_eq!(names(&list(&controller).await.unwrap()), ["a.b"]);
}

#[tokio::test(start_paused = true)]
async fn three_unstable_walks_are_an_error_and_not_a_list_with_holes() {
    let controller = two_pages(first_page(3, LINK));
    controller.on(SECOND, 200, json!({"count": 3, "results": [stored_service("a.b")]}));
    let error = list(&controller).await.unwrap_err();
    assert_eq!((error.failure.clone(), error.is_retryable()), (Failure::UnstableList, true));
    assert_eq!(controller.lines(), [MONITORS, OWN, SECOND, OWN, SECOND, OWN, SECOND]);
}

#[tokio::test(start_paused = true)]
async fn pages_that_never_end_or_lead_elsewhere_are_an_error() {
    let same = OWN.trim_start_matches("GET ").to_owned();
    for link in [same.as_str(), "https://h/api/user-token?page=2", "https://h/other"] {
        let error = list(&two_pages(first_page(2, link))).await.unwrap_err();
        assert!(matches!(error.failure, Failure::Malformed(_)), "{error}");
    }
}

fn services(names: std::ops::Range<u32>) -> Vec<Value> {
    names.map(|n| stored_service(&format!("s{n}.example.org"))).collect()
}

/// A page of services, and where the next one is.
fn part(count: usize, results: &[Value], next: Option<u32>) -> Value {
    let next = next.map(|page| json!(format!("https://h/api/gslbservice?page={page}")));
    json!({"count": count, "next": next, "results": results})
}

fn line(page: u32) -> String {
    format!("GET /api/gslbservice?page={page}")
}

#[tokio::test(start_paused = true)]
async fn pages_that_lead_in_a_circle_or_repeat_each_other_are_an_error_after_each_was_read_once() {
    let circle = two_pages(part(300, &services(0..100), Some(2)));
    circle.on(&line(2), 200, part(300, &services(100..200), Some(3)));
    circle.on(&line(3), 200, part(300, &services(200..299), Some(2)));
    let repeated = two_pages(part(300, &services(0..100), Some(2)));
    repeated.on(&line(2), 200, part(300, &services(0..100), Some(3)));
    let empty = two_pages(part(300, &services(0..100), Some(2)));
    empty.on(&line(2), 200, part(300, &[], Some(3)));
    let reasons = ["`next` leads back to a page that was read", NOTHING_NEW, NOTHING_NEW];
    for (controller, why) in [circle, repeated, empty].iter().zip(reasons) {
        let error = list(controller).await.unwrap_err();
        assert_eq!((error.failure, error.write), (Failure::Malformed(why.into()), false));
        let lines = controller.lines();
        let distinct: std::collections::BTreeSet<_> = lines.iter().collect();
        assert_eq!(distinct.len(), lines.len(), "{lines:?}");
    }
}

const NOTHING_NEW: &str = "the page brings nothing new and yet is not the last";

#[tokio::test(start_paused = true)]
async fn a_link_that_is_missing_or_a_count_that_is_wrong_is_never_a_short_list() {
    let first = services(0..2);
    let missing = two_pages(part(300, &first, None));
    let low = two_pages(part(1, &first, None));
    // One went, one came: the sum is right, an object may be missing.
    let swapped = two_pages(part(4, &first, Some(2)));
    swapped.on(&line(2), 200, part(3, &services(2..3), Some(3))).on(&line(3), 200, part(4, &services(3..4), None));
    for controller in [missing, low, swapped] {
        assert_eq!(list(&controller).await.unwrap_err().failure, Failure::UnstableList);
    }
}

#[tokio::test(start_paused = true)]
async fn one_broken_page_does_not_start_the_walk_again() {
    let controller = two_pages(first_page(2, LINK));
    controller.on_exactly(SECOND, Err(TransportError::Interrupted("reset".into())));
    controller.on(SECOND, 200, json!({"count": 2, "results": [stored_service("c.d")]}));
    assert_eq!(names(&list(&controller).await.unwrap()), ["a.b", "c.d"]);
    assert_eq!(controller.lines(), [MONITORS, OWN, SECOND, SECOND, LEGACY]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_between_two_pages_costs_that_page_only() {
    let controller = two_pages(first_page(2, LINK));
    controller.on(SECOND, 401, json!({})).on(SECOND, 200, json!({"count": 2, "results": [stored_service("c.d")]}));
    assert_eq!(names(&list(&controller).await.unwrap()), ["a.b", "c.d"]);
    assert_eq!(controller.lines(), [MONITORS, OWN, SECOND, SECOND, LEGACY]);
    assert_eq!(controller.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn json_of_another_shape_is_a_typed_error() {
    let wrong = [
        json!([]),
        json!("\"text\""),
        json!(7),
        json!({"count": 1, "results": {}}),
        json!({"count": "1", "results": []}),
        json!({"count": -1, "results": []}),
        json!({"count": 1, "results": [null]}),
        json!({"count": 1, "results": [{"uuid": 7}]}),
        json!({"results": []}),
    ];
    for body in wrong {
        let error = list(&two_pages(body.clone())).await.unwrap_err();
        assert!(matches!(error.failure, Failure::Malformed(_)), "{body}: {error}");
    }
}
