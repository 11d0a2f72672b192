//! Which version requests carry.

use super::*;

fn speaking(version: &str) -> TestController {
    let controller = controller();
    controller.login_body(login_body(version));
    controller
}

fn login_body(version: &str) -> Value {
    json!({"session_cookie_name": "avi-sessionid", "version": {"Version": version, "Tag": format!("{version}-9999-x")}})
}

fn last_version(controller: &TestController) -> String {
    controller.everything().pop().unwrap().1["x-avi-version"].to_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn requests_carry_the_lower_of_both_versions() {
    let table =
        [("22.1.3-2p1", "22.1.3"), ("9.1.1", "9.1.1"), ("30.2.1", "30.2.1"), ("31.2.1", "30.2.1"), ("?", "30.2.1")];
    for (theirs, used) in table {
        let controller = speaking(theirs);
        let client = controller.client();
        assert_eq!(client.negotiated_version(), None);
        get(&client).await.unwrap();
        assert_eq!(last_version(&controller), used);
        let expected = VersionInUse { configured: "30.2.1".into(), used: used.into() };
        assert_eq!(client.negotiated_version(), Some(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn after_an_upgrade_the_next_login_agrees_on_a_higher_version() {
    let controller = speaking("22.1.1");
    let client = controller.client();
    get(&client).await.unwrap();
    controller.forget_sessions().login_body(login_body("30.1.1"));
    get(&client).await.unwrap();
    assert_eq!(last_version(&controller), "30.1.1");
}

#[tokio::test(start_paused = true)]
async fn a_login_answer_of_another_shape_leaves_the_configured_version() {
    for version in [json!(null), json!("30"), json!({"Version": 30.2}), json!([1])] {
        let controller = controller();
        controller.login_body(json!({"session_cookie_name": 7, "version": version}));
        get(&controller.client()).await.unwrap();
        assert_eq!(last_version(&controller), "30.2.1");
    }
}
