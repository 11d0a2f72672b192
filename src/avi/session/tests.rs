//! Logging in, sharing a session and replacing it, against a scripted controller.

use super::*;
use crate::avi::testing::{PASSWORD, TestController, seen};
use crate::avi::transport::TransportError;
use futures::future::join_all;
use serde_json::json;

fn controller() -> TestController {
    let controller = TestController::default();
    controller.on("GET /api/cloud", 200, json!({"count": 0, "results": []}));
    controller
}

async fn get(client: &AviClient) -> Result<Response, CallError> {
    client.request(Method::GET, "/api/cloud", "*", None).await
}

#[tokio::test(start_paused = true)]
async fn the_first_call_logs_in_and_each_call_carries_the_headers_of_a_session() {
    let controller = controller();
    get(&controller.client()).await.unwrap();
    let all = controller.everything();
    let (login, call) = (&all[0], &all[1]);
    assert_eq!(login.0, seen("POST /login", "admin", json!({"username": "admin", "password": PASSWORD})));
    assert_eq!(call.0, seen("GET /api/cloud", "*", Value::Null));
    let expected = [
        ("content-type", "application/json"),
        ("referer", "https://avi.example.org/"),
        ("x-avi-tenant", "*"),
        ("x-avi-version", "30.2.1"),
        ("x-avi-useragent", "AMKO"),
        ("cookie", "avi-sessionid=session-1; csrftoken=csrf-1; sessionid=session-1"),
        ("x-csrftoken", "csrf-1"),
    ];
    let headers: Vec<_> = call.1.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(headers, expected);
    assert!(!login.1.contains_key("cookie"));
}

#[tokio::test(start_paused = true)]
async fn parallel_calls_share_one_login() {
    let controller = controller();
    let client = controller.client();
    let outcomes = join_all((0..10).map(|_| get(&client))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(controller.logins(), 1);
}

/// DB-48.
#[tokio::test(start_paused = true)]
async fn calls_in_several_tenants_share_one_login() {
    let controller = controller();
    let client = controller.client();
    let tenants = ["*", "admin", "tenant2"];
    let outcomes = join_all(tenants.map(|tenant| client.request(Method::GET, "/api/cloud", tenant, None))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(controller.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn ten_parallel_401s_make_one_login() {
    let controller = controller();
    let client = controller.client();
    get(&client).await.unwrap();
    controller.forget_sessions();
    let outcomes = join_all((0..10).map(|_| get(&client))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(controller.logins(), 2);
    assert_eq!(controller.lines().len(), 1 + 20);
}

#[tokio::test(start_paused = true)]
async fn a_419_is_answered_with_a_new_login_too() {
    let controller = TestController::default();
    controller.on("GET /api/cloud", 419, json!({})).on("GET /api/cloud", 200, json!({}));
    get(&controller.client()).await.unwrap();
    assert_eq!((controller.logins(), controller.lines().len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_second_401_in_a_row_is_an_error_and_not_a_loop() {
    let controller = TestController::default();
    controller.on("GET /api/cloud", 401, json!("CSRF token missing or incorrect."));
    let error = get(&controller.client()).await.unwrap_err();
    assert_eq!(error.failure, Failure::BadSession("CSRF token missing or incorrect.".into()));
    assert_eq!((controller.logins(), controller.lines().len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_sent_once_however_many_ask() {
    let controller = controller();
    controller.refuse_logins(401, json!({"error": "Invalid credentials"}));
    let client = controller.client();
    let outcomes = join_all((0..10).map(|_| get(&client))).await;
    let later = get(&client).await;
    for outcome in outcomes.into_iter().chain([later]) {
        let error = outcome.unwrap_err();
        assert_eq!(error.failure, Failure::InvalidCredentials("Invalid credentials".into()));
        assert!(!error.is_retryable());
    }
    assert_eq!(controller.logins(), 1);
    controller.accept_logins();
    client.unblock();
    get(&client).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_unexplained_401_at_login_blocks_but_a_full_session_table_does_not() {
    let controller = controller();
    controller.refuse_logins(401, json!({"error": "Account locked"}));
    let client = controller.client();
    for _ in 0..2 {
        let failure = get(&client).await.unwrap_err().failure;
        assert_eq!(failure, Failure::InvalidCredentials("Account locked".into()));
    }
    assert_eq!(controller.logins(), 1);

    let client = controller.refuse_logins(401, json!({"error": "Maximum concurrent sessions reached"})).client();
    get(&client).await.unwrap_err();
    controller.accept_logins();
    get(&client).await.unwrap();
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
    let body = json!({});
    let calls = (0..5).map(|_| client.request(Method::POST, "/api/gslbservice/", "admin", Some(&body)));
    for outcome in join_all(calls).await {
        let error = outcome.unwrap_err();
        assert_eq!((error.may_have_been_applied(), error.is_retryable()), (false, true));
        assert_eq!(error.failure, Failure::Transport(timeout.clone()));
    }
    assert_eq!(controller.everything().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_answer_may_have_been_applied_and_is_not_repeated() {
    let controller = controller();
    controller.break_line("POST /api/gslbservice/", TransportError::Interrupted("reset".into()));
    let client = controller.client();
    let error = client.request(Method::POST, "/api/gslbservice/", "admin", Some(&json!({}))).await.unwrap_err();
    assert!(error.may_have_been_applied());
    assert_eq!(controller.lines(), ["POST /api/gslbservice/"]);
}

#[tokio::test(start_paused = true)]
async fn logout_ends_the_session_once_and_the_next_call_opens_another() {
    let controller = controller();
    controller.on("POST /logout", 200, json!({}));
    let client = controller.client();
    client.logout().await.unwrap();
    get(&client).await.unwrap();
    client.logout().await.unwrap();
    client.logout().await.unwrap();
    get(&client).await.unwrap();
    assert_eq!(controller.lines(), ["GET /api/cloud", "POST /logout", "GET /api/cloud"]);
    assert_eq!(controller.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_can_be_printed_holds_a_secret() {
    let controller = controller();
    controller.on("GET /api/x", 400, json!({"error": format!("bad login {PASSWORD}")}));
    let client = controller.client();
    let answer = get(&client).await.unwrap();
    let error = client.request(Method::GET, "/api/x", "admin", None).await.unwrap_err();
    let session = client.session(None).await.unwrap();
    let settings = &client.shared.settings;
    let printed = format!("{client:?} {settings:?} {session:?} {answer:?} {error:?} {error}");
    for secret in [PASSWORD, "session-1", "csrf-1"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    assert_eq!(
        error.to_string(),
        "GET /api/x in tenant admin: the controller finds the request invalid (bad login [password])"
    );
}
