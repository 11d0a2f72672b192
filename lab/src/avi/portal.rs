//! The front door of a controller: login, logout, sessions, and what needs no session.

use super::inferred;
use super::reply::Reply;
use super::request::Request;
use super::session::{LoginRefusal, SessionCheck};
use super::state::State;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const CSRF_REFUSAL: &str = "CSRF token missing or incorrect.";
/// The real one first.
pub(super) const SESSION_COOKIES: [&str; 2] = ["avi-sessionid", "sessionid"];
const CSRF_AGE: i64 = 31_449_600;

/// `POST /login`.
pub(super) fn login(state: &mut State, site: &str, request: &Request) -> Reply {
    let right = request
        .credentials
        .as_ref()
        .is_some_and(|sent| sent.username == state.config.username && sent.secret == state.config.password);
    let (now, chance) = (state.now(), state.config.chance.clone());
    let user = state.config.username.clone();
    let Some(controller) = state.sites.get_mut(site) else { return Reply::html(404, inferred::NO_SUCH_PAGE) };
    let token = request.credentials.as_ref().filter(|sent| !right && sent.username == user);
    let right = right || token.is_some_and(|sent| controller.tokens.accepts(&sent.secret, now));
    let opened = controller.sessions.login(right, now, &chance);
    state.note_session(site, "USER_LOGIN", opened.is_err());
    let ticket = match opened {
        Ok(ticket) => ticket,
        Err(LoginRefusal::TooMany) => return Reply::json(401, inferred::too_many_sessions()),
        Err(LoginRefusal::WrongSecret) => return Reply::json(401, inferred::invalid_credentials()),
        Err(LoginRefusal::Locked) => return Reply::json(401, inferred::account_locked()),
    };
    let reply = Reply::json(200, login_body(state, site, request));
    let now = state.controllers_now();
    let reply = reply.with("set-cookie", csrf_cookie(&ticket.csrf, now));
    with_session_cookies(reply, &ticket.session, now)
}

/// `POST /logout`: always fine, even without a session.
pub(super) fn logout(state: &mut State, site: &str, request: &Request) -> Reply {
    if let (Some(controller), Some(id)) = (state.sites.get_mut(site), session_id(request)) {
        controller.sessions.logout(id);
        state.note_session(site, "USER_LOGOUT", false);
    }
    Reply::json(200, json!({}))
}

/// `/api/initial-data`.
pub(super) fn initial_data(state: &State, site: &str) -> Reply {
    Reply::json(200, json!({"version": version(state, site), "setup_complete": true}))
}

/// `/api/cluster/version`, and the version part of other answers.
pub(super) fn version(state: &State, site: &str) -> Value {
    let version = state.version_of(site).to_string();
    json!({
        "Product": "controller", "ProductName": "Avi Cloud Controller", "Version": version,
        "build": 9999, "min_version": 15.2, "Tag": format!("{version}-9999-20240601.000000"),
        "Date": "2024-06-01T00:00:00+00:00", "min_supported_api_version": "15.2",
    })
}

/// The session id of an authenticated request, or the refusal.
pub(super) fn authenticate(state: &mut State, site: &str, request: &Request) -> Result<String, Reply> {
    let now = state.now();
    let expired = || Reply::json(401, inferred::session_expired());
    let id = session_id(request).ok_or_else(expired)?;
    let controller = state.sites.get_mut(site).ok_or_else(expired)?;
    match controller.sessions.touch(id, now) {
        SessionCheck::Unknown => Err(expired()),
        SessionCheck::Revoked => Err(Reply::json(419, inferred::session_expired())),
        SessionCheck::Open(csrf) if request.is_write() && !may_write(request, &csrf) => {
            Err(with_session_cookies(Reply::text(401, "application/json", CSRF_REFUSAL), id, now))
        }
        SessionCheck::Open(_) => Ok(id.to_owned()),
    }
}

/// Headers that every authenticated answer has; the session cookies slide, the CSRF cookie stays.
pub(super) fn with_session_headers(reply: Reply, request: &Request, id: &str, now: Timestamp) -> Reply {
    let version = request.version.clone().unwrap_or_else(|| "16_4_2".to_owned());
    with_session_cookies(reply, id, now)
        .with("avi_api_version", version)
        .with("vary", "Accept, Cookie")
        .with("cache-control", "private, no-cache, must-revalidate")
        .with("x-content-type-options", "nosniff")
}

/// The session that a request says it belongs to.
pub(super) fn session_id(request: &Request) -> Option<&str> {
    SESSION_COOKIES.iter().find_map(|name| request.cookies.get(*name)).map(String::as_str)
}

/// A write needs the CSRF token of its session and a `Referer` of this host; the scheme and the slash do not matter.
fn may_write(request: &Request, csrf: &[String]) -> bool {
    let from_here = request.referer.as_deref().is_some_and(|referer| {
        let origin = referer.split_once("://").map_or(referer, |(_, rest)| rest);
        origin.split('/').next() == Some(request.host.as_str()) || request.host.is_empty()
    });
    request.csrf.as_ref().is_some_and(|token| csrf.contains(token)) && (from_here || !inferred::REFERER_REQUIRED)
}

fn with_session_cookies(reply: Reply, id: &str, now: Timestamp) -> Reply {
    let age = inferred::SESSION_FORCED.as_secs();
    let expires = expiry(now, age);
    SESSION_COOKIES.iter().fold(reply, |reply, name| {
        reply.with("set-cookie", format!("{name}={id}; expires={expires}; HttpOnly; Max-Age={age}; Path=/; Secure"))
    })
}

/// The header that sets the CSRF token.
pub(super) fn csrf_cookie(token: &str, now: Timestamp) -> String {
    let expires = expiry(now, CSRF_AGE);
    format!("csrftoken={token}; expires={expires}; Max-Age={CSRF_AGE}; Path=/; Secure")
}

fn expiry(now: Timestamp, seconds: i64) -> String {
    let at = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn login_body(state: &State, site: &str, request: &Request) -> Value {
    let tenant = format!("https://{}/api/tenant/admin", request.host);
    let user = &state.config.username;
    json!({
        "user_initialized": true,
        "session_cookie_name": SESSION_COOKIES[0],
        "version": version(state, site),
        "user": {
            "name": user, "username": user, "full_name": "System Administrator", "email": "", "local": true,
            "is_superuser": true, "uuid": "user-1", "default_tenant_ref": tenant,
        },
        "tenants": [{"name": "admin", "uuid": "admin", "local": true, "url": tenant}],
        "controller": {"api_idle_timeout": inferred::SESSION_IDLE.as_mins()},
        "system_config": {
            "default_license_tier": "ENTERPRISE",
            "portal_configuration": {
                "api_force_timeout": inferred::SESSION_FORCED.as_hours(), "allow_basic_authentication": false,
                "use_uuid_from_input": false,
            },
        },
    })
}
