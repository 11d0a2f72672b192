//! A client for the tests: cookies, CSRF token, headers, one request at a time.

mod base;
mod fault_engine;
mod faults;
mod gslb;
mod guesses;
mod health;
mod latency;
mod meddling;
mod objects;
mod queries;
mod sessions;
mod trouble;
mod validation;
mod wire_faults;
mod wire_pages;

use super::{AviWorld, AviWorldConfig, SiteConfig};
use crate::chance::Chance;
use crate::clock::Clock;
use ::http::Request;
use ::http::header::{HeaderMap, SET_COOKIE};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tower::ServiceExt;

pub const HOST: &str = "avi.test";

/// An answer as the client reads it. A body that is not JSON is kept as text.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    pub fn outcome(&self) -> (u16, &str) {
        (self.status, self.error())
    }
}

/// A world of two sites, `alpha` leading, for FQDNs below `example.org`.
pub fn two_sites() -> AviWorldConfig {
    let site = |name: &str, address: &str| SiteConfig { name: name.into(), address: address.into() };
    let sites = vec![site("alpha", "192.0.2.10"), site("beta", "beta.example.net:8443")];
    let clock = Clock::starting_at("2024-06-01T00:00:00Z".parse().expect("a timestamp"));
    AviWorldConfig { domain: "example.org".into(), ..AviWorldConfig::new(sites, clock, Chance::seeded(7)) }
}

/// A client of one site.
pub struct Client {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    /// Headers of every request; change them to play another client.
    pub headers: BTreeMap<&'static str, String>,
}

impl Client {
    pub fn stranger(world: &AviWorld, site: &str) -> Self {
        let headers = [
            ("host", HOST.to_owned()),
            ("referer", format!("https://{HOST}/")),
            ("x-avi-version", "30.2.1".to_owned()),
            ("content-type", "application/json".to_owned()),
        ];
        Self { router: world.router(site).expect("a known site"), cookies: BTreeMap::new(), headers: headers.into() }
    }

    pub async fn logged_in(world: &AviWorld, site: &str) -> Self {
        let mut client = Self::stranger(world, site);
        assert_eq!(client.login("avi123").await.status, 200);
        client
    }

    pub async fn login(&mut self, password: &str) -> Answer {
        let answer = self.send("POST", "/login", &json!({"username": "admin", "password": password}).to_string()).await;
        if let Some(token) = self.cookies.get("csrftoken") {
            self.headers.insert("x-csrftoken", token.clone());
        }
        answer
    }

    pub async fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let (parts, body) = self.response(method, path, body).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let text = || Value::from(String::from_utf8_lossy(&body).into_owned());
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap_or_else(|_| text()),
        }
    }

    /// The answer as it comes, its body not read yet.
    pub async fn response(&mut self, method: &str, path: &str, body: &str) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", cookies.join("; "));
        }
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("routers do not fail");
        self.keep_cookies(response.headers());
        response
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            let pair = line.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &body.to_string()).await
    }

    pub async fn put(&mut self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &body.to_string()).await
    }

    pub async fn delete(&mut self, path: &str) -> Answer {
        self.send("DELETE", path, "").await
    }

    /// Creates an object that must be accepted and returns its uuid.
    pub async fn create(&mut self, kind: &str, body: &Value) -> String {
        let answer = self.post(&format!("/api/{kind}"), body).await;
        assert_eq!((answer.status, answer.error()), (201, ""));
        answer.body["uuid"].as_str().expect("a uuid").to_owned()
    }
}

/// The smallest service that is accepted.
pub fn service(name: &str) -> Value {
    json!({
        "name": name, "domain_names": [format!("{name}.example.org")],
        "groups": [{"name": "pool", "members": [{"ip": {"addr": "203.0.113.10", "type": "V4"}}]}],
    })
}

pub fn tcp_monitor(name: &str) -> Value {
    json!({"name": name, "type": "HEALTH_MONITOR_TCP", "monitor_port": 80, "is_federated": true})
}

/// Names of the services that a site has.
pub fn service_names(world: &AviWorld, site: &str) -> Vec<String> {
    let services = world.objects(site, "gslbservice");
    services.iter().map(|service| service["name"].as_str().unwrap_or_default().to_owned()).collect()
}

pub async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}
