//! Status code and text of an answer to the failure that it means.

use super::call_error::Failure;
use crate::core::knowledge::title_of;
use http::header::{DATE, HeaderName, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// `text` is the controller's explanation, see [`explanation`].
pub fn classify(status: StatusCode, headers: &HeaderMap, text: String) -> Failure {
    let says = |phrase: &str| text.to_ascii_lowercase().contains(&phrase.to_ascii_lowercase());
    if status.is_client_error() && says("already exists") {
        return Failure::AlreadyExists(text);
    }
    if status.is_client_error() && says("Cannot delete, object is referred by") {
        return Failure::InUse(text);
    }
    match status.as_u16() {
        300..=399 => Failure::Redirected(target(headers)),
        400 if says("Config Operations can be done ONLY on leader") => Failure::NotLeader(text),
        400 if says("GSLB system is in maintenance mode") => Failure::Maintenance(text),
        400 if says("domain name conflicting with existing domain name") => Failure::DomainConflict(text),
        400 if says("Limit exceeded") => Failure::Quota(text),
        400 if says("Invalid version") || says("introduced in later versions") => Failure::InvalidVersion(text),
        401 if says("Invalid credentials") => Failure::InvalidCredentials(text),
        401 if says("concurrent sessions") => Failure::SessionLimit(text),
        401 | 419 => Failure::BadSession(text),
        403 if says("disallowed during upgrade") => Failure::Upgrade(text),
        403 if says("does not exist!") => Failure::UnknownTenant(text),
        403 => Failure::Forbidden(text),
        404 => Failure::NotFound(text),
        409 => Failure::AlreadyExists(text),
        412 => Failure::StaleWrite(text),
        429 => Failure::RateLimited { retry_after: retry_after(headers) },
        status @ (408 | 500..=599) => Failure::ServerError { status, text, retry_after: retry_after(headers) },
        400..=499 => Failure::BadRequest(text),
        status => Failure::Unexpected { status, text },
    }
}

/// What the controller says in an error answer: its `error` or `detail`, or the beginning of the text; of a page of
/// HTML, as proxies answer with, its title.
pub fn explanation(json: Option<&Value>, raw: &str) -> String {
    let field = json.and_then(|json| ["error", "detail"].into_iter().find_map(|key| json.get(key)?.as_str()));
    let text = field.unwrap_or(raw).trim();
    if text.is_empty() { "no explanation".to_owned() } else { title_of(text) }
}

/// How long the controller asks to wait: in seconds, or until a date. A date is taken by the controller's own clock
/// when the answer shows it, so that a wrong clock on either side does no harm.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = header(headers, &RETRY_AFTER)?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = header(headers, &DATE).and_then(|date| httpdate::parse_http_date(date.trim()).ok());
    Some(until.duration_since(now.unwrap_or_else(SystemTime::now)).unwrap_or_default())
}

