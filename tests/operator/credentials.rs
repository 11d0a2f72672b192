//! The credentials Secret: how often what is refused is tried, what is never tried, and to whom the login goes.

use crate::faults_support::{minutes, seconds, state};
use crate::support::objects::{apply, config, patch_config, set_password, web};
use crate::support::status::said;
use crate::support::{LEADER, World};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// Patches the credentials Secret.
fn patch_secret(world: &World, patch: Value) {
    world.home().merge_patch("secrets", Some("avi-system"), "gslb-avi-secret", None, patch).unwrap();
}

/// An operator whose password the controller refuses.
async fn refused() -> World {
    let mut world = World::of_examples();
    set_password(world.home(), "wrong");
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start_without_settling().await;
    seconds(30).await;
    world
}

/// FND-B6: once in each lock window, for ever; the account is never locked by it.
#[tokio::test(start_paused = true)]
async fn a_refused_password_is_tried_once_in_each_lock_window() {
    let world = refused().await;
    let mut logins = Vec::new();
    for n in [30, 10, 20, 20, 350] {
        minutes(n).await;
        logins.push(world.logins_since(0));
    }
    assert_eq!(logins, [1, 2, 2, 3, 13]);
    world.avi.set_password("wrong");
    minutes(36).await;
    assert_eq!((state(&world).as_str(), world.service_names().len()), ("success: gslb config accepted", 1));
}

/// FND-B6: whoever saves the Secret wants it tried, also when nothing in it has changed.
#[tokio::test(start_paused = true)]
async fn a_secret_that_is_saved_is_tried_at_once_changed_or_not() {
    let world = refused().await;
    assert_eq!(world.logins_since(0), 1);
    patch_secret(&world, json!({"metadata": {"annotations": {"saved": "again"}}}));
    seconds(2).await;
    assert_eq!(world.logins_since(0), 2);
    world.avi.set_password("wrong");
    patch_secret(&world, json!({"metadata": {"annotations": {"saved": "once more"}}}));
    seconds(2).await;
    assert_eq!((state(&world).as_str(), world.logins_since(0)), ("success: gslb config accepted", 3));
    // A session that works is not opened anew for it.
    patch_secret(&world, json!({"metadata": {"annotations": {"saved": "for nothing"}}}));
    minutes(2).await;
    assert_eq!(world.logins_since(0), 3);
}

fn metric(world: &World, name: &str) -> String {
    let text = world.links().metrics.render(&world.links().board.read());
    let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap().to_owned();
    line.rsplit(' ').next().unwrap().to_owned()
}

/// Condition, metric and the body of `/readyz`.
fn faces(world: &World) -> (String, String, String) {
    let said = said(&config(world.home(), "gc-1"));
    let programmed = said.into_iter().find(|condition| condition.starts_with("Programmed")).unwrap();
    (programmed, metric(world, "amko_controller_synced"), world.links().board.readiness().unwrap())
}

/// FND-B6: a password that is changed at the controller ends the session of an idle operator. All that can be read says so,
/// and readiness stays.
#[tokio::test(start_paused = true)]
async fn without_a_session_status_metrics_and_readiness_say_so() {
    let mut world = World::of_examples();
    world.heartbeat = Some(std::time::Duration::from_secs(10));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start_without_settling().await;
    minutes(2).await;
    let (programmed, synced, ready) = faces(&world);
    assert_eq!((programmed.as_str(), synced.as_str()), ("Programmed=True Synced", "1"));
    assert_eq!(ready, "first look done: every GSLB service is as it should be");
    world.avi.set_password("rotated");
    minutes(1).await;
    let (programmed, synced, ready) = faces(&world);
    assert_eq!((programmed.as_str(), synced.as_str()), ("Programmed=False CredentialsRefused", "0"));
    assert!(ready.ends_with("(CredentialsRefused)"), "{ready}");
    set_password(world.home(), "rotated");
    minutes(1).await;
    assert_eq!(faces(&world).0, "Programmed=True Synced");
    assert_eq!(faces(&world).1, "1");
}

