//! The pool alone: what it says when time passes and logins fail.

use super::super::cookies::Jar;
use super::super::pool::{MAX_SESSIONS, Next, Pool, Wish};
use super::*;

fn failed(failure: Failure) -> Result<Jar, CallError> {
    Err(CallError::new("POST /login", false, failure))
}

fn refused() -> CallError {
    CallError::new("session", false, Failure::BadSession("no".into()))
}

/// A pool with one session that has served a call.
fn proven(now: Instant) -> Pool {
    let mut pool = Pool::new();
    assert_eq!(pool.next(Wish::Any, 0, now), Ok(Next::LogIn(0)));
    pool.logged_in(0, Ok(Jar::default()), now);
    pool.served(0, 1, now);
    pool
}

#[tokio::test(start_paused = true)]
async fn until_a_session_has_served_a_call_logins_go_one_by_one() {
    let now = Instant::now();
    let mut pool = Pool::new();
    assert_eq!(pool.next(Wish::Any, 0, now), Ok(Next::LogIn(0)));
    assert_eq!(pool.next(Wish::Any, 0, now), Ok(Next::Wait));
    pool.logged_in(0, Ok(Jar::default()), now);
    assert_eq!(pool.next(Wish::Any, 0, now), Ok(Next::Use));
    for _ in 0..3 {
        let (slot, session, more) = pool.choose(Wish::Any, now).unwrap();
        assert_eq!((slot, session.generation, more), (0, 1, None));
    }
    pool.served(0, 1, now);
    let more = |pool: &mut Pool| pool.choose(Wish::Any, now).unwrap().2;
    assert_eq!([(); 3].map(|()| more(&mut pool)), [Some(1), Some(2), None]);
}

#[tokio::test(start_paused = true)]
async fn a_served_call_vouches_for_the_credentials_for_a_minute() {
    let now = Instant::now();
    for (later, more) in [(59, Some(1)), (60, None)] {
        let mut pool = proven(now);
        pool.choose(Wish::Any, now).unwrap();
        let later = now + Duration::from_secs(later);
        assert_eq!(pool.choose(Wish::Any, later).unwrap().2, more);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_of_an_older_session_does_not_end_the_newer_one() {
    let now = Instant::now();
    let mut pool = proven(now);
    pool.refused(0, 1, refused(), now);
    assert_eq!(pool.next(Wish::YoungerThan(1), 1, now), Ok(Next::LogIn(0)));
    pool.logged_in(0, Ok(Jar::default()), now);
    pool.refused(0, 1, refused(), now);
    assert_eq!(pool.next(Wish::YoungerThan(1), 1, now), Ok(Next::Use));
    assert_eq!((pool.generation(), pool.finished(), pool.relogins()), (2, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn who_came_before_a_failed_login_gets_its_failure_and_who_comes_later_tries_again() {
    let now = Instant::now();
    let mut pool = Pool::new();
    assert_eq!(pool.next(Wish::Any, 0, now), Ok(Next::LogIn(0)));
    pool.logged_in(0, failed(Failure::NoSession), now);
    assert_eq!(pool.next(Wish::Any, 0, now).unwrap_err().failure, Failure::NoSession);
    assert_eq!(pool.next(Wish::Any, pool.finished(), now), Ok(Next::LogIn(0)));
}

#[tokio::test(start_paused = true)]
async fn how_long_a_failed_login_keeps_others_back() {
    let now = Instant::now();
    let table = [
        (Failure::InvalidCredentials("Invalid credentials".into()), Duration::from_secs(35 * 60)),
        (Failure::AccountLocked("locked".into()), Duration::from_secs(35 * 60)),
        (Failure::SessionLimit("full".into()), Duration::ZERO),
        (Failure::ServerError { status: 503, text: String::new(), retry_after: None }, Duration::ZERO),
    ];
    for (failure, pause) in table {
        let mut pool = Pool::new();
        assert_eq!(pool.next(Wish::Any, 0, now), Ok(Next::LogIn(0)));
        pool.logged_in(0, failed(failure.clone()), now);
        let just_before = now + pause.saturating_sub(Duration::from_millis(1));
        let early = pool.next(Wish::Any, 1, just_before).map_err(|error| error.failure);
        assert_eq!(early, if pause.is_zero() { Ok(Next::LogIn(0)) } else { Err(failure.clone()) });
        if !pause.is_zero() {
            assert_eq!(pool.next(Wish::Any, 1, now + pause), Ok(Next::LogIn(0)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_at_hand_are_used_although_no_login_is_allowed() {
    let now = Instant::now();
    let mut pool = proven(now);
    pool.choose(Wish::Any, now).unwrap();
    assert_eq!(pool.choose(Wish::Any, now).unwrap().2, Some(1));
    pool.logged_in(1, failed(Failure::AccountLocked("locked".into())), now);
    assert_eq!(pool.next(Wish::Any, 2, now), Ok(Next::Use));
    assert_eq!(pool.counts(now), SessionCounts { ready: 1, logging_in: 0, blocked: MAX_SESSIONS - 1 });
    let (slot, session, more) = pool.choose(Wish::YoungerThan(7), now).unwrap();
    assert_eq!((slot, session.generation, more), (0, 1, None), "an older session than asked for is better than none");
}

#[tokio::test(start_paused = true)]
async fn sessions_that_are_lost_together_are_no_sign_of_refused_logins() {
    let now = Instant::now();
    let mut pool = proven(now);
    pool.choose(Wish::Any, now).unwrap();
    for slot in [1, 2] {
        assert_eq!(pool.choose(Wish::Any, now).unwrap().2, Some(slot));
    }
    for slot in [1, 2] {
        pool.logged_in(slot, Ok(Jar::default()), now);
    }
    for slot in [1, 2] {
        pool.refused(slot, slot as u64 + 1, refused(), now);
    }
    assert_eq!(pool.counts(now).blocked, 0);
    assert_eq!(pool.next(Wish::YoungerThan(3), 3, now), Ok(Next::LogIn(1)));
    pool.logged_in(1, Ok(Jar::default()), now);
    pool.refused(1, 4, refused(), now);
    assert_eq!(pool.next(Wish::YoungerThan(4), 4, now).map_err(|error| error.failure), Ok(Next::LogIn(2)));
    assert_eq!(pool.choose(Wish::Tried, now).unwrap().1.generation, 1, "the first session still works");
}
