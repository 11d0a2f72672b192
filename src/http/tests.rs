//! The HTTP answers of an operator that has nothing to do yet.

use super::*;
use axum::body::Body;
use http_body_util::BodyExt;
use tower::ServiceExt;

async fn ask(hooks: TestHooks, method: &str, path: &str) -> (u16, String) {
    let request = axum::http::Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let answer = router(Links::default(), hooks).oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn alive_is_not_yet_ready() {
    assert_eq!(ask(TestHooks::Off, "GET", "/healthz").await, (200, "ok\n".into()));
    let why = "not ready: starting: the AMKOCluster has not been read yet\n";
    assert_eq!(ask(TestHooks::Off, "GET", "/readyz").await, (503, why.into()));
}

/// FND-D2: names and addresses can be kept from those who only probe and measure.
#[tokio::test]
async fn the_api_and_the_probes_can_have_an_address_each() {
    let ask = |router: Router, path: &'static str| async move {
        let request = axum::http::Request::get(path).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status().as_u16()
    };
    for (path, of_probes, of_api) in
        [("/healthz", 200, 404), ("/metrics", 200, 404), ("/readyz", 503, 404), ("/api/status", 404, 200)]
    {
        let answers =
            (ask(probes(Links::default(), TestHooks::Off), path).await, ask(api(Links::default()), path).await);
        assert_eq!(answers, (of_probes, of_api), "{path}");
    }
    assert_eq!(ask(probes(Links::default(), TestHooks::Off), "/api/gs").await, 404);
}

#[tokio::test]
async fn the_status_starts_in_upstreams_shape() {
    let (code, body) = ask(TestHooks::Off, "GET", "/api/status").await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(code, 200);
    let avi_api = json!({"connection_status": "INITIATING", "errors": [], "synced": false});
    assert_eq!(body["avi_api"], avi_api);
}

#[tokio::test]
async fn nothing_can_be_poisoned_unless_the_hooks_are_on() {
    assert_eq!(ask(TestHooks::Off, "POST", "/test/poison/federation").await.0, 404);
    assert_eq!(ask(TestHooks::On, "POST", "/test/poison/federation").await.0, 202);
    assert_eq!(ask(TestHooks::On, "POST", "/test/poison/cluster-watcher/ctx-a").await.0, 202);
    assert_eq!(ask(TestHooks::On, "POST", "/test/poison/nobody").await.0, 404);
}
