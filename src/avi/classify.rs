//! Status code and text of an answer to the failure that it means.

use super::call_error::Failure;
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde_json::Value;
use std::time::Duration;

/// Longest part of a controller's text that goes into a message.
const MAX_TEXT: usize = 300;

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
        400 if says("Config Operations can be done ONLY on leader") => Failure::NotLeader(text),
        400 if says("GSLB system is in maintenance mode") => Failure::Maintenance(text),
        400 if says("domain name conflicting with existing domain name") => Failure::DomainConflict(text),
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

/// What the controller says in an error answer: its `error` or `detail`, or the beginning of the text.
pub fn explanation(json: Option<&Value>, raw: &str) -> String {
    let field = json.and_then(|json| ["error", "detail"].into_iter().find_map(|key| json.get(key)?.as_str()));
    let text = field.unwrap_or(raw).trim();
    if text.is_empty() { "no explanation".to_owned() } else { text.chars().take(MAX_TEXT).collect() }
}

/// Seconds only: no Avi controller is known to send a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
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
        let table: [(u16, &str, Make, Remedy); 19] = [
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
    fn retry_after_is_read_from_429() {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "7".parse().unwrap())]);
        let failure = classify(StatusCode::TOO_MANY_REQUESTS, &headers, String::new());
        let error = CallError::new("GET", false, failure);
        assert_eq!((error.retry_after(), error.remedy()), (Some(Duration::from_secs(7)), Remedy::Backoff));
    }

    #[test]
    fn a_page_of_the_front_proxy_is_shortened() {
        assert_eq!(explanation(None, &"x".repeat(5000)).len(), MAX_TEXT);
        assert_eq!(explanation(None, "  "), "no explanation");
    }
}
