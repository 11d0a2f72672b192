//! Every answer that the public documentation leaves open, in one place, so that one visit to a real controller can
//! correct them all. `U-n` numbers the open points, see [`guesses`]; what has no number is a guess of the same kind. Two
//! points have no entry because nothing here depends on them: `Retry-After` (U-13, only faults answer 429) and the
//! order of DNS answers (U-18).

pub mod guesses;

use super::kind::Kind;
use super::version::ApiVersion;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// U-1: answer to a call whose session is unknown or has run out.
pub fn session_expired() -> Value {
    json!({"detail": "Authentication credentials were not provided."})
}

/// Answer to a login with a wrong password.
pub fn invalid_credentials() -> Value {
    json!({"error": "Invalid credentials"})
}

/// U-2: answer to any login while the account is locked; deliberately without the words of a wrong password.
pub fn account_locked() -> Value {
    json!({"error": "Account is locked, try again later"})
}

/// U-2: answer to a login when the account has as many sessions as it may have.
pub fn too_many_sessions() -> Value {
    json!({"error": "Maximum concurrent sessions reached"})
}

/// Answer to a write while the controller is upgraded.
pub fn upgrading() -> Value {
    json!({"error": "Configuration is disallowed during upgrade"})
}

/// Answer where the role of the user does not allow the action.
pub fn forbidden() -> Value {
    json!({"error": "User does not have permission to perform this action"})
}

/// U-17: text of the refusal of one object more than allowed.
pub fn limit_reached(kind: Kind, most: usize) -> String {
    format!("Limit exceeded: maximum number of {} objects is {most}", kind.path())
}

/// U-21: status of a created token, longest life in hours, and page size of events.
pub const TOKEN_CREATED_STATUS: u16 = 201;
pub const TOKEN_HOURS_MOST: i64 = 87_600;
pub const EVENT_PAGE_SIZE: usize = 10;

/// Time after which copies that failed are tried again.
pub const ERROR_RESYNC: SignedDuration = SignedDuration::from_secs(300);

/// A write without a `Referer` of this host is refused like one without a CSRF token.
pub const REFERER_REQUIRED: bool = true;

/// U-3: answer to a write that carries an outdated `_last_modified`.
pub fn stale_write(kind: Kind, name: &str) -> Value {
    let text = format!("Concurrent Update Error: Need to reload object data {}", kind.type_name());
    json!({"error": text, "obj_name": name})
}

/// U-4: answer to a version header newer than the controller.
pub fn version_too_new(asked: &str, newest: ApiVersion) -> Value {
    json!({"error": format!("Invalid version {asked}: this controller supports API versions up to {newest}")})
}

/// Answer to a body with a field that the version of the header does not know.
pub fn field_too_new(asked: ApiVersion, field: &str, since: ApiVersion) -> String {
    let underscored = |version: ApiVersion| version.to_string().replace('.', "_");
    format!(
        "Incoming request (v{}) has field ({field}) introduced in later versions(v{}).",
        underscored(asked),
        underscored(since)
    )
}

/// U-5: readable type names in the text of a 409.
pub fn readable(kind: Kind) -> &'static str {
    match kind {
        Kind::Tenant => "Tenant",
        Kind::Cluster => "Cluster",
        Kind::Cloud => "Cloud",
        Kind::VirtualService => "Virtual service",
        Kind::Gslb => "Gslb",
        Kind::HealthMonitor => "Health monitor",
        Kind::PersistenceProfile => "Application persistence profile",
        Kind::PkiProfile => "PKI profile",
        Kind::GslbService => "Gslb service",
    }
}

/// U-6: one entry of the list of users in the refusal to delete.
pub fn referrer(kind: Kind, name: &str) -> String {
    format!("'{} {name}'", kind.type_name())
}

/// U-20: status of the refusal to delete an object in use.
pub const IN_USE_STATUS: u16 = 403;

/// Answer to the deletion of an object that the controller ships.
pub fn system_object() -> Value {
    json!({"error": "Cannot delete system default object"})
}

/// U-7: answer to an unknown uuid.
pub fn not_found(kind: Kind) -> Value {
    json!({"error": format!("{} object not found!", kind.type_name())})
}

/// Text for a reference to an object that does not exist.
pub fn dangling_reference(kind: Kind, wanted: &str) -> String {
    format!("{} object not found: {wanted}!", kind.type_name())
}

