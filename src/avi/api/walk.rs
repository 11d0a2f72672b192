//! Reading a whole collection, page by page, without believing in holes. Which pages, and whether they have one, is
//! decided in [`super::cover`].

use super::cover::{Cover, Progress, Shown, Window};
use super::malformed;
use super::page::Page;
use crate::avi::call_error::{CallError, Failure};
use crate::avi::session::AviClient;
use crate::avi::transport::TransportError;
use http::Method;
use serde_json::Value;
use std::collections::BTreeMap;

impl AviClient {
    /// What `project` makes of each object over all tenants, by uuid. `query` holds neither `page` nor `page_size`.
    /// Everything that is there from begin to end is found, whatever comes and goes meanwhile.
    ///
    /// # Errors
    /// [`Failure::UnstableList`] when pages contradict themselves again and again.
    pub(super) async fn walk<T>(
        &self,
        collection: &str,
        query: &str,
        project: impl Fn(&Value) -> T,
    ) -> Result<BTreeMap<String, T>, CallError> {
        let mut cover = Cover::default();
        let mut found = BTreeMap::new();
        loop {
            let window = cover.window();
            let progress = match self.page(collection, query, window, &project).await {
                Ok(page) => {
                    let progress = cover.shown(
                        window,
                        &Shown {
                            count: page.count,
                            more: page.more,
                            objects: page.objects.iter().map(|object| (object.uuid.as_str(), object.name)).collect(),
                        },
                    );
                    found.extend(page.objects.into_iter().map(|object| (object.uuid, object.content)));
                    progress
                }
                Err(error) if error.is_not_found() && window.page > 1 => cover.gone(window),
                Err(error) if is_too_large(&error) && cover.too_large() => Progress::Again,
                Err(error) => return Err(error),
            };
            match progress {
                Progress::More => {}
                Progress::Again => tracing::debug!(collection, ?window, "the collection changed while it was read"),
                Progress::Complete => return Ok(found),
                Progress::Broken => {
                    return Err(CallError::new(format!("GET /api/{collection}"), false, Failure::UnstableList));
                }
            }
        }
    }

    async fn page<T>(
        &self,
        collection: &str,
        query: &str,
        Window { page, size }: Window,
        project: &impl Fn(&Value) -> T,
    ) -> Result<Page<T>, CallError> {
        let number = if page == 1 { String::new() } else { format!("&page={page}") };
        let target = format!("/api/{collection}?{query}&page_size={size}&sort=name{number}");
        let answer = self.request(Method::GET, &target, "*", None).await?;
        Page::read(&answer, project).map_err(|error| malformed(&Method::GET, &target, error.to_string()))
    }
}

fn is_too_large(error: &CallError) -> bool {
    matches!(error.failure, Failure::Transport(TransportError::TooLarge { .. }))
}
