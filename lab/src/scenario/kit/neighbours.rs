//! Objects of others on the controller, made as a person at its web interface would make them.

use super::script::Failure;
use crate::up::report::ControllerReport;
use http::header::SET_COOKIE;
use serde_json::{Value, json};

/// A session with one controller.
pub struct Stranger {
    url: String,
    cookies: String,
    token: String,
    http: reqwest::Client,
}

impl Stranger {
    /// Logs in.
    ///
    /// # Errors
    /// When the controller does not answer or refuses.
    pub async fn log_in(http: &reqwest::Client, controller: &ControllerReport) -> Result<Self, Failure> {
        let url = controller.url.clone();
        let broken = |problem: String| Failure::broken(format!("login at {url}"), problem);
        let login = json!({ "username": controller.username, "password": controller.password });
        let answer = http.post(format!("{url}/login")).json(&login).send().await;
        let answer = answer.map_err(|error| broken(error.to_string()))?;
        if !answer.status().is_success() {
            return Err(broken(answer.status().to_string()));
        }
        let cookies = answer.headers().get_all(SET_COOKIE).iter();
        let cookies: Vec<&str> = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next()).collect();
        let token = cookies.iter().find_map(|cookie| cookie.strip_prefix("csrftoken=")).unwrap_or_default().to_owned();
        Ok(Self { cookies: cookies.join("; "), token, http: http.clone(), url })
    }

    /// Creates an object and gives it back as the controller keeps it.
    ///
    /// # Errors
    /// When the controller does not answer or refuses.
    pub async fn create(&self, kind: &str, object: &Value) -> Result<Value, Failure> {
        let what = || format!("POST {kind} {}", object["name"]);
        let request = self.http.post(format!("{}/api/{kind}", self.url)).json(object);
        let request = request.header("cookie", &self.cookies).header("x-csrftoken", &self.token);
        let request = request.header("referer", format!("{}/", self.url)).header("x-avi-version", "30.2.1");
        let answer = request.send().await.map_err(|error| Failure::broken(what(), error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| Failure::broken(what(), error))?;
        if !status.is_success() {
            return Err(Failure::broken(what(), format!("{status}: {text}")));
        }
        serde_json::from_str(&text).map_err(|error| Failure::broken(what(), error))
    }
}

/// A service of this name for these domain names, owned by `creator`.
pub fn service(name: &str, domains: &[String], creator: &str, monitor: &Value) -> Value {
    let member = json!({ "ip": { "addr": "203.0.113.7", "type": "V4" }, "enabled": true, "ratio": 1 });
    json!({
        "name": name, "domain_names": domains, "created_by": creator, "ttl": 30, "is_federated": true,
        "health_monitor_refs": [monitor["url"]],
        "groups": [{ "name": "amko-gs-group-10", "priority": 10, "members": [member] }],
    })
}

/// A monitor as AMKO makes them, with the marker of `creator`, for the service of this host.
pub fn monitor(name: &str, creator: &str, host: &str) -> Value {
    json!({
        "name": name, "type": "HEALTH_MONITOR_HTTP", "is_federated": true, "monitor_port": 80,
        "description": format!("created by: amko, gsname: {host}, path: /, protocol: http"),
        "markers": [{ "key": "created-by", "values": [creator] }],
    })
}
