//! Reading collections: which objects a query picks, in which order, and which page of them it shows.

use super::inferred;
use super::kind::Kind;
use super::reply::Reply;
use super::request::Request;
use super::schema;
use super::store::{Store, target_of, text};
use serde_json::{Value, json};
use std::sync::Arc;

/// Parameters that steer the answer instead of naming a field.
const STEERING: &[&str] = &[
    "search",
    "isearch",
    "refers_to",
    "referred_by",
    "depth",
    "label_key",
    "label_value",
    "sort",
    "fields",
    "include_name",
    "skip_default",
    "join_subresources",
    "include",
    "exclude",
    "page",
    "page_size",
    "limit_by",
];

/// Whether the query picks this object.
pub(super) fn picks(store: &Store, kind: Kind, request: &Request, object: &Value) -> bool {
    let mut seen = Vec::new();
    request.query.iter().all(|(key, value)| {
        if seen.contains(&key) {
            return true;
        }
        seen.push(key);
        parameter_picks(store, kind, (key, value), object)
    })
}

fn parameter_picks(store: &Store, kind: Kind, (key, value): (&str, &str), object: &Value) -> bool {
    match key {
        "search" => searched(object, value, false),
        "isearch" => searched(object, value, true),
        "refers_to" => value.split_once(':').is_none_or(|(_, uuid)| mentions(object, uuid)),
        "referred_by" => referred_by(store, value, text(object, "uuid")),
        "label_key" => markers(object).any(|marker| text(marker, "key") == value),
        "label_value" => {
            markers(object).any(|marker| marker["values"].as_array().is_some_and(|all| all.contains(&json!(value))))
        }
        "exclude" => {
            !value.strip_prefix("uuid.in:").is_some_and(|all| all.split(',').any(|uuid| uuid == text(object, "uuid")))
        }
        _ if STEERING.contains(&key) => true,
        _ => field_picks(store, kind, (key, value), object),
    }
}

/// Equality, `.contains`, `.icontains` or `.in` on a field, dotted for nested ones and through references.
fn field_picks(store: &Store, kind: Kind, (key, wanted): (&str, &str), object: &Value) -> bool {
    let (path, operator) = match key.rsplit_once('.') {
        Some((path, operator @ ("contains" | "icontains" | "in"))) => (path, operator),
        _ => (key, "is"),
    };
    let head = path.split('.').next().unwrap_or_default();
    if schema::find(kind.fields(), head).is_none() && !matches!(head, "uuid" | "_last_modified" | "url") {
        return true;
    }
    let mut found = Vec::new();
    collect(store, object, path, &mut found);
    found.iter().any(|have| match operator {
        "contains" => have.contains(wanted),
        "icontains" => have.to_lowercase().contains(&wanted.to_lowercase()),
        "in" => wanted.split(',').any(|wanted| wanted == have),
        _ => have == wanted || is_reference_to(have, wanted),
    })
}

/// Every scalar at the end of the dotted path, as text.
fn collect(store: &Store, value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(store, item, path, found)),
        Value::Object(map) if !path.is_empty() => {
            let (head, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(next) = map.get(head) {
                collect(store, next, rest, found);
            }
        }
        Value::String(reference) if !path.is_empty() => {
            let target = target_of(reference).and_then(|(kind, uuid)| store.get(kind, uuid));
            if let Some(target) = target {
                collect(store, target, path, found);
            }
        }
        Value::String(text) => found.push(text.clone()),
        Value::Null | Value::Object(_) => {}
        scalar => found.push(scalar.to_string()),
    }
}

/// References are compared by uuid, whatever host and fragment the client wrote.
fn is_reference_to(have: &str, wanted: &str) -> bool {
    let Some((_, uuid)) = target_of(have) else { return false };
    let wanted = wanted.split('#').next().unwrap_or_default();
    wanted.trim_end_matches('/').rsplit('/').next() == Some(uuid)
}

/// `text`, or alternatives `(field,text)` joined by `|`.
fn searched(object: &Value, search: &str, ignore_case: bool) -> bool {
    search.split('|').any(|part| match part.strip_prefix('(').and_then(|part| part.strip_suffix(')')) {
        Some(pair) => pair.split_once(',').is_some_and(|(field, wanted)| {
            object.get(field).is_some_and(|value| contains(&value.to_string(), wanted, ignore_case))
        }),
        None => contains(&object.to_string(), part, ignore_case),
    })
}

