//! Which proxy leads to an API server: that of the kubeconfig, or those of the environment, as kubectl reads them.

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use std::fmt;
use std::net::IpAddr;

/// The proxies of the environment; without any, clusters are reached directly. Never shown: there may be passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<Variable>,
    https: Option<Variable>,
    no: String,
}

#[derive(Clone, PartialEq, Eq)]
struct Variable {
    name: &'static str,
    value: String,
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxies")
    }
}

/// A proxy on the way to an API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Without user and password.
    pub uri: Uri,
    pub login: Login,
}

/// How a proxy is logged in to.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    Nobody,
    /// Of an HTTP proxy.
    Basic(HeaderValue),
    /// Of a SOCKS proxy.
    User {
        name: String,
        password: String,
    },
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

/// A text that should be the URL of a proxy and is not. It is not quoted: there may be a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{from} is no URL of a proxy: write http://host:port, or take it away")]
pub struct NoProxyUrl {
    from: String,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, also in lower case, from `variable`.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let filled = |name: &'static str| {
            let value = variable(name).filter(|value| !value.trim().is_empty())?;
            Some(Variable { name, value: value.trim().to_owned() })
        };
        Self {
            http: filled("HTTP_PROXY").or_else(|| filled("http_proxy")),
            https: filled("HTTPS_PROXY").or_else(|| filled("https_proxy")),
            no: filled("NO_PROXY").or_else(|| filled("no_proxy")).map(|no| no.value).unwrap_or_default(),
        }
    }

    /// The proxy that leads to this server. One on this machine is always reached directly.
    ///
    /// # Errors
    /// When the variable that counts holds no proxy's URL.
    pub fn to(&self, server: &Uri) -> Result<Option<Proxy>, NoProxyUrl> {
        let variable = if server.scheme_str() == Some("http") { &self.http } else { &self.https };
        let Some(Variable { name, value }) = variable.as_ref().filter(|_| !is_local(server)) else { return Ok(None) };
        let without = Matcher::builder().all(value.clone()).build();
        if without.intercept(server).is_none() {
            return Err(NoProxyUrl { from: format!("environment variable {name}") });
        }
        let matcher = Matcher::builder().all(value.clone()).no(self.no.clone()).build();
        Ok(matcher.intercept(server).map(Proxy::from))
    }
}

/// The proxy that a kubeconfig names for a server.
///
/// # Errors
/// When the text is no proxy's URL.
pub fn of_kubeconfig(text: &str, server: &Uri) -> Result<Proxy, NoProxyUrl> {
    let refused = || NoProxyUrl { from: "its proxy-url".into() };
    Matcher::builder().all(text.to_owned()).build().intercept(server).map(Proxy::from).ok_or_else(refused)
}

impl From<Intercept> for Proxy {
    fn from(intercept: Intercept) -> Self {
        let user = intercept.raw_auth().map(|(name, password)| (name.to_owned(), password.to_owned()));
        let login = match (intercept.basic_auth(), user) {
            (Some(header), _) => Login::Basic(header.clone()),
            (None, Some((name, password))) => Login::User { name, password },
            (None, None) => Login::Nobody,
        };
        Self { uri: intercept.uri().clone(), login }
    }
}

fn is_local(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which proxy leads to a server when the environment holds these variables.
    fn proxy(variables: &[(&str, &str)], server: &str) -> Result<Option<String>, String> {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into());
        let found = Proxies::read(value).to(&server.parse().unwrap());
        found.map(|proxy| proxy.map(|proxy| proxy.uri.to_string())).map_err(|error| error.to_string())
    }

    /// FND-E6, CL-09
    #[test]
    fn a_proxy_of_the_environment_leads_to_what_no_proxy_does_not_name() {
        let corp = ("HTTPS_PROXY", "http://proxy.corp.example:3128");
        let through = Ok(Some("http://proxy.corp.example:3128/".to_owned()));
        let no = ("NO_PROXY", "127.0.0.1, .svc,.cluster.local,10.0.0.0/8,api.example.org,fd00::/8");
        let cases: [(&[(&str, &str)], &str, _); 12] = [
            (&[], "https://api.example.net:6443", Ok(None)),
            (&[corp], "https://api.example.net:6443", through.clone()),
            (&[("https_proxy", "proxy.corp.example:3128")], "https://api.example.net:6443", through.clone()),
            (&[corp, no], "https://api.example.net:6443", through.clone()),
            (&[corp, no], "https://10.1.2.3:6443", Ok(None)),
            (&[corp, no], "https://[fd00::1]:6443", Ok(None)),
            (&[corp, no], "https://11.1.2.3:6443", through.clone()),
            (&[corp, no], "https://kubernetes.default.svc", Ok(None)),
            (&[corp, no], "https://api.example.org", Ok(None)),
            (&[corp], "https://127.0.0.1:6443", Ok(None)),
            (&[corp, ("NO_PROXY", "*")], "https://api.example.net:6443", Ok(None)),
            (&[corp], "http://api.example.net:8080", Ok(None)),
        ];
        for (variables, server, expected) in cases {
            assert_eq!(proxy(variables, server), expected, "{variables:?} {server}");
        }
    }

    /// FND-E6: the variable is named, and its content, which may be a password, is not.
    #[test]
    fn a_variable_that_is_no_proxys_url_is_named_and_not_quoted() {
        let error = "environment variable HTTPS_PROXY is no URL of a proxy: write http://host:port, or take it away";
        for wrong in ["ftp://u:hush@proxy", "http://u:hush@pro xy", "::"] {
            assert_eq!(proxy(&[("HTTPS_PROXY", wrong)], "https://api.example.net"), Err(error.into()), "{wrong}");
        }
        let error = of_kubeconfig("ftp://u:hush@proxy", &"https://a".parse().unwrap()).unwrap_err().to_string();
        assert_eq!(error, "its proxy-url is no URL of a proxy: write http://host:port, or take it away");
    }

    #[test]
    fn user_and_password_of_a_proxy_are_its_login_and_nothing_that_is_shown() {
        let proxy = of_kubeconfig("http://u:p%40@proxy:1", &"https://a".parse().unwrap()).unwrap();
        assert_eq!(proxy.login, Login::Basic(HeaderValue::from_static("Basic dTpwQA==")));
        assert_eq!(format!("{proxy:?}"), "Proxy { uri: http://proxy:1/, login: Login }");
        let proxy = of_kubeconfig("socks5://u:p@proxy:1", &"https://a".parse().unwrap()).unwrap();
        assert_eq!(proxy.login, Login::User { name: "u".into(), password: "p".into() });
    }
}
