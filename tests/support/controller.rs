//! What users and other programs do on the controllers.

use super::{LEADER, World};
use amko::avi::wire::text_of;
use http::Method;
use serde_json::{Value, json};

/// Creates an object on the leader, in tenant `admin`; gives it back as stored.
pub async fn create(world: &World, kind: &str, body: Value) -> Value {
    create_on(world, LEADER, kind, &body).await
}

async fn create_on(world: &World, site: &str, kind: &str, body: &Value) -> Value {
    let client = world.client_of(site);
    let answer = client.request(Method::POST, &format!("/api/{kind}"), "admin", Some(&text_of(body))).await.unwrap();
    client.logout().await.unwrap();
    answer.into_json().unwrap()
}

/// Deletes an object of the leader by name.
pub async fn delete(world: &World, kind: &str, name: &str) {
    let uuid = world.on_controller(LEADER, kind)[name]["uuid"].as_str().unwrap().to_owned();
    let target = format!("/api/{kind}/{uuid}");
    world.somebody_else().request(Method::DELETE, &target, "admin", None).await.unwrap();
}

/// Creates a tenant on every site, as federated objects in it need.
pub async fn create_tenant(world: &World, name: &str) {
    for site in [LEADER, "site1", "site2"] {
        create_on(world, site, "tenant", &json!({"name": name})).await;
    }
}

/// Adds third-party sites to the GSLB.
pub async fn add_third_party_sites(world: &World, names: &[&str]) {
    let gslb = world.avi.objects(LEADER, "gslb")[0].clone();
    let sites: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
    let target = format!("/api/gslb/{}", gslb["uuid"].as_str().unwrap());
    let mut changed = (*gslb).clone();
    changed["third_party_sites"] = sites.into();
    world.somebody_else().request(Method::PUT, &target, "admin", Some(&text_of(&changed))).await.unwrap();
}

/// A federated TCP monitor of a user.
pub fn user_monitor(name: &str) -> Value {
    json!({"name": name, "type": "HEALTH_MONITOR_TCP", "monitor_port": 443, "is_federated": true})
}

/// A federated HTTP monitor of a user, to serve as a template.
pub fn template(name: &str, request: &str, codes: &[&str]) -> Value {
    json!({"name": name, "type": "HEALTH_MONITOR_HTTP", "monitor_port": 80, "is_federated": true, "send_interval": 77,
        "http_monitor": {"http_request": request, "http_response_code": codes}})
}

/// A federated profile for GSLB site persistence.
pub fn persistence_profile(name: &str) -> Value {
    json!({"name": name, "persistence_type": "PERSISTENCE_TYPE_GSLB_SITE", "is_federated": true})
}

/// A federated PKI profile.
pub fn pki_profile(name: &str) -> Value {
    json!({"name": name, "is_federated": true})
}
