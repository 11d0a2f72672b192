//! The few cookies that make a session.

use http::{HeaderMap, header::SET_COOKIE};
use std::collections::BTreeMap;
use std::fmt;

const CSRF: &str = "csrftoken";
/// The controller sets both, with the same value, and names the real one in the login answer.
const SESSION: [&str; 2] = ["sessionid", "avi-sessionid"];

/// Cookies by name; the last one set wins. Path, domain and lifetime do not matter: the jar belongs to one session on
/// one controller, and the controller says 401 when it is over.
#[derive(Clone, Default)]
pub struct Jar {
    cookies: BTreeMap<String, String>,
    /// Name of the cookie that is the session; empty before [`Jar::complete`].
    session: String,
}

impl Jar {
    /// Takes over what an answer sets: any answer may bring another CSRF token or another session cookie.
    pub fn absorb(&mut self, headers: &HeaderMap) {
        let mut set = BTreeMap::new();
        for cookie in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let pair = cookie.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            if !value.trim().is_empty() {
                set.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        if let Some(value) = set.get(&self.session).cloned() {
            for alias in SESSION {
                set.entry(alias.to_owned()).or_insert_with(|| value.clone());
            }
        }
        self.cookies.extend(set);
    }

    /// Makes both session cookies carry the value of the one called `name`, now and whenever it changes; false when
    /// that or the CSRF token is missing.
    pub fn complete(&mut self, name: &str) -> bool {
        let Some(value) = self.cookies.get(name).cloned() else { return false };
        name.clone_into(&mut self.session);
        for alias in SESSION {
            self.cookies.entry(alias.to_owned()).or_insert_with(|| value.clone());
        }
        self.cookies.contains_key(CSRF)
    }

    /// Value of the `Cookie` header.
    pub fn header(&self) -> String {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    pub fn csrf_token(&self) -> &str {
        self.cookies.get(CSRF).map_or("", String::as_str)
    }
}

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.cookies.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|cookie| (SET_COOKIE, cookie.parse().unwrap())).collect()
    }

    /// A jar after a login that names `portal-id` as the session.
    fn renamed() -> Jar {
        let mut jar = Jar::default();
        jar.absorb(&setting(&["csrftoken=c1; Path=/", "portal-id=s1; HttpOnly"]));
        assert!(jar.complete("portal-id"));
        jar
    }

    #[test]
    fn a_session_cookie_of_another_name_is_sent_under_all_names_and_followed() {
        let mut jar = renamed();
        assert_eq!(jar.header(), "avi-sessionid=s1; csrftoken=c1; portal-id=s1; sessionid=s1");
        jar.absorb(&setting(&["portal-id=s2; HttpOnly"]));
        assert_eq!(jar.header(), "avi-sessionid=s2; csrftoken=c1; portal-id=s2; sessionid=s2");
        jar.absorb(&setting(&["csrftoken=c2"]));
        assert_eq!(jar.csrf_token(), "c2");
    }

    #[test]
    fn a_cookie_that_is_emptied_stays_as_it_was() {
        let mut jar = renamed();
        jar.absorb(&setting(&["csrftoken=; Max-Age=0", "nonsense"]));
        assert_eq!((jar.csrf_token(), jar.header().matches("=").count()), ("c1", 4));
    }

    #[test]
    fn a_jar_without_the_named_cookie_or_without_token_is_no_session() {
        for cookies in [&["csrftoken=c1", "sessionid=s1"][..], &["portal-id=s1"]] {
            let mut jar = Jar::default();
            jar.absorb(&setting(cookies));
            assert!(!jar.complete("portal-id"));
        }
    }
}
