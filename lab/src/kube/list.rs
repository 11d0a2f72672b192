//! Lists: which state they read, pages of one snapshot, and continue tokens.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::resource::{ObjectKey, Resource};
use super::schema::FieldError;
use super::selector::Selector;
use super::state::State;
use super::status::{Status, forbidden_field};
use super::store::{Objects, in_namespace};
use super::view;

/// The query of a list, parsed.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    pub namespace: Option<String>,
    pub selector: Selector,
    /// 0: no limit.
    pub limit: usize,
    /// Where the previous page ended.
    pub page: Option<Continue>,
    pub read: Read,
}

/// Which state a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Read {
    #[default]
    Latest,
    /// Some state from this revision on.
    NotOlderThan(u64),
    Exactly(u64),
}

/// A continue token: the snapshot and the last key of the page before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continue {
    pub revision: u64,
    pub after: ObjectKey,
}

/// One page, in the version of the request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    pub items: Vec<Arc<Value>>,
    pub revision: u64,
    /// Empty on the last page.
    pub continue_token: String,
    /// Only where no selector makes it a guess.
    pub remaining: Option<u64>,
}

/// The part of a consistent state that one page may need; it can be rendered without the lock.
#[derive(Debug)]
pub struct Snapshot {
    objects: Vec<(ObjectKey, Arc<Value>)>,
    /// How many objects follow in this state.
    further: u64,
    revision: u64,
}

impl Continue {
    /// Opaque to clients; the form is the real server's.
    pub fn encode(&self) -> String {
        let start = format!("{}\u{0}", self.after);
        let token = json!({ "v": "meta.k8s.io/v1", "rv": self.revision, "start": start });
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    /// # Errors
    /// 400 for anything that [`Continue::encode`] did not make.
    pub fn decode(token: &str) -> Result<Self, Status> {
        let parse = || {
            let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
            let start = value["start"].as_str()?.strip_suffix('\u{0}')?.to_owned();
            let (namespace, name) = start.split_once('/').unwrap_or(("", &start));
            Some(Self { revision: value["rv"].as_u64()?, after: ObjectKey::new(Some(namespace), name) })
        };
        parse().ok_or_else(|| {
            Status::bad_request(format!("invalid continue token: {token:?}: it was not made by this server"))
        })
    }
}

/// Reads `resourceVersion` and `resourceVersionMatch` of a list.
///
/// # Errors
/// 400 and 422 for the combinations that make no sense.
pub fn parse_read(version: &str, match_: &str, limit: usize, continued: bool) -> Result<Read, Status> {
    let forbid = |detail: &str| Err(invalid_options(&[forbidden_field("resourceVersionMatch", detail)]));
    if continued {
        if !match_.is_empty() {
            return forbid("resourceVersionMatch is forbidden when continue is provided");
        }
        if !version.is_empty() && version != "0" {
            return Err(Status::bad_request("specifying resource version is not allowed when using continue"));
        }
        return Ok(Read::Latest);
    }
    if version.is_empty() {
        let detail = "resourceVersionMatch is forbidden unless resourceVersion is provided";
        return if match_.is_empty() { Ok(Read::Latest) } else { forbid(detail) };
    }
    let revision = parse_revision(version)?;
    match match_ {
        "" if limit > 0 && revision > 0 => Ok(Read::Exactly(revision)),
        "" | "NotOlderThan" => Ok(Read::NotOlderThan(revision)),
        "Exact" if revision == 0 => forbid("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""),
        "Exact" => Ok(Read::Exactly(revision)),
        other => {
            let supported = ["Exact", "NotOlderThan"];
            let error = super::status::unsupported_value("resourceVersionMatch", other, &supported);
            Err(invalid_options(&[error]))
        }
    }
}

/// # Errors
/// 400 for anything but a decimal number.
pub fn parse_revision(version: &str) -> Result<u64, Status> {
    version.parse().map_err(|_| Status::bad_request(format!("Invalid value: {version:?}: must be a decimal number")))
}

/// A 422 about the query.
pub fn invalid_options(errors: &[FieldError]) -> Status {
    Status::invalid("meta.k8s.io", "ListOptions", "", errors)
}

impl State {
    /// The objects that the options ask for, before selection.
    ///
    /// # Errors
    /// 410 when the history no longer reaches back.
    pub fn snapshot(&self, resource: &Resource, options: &ListOptions) -> Result<Snapshot, Status> {
        let wanted = match (&options.page, options.read) {
            (Some(page), _) => Some(page.revision),
            (None, Read::Exactly(revision)) => Some(revision),
            (None, _) => None,
        };
        let key = resource.storage_key();
        let Some(revision) = wanted.filter(|revision| *revision != self.store.revision()) else {
            let (objects, further) = options.part_of(self.store.all(&key));
            return Ok(Snapshot { objects, further, revision: self.store.revision() });
        };
        let state = self.store.objects_at(&key, revision).map_err(|_| expired(options.page.is_some()))?;
        let (objects, further) = options.part_of(&state);
        Ok(Snapshot { objects, further, revision })
    }
}

impl ListOptions {
    /// How many items the page has at most.
    fn most(&self) -> usize {
        if self.limit == 0 || self.read == Read::NotOlderThan(0) { usize::MAX } else { self.limit }
    }

    /// The objects that may be on this page, and how many follow. With a selector that is all from where it begins.
    fn part_of(&self, state: &Objects) -> (Vec<(ObjectKey, Arc<Value>)>, u64) {
        let after = self.page.as_ref().map(|page| &page.after);
        let mut rest = in_namespace(state, self.namespace.as_deref(), after);
        let most = if self.selector.is_everything() { self.most() } else { usize::MAX };
        let objects = rest.by_ref().take(most).map(|(key, object)| (key.clone(), object.clone())).collect();
        (objects, rest.count() as u64)
    }
}

fn expired(is_page: bool) -> Status {
    Status::expired(if is_page {
        "The provided continue parameter is too old to display a consistent list result. You can start a new list \
         without the continue parameter."
    } else {
        "The resourceVersion for the provided list is too old."
    })
}

impl Snapshot {
    /// Selects and cuts the page.
    pub fn page(self, resource: &Resource, options: &ListOptions) -> Page {
        let mut page = Page { revision: self.revision, ..Page::default() };
        let mut last: Option<ObjectKey> = None;
        let mut rest = self.further;
        for (key, stored) in self.objects {
            let item = match view::present(resource, &stored) {
                Cow::Borrowed(_) => stored,
                Cow::Owned(shown) => Arc::new(shown),
            };
            if !options.selector.matches(&item) {
                continue;
            }
            if page.items.len() == options.most() {
                rest += 1;
                break;
            }
            last = Some(key);
            page.items.push(item);
        }
        if let Some(after) = last.filter(|_| rest > 0) {
            page.continue_token = Continue { revision: page.revision, after }.encode();
            page.remaining = options.selector.is_everything().then_some(rest);
        }
        page
    }
}
