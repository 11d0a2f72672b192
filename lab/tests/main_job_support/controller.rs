//! The controllers of a lab, asked like the web interface does: with the cookies of a session.

use super::World;
use http::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};

/// What differs between an object and the one that was deleted before it, or between two controllers.
const NEW_EACH_TIME: [&str; 5] = ["uuid", "url", "_last_modified", "tenant_ref", "configpb_attributes"];

/// A session with one controller.
pub struct Controller {
    url: String,
    cookies: String,
    http: reqwest::Client,
}

impl Controller {
    /// Logs in to the controller of each site; the GSLB leader is the first.
    pub async fn all(world: &World) -> Vec<Self> {
        let report = world.lab.report();
        let mut controllers = Vec::new();
        for access in report["controllers"].as_array().unwrap() {
            controllers.push(Self::log_in(access, world.http.clone()).await);
        }
        controllers
    }

    async fn log_in(access: &Value, http: reqwest::Client) -> Self {
        let url = access["url"].as_str().unwrap().to_owned();
        let login = json!({ "username": access["username"], "password": access["password"] });
        let answer = http.post(format!("{url}/login")).json(&login).send().await.unwrap();
        assert_eq!(answer.status(), 200, "login at {url}");
        let cookies = answer.headers().get_all(SET_COOKIE).iter();
        let cookies: Vec<&str> = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next()).collect();
        Self { url, cookies: cookies.join("; "), http }
    }

    /// The objects of a kind with this start of a name, in the order of their names.
    pub async fn list(&self, kind: &str, start: &str) -> Vec<Value> {
        let request = self.http.get(format!("{}/api/{kind}", self.url)).header(COOKIE, &self.cookies);
        let page: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(page.get("next").is_none(), "{kind}: more than one page");
        let objects = page["results"].as_array().cloned().unwrap_or_default().into_iter();
        let mut objects: Vec<Value> = objects.filter(|o| o["name"].as_str().unwrap().starts_with(start)).collect();
        objects.sort_by_key(|object| object["name"].to_string());
        objects
    }

    /// The GSLB service of this name.
    pub async fn service(&self, name: &str) -> Option<Value> {
        self.list("gslbservice", name).await.into_iter().find(|service| service["name"] == name)
    }

    /// All GSLB services and the operator's health monitors without what a new object gets anew, and without the
    /// controller's address in references.
    pub async fn content(&self) -> Vec<Value> {
        let mut objects = self.list("gslbservice", "").await;
        let monitors = self.list("healthmonitor", "amko--").await;
        let named: Vec<_> = monitors.iter().map(|m| (m["url"].clone(), m["name"].clone())).collect();
        for reference in objects.iter_mut().flat_map(|o| o["health_monitor_refs"].as_array_mut().unwrap()) {
            let (_, name) = named.iter().find(|(url, _)| url == reference).expect("a reference to a known monitor");
            *reference = name.clone();
        }
        objects.extend(monitors);
        for object in &mut objects {
            let fields = object.as_object_mut().unwrap();
            fields.retain(|field, _| !NEW_EACH_TIME.contains(&field.as_str()));
        }
        objects
    }
}

/// Address and ratio of each member, in the order of the pools.
pub fn members(service: &Value) -> Vec<(String, u64)> {
    let pools = service["groups"].as_array().unwrap().iter();
    let members = pools.flat_map(|pool| pool["members"].as_array().unwrap());
    members.map(|m| (m["ip"]["addr"].as_str().unwrap().to_owned(), m["ratio"].as_u64().unwrap())).collect()
}

/// Splits `found` into the part that `sent` names too, and the rest, in depth; lists are taken element by element.
pub fn split_by(sent: &Value, found: &Value) -> (Value, Value) {
    match (sent, found) {
        (Value::Object(sent), Value::Object(found)) => {
            let (mut same, mut more) = (serde_json::Map::new(), serde_json::Map::new());
            for (key, value) in found {
                let Some(wanted) = sent.get(key) else {
                    more.insert(key.clone(), value.clone());
                    continue;
                };
                let (part, rest) = split_by(wanted, value);
                same.insert(key.clone(), part);
                if !rest.is_null() {
                    more.insert(key.clone(), rest);
                }
            }
            (Value::Object(same), if more.is_empty() { Value::Null } else { Value::Object(more) })
        }
        (Value::Array(sent), Value::Array(found)) if sent.len() == found.len() => {
            let (same, more): (Vec<_>, Vec<_>) = sent.iter().zip(found).map(|(s, f)| split_by(s, f)).unzip();
            (Value::Array(same), if more.iter().all(Value::is_null) { Value::Null } else { Value::Array(more) })
        }
        _ => (found.clone(), Value::Null),
    }
}
