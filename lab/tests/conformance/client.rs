//! Requests to the server under test, and what came back.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Identity, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::check::{Checked, Failure};
use crate::target::Target;
use crate::watching::Watch;

/// No answer takes longer, save for watches.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const JSON: &str = "application/json";
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";
pub(crate) const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
pub(crate) const APPLY_PATCH: &str = "application/apply-patch+yaml";

/// A server and a namespace of one's own.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) target: Arc<Target>,
    http: Client,
    /// Fresh for each check.
    pub(crate) namespace: String,
}

impl Cluster {
    /// Before there is a namespace.
    pub(crate) fn new(target: Arc<Target>) -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = client(&target, None);
        Self { target, http, namespace: String::new() }
    }

    pub(crate) fn in_namespace(&self, namespace: String) -> Self {
        Self { namespace, ..self.clone() }
    }

    /// The same server as the holder of the client certificate sees it.
    pub(crate) fn with_certificate(&self, certificate: &str) -> Self {
        Self { http: client(&self.target, Some(certificate)), ..self.clone() }
    }

    /// A new namespace; its name is `conformance-` and five letters.
    pub(crate) async fn new_namespace(&self) -> Result<String, Failure> {
        let body = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "generateName": "conformance-" } });
        let created = self.post("/api/v1/namespaces", &body).await?.ok(201)?;
        Ok(name(&created).to_owned())
    }

    /// The collection of a core resource in this namespace.
    pub(crate) fn core(&self, plural: &str) -> String {
        format!("/api/v1/namespaces/{}/{plural}", self.namespace)
    }

    /// The collection of a resource in this namespace.
    pub(crate) fn group(&self, group_version: &str, plural: &str) -> String {
        format!("/apis/{group_version}/namespaces/{}/{plural}", self.namespace)
    }

    pub(crate) fn widgets(&self) -> String {
        self.group("conf.example.com/v1", "widgets")
    }

    pub(crate) fn widget(&self, name: &str) -> String {
        format!("{}/{name}", self.widgets())
    }

    pub(crate) fn config_maps(&self) -> String {
        self.core("configmaps")
    }

    pub(crate) fn config_map(&self, name: &str) -> String {
        self.core(&format!("configmaps/{name}"))
    }

    /// A request as the administrator, without a body.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let request = self.anonymous(method, path);
        Call { request: request.request.bearer_auth(&self.target.admin_token), label: request.label }
    }

    /// A request without a bearer token.
    pub(crate) fn anonymous(&self, method: Method, path: &str) -> Call {
        let request = self.http.request(method.clone(), format!("{}{path}", self.target.url)).timeout(PATIENCE);
        Call { request, label: format!("{method} {path}") }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Call {
        self.call(Method::POST, path).body(JSON, body)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Call {
        self.call(Method::PUT, path).body(JSON, body)
    }

    pub(crate) fn patch(&self, content_type: &str, path: &str, body: &Value) -> Call {
        self.call(Method::PATCH, path).body(content_type, body)
    }

    pub(crate) fn merge(&self, path: &str, body: &Value) -> Call {
        self.patch(MERGE_PATCH, path, body)
    }

    /// Server-side apply by a manager, with its conflicts.
    pub(crate) fn apply(&self, path: &str, manager: &str, body: &Value) -> Call {
        let sign = if path.contains('?') { '&' } else { '?' };
        self.patch(APPLY_PATCH, &format!("{path}{sign}fieldManager={manager}"), body)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// Opens a watch; `query` follows `watch=true&`.
    pub(crate) async fn watch(&self, path: &str, query: &str) -> Result<Watch, Failure> {
        self.get(&format!("{path}?watch=true&{query}")).watch().await
    }

    /// The resourceVersion of the collection now.
    pub(crate) async fn revision(&self, collection: &str) -> Result<String, Failure> {
        Ok(revision(&self.get(collection).await?.ok(200)?).to_owned())
    }

    /// Nothing is stored under the path.
    pub(crate) async fn is_absent(&self, path: &str) -> Checked {
        self.get(path).await?.refused(404, "NotFound").map(|_| ())
    }
}

fn client(target: &Target, certificate: Option<&str>) -> Client {
    let ca = Certificate::from_pem(target.ca.as_bytes()).unwrap();
    let builder = Client::builder().no_proxy().tls_certs_only([ca]).connect_timeout(PATIENCE);
    match certificate {
        Some(pem) => builder.identity(Identity::from_pem(pem.as_bytes()).unwrap()),
        None => builder,
    }
    .build()
    .unwrap()
}

/// A request that is not sent yet; awaiting it sends it.
pub(crate) struct Call {
    request: RequestBuilder,
    label: String,
}

impl Call {
    pub(crate) fn body(self, content_type: &str, body: &Value) -> Self {
        self.raw(content_type, body.to_string())
    }

    pub(crate) fn raw(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        let request = self.request.body(body);
        let request = if content_type.is_empty() { request } else { request.header("content-type", content_type) };
        Self { request, ..self }
    }

    pub(crate) fn accept(self, accept: &str) -> Self {
        Self { request: self.request.header("accept", accept), ..self }
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        Self { request: self.request.bearer_auth(token), ..self }
    }

    pub(crate) async fn watch(self) -> Result<Watch, Failure> {
        Watch::open(self.request, self.label).await
    }
}

impl IntoFuture for Call {
    type Output = Result<Reply, Failure>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let response = self.request.send().await?;
            let (code, headers) = (response.status().as_u16(), response.headers().clone());
            let text = response.text().await?;
            let body = serde_json::from_str(&text).unwrap_or(Value::Null);
            Ok(Reply { label: self.label, code, headers, text, body })
        })
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    label: String,
    pub(crate) code: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Null where the text is not JSON.
    pub(crate) body: Value,
}

impl Reply {
    /// The body of an answer with this code.
    pub(crate) fn ok(self, code: u16) -> Result<Value, Failure> {
        self.expect(code)?;
        Ok(self.body)
    }

    /// The Status of a refusal with this code and reason.
    pub(crate) fn refused(self, code: u16, reason: &str) -> Result<Value, Failure> {
        self.expect(code)?;
        let body = self.body;
        let shape = [&body["kind"], &body["apiVersion"], &body["status"], &body["code"], &body["reason"]];
        let expected = json!(["Status", "v1", "Failure", code, reason]);
        if json!(shape) == expected {
            return Ok(body);
        }
        Err(Failure::differs(format!(
            "{}: the Status is {} and should say {expected}",
            self.label,
            shorten(&self.text)
        )))
    }

    pub(crate) fn expect(&self, code: u16) -> Checked {
        if self.code == code {
            return Ok(());
        }
        let text = shorten(&self.text);
        Err(Failure::differs(format!("{}: the answer is {} and should be {code}: {text}", self.label, self.code)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

fn shorten(text: &str) -> String {
    text.trim_end().chars().take(600).collect()
}

pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

pub(crate) fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

/// Of an object or a list.
pub(crate) fn revision(object: &Value) -> &str {
    object["metadata"]["resourceVersion"].as_str().unwrap_or_default()
}

/// As a number, which only a test may do.
pub(crate) fn revision_number(object: &Value) -> u64 {
    revision(object).parse().unwrap_or_default()
}

pub(crate) fn items(list: &Value) -> &[Value] {
    list["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(crate) fn names(list: &Value) -> Vec<String> {
    items(list).iter().map(|item| name(item).to_owned()).collect()
}
