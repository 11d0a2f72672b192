//! Reading a whole collection, page by page, without believing in holes.
//!
//! Pages are not a snapshot: an object that is deleted during the walk shifts the ones after it, so that
//! one of them is never seen. Whoever cleans up after such a list deletes what is still needed, so a walk whose
//! objects do not match the announced count is thrown away. So is one whose pages announce different counts: something
//! came and something went, and the sum may be right by chance.

use super::malformed;
use crate::avi::call_error::{CallError, Failure};
use crate::avi::session::AviClient;
use crate::avi::wire::text;
use http::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const ATTEMPTS: usize = 3;
/// 200 000 objects; a controller that links pages for ever must not hold the operator.
const MAX_PAGES: usize = 2000;

struct Page {
    count: u64,
    next: Option<String>,
    objects: Vec<Value>,
}

impl AviClient {
    /// What `project` makes of each object over all tenants, by uuid. `query` holds neither `page` nor `page_size`.
    ///
    /// # Errors
    /// [`Failure::UnstableList`] when the collection changed during each of three walks.
    pub(super) async fn walk<T>(
        &self,
        collection: &str,
        query: &str,
        project: impl Fn(&Value) -> T,
    ) -> Result<BTreeMap<String, T>, CallError> {
        for _ in 0..ATTEMPTS {
            if let Some(objects) = self.walk_once(collection, query, &project).await? {
                return Ok(objects);
            }
            tracing::debug!(collection, "the collection changed while it was read");
        }
        Err(CallError::new(format!("GET /api/{collection}"), false, Failure::UnstableList))
    }

    /// `None` when the pages do not fit together.
    async fn walk_once<T>(
        &self,
        collection: &str,
        query: &str,
        project: impl Fn(&Value) -> T,
    ) -> Result<Option<BTreeMap<String, T>>, CallError> {
        let mut target = format!("/api/{collection}?{query}&page_size=100&sort=name");
        let mut first_count = None;
        let mut found = BTreeMap::new();
        let mut read = BTreeSet::new();
        for _ in 0..MAX_PAGES {
            let page = match self.page(collection, &target).await {
                Ok(page) => page,
                // The page went away with the objects that filled it.
                Err(error) if error.is_not_found() && first_count.is_some() => return Ok(None),
                Err(error) => return Err(error),
            };
            let before = found.len();
            for object in page.objects {
                let uuid =
                    text(&object, "uuid").ok_or_else(|| malformed(&Method::GET, &target, "an object has no uuid"))?;
                found.insert(uuid.to_owned(), project(&object));
            }
            if *first_count.get_or_insert(page.count) != page.count {
                return Ok(None);
            }
            let Some(next) = page.next else {
                let complete = found.len() as u64 == page.count;
                return Ok(complete.then_some(found));
            };
            if found.len() == before {
                return Err(malformed(&Method::GET, &target, "the page brings nothing new and yet is not the last"));
            }
            read.insert(std::mem::replace(&mut target, next));
            if read.contains(&target) {
                return Err(malformed(&Method::GET, &target, "`next` leads back to a page that was read"));
            }
        }
        Err(malformed(&Method::GET, &target, format!("more than {MAX_PAGES} pages")))
    }

    async fn page(&self, collection: &str, target: &str) -> Result<Page, CallError> {
        let bad = |why: &str| malformed(&Method::GET, target, why);
        let mut body = self.get(target, "*").await?;
        let Some(Value::Array(results)) = body.get_mut("results").map(Value::take) else {
            return Err(bad("there is no list `results`"));
        };
        let next = match text(&body, "next") {
            Some(link) => Some(own_path(link, collection).ok_or_else(|| bad("`next` leads elsewhere"))?),
            None => None,
        };
        Ok(Page {
            count: body.get("count").and_then(Value::as_u64).ok_or_else(|| bad("there is no `count`"))?,
            next,
            objects: results,
        })
    }
}

/// Path and query of an absolute link. The host is not used: the session's cookies go to the configured address only.
fn own_path(link: &str, collection: &str) -> Option<String> {
    let path = &link[link.find("/api/")?..];
    let rest = path.strip_prefix("/api/")?.strip_prefix(collection)?;
    (rest.starts_with('?') || rest.starts_with("/?")).then(|| path.to_owned())
}
