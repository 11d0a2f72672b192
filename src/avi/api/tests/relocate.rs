//! A service that goes to another tenant.

use super::*;
use crate::avi::call_error::{Remedy, Restored};
use crate::avi::session::Permit;
use crate::avi::testing::Outcome;
use crate::avi::wanted::Wanted;
use crate::retry::pause;
use std::time::Duration;

const POST: &str = "POST /api/gslbservice/";
const DELETE: &str = "DELETE /api/gslbservice/gs-old";

fn conflict() -> Value {
    json!({"error": "a.b: domain name conflicting with existing domain name in GslbService a.b"})
}

/// The service of `a.b` in its earlier tenant.
fn former() -> GslbService {
    GslbService { tenant: "team1".into(), ttl: Some(7), ..service("a.b") }
}

fn write() -> Write {
    let mut object = stored_service("a.b");
    object["uuid"] = json!("gs-old");
    let read = parse_service(&object, &owner(), &RefNames::default()).unwrap();
    let from = vec![Arc::new(ObservedService { content: former(), ..read })];
    Write::MoveService { service: service("a.b"), from }
}

fn created() -> Outcome {
    Ok(prepared(201, stored_service("a.b")))
}

/// What comes of it when POSTs are answered like this, in this order, and the requests.
async fn relocated(posts: Vec<Outcome>) -> (Result<Stored, Failure>, Vec<Seen>) {
    let controller = TestController::default();
    controller.on(DELETE, 204, Value::Null);
    for answer in posts {
        controller.on_exactly(POST, answer);
    }
    let (outcome, requests) = execute(&controller, &write()).await;
    (outcome.map_err(|error| error.failure), requests)
}

fn post(service: &GslbService) -> Seen {
    seen(POST, &service.tenant, service_body(service, &owner()))
}

fn delete() -> Seen {
    seen(DELETE, "team1", Value::Null)
}

/// TEN-05: the tenant is tried before anything is deleted; only the domain names may be in the way.
#[tokio::test(start_paused = true)]
async fn the_old_service_goes_once_the_new_one_would_be_taken() {
    let (outcome, requests) = relocated(vec![Ok(prepared(400, conflict())), created()]).await;
    assert_eq!(outcome, Ok(stored("gslbservice-a.b", Some("5"))));
    assert_eq!(requests, [post(&service("a.b")), delete(), post(&service("a.b"))]);
}

/// TEN-05
#[tokio::test(start_paused = true)]
async fn where_the_controller_takes_a_name_in_each_tenant_the_new_service_comes_first() {
    let (outcome, requests) = relocated(vec![created()]).await;
    assert_eq!(outcome, Ok(stored("gslbservice-a.b", Some("5"))));
    assert_eq!(requests, [post(&service("a.b")), delete()]);
}

/// TEN-05
#[tokio::test(start_paused = true)]
async fn a_tenant_that_refuses_the_service_takes_it_from_nobody() {
    let refusals = [
        (403, json!({"error": "Tenant 'team2' does not exist!"})),
        (403, json!({"error": "User does not have permission"})),
        (400, json!({"error": "GslbService limit reached"})),
        (503, json!({"error": "not now"})),
    ];
    for (status, body) in refusals {
        let (outcome, requests) = relocated(vec![Ok(prepared(status, body.clone()))]).await;
        assert!(outcome.is_err(), "{body}");
        assert_eq!(requests, [post(&service("a.b"))], "{body}");
    }
}

/// TEN-05
#[tokio::test(start_paused = true)]
async fn a_service_that_is_refused_after_all_comes_back_to_its_former_tenant() {
    let refused = || Ok(prepared(400, json!({"error": "not like this"})));
    let lost = || Err(TransportError::Interrupted("reset".into()));
    for (back, restored) in [(created(), Restored::Yes), (refused(), Restored::No), (lost(), Restored::Unknown)] {
        let (outcome, requests) = relocated(vec![Ok(prepared(400, conflict())), refused(), back]).await;
        let why = "the controller finds the request invalid (not like this)".to_owned();
        assert_eq!(outcome, Err(Failure::MoveBroken { restored, why }));
        assert_eq!(requests, [post(&service("a.b")), delete(), post(&service("a.b")), post(&former())]);
    }
}

