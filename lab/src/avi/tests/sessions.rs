//! Logging in, staying in, being thrown out.

use super::*;

#[tokio::test(start_paused = true)]
async fn login_is_accepted_as_json_form_and_multipart() {
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nadmin\r\n\
                     --b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\navi123\r\n--b--\r\n";
    let encodings = [
        ("application/json", r#"{"username":"admin","password":"avi123"}"#),
        ("application/x-www-form-urlencoded", "username=admin&password=avi123"),
        ("multipart/form-data; boundary=b", multipart),
    ];
    for (content_type, body) in encodings {
        let mut client = Client::stranger(&AviWorld::new(two_sites()), "alpha");
        client.headers.insert("content-type", content_type.to_owned());
        let answer = client.send("POST", "/login", body).await;
        let cookies: Vec<&str> = client.cookies.keys().map(String::as_str).collect();
        assert_eq!((answer.status, cookies), (200, vec!["avi-sessionid", "csrftoken", "sessionid"]), "{content_type}");
        assert_eq!(client.cookies["avi-sessionid"], client.cookies["sessionid"]);
        assert_eq!(answer.body["version"]["Version"], "30.2.1");
        assert_eq!(answer.body["session_cookie_name"], "avi-sessionid");
    }
}

#[tokio::test(start_paused = true)]
async fn three_wrong_passwords_lock_the_account_for_half_an_hour() {
    let mut client = Client::stranger(&AviWorld::new(two_sites()), "alpha");
    for _ in 0..3 {
        assert_eq!(client.login("wrong").await.outcome(), (401, "Invalid credentials"));
    }
    assert_eq!(client.login("avi123").await.outcome(), (401, "Account is locked, try again later"));
    pass(30 * 60 + 1).await;
    assert_eq!(client.login("avi123").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_session_dies_when_idle_for_15_minutes_or_a_day_old() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    for _ in 0..3 {
        pass(14 * 60).await;
        assert_eq!(client.get("/api/cluster").await.status, 200);
    }
    pass(16 * 60).await;
    let refused = client.get("/api/cluster").await;
    assert_eq!(
        (refused.status, refused.body),
        (401, json!({"detail": "Authentication credentials were not provided."}))
    );

    let mut busy = Client::logged_in(&world, "alpha").await;
    let mut statuses = Vec::new();
    for _ in 0..24 * 6 {
        pass(10 * 60).await;
        statuses.push(busy.get("/api/cluster").await.status);
    }
    assert_eq!((statuses[24 * 6 - 2], statuses[24 * 6 - 1]), (200, 401));
}

#[tokio::test(start_paused = true)]
async fn a_write_without_token_or_referer_is_refused_in_plain_text_and_refreshes_the_session() {
    let world = AviWorld::new(two_sites());
    for header in ["x-csrftoken", "referer"] {
        let mut client = Client::logged_in(&world, "alpha").await;
        client.headers.remove(header);
        let refused = client.post("/api/gslbservice", &service("shop")).await;
        assert_eq!((refused.status, refused.body), (401, json!("CSRF token missing or incorrect.")), "{header}");
        assert_eq!(refused.headers["content-type"], "application/json");
        assert_eq!(refused.headers.get_all("set-cookie").iter().count(), 2);
        assert_eq!(client.get("/api/gslbservice").await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_of_two_equal_cookies_counts() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let good = client.cookies["sessionid"].clone();
    client.cookies.clear();
    client.headers.insert("cookie", format!("avi-sessionid=old; avi-sessionid={good}"));
    assert_eq!(client.get("/api/cluster").await.status, 200);
    client.cookies.clear();
    client.headers.insert("cookie", format!("avi-sessionid={good}; avi-sessionid=old"));
    assert_eq!(client.get("/api/cluster").await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn sessions_end_by_logout_expiry_and_password_change() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    assert_eq!(client.send("POST", "/logout", "").await.status, 200);
    assert_eq!((client.get("/api/cluster").await.status, world.session_count("alpha")), (401, 0));

    client = Client::logged_in(&world, "alpha").await;
    world.expire_sessions("alpha");
    assert_eq!(client.get("/api/cluster").await.status, 401);

    client = Client::logged_in(&world, "alpha").await;
    world.set_password("new");
    assert_eq!(client.get("/api/cluster").await.status, 419);
    assert_eq!(client.login("avi123").await.status, 401);
    assert_eq!(client.login("new").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_version_header_is_echoed_and_may_not_be_newer_than_the_controller() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let cases = [
        ("18.2.9", 200, ""),
        ("30.2.1", 200, ""),
        ("30.10.1", 400, "Invalid version 30.10.1"),
        ("x", 400, "Invalid version x"),
    ];
    for (version, status, text) in cases {
        client.headers.insert("x-avi-version", version.to_owned());
        let answer = client.get("/api/cloud").await;
        assert_eq!(answer.status, status, "{version}");
        assert!(answer.error().starts_with(text), "{}", answer.error());
        assert_eq!(answer.headers["avi_api_version"], version);
    }
    client.headers.remove("x-avi-version");
    assert_eq!(client.get("/api/cloud").await.headers["avi_api_version"], "16_4_2");
}

#[tokio::test(start_paused = true)]
async fn readiness_needs_no_session_and_a_site_that_is_down_answers_html() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::stranger(&world, "alpha");
    assert_eq!(client.get("/api/initial-data").await.body["version"]["Version"], "30.2.1");
    assert_eq!(client.get("//api/cluster/runtime/").await.body["cluster_state"]["state"], "CLUSTER_UP_NO_HA");
    assert_eq!(client.get("/api/gslb").await.status, 401);
    world.set_available("alpha", false);
    let down = client.get("/api/initial-data").await;
    assert_eq!((down.status, &down.headers["content-type"]), (503, &"text/html".parse().expect("a header value")));
}