/// Where a redirect leads, without the query, which may hold what is nobody's business.
fn target(headers: &HeaderMap) -> String {
    let location = header(headers, &LOCATION).and_then(|location| location.trim().parse::<Uri>().ok());
    match location.as_ref().map(|uri| (uri.host(), uri.path())) {
        Some((Some(host), _)) => format!("host {host}"),
        Some((None, path)) => format!("{path} on the same host"),
        None => "an unknown place".to_owned(),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::avi::call_error::{CallError, Remedy};
    use serde_json::json;

    fn failure(status: u16, error: &str) -> Failure {
        let text = explanation(Some(&json!({"error": error})), "");
        classify(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), text)
    }

    #[test]
    fn each_phrase_of_the_controller_has_its_meaning_and_remedy() {
        type Make = fn(String) -> Failure;
        let table: [(u16, &str, Make, Remedy); 20] = [
            (400, "Limit exceeded: at most 1000 GslbService objects", Failure::Quota, Remedy::Slow),
            (400, "Config Operations can be done ONLY on leader cluster-1", Failure::NotLeader, Remedy::Slow),
            (400, "GSLB system is in maintenance mode.", Failure::Maintenance, Remedy::Slow),
            (400, "domain name conflicting with existing domain name", Failure::DomainConflict, Remedy::Slow),
            (400, "Invalid version 40.1.1", Failure::InvalidVersion, Remedy::Human),
            (400, "field (x) introduced in later versions(v20_1_1).", Failure::InvalidVersion, Remedy::Human),
            (400, "ratio out of range", Failure::BadRequest, Remedy::Human),
            (400, "Cannot delete, object is referred by: ['GslbService a']", Failure::InUse, Remedy::Slow),
            (403, "Cannot delete, object is referred by: ['GslbService a']", Failure::InUse, Remedy::Slow),
            (401, "Invalid credentials", Failure::InvalidCredentials, Remedy::Human),
            (401, "Maximum concurrent sessions reached", Failure::SessionLimit, Remedy::Slow),
            (401, "CSRF token missing or incorrect.", Failure::BadSession, Remedy::Slow),
            (419, "gone", Failure::BadSession, Remedy::Slow),
            (403, "Tenant 'x' does not exist!", Failure::UnknownTenant, Remedy::Human),
            (403, "Configuration is disallowed during upgrade", Failure::Upgrade, Remedy::Slow),
            (403, "User does not have permission", Failure::Forbidden, Remedy::Human),
            (404, "GslbService object not found!", Failure::NotFound, Remedy::Reread),
            (409, "Gslb service with this Name and Tenant ref already exists.", Failure::AlreadyExists, Remedy::Reread),
            (412, "Need to reload object data GslbService", Failure::StaleWrite, Remedy::Reread),
            (422, "odd", Failure::BadRequest, Remedy::Human),
        ];
        for (status, text, expected, remedy) in table {
            let failure = failure(status, text);
            assert_eq!(failure, expected(text.to_owned()), "{status} {text}");
            let error = CallError::new("PUT", true, failure);
            assert_eq!((error.remedy(), error.may_have_been_applied()), (remedy, false), "{status} {text}");
        }
    }

    #[test]
    fn a_failing_server_may_have_applied_a_write_but_not_a_read() {
        for status in [408, 500, 502, 503, 504] {
            let failure = failure(status, "boom");
            let write = CallError::new("PUT", true, failure.clone());
            assert_eq!((write.remedy(), write.may_have_been_applied()), (Remedy::Reread, true), "{status}");
            let read = CallError::new("GET", false, failure);
            assert_eq!((read.remedy(), read.may_have_been_applied()), (Remedy::Backoff, false), "{status}");
        }
    }

    #[test]
    fn retry_after_is_read_from_429_and_503_as_seconds_or_as_a_date() {
        let date = "Fri, 01 May 2026 12:00:00 GMT";
        let table: [(&str, Option<u64>); 6] = [
            ("7", Some(7)),
            (" 120 ", Some(120)),
            ("Fri, 01 May 2026 12:01:30 GMT", Some(90)),
            ("Fri, 01 May 2026 11:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ];
        for (value, seconds) in table {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap()), (DATE, date.parse().unwrap())]);
            for status in [429, 503] {
                let failure = classify(StatusCode::from_u16(status).unwrap(), &headers, String::new());
                let error = CallError::new("GET", false, failure);
                let expected = (seconds.map(Duration::from_secs), Remedy::Backoff);
                assert_eq!((error.retry_after(), error.remedy()), expected, "{status} {value}");
            }
        }
    }

    #[test]
    fn a_date_without_the_clock_of_the_controller_is_taken_by_ours() {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "Fri, 01 May 2020 12:00:00 GMT".parse().unwrap())]);
        assert_eq!(retry_after(&headers), Some(Duration::ZERO));
    }

    #[test]
    fn a_redirect_is_an_error_that_names_where_it_leads() {
        let table = [
            (Some("https://sso.example.org:8443/login?next=/api&user=admin"), "host sso.example.org"),
            (Some("/login?next=%2Fapi"), "/login on the same host"),
            (Some("not a place"), "an unknown place"),
            (None, "an unknown place"),
        ];
        for (location, expected) in table {
            let location = location.map(|location| (LOCATION, location.parse().unwrap()));
            let failure = classify(StatusCode::FOUND, &HeaderMap::from_iter(location), "moved".into());
            assert_eq!(failure, Failure::Redirected(expected.into()));
            let write = CallError::new("POST", true, failure.clone());
            assert_eq!((write.remedy(), write.may_have_been_applied()), (Remedy::Reread, true));
            assert_eq!(CallError::new("GET", false, failure).remedy(), Remedy::Slow);
        }
    }

    /// FND-C5
    #[test]
    fn a_page_of_the_front_proxy_is_shortened() {
        assert_eq!(explanation(None, "  "), "no explanation");
        let page = "<html>\r\n<head><title>502 Bad\nGateway</title></head><body><h1>nginx</h1></body></html>";
        assert_eq!(explanation(None, page), "502 Bad Gateway");
    }
}
