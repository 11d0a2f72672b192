//! Answers that take the place of the true one.

use crate::avi::reply::{Content, Reply};
use crate::avi::request::Request;
use bytes::Bytes;
use serde_json::{Value, json};

const JSON: &str = "application/json";

/// An answer instead of the true one.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) enum Instead {
    Page(Page),
    /// One after the other, then from the beginning.
    Pages(Vec<Page>),
    /// Headers that promise a body, then a broken connection.
    Broken,
    /// The connection is reset without an answer.
    Reset,
    /// No answer ever comes, and the connection stays.
    Silence,
    /// The headers of the true answer and half of its body, then a broken connection.
    Truncated,
    /// Half of the true body, with a length that fits.
    CutJson,
    Wrong(WrongContent),
    /// A collection of this many objects, each of this many bytes.
    Huge {
        objects: u64,
        bytes: usize,
    },
    Redirect(Redirect),
}

/// An answer of a controller or a proxy in trouble: JSON when the body starts with `{`, HTML otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) struct Page {
    pub status: u16,
    pub body: String,
    /// Seconds.
    pub retry_after: Option<u64>,
}

/// What comes under 200 instead of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::avi) enum WrongContent {
    Html,
    Empty,
    /// JSON, but no object and no collection.
    OtherJson,
    /// The true body behind a byte order mark.
    Bom,
    /// The true body with bytes in it that are no UTF-8.
    NonUtf8,
}

/// Where a redirect leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::avi) enum Redirect {
    OtherHost,
    Login,
}

impl Page {
    /// What a controller (500) or the proxy before it says.
    pub fn trouble(status: u16, retry_after: Option<u64>) -> Self {
        let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let reason = reason.unwrap_or("Error");
        let body = match status {
            502..=504 => format!("<html><head><title>{status} {reason}</title></head><body>{reason}</body></html>"),
            _ => json!({"error": reason}).to_string(),
        };
        Self { status, body, retry_after }
    }

    pub fn too_many(retry_after: Option<u64>) -> Self {
        Self::trouble(429, retry_after)
    }

    fn reply(&self) -> Reply {
        let content_type = if self.body.starts_with('{') { JSON } else { "text/html" };
        let reply = Reply::text(self.status, content_type, &self.body);
        self.retry_after.iter().fold(reply, |reply, seconds| reply.with("retry-after", seconds.to_string()))
    }
}

impl Instead {
    /// The answer to the n-th request struck, counted from zero. `truth` is the true one, or some answer of 200 when
    /// the controller never got to it.
    pub fn reply(&self, nth: u64, truth: Reply, request: &Request) -> Reply {
        match self {
            Self::Page(page) => page.reply(),
            Self::Pages(pages) => match pages.get(nth as usize % pages.len().max(1)) {
                Some(page) => page.reply(),
                None => truth,
            },
            Self::Broken => Reply::broken(),
            Self::Reset => Reply { status: 0, content: Content::Reset, ..truth },
            Self::Silence => Reply { status: 0, content: Content::Silence, ..truth },
            Self::Truncated => match bytes(&truth) {
                Some(body) => Reply { content: Content::Torn(JSON, body), ..truth },
                None => Reply { status: truth.status, ..Reply::broken() },
            },
            Self::CutJson => match bytes(&truth) {
                Some(body) => Reply { content: Content::Bytes(JSON, body.slice(..body.len() / 2)), ..truth },
                None => Reply { content: Content::Bytes(JSON, Bytes::from_static(b"{")), status: 200, ..truth },
            },
            Self::Wrong(wrong) => Reply { status: 200, content: wrong.content(&truth), ..truth },
            Self::Huge { objects, bytes } => {
                Reply { status: 200, content: Content::Huge { objects: *objects, bytes: *bytes }, ..truth }
            }
            Self::Redirect(to) => {
                let location = match to {
                    Redirect::OtherHost => format!("https://elsewhere.invalid{}", request.path_and_query),
                    Redirect::Login => format!("https://{}/login", request.host),
                };
                Reply::html(302, "<html><body>Found</body></html>").with("location", location)
            }
        }
    }
}

impl WrongContent {
    fn content(self, truth: &Reply) -> Content {
        let true_body = || bytes(truth).unwrap_or_else(|| Bytes::from_static(b"{}"));
        match self {
            Self::Html => Content::Text("text/html", "<html><body>Welcome to the controller</body></html>".into()),
            Self::Empty => Content::Empty,
            Self::OtherJson => Content::Json(json!(["pong", 1])),
            Self::Bom => Content::Bytes(JSON, [b"\xef\xbb\xbf", &true_body()[..]].concat().into()),
            Self::NonUtf8 => Content::Bytes(JSON, [&true_body()[..], b"\xff\xfe\xc3"].concat().into()),
        }
    }
}

/// The body of an answer; `None` when it has none.
fn bytes(reply: &Reply) -> Option<Bytes> {
    match &reply.content {
        Content::Json(Value::Null) => None,
        Content::Json(body) => Some(body.to_string().into()),
        Content::Text(_, text) => Some(text.clone().into()),
        Content::Bytes(_, bytes) => Some(bytes.clone()),
        _ => None,
    }
}
