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

/// A controller whose first page holds one object serves pages of one.
const SECOND: &str = "GET /api/gslbservice?created_by=amko-11111111-2222-11ee-8000-333333333333&include_name=&page_size=1&sort=name&page=2";
const LINK: &str = "https://somewhere.else:444/api/gslbservice?page=2";

fn two_pages(first: Value) -> TestController {
    let controller = TestController::default();
    controller.on(LEGACY, 200, page(&[])).on(MONITORS, 200, page(&[])).on(OWN, 200, first);
    controller
}

#[tokio::test(start_paused = true)]
async fn the_next_page_is_asked_of_the_same_controller_wherever_the_link_leads() {
    let controller = two_pages(first_page(2, LINK));
    controller.on(SECOND, 200, json!({"count": 2, "next": null, "results": [stored_service("c.d")]}));
    assert_eq!(names(&list(&controller).await.unwrap()), ["a.b", "c.d"]);
    assert_eq!(controller.lines(), [MONITORS, OWN, SECOND, LEGACY]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_contradicts_itself_is_asked_for_again() {
    let controller = two_pages(first_page(2, LINK));
    controller.on(SECOND, 200, json!({"count": 2, "results": []}));
    controller.on(SECOND, 200, json!({"count": 2, "results": [stored_service("c.d")]}));
    assert_eq!(names(&list(&controller).await.unwrap()), ["a.b", "c.d"]);
    assert_eq!(controller.lines(), [MONITORS, OWN, SECOND, SECOND, LEGACY]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_disappears_is_looked_for_further_ahead() {
    let controller = two_pages(first_page(2, LINK));
    let one = OWN.replace("page_size=200", "page_size=1");
    controller.on(&one, 200, page(&[stored_service("a.b")])).on(SECOND, 404, json!({"detail": "Invalid page."}));
    assert_eq!(names(&list(&controller).await.unwrap()), ["a.b"]);
    assert_eq!(controller.lines(), [MONITORS, OWN, SECOND, &one, LEGACY]);
}

#[tokio::test(start_paused = true)]
async fn pages_that_never_fit_are_an_error_and_not_a_list_with_holes() {
    let controller = two_pages(first_page(3, LINK));
    controller.on(SECOND, 200, json!({"count": 3, "results": [stored_service("a.b")]}));
    let error = list(&controller).await.unwrap_err();
    assert_eq!((error.failure.clone(), error.is_retryable()), (Failure::UnstableList, true));
    assert_eq!(controller.lines(), [MONITORS, OWN, SECOND, SECOND, SECOND]);
}

fn services(names: std::ops::Range<u32>) -> Vec<Value> {
    names.map(|n| stored_service(&format!("s{n}.example.org"))).collect()
}

/// A page of services.
fn part(count: usize, results: &[Value], more: bool) -> Value {
    json!({"count": count, "next": more.then_some("https://h/api/gslbservice?page=9"), "results": results})
}

/// FND-B8: the pages are 200 objects and overlap, and links are not followed wherever they lead.
#[tokio::test(start_paused = true)]
async fn the_second_page_begins_among_the_last_objects_of_the_first() {
    let all = services(0..300);
    let controller = two_pages(part(300, &all[..200], true));
    let second = OWN.replace("page_size=200&sort=name", "page_size=192&sort=name&page=2");
    controller.on(&second, 200, part(300, &all[192..], false));
    assert_eq!(list(&controller).await.unwrap().by_fqdn.len(), 300);
    assert_eq!(controller.lines(), [MONITORS, OWN, &second, LEGACY]);
}

/// FND-B8: ten services went between two pages; those that moved to the first are read there.
#[tokio::test(start_paused = true)]
async fn what_moved_to_a_page_that_was_read_is_read_there() {
    let all = services(0..300);
    let controller = two_pages(part(300, &all[..200], true));
    let left = &all[10..];
    let second = OWN.replace("page_size=200&sort=name", "page_size=192&sort=name&page=2");
    controller.on(&second, 200, part(290, &left[192..], false));
    let again = OWN.replace("page_size=200&sort=name", "page_size=160&sort=name&page=2");
    controller.on(&again, 200, part(290, &left[160..], false));
    let found = list(&controller).await.unwrap().by_fqdn;
    assert_eq!(left.iter().filter(|service| !found.contains_key(service["name"].as_str().unwrap())).count(), 0);
    assert_eq!(controller.lines(), [MONITORS, OWN, &second, &again, LEGACY]);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_missing_or_a_count_that_is_wrong_is_never_a_short_list() {
    let first = services(0..2);
    for page in [part(300, &first, false), part(1, &first, false), part(2, &first, true), part(2, &[], true)] {
        assert_eq!(list(&two_pages(page)).await.unwrap_err().failure, Failure::UnstableList);
    }
}

/// FND-D3: a page that is larger than an answer may be is asked for in smaller pieces.
#[tokio::test(start_paused = true)]
async fn a_page_of_too_many_bytes_is_read_in_smaller_pages() {
    let controller = TestController::default();
    controller.on(LEGACY, 200, page(&[])).on(MONITORS, 200, page(&[]));
    controller.break_line(OWN, TransportError::TooLarge { limit: 4_194_304 });
    let all = services(0..60);
    let smaller = OWN.replace("page_size=200", "page_size=50");
    let second = OWN.replace("page_size=200&sort=name", "page_size=42&sort=name&page=2");
    controller.on(&smaller, 200, part(60, &all[..50], true)).on(&second, 200, part(60, &all[42..], false));
    assert_eq!(list(&controller).await.unwrap().by_fqdn.len(), 60);
}

/// FND-B8: a neighbour's monitors are not asked for, unless services refer to them without a name.
#[tokio::test(start_paused = true)]
async fn only_monitors_without_a_name_are_asked_for_beside_our_own() {
    let mut service = stored_service("a.b");
    let uuid = "https://h/api/healthmonitor/healthmonitor-77";
    service["health_monitor_refs"] = json!([uuid, "https://h/api/healthmonitor/healthmonitor-78"]);
    let controller = controller(&[service], &[], &[]);
    let asked = "GET /api/healthmonitor?fields=name&page_size=50&uuid.in=healthmonitor-77,healthmonitor-78";
    controller.on(asked, 200, page(&[json!({"uuid": "healthmonitor-77", "name": "theirs"})]));
    let own = list(&controller).await.unwrap();
    let service = own.by_fqdn["a.b"].only().service.clone().unwrap();
    assert_eq!(service.content.monitors, ["theirs", "healthmonitor-78"]);
    assert_eq!(controller.lines(), [MONITORS, OWN, LEGACY, asked]);
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
