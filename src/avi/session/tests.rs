//! Logging in, sharing sessions and replacing them, against a scripted controller.

use super::*;
use crate::avi::testing::{PASSWORD, Prepared, TestController, prepared, seen};
use crate::avi::transport::TransportError;
use futures::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;

mod answers;
mod pool;
mod refusals;
mod versions;

const CLOUD: &str = "GET /api/cloud";

fn controller() -> TestController {
    let controller = TestController::default();
    controller.on(CLOUD, 200, json!({"count": 0, "results": []})).on("POST /logout", 200, json!({}));
    controller
}

async fn get(client: &AviClient) -> Result<Response, CallError> {
    client.request(Method::GET, "/api/cloud", "*", None).await
}

async fn gets(client: &AviClient, calls: usize) -> Vec<Result<Response, CallError>> {
    join_all((0..calls).map(|_| get(client))).await
}

/// A client with this many sessions in use, and how many logins there were.
async fn grown(controller: &TestController, sessions: usize) -> AviClient {
    let client = controller.client();
    for _ in 0..2 * sessions {
        assert!(gets(&client, sessions).await.iter().all(Result::is_ok));
        crate::retry::pause(Duration::from_secs(1)).await;
    }
    assert_eq!(client.sessions(), SessionCounts { ready: sessions, ..SessionCounts::default() });
    client
}