/// TEN-05: it may be there.
#[tokio::test(start_paused = true)]
async fn a_service_whose_creation_has_no_known_outcome_is_not_created_a_second_time() {
    let lost = || TransportError::Interrupted("reset".into());
    let (outcome, requests) = relocated(vec![Ok(prepared(400, conflict())), Err(lost())]).await;
    assert_eq!(outcome, Err(Failure::Transport(lost())));
    assert_eq!(requests, [post(&service("a.b")), delete(), post(&service("a.b"))]);
}

/// TEN-05: it would be taken a moment later, so nothing goes back.
#[tokio::test(start_paused = true)]
async fn a_refusal_that_passes_brings_nothing_back_and_asks_for_a_look() {
    let controller = TestController::default();
    controller.on(DELETE, 204, Value::Null);
    for (status, body) in [(400, conflict()), (429, json!({"error": "slower"}))] {
        controller.on_exactly(POST, Ok(prepared(status, body)));
    }
    let error = controller.client().execute(&write(), &owner()).await.unwrap_err();
    assert_eq!(error.failure, Failure::RateLimited { retry_after: None });
    assert_eq!((error.half_done, error.remedy()), (true, Remedy::Reread));
    assert_eq!(controller.lines(), [POST, DELETE, POST]);
}

/// TEN-05: what is half done is completed, also when nothing new may be begun by then, and when nobody wants it any more.
#[tokio::test(start_paused = true)]
async fn a_move_that_has_begun_is_completed_while_the_controller_asks_for_silence() {
    let controller = TestController::default();
    controller.on(DELETE, 204, Value::Null);
    controller.on_exactly(POST, Ok(prepared(400, conflict())));
    controller.on_exactly(POST, created());
    let (wanted, client) = (Wanted::default(), controller.client());
    client.set_requests_per_second(1);
    let mover = client.with_wanted(wanted.clone());
    let silence = async {
        while !controller.lines().contains(&DELETE.to_owned()) {
            pause(Duration::from_millis(100)).await;
        }
        client.permit(Permit::Begun);
        wanted.set(false);
    };
    let write = write();
    let owner = owner();
    let (outcome, ()) = tokio::join!(mover.execute(&write, &owner), silence);
    assert_eq!(outcome, Ok(stored("gslbservice-a.b", Some("5"))));
    assert_eq!(controller.lines(), [POST, DELETE, POST]);
}

/// TEN-05: another name may be somebody else's, which is no reason to take down the service.
#[tokio::test(start_paused = true)]
async fn a_service_moves_with_the_names_that_it_had_and_gets_new_ones_there() {
    let wanted = GslbService { domain_names: vec!["a.b".into(), "new.b".into()], ..service("a.b") };
    let Write::MoveService { from, .. } = write() else { panic!("a move") };
    let write = Write::MoveService { service: wanted.clone(), from };
    let controller = TestController::default();
    controller.on(DELETE, 204, Value::Null);
    controller.on_exactly(POST, Ok(prepared(400, conflict())));
    controller.on_exactly(POST, created());
    controller.on("PUT /api/gslbservice/gslbservice-a.b", 400, conflict());
    let (outcome, requests) = execute(&controller, &write).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error.failure, Failure::DomainConflict(_)), "{error}");
    assert_eq!((error.half_done, error.remedy()), (true, Remedy::Reread));
    let mut named = service_body(&wanted, &owner());
    named["_last_modified"] = json!("5");
    let put = seen("PUT /api/gslbservice/gslbservice-a.b", &wanted.tenant, named);
    assert_eq!(requests, [post(&service("a.b")), delete(), post(&service("a.b")), put]);
}