/// U-8: answer to a write of a federated object on a follower.
pub fn not_leader(leader: &str) -> Value {
    json!({"error": format!("Config Operations can be done ONLY on leader {leader}")})
}

/// U-8: answer to a write of a federated object during maintenance.
pub fn maintenance() -> Value {
    json!({"error": "GSLB system is in maintenance mode. Config Operations are not allowed"})
}

/// Text for an FQDN that another service has.
pub fn domain_taken(domain: &str, owner: &str) -> String {
    format!("{domain}: domain name conflicting with existing domain name in GslbService {owner}")
}

/// U-9: largest page and the answers beyond it.
pub const PAGE_SIZE_MOST: usize = 200;
pub const PAGE_SIZE_TEXT: &str = "Page size should be between 1 and 200";
pub const PAGE_PAST_END_STATUS: u16 = 404;
pub fn page_past_end() -> Value {
    json!({"detail": "Invalid page."})
}

/// U-10: `next` is absent (not null) on the last page.
pub const NEXT_NULL_ON_LAST_PAGE: bool = false;

/// U-11: page size when the query names none.
pub const PAGE_SIZE_DEFAULT: usize = 25;

/// U-12: answer to a site operation that was accepted.
pub fn site_operation_done() -> Value {
    json!({"status": "SYSERR_SUCCESS"})
}

/// U-12: time in which nobody accepts federated writes while the leader changes.
pub const LEADER_CHANGE: SignedDuration = SignedDuration::from_secs(5);

/// U-14: whether a PUT that changes nothing moves `_last_modified`.
pub const UNCHANGED_PUT_MOVES_STAMP: bool = false;

/// U-15: `runtime/detail` of a GSLB service is answered like `runtime/`.
pub const SERVICE_RUNTIME_DETAIL: bool = true;

/// U-19: what a site password reads as; sent back it keeps the stored one.
pub const HIDDEN_PASSWORD: &str = "<sensitive>";

/// Session lifetimes of the shipped settings: idle 15 minutes, at most 24 hours; lockout after 3 failures for 30
/// minutes. The effects are documented, the edge cases are not.
pub const SESSION_IDLE: SignedDuration = SignedDuration::from_mins(15);
pub const SESSION_FORCED: SignedDuration = SignedDuration::from_hours(24);
pub const LOGIN_FAILURES: u32 = 3;
pub const ACCOUNT_LOCK: SignedDuration = SignedDuration::from_mins(30);

/// Answer to a wrong method.
pub fn method_not_allowed(method: &str) -> Value {
    json!({"detail": format!("Method \"{method}\" not allowed.")})
}

/// Texts of field checks.
pub fn missing_field(path: &str) -> String {
    format!("Required field '{path}' is missing")
}
pub fn unknown_field(path: &str) -> String {
    format!("Unknown field '{path}'")
}
pub fn wrong_type(path: &str, expected: &str) -> String {
    format!("Field '{path}' must be {expected}")
}
pub fn out_of_range(path: &str, low: impl std::fmt::Display, high: impl std::fmt::Display) -> String {
    format!("Field '{path}' must be between {low} and {high}")
}
pub fn unknown_choice(path: &str, value: &str) -> String {
    format!("Field '{path}' has unknown value '{value}'")
}
pub fn too_many(path: &str, most: usize) -> String {
    format!("Field '{path}' has more than {most} items")
}

/// U-16: state and reason of what an operator has disabled.
pub const DISABLED: &str = "OPER_DISABLED";
pub const SERVICE_DISABLED: &str = "SYSERR_GSLB_SERVICE_DISABLED";
pub const POOL_DISABLED: &str = "SYSERR_GSLB_SERVICE_POOL_DISABLED";
pub const MEMBER_DISABLED: &str = "SYSERR_GSLB_SERVICE_MEMBER_DISABLED";
/// U-16: reason when neither source knows a member.
pub const NO_STATUS: &str = "SYSERR_GSLB_SERVICE_CTRL_STATUS_UNAVAILABLE";

/// The page of the front proxy while the controller is away.
pub const UNAVAILABLE_PAGE: &str = "<html><head><title>503 Service Temporarily Unavailable</title></head><body>Service Temporarily Unavailable</body></html>";
/// The page for a path that no object type has.
pub const NO_SUCH_PAGE: &str = "<html><head><title>404 Not Found</title></head><body>Not Found</body></html>";
