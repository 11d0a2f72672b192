//! One API server, asked by paths in JSON as its admin.

#![allow(clippy::panic, reason = "helpers of tests")]

use http::{Method, Request};
use kube::Client;
use serde_json::{Value, json};

/// Speaks to one API server.
#[derive(Clone)]
pub struct Api(Client);

impl Api {
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    /// The object or list at this path; `None` when there is none.
    pub async fn get(&self, path: &str) -> Option<Value> {
        match self.ask(Method::GET, path, "application/json", None).await {
            Ok(found) => Some(found),
            Err(404) => None,
            Err(code) => panic!("GET {path}: {code}"),
        }
    }

    /// What a list at this path names, in its order.
    pub async fn names(&self, path: &str) -> Vec<String> {
        let list = self.get(path).await.unwrap_or_default();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Creates an object; gives the message of a refusal.
    pub async fn create(&self, path: &str, object: &Value) -> Result<(), String> {
        self.attempt(Method::POST, path, "application/json", object).await
    }

    /// Like [`Self::merge`]; gives the message of a refusal.
    pub async fn try_merge(&self, path: &str, patch: &Value) -> Result<(), String> {
        self.attempt(Method::PATCH, path, "application/merge-patch+json", patch).await
    }

    async fn attempt(&self, method: Method, path: &str, content: &str, body: &Value) -> Result<(), String> {
        let request = Request::builder().method(method.clone()).uri(format!("/{path}")).header("content-type", content);
        match self.0.request::<Value>(request.body(body.to_string().into_bytes()).unwrap()).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) => Err(status.message),
            Err(error) => panic!("{method} {path}: {error}"),
        }
    }

    /// Creates or changes the object at this path, so that it has these fields.
    pub async fn apply(&self, path: &str, object: &Value) {
        let path = format!("{path}?fieldManager=test&force=true");
        self.ask(Method::PATCH, &path, "application/apply-patch+yaml", Some(object)).await.unwrap();
    }

    /// Merges into the object at this path, or into its `/status`.
    pub async fn merge(&self, path: &str, patch: &Value) {
        self.ask(Method::PATCH, path, "application/merge-patch+json", Some(patch)).await.unwrap();
    }

    /// Deletes the object at this path at once.
    pub async fn delete(&self, path: &str) {
        let options = json!({ "gracePeriodSeconds": 0 });
        self.ask(Method::DELETE, path, "application/json", Some(&options)).await.unwrap();
    }

    /// The answer, or the code of a refusal.
    async fn ask(&self, method: Method, path: &str, content: &str, body: Option<&Value>) -> Result<Value, u16> {
        let request = Request::builder().method(method.clone()).uri(format!("/{path}")).header("content-type", content);
        let request = request.body(body.map(|body| body.to_string().into_bytes()).unwrap_or_default()).unwrap();
        match self.0.request(request).await {
            Ok(answer) => Ok(answer),
            Err(kube::Error::Api(status)) if method == Method::GET => Err(status.code),
            Err(error) => panic!("{method} {path}: {error}"),
        }
    }
}