fn contains(text: &str, wanted: &str, ignore_case: bool) -> bool {
    if ignore_case { text.to_lowercase().contains(&wanted.to_lowercase()) } else { text.contains(wanted) }
}

fn mentions(object: &Value, uuid: &str) -> bool {
    match object {
        Value::Object(map) => {
            map.iter().any(|(key, value)| !matches!(key.as_str(), "url" | "uuid") && mentions(value, uuid))
        }
        Value::Array(items) => items.iter().any(|item| mentions(item, uuid)),
        Value::String(text) => text == uuid || target_of(text).is_some_and(|(_, target)| target == uuid),
        _ => false,
    }
}

fn referred_by(store: &Store, wanted: &str, uuid: &str) -> bool {
    let user = wanted.split_once(':').and_then(|(kind, user)| store.get(Kind::of_path(kind)?, user));
    user.is_some_and(|user| mentions(user, uuid))
}

fn markers(object: &Value) -> impl Iterator<Item = &Value> {
    super::rules::items(Some(object), "markers")
}

/// Sorts by the field that `sort` names; without it, creation order stays.
pub(super) fn sort(request: &Request, objects: &mut [Arc<Value>]) {
    let Some(sort) = request.parameter("sort") else { return };
    let (field, reverse) = sort.strip_prefix('-').map_or((sort, false), |field| (field, true));
    objects.sort_by_cached_key(|object| match object.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => format!("{:020}", number.as_i64().unwrap_or_default()),
        Some(other) => other.to_string(),
        None => String::new(),
    });
    if reverse {
        objects.reverse();
    }
}

/// One page: its objects, the count of all, and the query of the next page.
pub(super) struct Page {
    pub objects: Vec<Arc<Value>>,
    pub count: usize,
    pub next: Option<String>,
}

/// The page that the query asks for.
pub(super) fn page(request: &Request, objects: Vec<Arc<Value>>) -> Result<Page, Reply> {
    let number = |name: &str, missing: usize| match request.parameter(name) {
        Some(text) => text.parse().ok().filter(|number| *number > 0),
        None => Some(missing),
    };
    let size = number("page_size", inferred::PAGE_SIZE_DEFAULT)
        .filter(|size| *size <= inferred::PAGE_SIZE_MOST)
        .ok_or_else(|| Reply::refused(inferred::PAGE_SIZE_TEXT))?;
    let past_end = || Reply::json(inferred::PAGE_PAST_END_STATUS, inferred::page_past_end());
    let page = number("page", 1).ok_or_else(past_end)?;
    let (count, start) = (objects.len(), (page - 1).saturating_mul(size));
    if page > 1 && start >= count {
        return Err(past_end());
    }
    let more = start + size < count;
    let objects = objects.into_iter().skip(start).take(size).collect();
    Ok(Page { objects, count, next: more.then(|| next_query(request, page + 1)) })
}

fn next_query(request: &Request, page: usize) -> String {
    let others = request.query.iter().filter(|(key, _)| key != "page");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("page", &page.to_string());
    query.extend_pairs(others);
    query.finish()
}

/// The link to a page of the same collection.
pub(super) fn next_page(request: &Request, page: usize) -> String {
    link(request, &next_query(request, page))
}

fn link(request: &Request, query: &str) -> String {
    format!("https://{}{}?{query}", request.host, request.path)
}

/// Leaves only the fields that `fields` names, and those that always come.
pub(super) fn project(request: &Request, object: &mut Value) {
    let (Some(wanted), Value::Object(map)) = (request.parameter("fields"), object) else { return };
    let wanted: Vec<&str> = wanted.split(',').map(str::trim).collect();
    map.retain(|key, _| {
        wanted.contains(&key.as_str()) || matches!(key.as_str(), "url" | "uuid" | "name" | "tenant_ref")
    });
}

/// The envelope of a collection.
pub(super) fn envelope(request: &Request, page: Page, results: Vec<Value>) -> Value {
    let mut envelope = json!({"count": page.count, "results": results});
    match page.next {
        Some(query) => envelope["next"] = link(request, &query).into(),
        None if inferred::NEXT_NULL_ON_LAST_PAGE => envelope["next"] = Value::Null,
        None => {}
    }
    envelope
}
