//! A client of the lab's Kubernetes clusters: the kubeconfig and HTTPS, as kubectl would use them.

use super::script::Failure;
use crate::up::files::LabDir;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::{Certificate, Method};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);
const INGRESSES: &str = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";

/// Clients of all clusters of one lab.
pub struct Kube {
    http: reqwest::Client,
    /// URL and token, by context.
    clusters: BTreeMap<String, (String, String)>,
}

impl Kube {
    /// Reads the kubeconfig and the CA of the lab.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn new(dir: &LabDir) -> Result<Self, Failure> {
        let broken = |problem: String| Failure::broken("the lab's kubeconfig", problem);
        let read = |path| std::fs::read_to_string(path).map_err(|error| broken(error.to_string()));
        let config: Value = serde_saphyr::from_str(&read(dir.members())?).map_err(|error| broken(error.to_string()))?;
        let ca = Certificate::from_pem(read(dir.ca())?.as_bytes()).map_err(|error| broken(error.to_string()))?;
        let built = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).tls_certs_only([ca]).build();
        let http = built.map_err(|error| broken(error.to_string()))?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let entries = |field: &str| config[field].as_array().cloned().unwrap_or_default().into_iter();
        let cluster = |(cluster, user): (Value, Value)| {
            (text(&cluster["name"]), (text(&cluster["cluster"]["server"]), text(&user["user"]["token"])))
        };
        Ok(Self { http, clusters: entries("clusters").zip(entries("users")).map(cluster).collect() })
    }

    /// An HTTP client that trusts the lab.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The object at this path.
    ///
    /// # Errors
    /// When the cluster does not answer, or refuses.
    pub async fn get(&self, context: &str, path: &str) -> Result<Value, Failure> {
        self.send(context, Method::GET, path, None).await
    }

    /// Deletes the object at this path.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn delete(&self, context: &str, path: &str) -> Result<(), Failure> {
        self.send(context, Method::DELETE, path, None).await.map(drop)
    }

    /// Creates an object in the collection at this path.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn create(&self, context: &str, path: &str, object: Value) -> Result<(), Failure> {
        self.send(context, Method::POST, path, Some(object)).await.map(drop)
    }

    /// Changes the object at this path by a merge patch.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn patch(&self, context: &str, path: &str, patch: Value) -> Result<(), Failure> {
        self.send(context, Method::PATCH, path, Some(patch)).await.map(drop)
    }

    /// Creates an Ingress that the policy selects, for the host of this name.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn create_ingress(&self, context: &str, name: &str, zone: &str) -> Result<(), Failure> {
        let backend = json!({ "service": { "name": "hello", "port": { "number": 80 } } });
        let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
        let ingress = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "name": name, "labels": { "app": "gslb" } },
            "spec": {
                "ingressClassName": "avi-lb",
                "rules": [{ "host": format!("{name}.{zone}"), "http": { "paths": [path] } }],
            },
        });
        self.send(context, Method::POST, INGRESSES, Some(ingress)).await.map(drop)
    }

    /// Deletes an Ingress.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn delete_ingress(&self, context: &str, name: &str) -> Result<(), Failure> {
        self.delete(context, &format!("{INGRESSES}/{name}")).await
    }

    /// Replaces the password in the Secret with the controllers' credentials.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn set_password(&self, context: &str, namespace: &str, password: &str) -> Result<(), Failure> {
        let path = format!("/api/v1/namespaces/{namespace}/secrets/gslb-avi-secret");
        self.patch(context, &path, json!({ "data": { "password": BASE64.encode(password) } })).await
    }

    async fn send(&self, context: &str, method: Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let what = format!("{method} {path} in {context}");
        let broken = |error: &dyn std::fmt::Display| Failure::broken(what.clone(), error);
        let (server, token) = self.clusters.get(context).ok_or_else(|| broken(&"no such cluster"))?;
        let patch = method == Method::PATCH;
        let mut request = self.http.request(method, format!("{server}{path}")).bearer_auth(token);
        if let Some(body) = body {
            let kind = if patch { "application/merge-patch+json" } else { "application/json" };
            request = request.header("content-type", kind).body(body.to_string());
        }
        let answer = request.send().await.map_err(|error| broken(&error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| broken(&error))?;
        if !status.is_success() {
            return Err(broken(&format!("{status}: {text}")));
        }
        serde_json::from_str(&text).map_err(|error| broken(&error))
    }
}
