//! `GET /api/analytics/logs?type=2`: events by filter, time and page; and the alerts that follow from them.

use super::call::{Call, Scope};
use super::inferred;
use super::query;
use super::reply::Reply;
use super::request::Request;
use super::state::{State, tenant_name};
use super::store::text;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

/// The `type` of the log that holds events.
const EVENTS: &str = "2";

/// One page of events. Other log types are there but empty.
pub(super) fn logs(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    state.note_health(call.site);
    let request = call.request;
    let wanted = request.parameter("type") == Some(EVENTS);
    let events = if wanted { readable(state, call)? } else { Vec::new() };
    let filters = filters(request)?;
    let (start, end) = window(state, request)?;
    let inside = |event: &Value| {
        let at = text(event, "report_timestamp").parse::<Timestamp>().ok();
        at.is_some_and(|at| start.is_none_or(|start| at >= start) && at <= end)
    };
    let mut picked: Vec<Arc<Value>> =
        events.into_iter().filter(|event| inside(event) && filters.iter().all(|filter| filter.picks(event))).collect();
    if let Some(field) = request.parameter("orderby") {
        order(field, &mut picked);
    }
    let number =
        |name: &str, missing: usize| request.parameter(name).and_then(|text| text.parse().ok()).unwrap_or(missing);
    let (page, size) = (number("page", 1).max(1), number("page_size", inferred::EVENT_PAGE_SIZE).max(1));
    let count = picked.len();
    let results: Vec<Value> =
        picked.iter().skip((page - 1) * size).take(size).map(|event| Value::clone(event)).collect();
    Ok(Reply::json(
        200,
        json!({"count": count, "results": results, "start": start.map(|at| at.to_string()), "end": end.to_string(),
            "page": page, "duration": number("duration", 0), "query_time": 1}),
    ))
}

/// `GET /api/alert` and `/api/alert/{uuid}`.
pub(super) fn alerts(state: &mut State, call: &Call<'_>, uuid: Option<&str>) -> Result<Reply, Reply> {
    state.note_health(call.site);
    let host = call.host(call.here(state)?).to_owned();
    let events = readable(state, call)?;
    let mut alerts: Vec<Arc<Value>> = events.iter().filter_map(|event| alert(&host, event)).map(Arc::new).collect();
    if let Some(uuid) = uuid {
        let found = alerts.into_iter().find(|alert| text(alert, "uuid") == uuid);
        let found = found.ok_or_else(|| Reply::json(404, json!({"error": "Alert object not found!"})))?;
        return Ok(Reply::json(200, Value::clone(&found)));
    }
    for field in ["level", "state", "obj_uuid", "obj_name", "name"] {
        if let Some(wanted) = call.request.parameter(field) {
            alerts.retain(|alert| text(alert, field) == wanted);
        }
    }
    let page = query::page(call.request, alerts)?;
    let results = page.objects.iter().map(|alert| Value::clone(alert)).collect();
    Ok(Reply::json(200, query::envelope(call.request, page, results)))
}

/// Events of the tenants that the call may see, newest first.
fn readable(state: &State, call: &Call<'_>) -> Result<Vec<Arc<Value>>, Reply> {
    let site = call.here(state)?;
    let tenant = match &call.scope {
        Scope::All => None,
        Scope::One(uuid) => Some(tenant_name(&site.store, uuid)),
    };
    let mut events = site.journal.visible(state.now());
    events.retain(|event| tenant.is_none_or(|tenant| text(event, "tenant") == tenant));
    Ok(events)
}

/// The alert that an event raises; most raise none.
fn alert(host: &str, event: &Value) -> Option<Value> {
    let level = match text(event, "event_id") {
        "GS_DOWN" | "CONTROLLER_LEADER_FAILOVER" => "ALERT_HIGH",
        "GS_GROUP_DOWN" | "GSLB_SITE_SYNC_STATUS" => "ALERT_MEDIUM",
        "GS_MEMBER_DOWN" => "ALERT_LOW",
        _ => return None,
    };
    let uuid = format!("alert-{}", event["log_id"]);
    Some(json!({
        "uuid": uuid, "url": format!("https://{host}/api/alert/{uuid}"), "name": event["event_id"], "level": level,
        "state": "ALERT_STATE_ON", "obj_key": event["obj_uuid"], "obj_uuid": event["obj_uuid"],
        "obj_name": event["obj_name"], "summary": event["details_summary"], "reason": event["event_id"],
        "timestamp": event["report_timestamp"], "events": [event],
        "alert_config_ref": format!("https://{host}/api/alertconfig/System-{}-Alert", text(event, "event_id")),
    }))
}

/// One `filter=operator(field,value)`.
struct Filter {
    operator: String,
    path: String,
    value: String,
}

impl Filter {
    fn picks(&self, event: &Value) -> bool {
        let found = event.pointer(&format!("/{}", self.path.replace('.', "/")));
        let found = found.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let have = found.as_deref().unwrap_or_default();
        match self.operator.as_str() {
            "eq" => have == self.value,
            "ne" => have != self.value,
            "co" => have.contains(&self.value),
            "nc" => !have.contains(&self.value),
            "gt" => have > self.value.as_str(),
            "lt" => have < self.value.as_str(),
            _ => false,
        }
    }
}

fn filters(request: &Request) -> Result<Vec<Filter>, Reply> {
    let texts = request.query.iter().filter(|(key, _)| key == "filter").map(|(_, text)| text.as_str());
    texts.map(|text| filter(text).ok_or_else(|| Reply::refused(format!("Invalid filter '{text}'")))).collect()
}

fn filter(text: &str) -> Option<Filter> {
    let (operator, rest) = text.split_once('(')?;
    let (path, value) = rest.strip_suffix(')')?.split_once(',')?;
    let known = ["eq", "ne", "co", "nc", "gt", "lt"].contains(&operator);
    known.then(|| Filter {
        operator: operator.to_owned(),
        path: path.trim().to_owned(),
        value: value.trim().to_owned(),
    })
}

/// Beginning and end of the time asked about.
fn window(state: &State, request: &Request) -> Result<(Option<Timestamp>, Timestamp), Reply> {
    let time = |name: &str| {
        let text = request.parameter(name);
        let parsed =
            text.map(|text| text.parse().map_err(|_| Reply::refused(format!("'{name}' is not a time: {text}"))));
        parsed.transpose()
    };
    let end = time("end")?.unwrap_or_else(|| state.now());
    let duration =
        request.parameter("duration").and_then(|seconds| seconds.parse().ok()).filter(|seconds| *seconds > 0);
    let start = duration.and_then(|seconds| end.checked_sub(SignedDuration::from_secs(seconds)).ok());
    Ok((time("start")?.or(start), end))
}

fn order(field: &str, events: &mut [Arc<Value>]) {
    let (field, newest_first) = field.strip_prefix('-').map_or((field, false), |field| (field, true));
    events.sort_by_cached_key(|event| text(event, field).to_owned());
    if newest_first {
        events.reverse();
    }
}
