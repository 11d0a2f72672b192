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
pub struct Jar(BTreeMap<String, String>);

impl Jar {
    /// Takes over what an answer sets.
    pub fn absorb(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let pair = cookie.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            if !value.trim().is_empty() {
                self.0.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }

    /// Makes both session cookies carry the value of the one called `name`; false when that or the CSRF token is
    /// missing.
    pub fn complete(&mut self, name: &str) -> bool {
        let Some(value) = self.0.get(name).cloned() else { return false };
        for alias in SESSION {
            self.0.entry(alias.to_owned()).or_insert_with(|| value.clone());
        }
        self.0.contains_key(CSRF)
    }

    /// Value of the `Cookie` header.
    pub fn header(&self) -> String {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    pub fn csrf_token(&self) -> &str {
        self.0.get(CSRF).map_or("", String::as_str)
    }
}

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
