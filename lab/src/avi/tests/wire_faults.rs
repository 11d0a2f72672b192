//! What a plain client sees of each fault of the wire, without sockets.

use super::super::{Certificate, ConnectionReset, ConnectionState, FaultOrder, Handshake};
use super::*;
use ::http::StatusCode;
use axum::body::HttpBody as _;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout};

async fn struck_by(order: FaultOrder) -> (AviWorld, Client) {
    let world = AviWorld::new(two_sites());
    let client = Client::logged_in(&world, "alpha").await;
    world.add_fault(&order).unwrap();
    (world, client)
}

/// The body as far as it comes, and whether it came to its end.
async fn body_of(response: Response) -> (Vec<u8>, bool) {
    let (mut body, mut got) = (response.into_body(), Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return (got, false) };
        got.extend_from_slice(&frame.into_data().unwrap_or_default());
    }
    (got, true)
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_takes_effect_at_once_and_comes_late() {
    let (world, mut client) = struck_by(FaultOrder::new("slow-answer").with("delay", "20s")).await;
    let shop = service("shop").to_string();
    let sent = client.response("POST", "/api/gslbservice", &shop);
    assert!(timeout(Duration::from_secs(10), sent).await.is_err(), "no answer yet");
    assert_eq!(service_names(&world, "alpha"), ["shop"]);
    let start = Instant::now();
    assert_eq!(client.get("/api/gslb").await.status, 200);
    assert_eq!(start.elapsed(), Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn a_login_alone_can_be_slow() {
    let (_world, mut client) = struck_by(FaultOrder::new("slow-answer").with("path", "/login")).await;
    let start = Instant::now();
    client.get("/api/gslb").await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    client.login("avi123").await;
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_body_trickles_at_its_rate() {
    let (_world, mut client) = struck_by(FaultOrder::new("slow-answer").with("delay", "0s").with("trickle", 100)).await;
    let start = Instant::now();
    let response = client.response("GET", "/api/cluster/version", "").await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let (body, complete) = body_of(response).await;
    assert_eq!((body.len(), complete), (length, true));
    let least = Duration::from_millis(10 * length as u64);
    assert!(start.elapsed() >= least && start.elapsed() < least + Duration::from_millis(200), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn errors_take_turns_and_proxies_speak_html() {
    let order = FaultOrder::new("server-error").with("status", "500,502,503,504").with("retry-after", 7);
    let (_world, mut client) = struck_by(order).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        let answer = client.get("/api/gslb").await;
        assert_eq!(answer.headers["retry-after"], "7");
        seen.push((answer.status, answer.headers["content-type"].to_str().unwrap().to_owned()));
    }
    let html = |status| (status, "text/html".to_owned());
    assert_eq!(seen[1..4], [html(502), html(503), html(504)]);
    assert_eq!((&seen[0], &seen[4]), (&(500, "application/json".to_owned()), &seen[0]));
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_marked_for_whoever_serves_the_connection() {
    for (name, kept) in [("reset-before-commit", vec![]), ("reset-after-commit", vec!["shop"])] {
        let (world, mut client) = struck_by(FaultOrder::new(name)).await;
        let response = client.response("POST", "/api/gslbservice", &service("shop").to_string()).await;
        assert_eq!(response.extensions().get(), Some(&ConnectionReset), "{name}");
        assert_eq!(service_names(&world, "alpha"), kept, "{name}");
        assert_eq!(world.requests().last().unwrap().status, 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_lasts() {
    let (world, mut client) = struck_by(FaultOrder::new("silence").with("for", "1s")).await;
    let shop = service("shop").to_string();
    let asked = client.response("POST", "/api/gslbservice", &shop);
    assert!(timeout(Duration::from_secs(600), asked).await.is_err());
    assert_eq!(service_names(&world, "alpha"), Vec::<String>::new());
    assert_eq!(client.get("/api/gslb").await.status, 200, "later requests are answered");
}

#[tokio::test(start_paused = true)]
async fn faults_of_connections_are_told_to_whoever_serves_them() {
    let usual = ConnectionState::default();
    let order = FaultOrder::new;
    let table = [
        (order("refuse-connections"), ConnectionState { refused: true, ..usual }),
        (order("certificate"), ConnectionState { certificate: Certificate::Renewed, ..usual }),
        (order("certificate").with("kind", "expired"), ConnectionState { certificate: Certificate::Expired, ..usual }),
        (
            order("certificate").with("kind", "wrong-name"),
            ConnectionState { certificate: Certificate::WrongName, ..usual },
        ),
        (order("handshake"), ConnectionState { handshake: Some(Handshake::Stalls), ..usual }),
        (
            order("handshake").with("kind", "old-protocol"),
            ConnectionState { handshake: Some(Handshake::OldProtocol), ..usual },
        ),
        (order("keep-alive-trap"), ConnectionState { idle_close: Some(Duration::from_secs(5)), ..usual }),
    ];
    for (order, expected) in table {
        let (world, mut client) = struck_by(order.clone().on("alpha").with("for", "9s")).await;
        assert_eq!((world.connection("alpha"), world.connection("beta")), (expected, usual), "{order:?}");
        assert_eq!(client.get("/api/gslb").await.status, 200, "requests that come through are answered");
        pass(9).await;
        assert_eq!(world.connection("alpha"), usual, "{order:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn above_the_rate_requests_are_refused_until_their_turn() {
    let order = FaultOrder::new("rate-limit").with("rate", 4).with("retry-after", 2);
    let (world, mut client) = struck_by(order).await;
    let mut burst = Vec::new();
    for _ in 0..6 {
        burst.push(client.get("/api/gslb").await);
    }
    let statuses: Vec<u16> = burst.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 429, 429]);
    assert_eq!((&burst[5].headers["retry-after"], world.faults()[0].struck), (&"2".parse().unwrap(), 2));
    tokio::time::advance(Duration::from_millis(250)).await;
    assert_eq!([client.get("/api/gslb").await.status, client.get("/api/gslb").await.status], [200, 429]);
}

#[tokio::test(start_paused = true)]
async fn without_a_rate_everything_is_refused_and_nothing_says_for_how_long() {
    let (_world, mut client) = struck_by(FaultOrder::new("rate-limit")).await;
    let answer = client.get("/api/gslb").await;
    assert_eq!((answer.status, answer.headers.get("retry-after")), (429, None));
}

#[tokio::test(start_paused = true)]
async fn requests_above_the_rate_can_be_held_instead() {
    let (_world, mut client) = struck_by(FaultOrder::new("rate-limit").with("rate", 2).with("over", "hold")).await;
    let start = Instant::now();
    for _ in 0..6 {
        assert_eq!(client.get("/api/gslb").await.status, 200);
    }
    // Two at once, then one each half second.
    assert_eq!(start.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_truncated_body_breaks_halfway_and_a_cut_one_looks_complete() {
    for (name, complete) in [("truncated-body", false), ("cut-json", true)] {
        let (world, mut client) = struck_by(FaultOrder::new(name).with("path", "/api/gslbservice")).await;
        let response = client.response("POST", "/api/gslbservice", &service("shop").to_string()).await;
        assert_eq!((response.status(), service_names(&world, "alpha")), (StatusCode::CREATED, vec!["shop".to_owned()]));
        let promised = response.headers().get("content-length").map(|length| length.to_str().unwrap().parse().unwrap());
        let promised = promised.or(response.body().size_hint().exact().map(|length| length as usize));
        let (body, came_to_its_end) = body_of(response).await;
        assert_eq!((came_to_its_end, promised == Some(body.len())), (complete, complete), "{name}");
        assert!(serde_json::from_slice::<Value>(&body).is_err(), "{name}");
        assert!(body.len() > 100, "{name}: half of the object came");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_has_no_body_to_cut_so_one_is_promised() {
    let (world, mut client) = struck_by(FaultOrder::new("truncated-body").with("method", "DELETE")).await;
    let uuid = client.create("gslbservice", &service("shop")).await;
    let response = client.response("DELETE", &format!("/api/gslbservice/{uuid}"), "").await;
    assert!(!body_of(response).await.1);
    assert_eq!(service_names(&world, "alpha"), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn wrong_content_comes_under_200() {
    for kind in ["html", "empty", "other-json", "bom", "non-utf8"] {
        let (_world, mut client) = struck_by(FaultOrder::new("wrong-content").with("content", kind)).await;
        let response = client.response("GET", "/api/cluster/version", "").await;
        assert_eq!(response.status(), StatusCode::OK, "{kind}");
        let (body, complete) = body_of(response).await;
        assert!(complete, "{kind}");
        let right = match kind {
            "html" => body.starts_with(b"<html>"),
            "empty" => body.is_empty(),
            "other-json" => serde_json::from_slice::<Value>(&body).unwrap().is_array(),
            "bom" => body.starts_with(b"\xef\xbb\xbf{") && serde_json::from_slice::<Value>(&body[3..]).is_ok(),
            _ => std::str::from_utf8(&body).is_err(),
        };
        assert!(right, "{kind}: {body:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_huge_answer_is_a_well_formed_collection() {
    let order = FaultOrder::new("huge-answer").with("objects", 3).with("bytes", 50_000);
    let (_world, mut client) = struck_by(order).await;
    let answer = client.get("/api/gslbservice").await;
    let results = answer.body["results"].as_array().unwrap();
    assert_eq!((answer.status, &answer.body["count"], results.len()), (200, &json!(3), 3));
    assert!(results.iter().all(|object| object["description"].as_str().unwrap().len() == 50_000));
}

#[tokio::test(start_paused = true)]
async fn a_redirect_leads_elsewhere_and_changes_nothing() {
    for (to, location) in
        [("other-host", "https://elsewhere.invalid/api/gslbservice"), ("login", "https://avi.test/login")]
    {
        let (world, mut client) = struck_by(FaultOrder::new("redirect").with("to", to)).await;
        let answer = client.post("/api/gslbservice", &service("shop")).await;
        assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (302, location));
        assert_eq!(service_names(&world, "alpha"), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_rotate_with_each_answer_and_old_ones_run_out() {
    let (world, mut client) = struck_by(FaultOrder::new("cookies")).await;
    let first = client.cookies["csrftoken"].clone();
    client.get("/api/gslb").await;
    let second = client.cookies["csrftoken"].clone();
    assert_ne!(first, second);
    client.headers.insert("x-csrftoken", second);
    client.create("gslbservice", &service("shop")).await;
    // Whoever does not follow is refused after a while.
    for _ in 0..20 {
        client.get("/api/gslb").await;
    }
    client.headers.insert("x-csrftoken", first);
    assert_eq!(client.post("/api/gslbservice", &service("bank")).await.status, 401);
    assert_eq!(service_names(&world, "alpha"), ["shop"]);
}

#[tokio::test(start_paused = true)]
async fn a_renamed_session_cookie_is_the_only_one_that_counts() {
    let (world, _) = struck_by(FaultOrder::new("cookies").with("kind", "rename").with("name", "sid")).await;
    let mut client = Client::stranger(&world, "alpha");
    let login = client.login("avi123").await;
    let names: Vec<&str> = client.cookies.keys().map(String::as_str).collect();
    assert_eq!((names, &login.body["session_cookie_name"]), (vec!["csrftoken", "sid"], &json!("sid")));
    assert_eq!(client.get("/api/gslb").await.status, 200);
    let id = client.cookies.remove("sid").unwrap();
    assert_eq!(client.get("/api/gslb").await.status, 401);
    client.cookies.insert("sid".into(), id);
    assert_eq!(client.get("/api/gslb").await.status, 200);
}
