//! Answers that are lost, cut or something else than expected; readiness.

use super::*;

fn interrupted() -> TransportError {
    TransportError::Interrupted("reset".into())
}

const PAGE: &str = "<html><body>Please log in</body></html>";

/// Answers that hold nothing a reader could use, and what is said about them.
fn useless() -> Vec<(Prepared, &'static str)> {
    vec![
        (prepared(200, Value::Null), "the body is empty"),
        (prepared(200, json!(PAGE)), "the body is HTML and not JSON"),
        (prepared(200, json!("{\"count\": 3, \"resu")), "the body ends in the middle of the JSON"),
        (prepared(200, json!("OK")), "the body is not JSON"),
        (Prepared::bytes(200, b"\xef\xbb\xbf{}"), "the body starts with a byte order mark"),
        (Prepared::bytes(200, b"{\"name\": \"\xff\xfe\"}"), "the body is not UTF-8"),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_read_that_got_no_usable_answer_is_repeated_once() {
    let mut answers: Vec<_> = useless().into_iter().map(|(answer, _)| Ok(answer)).collect();
    answers.push(Err(interrupted()));
    for answer in answers {
        let controller = TestController::default();
        controller.on_exactly(CLOUD, answer.clone()).on(CLOUD, 200, json!({"count": 0}));
        let client = controller.client();
        assert_eq!(get(&client).await.unwrap().into_json(), Some(json!({"count": 0})), "{answer:?}");
        assert_eq!((controller.lines().len(), client.repairs().repeated_reads), (2, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_never_gets_a_usable_answer_is_a_typed_error_after_two_tries() {
    for (answer, why) in useless() {
        let controller = TestController::default();
        controller.on_exactly(CLOUD, Ok(answer));
        let error = get(&controller.client()).await.unwrap_err();
        assert_eq!((error.is_retryable(), &error.failure), (true, &Failure::Malformed(why.into())));
        assert_eq!(controller.lines().len(), 2);
    }
    let controller = TestController::default();
    controller.on_exactly(CLOUD, Err(interrupted()));
    let error = get(&controller.client()).await.unwrap_err();
    assert_eq!(error.failure, Failure::Transport(interrupted()));
    assert_eq!(controller.lines().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_the_controller_answers_with_an_error_or_not_in_time_is_not_repeated() {
    for status in [400, 403, 404, 408, 429, 500, 502, 503] {
        let controller = TestController::default();
        controller.on(CLOUD, status, json!("no JSON"));
        get(&controller.client()).await.unwrap_err();
        assert_eq!(controller.lines().len(), 1, "{status}");
    }
    let late = [TransportError::Timeout("60 s".into()), TransportError::Connect("refused".into())];
    for fault in late.into_iter().chain([TransportError::TooLarge { limit: 1 }]) {
        let controller = TestController::default();
        controller.on_exactly(CLOUD, Err(fault.clone()));
        let error = get(&controller.client()).await.unwrap_err();
        assert_eq!((error.failure, controller.lines().len()), (Failure::Transport(fault), 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_answer_may_have_been_applied_and_is_not_repeated() {
    let body = Bytes::from_static(b"{}");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        for answer in [Err(interrupted()), Ok(prepared(502, json!(PAGE)))] {
            let controller = TestController::default();
            let line = format!("{method} /api/gslbservice/");
            controller.on_exactly(&line, answer);
            let client = controller.client();
            let error = client.request(method.clone(), "/api/gslbservice/", "admin", Some(&body)).await.unwrap_err();
            assert!(error.may_have_been_applied());
            assert_eq!((controller.lines(), client.repairs().repeated_reads), (vec![line], 0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_answered_without_a_body_is_a_success() {
    let controller = TestController::default();
    controller.on("DELETE /api/gslbservice/a", 204, Value::Null);
    controller.client().request(Method::DELETE, "/api/gslbservice/a", "admin", None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_an_error_that_names_the_host_and_is_not_followed() {
    let controller = TestController::default();
    let answer = prepared(302, Value::Null).with("location", "https://sso.example.org/login?next=/api/cloud");
    controller.on_exactly(CLOUD, Ok(answer));
    let client = controller.client();
    let error = get(&client).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /api/cloud in tenant *: the answer leads to host sso.example.org instead of being one; set \
         spec.gslbLeader.controllerIP to the controller itself"
    );
    assert_eq!(controller.lines(), [CLOUD]);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_is_redirected_says_so() {
    let controller = TestController::default();
    controller.refuse_logins(301, Value::Null);
    let failure = get(&controller.client()).await.unwrap_err().failure;
    assert_eq!(failure, Failure::Redirected("an unknown place".into()));
}

#[tokio::test(start_paused = true)]
async fn a_new_token_and_a_new_session_cookie_in_any_answer_are_followed() {
    let controller = TestController::default();
    let rotated = prepared(200, json!({})).with("set-cookie", "csrftoken=csrf-new; Path=/; Secure");
    controller.on_exactly(CLOUD, Ok(rotated)).on(CLOUD, 200, json!({}));
    let client = controller.client();
    get(&client).await.unwrap();
    get(&client).await.unwrap();
    let last = controller.everything().pop().unwrap().1;
    assert_eq!(last["x-csrftoken"], "csrf-new");
    assert_eq!(last["cookie"], "avi-sessionid=session-1; csrftoken=csrf-new; sessionid=session-1");
    assert_eq!(controller.logins(), 1);
}

const RUNTIME: &str = "GET /api/cluster/runtime";

async fn readiness(answer: Prepared) -> Result<(), Failure> {
    let controller = TestController::default();
    controller.on_exactly(RUNTIME, Ok(answer));
    let outcome = controller.client().ready().await.map_err(|error| error.failure);
    assert_eq!((controller.logins(), controller.lines()), (0, vec![RUNTIME.to_owned()]));
    assert!(!controller.everything()[0].1.contains_key("cookie"));
    outcome
}

fn cluster(state: &str) -> Value {
    json!({"node_states": [], "cluster_state": {"state": state, "progress": 50}})
}

#[tokio::test(start_paused = true)]
async fn a_controller_is_ready_when_its_cluster_is_up_or_it_does_not_tell() {
    for state in ["CLUSTER_UP_NO_HA", "CLUSTER_UP_HA_ACTIVE", "CLUSTER_UP_HA_COMPROMISED"] {
        assert_eq!(readiness(prepared(200, cluster(state))).await, Ok(()));
    }
    for status in [401, 403, 404] {
        assert_eq!(readiness(prepared(status, json!(PAGE))).await, Ok(()), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_is_not_ready_says_in_which_state_it_is() {
    for (status, state) in [(200, "CLUSTER_STARTING"), (200, "CLUSTER_UP_HA_NOT_READY"), (503, "INITIALIZING")] {
        let outcome = readiness(prepared(status, cluster(state))).await;
        assert_eq!(outcome, Err(Failure::NotReady(state.into())));
    }
    let server_error = |status| Failure::ServerError { status, text: "Please log in".into(), retry_after: None };
    for status in [500, 502, 503] {
        assert_eq!(readiness(prepared(status, json!(PAGE))).await, Err(server_error(status)));
    }
    let table = [
        (prepared(200, json!(PAGE)), "the body is HTML and not JSON"),
        (prepared(200, json!([1, 2])), "it has no cluster_state.state"),
        (prepared(200, json!({"cluster_state": "UP"})), "it has no cluster_state.state"),
    ];
    for (answer, why) in table {
        assert_eq!(readiness(answer).await, Err(Failure::Malformed(why.into())));
    }
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_cannot_be_reached_is_not_ready() {
    let controller = TestController::default();
    let refused = TransportError::Connect("refused".into());
    controller.break_line(RUNTIME, refused.clone());
    assert_eq!(controller.client().ready().await.unwrap_err().failure, Failure::Transport(refused));
}
