//! Refused sessions and refused logins: how often anything is tried.

use super::*;

const CREDENTIALS: &str = "Authentication credentials were not provided.";

#[tokio::test(start_paused = true)]
async fn ten_parallel_401s_make_one_login() {
    let controller = controller();
    let client = controller.client();
    get(&client).await.unwrap();
    minutes(1).await;
    controller.forget_sessions();
    assert!(gets(&client, 10).await.iter().all(Result::is_ok));
    assert_eq!((controller.logins(), client.repairs().relogins), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn two_hundred_calls_survive_the_loss_of_all_sessions_with_at_most_one_login_for_each() {
    for lost_after in [1, 30, 70, 95] {
        let controller = controller();
        let client = grown(&controller, 4).await;
        controller.latency(Duration::from_millis(50));
        let loss = async {
            crate::retry::pause(Duration::from_millis(lost_after)).await;
            controller.forget_sessions();
        };
        let calls = async {
            let mut outcomes = gets(&client, 200).await;
            outcomes.extend(gets(&client, 200).await);
            outcomes
        };
        let (outcomes, ()) = tokio::join!(calls, loss);
        assert_eq!(
            outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect::<Vec<_>>(),
            Vec::<&CallError>::new()
        );
        assert!((5..=8).contains(&controller.logins()), "{} logins", controller.logins());
    }
}

/// The pool grows in the moment in which the sessions are lost, so that a call may be given two lost ones in a row.
#[tokio::test(start_paused = true)]
async fn a_call_survives_when_the_session_for_its_second_try_was_lost_with_the_first() {
    for lost_after in (0..160).step_by(5) {
        let controller = controller();
        let client = controller.client();
        get(&client).await.unwrap();
        controller.latency(Duration::from_millis(20));
        let loss = async {
            crate::retry::pause(Duration::from_millis(lost_after)).await;
            controller.forget_sessions();
        };
        let calls = async {
            let mut outcomes = Vec::new();
            for _ in 0..6 {
                outcomes.extend(gets(&client, 30).await);
            }
            outcomes
        };
        let (outcomes, ()) = tokio::join!(calls, loss);
        assert!(outcomes.iter().all(Result::is_ok), "lost after {lost_after} ms");
        assert!(controller.logins() <= 8, "{} logins", controller.logins());
    }
}

#[tokio::test(start_paused = true)]
async fn a_419_is_answered_with_a_new_login_too() {
    let controller = TestController::default();
    controller.on(CLOUD, 419, json!({})).on(CLOUD, 200, json!({}));
    get(&controller.client()).await.unwrap();
    assert_eq!((controller.logins(), controller.lines().len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_second_401_in_a_row_is_an_error_and_not_a_loop() {
    let controller = TestController::default();
    controller.on(CLOUD, 401, json!("CSRF token missing or incorrect."));
    let error = get(&controller.client()).await.unwrap_err();
    assert_eq!(error.failure, Failure::BadSession("CSRF token missing or incorrect.".into()));
    assert_eq!((controller.logins(), controller.lines().len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn sessions_that_are_refused_as_soon_as_they_are_open_make_no_storm_of_logins() {
    let controller = controller();
    let client = grown(&controller, 4).await;
    controller.forget_sessions().bad_sessions(0..100);
    let before = controller.logins();
    for _ in 0..5 {
        for outcome in gets(&client, 40).await {
            assert_eq!(outcome.unwrap_err().failure, Failure::BadSession(CREDENTIALS.into()));
        }
    }
    assert_eq!((controller.logins() - before, client.sessions().blocked), (2, 4));
    let error = get(&client).await.unwrap_err().to_string();
    let expected = format!(
        "session with the controller: the controller refuses the session just opened ({CREDENTIALS}); check its clock \
         and session settings"
    );
    assert_eq!(error, expected);
    for _ in 0..60 {
        crate::retry::pause(Duration::from_secs(10)).await;
        gets(&client, 40).await;
    }
    assert!(controller.logins() - before <= 2 + 10, "{} logins in ten minutes", controller.logins() - before);
    let healthy = self::controller();
    healthy.bad_sessions([1, 2]);
    let client = healthy.client();
    get(&client).await.unwrap_err();
    minutes(1).await;
    get(&client).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_session_that_keeps_being_refused_while_others_work_is_left_out_for_a_while() {
    let controller = controller();
    controller.bad_sessions(3..100);
    let client = grown(&controller, 2).await;
    controller.latency(Duration::from_millis(20));
    for _ in 0..100 {
        assert!(gets(&client, 20).await.iter().all(Result::is_ok));
    }
    assert_eq!(client.sessions(), SessionCounts { ready: 2, logging_in: 0, blocked: 2 });
    assert!(controller.logins() <= 8, "{} logins", controller.logins());
    controller.good_sessions();
    minutes(11).await;
    for _ in 0..5 {
        assert!(gets(&client, 20).await.iter().all(Result::is_ok));
    }
    assert_eq!(client.sessions(), SessionCounts { ready: 4, logging_in: 0, blocked: 0 });
}

/// DB-06.
#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_sent_once_in_each_lock_window_however_many_ask() {
    let controller = controller();
    controller.refuse_logins(401, json!({"error": "Invalid credentials"}));
    let client = controller.client();
    let mut outcomes = gets(&client, 200).await;
    for _ in 0..10 {
        minutes(60).await;
        outcomes.extend(gets(&client, 20).await);
    }
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.failure, Failure::InvalidCredentials("Invalid credentials".into()));
        assert!(!error.is_retryable());
    }
    assert_eq!((controller.logins(), client.sessions().blocked), (11, 4));
}

/// DB-06.
#[tokio::test(start_paused = true)]
async fn a_password_that_changes_while_four_sessions_are_busy_is_sent_once() {
    for calls in [1, 4, 200] {
        let controller = controller();
        let client = grown(&controller, 4).await;
        controller.latency(Duration::from_millis(50));
        let change = async {
            crate::retry::pause(Duration::from_millis(70)).await;
            controller.forget_sessions().refuse_logins(401, json!({"error": "Invalid credentials"}));
        };
        let before = controller.logins();
        let (_, ()) = tokio::join!(gets(&client, calls), change);
        for _ in 0..3 {
            gets(&client, calls).await;
        }
        assert_eq!(controller.logins() - before, 1, "{calls} calls at once");
        let failure = get(&client).await.unwrap_err().failure;
        assert_eq!(failure, Failure::InvalidCredentials("Invalid credentials".into()));
    }
}

/// DB-06.
#[tokio::test(start_paused = true)]
async fn a_locked_account_is_tried_once_in_35_minutes_and_then_works_again() {
    let controller = controller();
    controller.refuse_logins(401, json!({"error": "Account is locked"}));
    let client = controller.client();
    for _ in 0..34 {
        for outcome in gets(&client, 5).await {
            let error = outcome.unwrap_err();
            assert_eq!(
                (error.is_retryable(), &error.failure),
                (true, &Failure::AccountLocked("Account is locked".into()))
            );
        }
        minutes(1).await;
    }
    assert_eq!(controller.logins(), 1);
    minutes(1).await;
    get(&client).await.unwrap_err();
    assert_eq!(controller.logins(), 2);
    controller.accept_logins();
    minutes(35).await;
    get(&client).await.unwrap();
    assert_eq!(controller.logins(), 3);
}

/// DB-48.
#[tokio::test(start_paused = true)]
async fn an_account_that_may_have_two_sessions_is_served_by_two() {
    let controller = controller();
    controller.at_most(2).latency(Duration::from_millis(50));
    let client = controller.client();
    for _ in 0..20 {
        assert!(gets(&client, 40).await.iter().all(Result::is_ok));
    }
    let refused = controller.logins() - 2;
    assert!((1..=2).contains(&refused), "{refused} refused logins");
    assert_eq!(client.sessions(), SessionCounts { ready: 2, logging_in: 0, blocked: 0 });
    controller.at_most(4);
    minutes(11).await;
    for _ in 0..5 {
        assert!(gets(&client, 40).await.iter().all(Result::is_ok));
    }
    assert_eq!(client.sessions().ready, 4);
}

#[tokio::test(start_paused = true)]
async fn a_full_session_table_is_told_and_does_not_block() {
    let controller = controller();
    controller.at_most(0);
    let client = controller.client();
    let failure = get(&client).await.unwrap_err().failure;
    assert_eq!(failure, Failure::SessionLimit("Maximum concurrent sessions reached".into()));
    controller.at_most(1);
    get(&client).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_login_path_that_fails_is_not_asked_by_each_call_while_a_session_works() {
    let controller = controller();
    controller.latency(Duration::from_millis(50));
    let client = controller.client();
    get(&client).await.unwrap();
    controller.refuse_logins(502, json!("<html>bad gateway</html>"));
    for _ in 0..20 {
        assert!(gets(&client, 40).await.iter().all(Result::is_ok));
    }
    assert!(controller.logins() <= 3, "{} logins", controller.logins());
}