/// FND-E9: what cannot be seen is named, and no login is tried with it.
#[tokio::test(start_paused = true)]
async fn a_password_with_a_line_break_at_its_end_is_named_and_not_tried() {
    let values = [
        ("avi123\n", "ends in a line break"),
        (" avi123", "begins with a space"),
        ("avi123\r\n", "ends in a line break"),
    ];
    for (password, whitespace) in values {
        let mut world = World::of_examples();
        set_password(world.home(), password);
        world.start_without_settling().await;
        minutes(60).await;
        assert_eq!(world.avi.last_request(), 0);
        let expected = format!(
            "error: issue in connecting to the controller API, Secret gslb-avi-secret: the value of key password \
             {whitespace}, so no login is tried with it; save it without, as printf %s or echo -n give it"
        );
        assert_eq!(state(&world), expected);
        assert!(said(&config(world.home(), "gc-1")).contains(&"ResolvedRefs=False SecretIncomplete".to_owned()));
        set_password(world.home(), "avi123");
        world.settle().await;
        assert_eq!(state(&world), "success: gslb config accepted");
        world.stop().await;
    }
}

/// What the GSLBConfig says of the controller's certificate.
fn certificate(world: &World) -> String {
    let said = said(&config(world.home(), "gc-1"));
    said.into_iter().find(|condition| condition.starts_with("ControllerCertificateVerified")).unwrap()
}

/// FND-C2
#[tokio::test(start_paused = true)]
async fn the_condition_of_the_certificate_says_what_the_last_handshake_did() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    assert_eq!(certificate(&world), "ControllerCertificateVerified=True Verified");
    world.mischief.refuse_certificates.store(true, Ordering::Relaxed);
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    minutes(2).await;
    assert_eq!(certificate(&world), "ControllerCertificateVerified=False NotTrusted");
    world.mischief.refuse_certificates.store(false, Ordering::Relaxed);
    minutes(2).await;
    assert_eq!(certificate(&world), "ControllerCertificateVerified=True Verified");
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"insecureSkipVerify": true}}}));
    world.settle().await;
    assert_eq!(certificate(&world), "ControllerCertificateVerified=False InsecureSkipVerify");
}

/// FND-D1: who gave a CA wants it used, whoever may edit the GSLBConfig.
#[tokio::test(start_paused = true)]
async fn with_a_ca_in_the_secret_the_certificate_is_verified_whatever_the_config_says() {
    let mut world = World::of_examples();
    patch_secret(&world, json!({"stringData": {"ca.crt": "-----BEGIN CERTIFICATE-----"}}));
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"insecureSkipVerify": true}}}));
    world.start().await;
    assert_eq!(certificate(&world), "ControllerCertificateVerified=True Verified");
    let conditions = config(world.home(), "gc-1")["status"]["conditions"].clone();
    let message = conditions.as_array().unwrap().iter().find(|c| c["type"] == "ControllerCertificateVerified").unwrap();
    let told = "the controller's certificate is verified; spec.gslbLeader.insecureSkipVerify is ignored, because a CA is given";
    assert_eq!(message["message"], told);
    assert!(world.mischief.skips.lock().iter().all(|skips| !skips));
}

/// FND-D1: the login goes to the addresses in the Secret and to no others.
#[tokio::test(start_paused = true)]
async fn the_login_goes_to_no_controller_that_the_secret_does_not_list() {
    let mut world = World::of_examples();
    patch_secret(&world, json!({"stringData": {"controllers": "site1, site2\n"}}));
    world.start_without_settling().await;
    minutes(5).await;
    assert_eq!(world.avi.last_request(), 0);
    let told = "error: issue in connecting to the controller API, Secret gslb-avi-secret: its key controllers does not list \
                neutral, so its login does not go there; correct spec.gslbLeader.controllerIP, or add the address to the key";
    assert_eq!(state(&world), told);
    patch_secret(&world, json!({"stringData": {"controllers": "neutral\nsite2"}}));
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"followLeader": true}}}));
    world.settle().await;
    assert_eq!(state(&world), "success: gslb config accepted");
    world.avi.promote("site1").unwrap();
    minutes(31).await;
    let sites: std::collections::BTreeSet<String> = world.requests_since(0).into_iter().map(|r| r.site).collect();
    assert_eq!(sites.into_iter().collect::<Vec<_>>(), [LEADER, "site2"]);
    let errors = world.links().board.read().avi_api.errors;
    assert!(
        errors
            .iter()
            .any(|e| e.error.starts_with("site1: key controllers of the credentials Secret does not list site1"))
    );
}