async fn minutes(n: u64) {
    crate::retry::pause(Duration::from_secs(60 * n)).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_call_logs_in_and_each_call_carries_the_headers_of_a_session() {
    let controller = controller();
    get(&controller.client()).await.unwrap();
    let all = controller.everything();
    let (login, call) = (&all[0], &all[1]);
    assert_eq!(login.0, seen("POST /login", "admin", json!({"username": "admin", "password": PASSWORD})));
    assert_eq!(call.0, seen(CLOUD, "*", Value::Null));
    let expected = [
        ("content-type", "application/json"),
        ("referer", "https://avi.example.org/"),
        ("x-avi-tenant", "*"),
        ("x-avi-useragent", "AMKO"),
        ("x-avi-version", "30.2.1"),
        ("cookie", "avi-sessionid=session-1; csrftoken=csrf-1; sessionid=session-1"),
        ("x-csrftoken", "csrf-1"),
    ];
    let headers: Vec<_> = call.1.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(headers, expected);
    assert!(!login.1.contains_key("cookie") && !login.1.contains_key("x-avi-version"));
}

#[tokio::test(start_paused = true)]
async fn the_first_login_is_alone_however_many_calls_need_it() {
    let controller = controller();
    let client = controller.client();
    assert!(gets(&client, 10).await.iter().all(Result::is_ok));
    assert_eq!(controller.logins(), 1);
}

/// DB-48.
#[tokio::test(start_paused = true)]
async fn calls_in_several_tenants_share_the_sessions() {
    let controller = controller();
    let client = controller.client();
    let tenants = ["*", "admin", "tenant2"];
    let outcomes = join_all(tenants.map(|tenant| client.request(Method::GET, "/api/cloud", tenant, None))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(controller.logins(), 1);
}

/// DB-48.
#[tokio::test(start_paused = true)]
async fn more_sessions_are_opened_when_all_are_busy_and_one_serves_calls_that_come_one_by_one() {
    let controller = controller();
    let client = controller.client();
    for _ in 0..20 {
        get(&client).await.unwrap();
    }
    assert_eq!((controller.logins(), controller.sessions().len()), (1, 1));
    controller.latency(Duration::from_millis(50));
    for _ in 0..20 {
        assert!(gets(&client, 40).await.iter().all(Result::is_ok));
    }
    assert_eq!((controller.logins(), controller.sessions().len()), (4, 4));
    assert_eq!(controller.most_at_once("POST /login"), 2);
    assert_eq!(client.sessions(), SessionCounts { ready: 4, logging_in: 0, blocked: 0 });
}

#[tokio::test(start_paused = true)]
async fn calls_are_spread_over_the_sessions() {
    let controller = controller();
    let client = grown(&controller, 4).await;
    let before = controller.everything().len();
    controller.latency(Duration::from_millis(50));
    assert!(gets(&client, 8).await.iter().all(Result::is_ok));
    let mut cookies: Vec<_> =
        controller.everything()[before..].iter().map(|(_, headers)| headers["x-csrftoken"].clone()).collect();
    cookies.sort_by_key(|cookie| cookie.to_str().unwrap().to_owned());
    let expected: Vec<_> = (1..=4).flat_map(|n| [format!("csrf-{n}"), format!("csrf-{n}")]).collect();
    assert_eq!(cookies, expected);
}

#[tokio::test(start_paused = true)]
async fn success_without_session_cookies_is_a_failed_login() {
    let controller = controller();
    controller.refuse_logins(200, json!({"success": "true"}));
    assert_eq!(get(&controller.client()).await.unwrap_err().failure, Failure::NoSession);
    assert_eq!(controller.lines(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_on_the_network_fails_all_who_wait_once_and_applies_nothing() {
    let controller = controller();
    let timeout = TransportError::Timeout("60 s".into());
    controller.break_line("POST /login", timeout.clone());
    let client = controller.client();
    let body = Bytes::from_static(b"{}");
    let calls = (0..5).map(|_| client.request(Method::POST, "/api/gslbservice/", "admin", Some(&body)));
    for outcome in join_all(calls).await {
        let error = outcome.unwrap_err();
        assert_eq!((error.may_have_been_applied(), error.is_retryable()), (false, true));
        assert_eq!(error.failure, Failure::Transport(timeout.clone()));
    }
    assert_eq!(controller.everything().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_login_goes_on_when_the_call_that_started_it_is_given_up() {
    let controller = controller();
    controller.latency(Duration::from_secs(5));
    let client = controller.client();
    assert!(tokio::time::timeout(Duration::from_secs(1), get(&client)).await.is_err());
    assert_eq!(client.sessions(), SessionCounts { logging_in: 1, ..SessionCounts::default() });
    get(&client).await.unwrap();
    assert_eq!(controller.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn logout_ends_every_session_once_and_the_next_call_opens_another() {
    let controller = controller();
    let client = grown(&controller, 4).await;
    client.logout().await.unwrap();
    client.logout().await.unwrap();
    assert_eq!(controller.lines().iter().filter(|line| *line == "POST /logout").count(), 4);
    assert_eq!((controller.sessions().len(), client.sessions()), (0, SessionCounts::default()));
    get(&client).await.unwrap();
    assert_eq!(controller.logins(), 5);
}

#[tokio::test(start_paused = true)]
async fn logout_waits_for_a_login_under_way_and_for_no_turn() {
    let controller = controller();
    controller.latency(Duration::from_secs(5));
    let client = controller.client();
    let call = tokio::time::timeout(Duration::from_secs(1), get(&client));
    assert!(call.await.is_err());
    client.set_requests_per_second(1);
    let start = Instant::now();
    client.logout().await.unwrap();
    assert_eq!((controller.logins(), controller.sessions().len()), (1, 0));
    assert_eq!(start.elapsed(), Duration::from_secs(4 + 5));
}

#[tokio::test(start_paused = true)]
async fn logout_of_a_session_that_is_over_is_no_failure_and_the_others_are_ended() {
    let controller = controller();
    let client = grown(&controller, 2).await;
    controller.forget_sessions();
    client.logout().await.unwrap();
    let controller = TestController::default();
    controller.on(CLOUD, 200, json!({})).on("POST /logout", 503, json!({})).on("POST /logout", 200, json!({}));
    let client = grown(&controller, 2).await;
    let failure = client.logout().await.unwrap_err().failure;
    assert_eq!(failure, Failure::ServerError { status: 503, text: "{}".into(), retry_after: None });
    assert_eq!(controller.sessions().len(), 0);
}

/// REST-02.
#[tokio::test(start_paused = true)]
async fn every_request_counts_and_logins_too() {
    let controller = controller();
    let client = controller.client();
    client.set_requests_per_second(2);
    let start = Instant::now();
    for expected in [0, 500, 1000, 1500] {
        get(&client).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_millis(expected));
    }
    assert_eq!(controller.everything().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_finds_no_session_is_given_back() {
    let controller = controller();
    let client = controller.client();
    client.set_requests_per_second(1);
    let start = Instant::now();
    get(&client).await.unwrap();
    let logout = async {
        crate::retry::pause(Duration::from_millis(500)).await;
        client.logout().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(get(&client), logout);
    outcome.unwrap();
    // A login and a read at 0 s and 1 s, the logout in between without waiting, a login at 3 s and its read.
    assert_eq!((start.elapsed(), controller.logins()), (Duration::from_secs(4), 2));
}

/// REST-02.
#[tokio::test(start_paused = true)]
async fn a_single_change_overtakes_a_crowd() {
    let controller = controller();
    let client = controller.client();
    client.set_requests_per_second(10);
    get(&client).await.unwrap();
    let start = Instant::now();
    let urgent = client.with_urgency(Urgency::Interactive);
    let crowd = gets(&client, 100);
    let single = async {
        crate::retry::pause(Duration::from_secs(2)).await;
        assert!(client.pace().waiting > 50);
        get(&urgent).await.unwrap();
        start.elapsed()
    };
    let (outcomes, elapsed) = tokio::join!(crowd, single);
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(elapsed.as_secs(), 2);
    assert!(start.elapsed() > Duration::from_secs(9));
}

/// DB-07: what was decided while the controller could be written to is not sent when it must not be any more.
#[tokio::test(start_paused = true)]
async fn a_write_that_waits_for_its_turn_is_withdrawn_when_writing_is_over() {
    let controller = controller();
    controller.on("POST /api/gslbservice/", 201, json!({}));
    let client = controller.client();
    client.set_requests_per_second(1);
    get(&client).await.unwrap();
    let body = Bytes::from_static(b"{}");
    let write = || client.request(Method::POST, "/api/gslbservice/", "admin", Some(&body));
    let (outcome, ()) = tokio::join!(write(), async { client.permit(Permit::Begun) });
    let error = outcome.unwrap_err();
    assert_eq!((&error.failure, error.may_have_been_applied()), (&Failure::Withdrawn, false));
    get(&client).await.unwrap();
    client.permit(Permit::Every);
    write().await.unwrap();
    assert_eq!(controller.lines(), ["GET /api/cloud", "GET /api/cloud", "POST /api/gslbservice/"]);
}

/// DEL-08: who recalls a write holds up nobody else's.
#[tokio::test(start_paused = true)]
async fn a_write_that_waits_for_its_turn_is_not_sent_when_it_is_recalled() {
    let controller = controller();
    controller.on("POST /api/gslbservice/", 201, json!({}));
    let client = controller.client();
    client.set_requests_per_second(1);
    get(&client).await.unwrap();
    let (body, wanted) = (Bytes::from_static(b"{}"), Wanted::default());
    let recalled = client.with_wanted(wanted.clone());
    let (path, start) = ("/api/gslbservice/", Instant::now());
    let (outcome, other, ()) = tokio::join!(
        recalled.request(Method::POST, path, "admin", Some(&body)),
        client.request(Method::POST, path, "admin", Some(&body)),
        async { wanted.set(false) }
    );
    let error = outcome.unwrap_err();
    assert_eq!((&error.failure, error.may_have_been_applied()), (&Failure::Recalled, false));
    other.unwrap();
    assert_eq!(start.elapsed().as_secs(), 1, "the other has its turn");
    recalled.request(Method::GET, "/api/cloud", "admin", None).await.unwrap();
    wanted.set(true);
    recalled.request(Method::POST, path, "admin", Some(&body)).await.unwrap();
    let expected = ["GET /api/cloud", "POST /api/gslbservice/", "GET /api/cloud", "POST /api/gslbservice/"];
    assert_eq!(controller.lines(), expected);
}

/// DB-48: a controller may ask for five minutes of silence.
#[tokio::test(start_paused = true)]
async fn a_login_that_waits_for_its_turn_ends_with_its_client() {
    let controller = controller();
    let client = controller.client();
    client.shared.pacer.refused(Instant::now(), Some(Duration::from_secs(300)));
    let call = tokio::time::timeout(Duration::from_secs(10), get(&client)).await;
    assert!(call.is_err(), "it waits");
    let shared = Arc::downgrade(&client.shared);
    drop(client);
    crate::retry::pause(Duration::from_secs(1)).await;
    assert!(shared.upgrade().is_none(), "nobody holds what is left of the client");
    minutes(10).await;
    assert_eq!(controller.logins(), 0);
}

/// DB-48: nobody will use its session.
#[tokio::test(start_paused = true)]
async fn a_login_that_was_sent_before_its_client_ended_is_followed_by_a_logout() {
    let controller = controller();
    controller.latency(Duration::from_secs(5));
    let client = controller.client();
    let call = tokio::time::timeout(Duration::from_secs(1), get(&client)).await;
    assert!(call.is_err(), "it waits");
    drop(client);
    minutes(1).await;
    assert_eq!((controller.logins(), controller.lines()), (1, vec!["POST /logout".to_owned()]));
}

/// REST-02.
#[tokio::test(start_paused = true)]
async fn too_many_requests_slow_down_all_calls_for_as_long_as_the_controller_asks() {
    let controller = TestController::default();
    controller.on_exactly(CLOUD, Ok(prepared(429, json!({})).with("retry-after", "30"))).on(CLOUD, 200, json!({}));
    let client = controller.client();
    client.set_requests_per_second(20);
    let start = Instant::now();
    let error = get(&client).await.unwrap_err();
    assert_eq!(error.failure, Failure::RateLimited { retry_after: Some(Duration::from_secs(30)) });
    assert_eq!(client.pace().rate, 10);
    get(&client.with_urgency(Urgency::Interactive)).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(30));
    minutes(1).await;
    assert_eq!(client.pace().rate, 20);
}

#[tokio::test(start_paused = true)]
async fn a_503_slows_nobody_else_down_whatever_it_asks_for() {
    let controller = TestController::default();
    controller.on(CLOUD, 503, json!({})).on_exactly(CLOUD, Ok(prepared(503, json!({})).with("retry-after", "7")));
    let client = controller.client();
    client.set_requests_per_second(20);
    let mut rates = Vec::new();
    for _ in 0..2 {
        get(&client).await.unwrap_err();
        rates.push(client.pace().rate);
    }
    assert_eq!(rates, [20, 20]);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_can_be_printed_holds_a_secret() {
    let controller = controller();
    controller.on("GET /api/x", 400, json!({"error": format!("bad login {PASSWORD}")}));
    let client = controller.client();
    let answer = get(&client).await.unwrap();
    let error = client.request(Method::GET, "/api/x", "admin", None).await.unwrap_err();
    let pool = client.shared.pool.lock();
    let settings = &client.shared.settings;
    let printed = format!("{client:?} {settings:?} {pool:?} {answer:?} {error:?} {error}");
    for secret in [PASSWORD, "session-1", "csrf-1"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    assert_eq!(
        error.to_string(),
        "GET /api/x in tenant admin: the controller finds the request invalid (bad login [password])"
    );
}
