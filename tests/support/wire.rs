//! How the ways to the servers are: slow, and with short pages.

use amko_lab::chance::Chance;
use http::{Request, Uri};
use std::time::Duration;

/// Applies to every request to an API server; the pages to those to controllers too.
#[derive(Clone, Default)]
pub struct Wire {
    /// Median of a log-normal delay before each answer, and where chance comes from.
    pub latency: Option<(Chance, Duration)>,
    /// No list has more items on a page, whatever the client asks for.
    pub items: Option<u32>,
}

impl Wire {
    pub async fn delay(&self) {
        if let Some((chance, median)) = &self.latency {
            tokio::time::sleep(chance.latency(*median, 0.8)).await;
        }
    }

    /// The request, asking for short pages; `parameter` is what says how long they may be.
    pub fn cut<B>(&self, mut request: Request<B>, parameter: &str) -> Request<B> {
        if let Some(items) = self.items {
            *request.uri_mut() = with_parameter(request.uri(), parameter, items);
        }
        request
    }
}

/// The same URI with a smaller value of a parameter that it has.
fn with_parameter(uri: &Uri, parameter: &str, value: u32) -> Uri {
    let Some(query) = uri.query() else { return uri.clone() };
    let set = |pair: &str| match pair.split_once('=') {
        Some((key, asked)) if key == parameter && asked.parse().is_ok_and(|asked: u32| asked > value) => {
            format!("{key}={value}")
        }
        _ => pair.to_owned(),
    };
    let query: Vec<String> = query.split('&').map(set).collect();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("{}?{}", uri.path(), query.join("&")).parse().unwrap());
    Uri::from_parts(parts).unwrap()
}
