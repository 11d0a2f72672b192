//! What passes the two seams, for a test that has to know what the operator was told, and what it does.

use super::World;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::Uri;
use http_body_util::BodyExt;
use serde_json::Value;
use std::sync::Arc;

/// Looks on.
pub trait Witness: Send + Sync {
    /// An answer of an API server on its way to the operator. `seam` is the context of a member cluster, or [`HOME`].
    fn answered(&self, seam: &str, uri: &Uri, body: &Value);

    /// An event of a watch on its way to the operator.
    fn happened(&self, seam: &str, uri: &Uri, event: &Value);

    /// A request on its way to the controller of a site.
    fn asked(&self, site: &str, request: &http::Request<Bytes>);
}

/// The seam to the cluster with AMKO's objects.
pub const HOME: &str = "home";

/// The answer again, told to the witness; of a watch, event by event as the operator takes them.
pub async fn witnessed(witness: Option<Arc<dyn Witness>>, seam: &str, uri: &Uri, answer: Response) -> Response {
    let Some(witness) = witness.filter(|_| answer.status().is_success()) else { return answer };
    let (parts, body) = answer.into_parts();
    if is_watch(uri) {
        let (seam, uri) = (seam.to_owned(), uri.clone());
        let mut rest = Vec::new();
        let body = body.map_frame(move |frame| {
            if let Some(data) = frame.data_ref() {
                rest.extend_from_slice(data);
                for event in whole_lines(&mut rest) {
                    witness.happened(&seam, &uri, &event);
                }
            }
            frame
        });
        return Response::from_parts(parts, Body::new(body));
    }
    let whole = body.collect().await.unwrap().to_bytes();
    if let Ok(value) = serde_json::from_slice(&whole) {
        witness.answered(seam, uri, &value);
    }
    Response::from_parts(parts, Body::from(whole))
}

/// The value of a parameter of the query; empty when it is not there.
pub fn parameter<'a>(uri: &'a Uri, name: &str) -> &'a str {
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value).unwrap_or_default()
}

pub fn is_watch(uri: &Uri) -> bool {
    matches!(parameter(uri, "watch"), "1" | "true")
}

fn whole_lines(rest: &mut Vec<u8>) -> Vec<Value> {
    let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
    let lines: Vec<u8> = rest.drain(..=end).collect();
    lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

impl World {
    /// Has somebody look on from the next start.
    pub fn witnessed_by(&mut self, witness: Arc<dyn Witness>) {
        self.witness = Some(witness);
    }
}
