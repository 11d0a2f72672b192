//! True answers with something changed: the links between pages, the cookies.

use crate::avi::portal;
use crate::avi::query::next_page;
use crate::avi::reply::{Content, Reply};
use crate::avi::request::Request;
use crate::avi::state::State;
use serde_json::{Value, json};

const SESSION_COOKIES: [&str; 2] = portal::SESSION_COOKIES;

/// What is changed.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) enum Change {
    /// `page_size` is the most that the client gets.
    Paging { trouble: Paging, page_size: Option<u32> },
    /// Each authenticated answer sets a new CSRF token.
    RotateToken,
    /// Logins set one session cookie, of this name.
    RenameSession(String),
}

/// What is wrong with the pages of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::avi) enum Paging {
    /// No page links to the next.
    NextMissing,
    /// Each page links to itself.
    NextLoops,
    /// Objects before the page go away while it is read, so that it lacks what moved up.
    Shrinking,
    /// The count is one too high.
    CountWrong,
    /// Pages after the first are not found.
    PageGone,
}

impl Change {
    /// What happens to the request before the controller reads it.
    pub fn request(&self, request: &mut Request) {
        match self {
            Self::Paging { page_size: Some(most), .. } => {
                let asked = request.parameter("page_size").and_then(|asked| asked.parse().ok()).unwrap_or(*most);
                request.query.retain(|(key, _)| key != "page_size");
                request.query.push(("page_size".into(), asked.min(*most).to_string()));
            }
            Self::RenameSession(name) => {
                if let Some(id) = request.cookies.get(name).cloned() {
                    SESSION_COOKIES.iter().for_each(|known| {
                        request.cookies.insert((*known).to_owned(), id.clone());
                    });
                }
            }
            Self::Paging { .. } | Self::RotateToken => {}
        }
    }

    /// The answer as the client gets it.
    pub fn reply(&self, state: &mut State, site: &str, request: &Request, reply: Reply) -> Reply {
        match self {
            Self::Paging { trouble, .. } => trouble.reply(request, reply),
            Self::RotateToken => rotated(state, site, request, reply),
            Self::RenameSession(name) => renamed(name, reply),
        }
    }
}

impl Paging {
    fn reply(self, request: &Request, mut reply: Reply) -> Reply {
        let later = request.parameter("page").is_some_and(|page| page != "1");
        let Content::Json(body) = &mut reply.content else { return reply };
        if reply.status != 200 || !body["results"].is_array() {
            return reply;
        }
        match self {
            Self::NextMissing => {
                body.as_object_mut().and_then(|body| body.remove("next"));
            }
            Self::NextLoops => {
                let page = request.parameter("page").and_then(|page| page.parse().ok()).unwrap_or(1);
                body["next"] = next_page(request, page).into();
            }
            Self::Shrinking if later => {
                body["count"] = body["count"].as_u64().unwrap_or_default().saturating_sub(1).into();
                body["results"].as_array_mut().map(|results| results.drain(..results.len().min(1)).count());
            }
            Self::CountWrong => body["count"] = (body["count"].as_u64().unwrap_or_default() + 1).into(),
            Self::PageGone if later => {
                return Reply { status: 404, content: Content::Json(json!({"detail": "Invalid page."})), ..reply };
            }
            Self::Shrinking | Self::PageGone => {}
        }
        reply
    }
}

fn rotated(state: &mut State, site: &str, request: &Request, reply: Reply) -> Reply {
    let (now, chance) = (state.now(), state.config.chance.clone());
    let sessions = state.sites.get_mut(site).map(|site| &mut site.sessions);
    let token = sessions.zip(portal::session_id(request)).and_then(|(sessions, id)| sessions.rotate(id, &chance));
    match token {
        Some(token) => reply.with("set-cookie", portal::csrf_cookie(&token, now)),
        None => reply,
    }
}

fn renamed(name: &str, mut reply: Reply) -> Reply {
    let [real, alias] = SESSION_COOKIES.map(|name| format!("{name}="));
    reply.headers.retain(|(header, value)| *header != "set-cookie" || !value.starts_with(&alias));
    for (_, value) in reply.headers.iter_mut().filter(|(header, _)| *header == "set-cookie") {
        if let Some(rest) = value.strip_prefix(&real) {
            *value = format!("{name}={rest}");
        }
    }
    if let Content::Json(Value::Object(body)) = &mut reply.content
        && let Some(told) = body.get_mut("session_cookie_name")
    {
        *told = name.into();
    }
    reply
}
