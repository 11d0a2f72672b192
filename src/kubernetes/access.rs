//! One context of a kubeconfig, and the configuration of a client that follows from it. Everything that a user wrote is
//! looked at here, so that no library stumbles over it later: what kubectl accepts is accepted, anything else is refused
//! with its reason, for this context alone.

use super::kubeconfig::unreadable;
use super::proxies::{NoProxyUrl, of_kubeconfig};
use super::token_file::{TokenFile, bearer, header};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::Uri;
use jiff::Timestamp;
use kube::Config;
use kube::config::{AuthInfo, AuthProviderConfig, Cluster, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::fmt;
use std::path::Path;

/// Why a context cannot be used. Nothing of a secret is quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    #[error("{0}: correct it")]
    Unreadable(String),
    #[error("the kubeconfig has no cluster {0:?}: add it, or correct the context")]
    NoCluster(String),
    #[error("its cluster has no server: give the URL of the API server")]
    NoServer,
    #[error("the server of its cluster is no URL ({0}): write https://host:port")]
    NoUrl(String),
    /// Of certificates and keys.
    #[error("its {field} {what}")]
    Material { field: &'static str, what: String },
    #[error("its {field} {what}")]
    Text { field: &'static str, what: String },
    #[error("{0}")]
    TokenFile(String),
    #[error(transparent)]
    Proxy(#[from] NoProxyUrl),
    #[error(
        "its user logs in by auth-provider {0:?}, which neither kubectl nor this operator has: use a token or exec"
    )]
    Provider(String),
    #[error("its user logs in by auth-provider \"oidc\", {0}, and nothing here renews it: use a token or exec")]
    Oidc(String),
}

/// One context with its cluster and user: what is needed to reach a member. Never shown: it holds credentials.
#[derive(Clone)]
pub struct Access(Kubeconfig);

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access")
    }
}

impl Access {
    /// The context with what it refers to.
    pub fn of(kubeconfig: &Kubeconfig, named: &NamedContext) -> Self {
        let context = named.context.as_ref();
        let cluster = context.and_then(|context| kubeconfig.clusters.iter().find(|c| c.name == context.cluster));
        let user = context.and_then(|context| context.user.as_ref());
        let user = user.and_then(|user| kubeconfig.auth_infos.iter().find(|known| known.name == *user));
        Self(Kubeconfig {
            contexts: vec![named.clone()],
            clusters: cluster.cloned().into_iter().collect(),
            auth_infos: user.cloned().into_iter().collect(),
            current_context: Some(named.name.clone()),
            ..Kubeconfig::default()
        })
    }

    /// Whether both lead to the same server as the same user. What cluster and user are called does not matter.
    pub fn leads_where(&self, other: &Self) -> bool {
        self.facts() == other.facts()
    }

    /// Whether both lead to the same server, as whomever.
    pub fn is_at(&self, other: &Self) -> bool {
        self.facts()[0] == other.facts()[0]
    }

    fn facts(&self) -> Value {
        let clusters: Vec<_> = self.0.clusters.iter().map(|NamedCluster { cluster, .. }| cluster).collect();
        let users: Vec<_> = self.0.auth_infos.iter().map(|NamedAuthInfo { auth_info, .. }| auth_info).collect();
        json!([clusters, users])
    }

    /// The configuration of a client, without the proxies of the environment.
    ///
    /// # Errors
    /// When something that the user wrote cannot be used, and what.
    pub fn config(&self) -> Result<Config, AccessError> {
        let Kubeconfig { contexts, clusters, auth_infos, .. } = &self.0;
        let odd = contexts.first().and_then(|named| unreadable(&named.other));
        let odd = odd.or_else(|| clusters.first().and_then(|named| unreadable(&named.other)));
        if let Some(odd) = odd.or_else(|| auth_infos.first().and_then(|named| unreadable(&named.other))) {
            return Err(AccessError::Unreadable(odd));
        }
        let context = contexts.first().and_then(|named| named.context.clone()).unwrap_or_default();
        let cluster = clusters.first().and_then(|named| named.cluster.clone());
        let cluster = without_blanks(cluster.ok_or(AccessError::NoCluster(context.cluster))?);
        let mut user = auth_infos.first().and_then(|named| named.auth_info.clone()).unwrap_or_default();
        let identity = identity(&mut user)?;
        let roots = authorities(&cluster)?;
        let server = server(&cluster, roots.is_some() || identity)?;
        let mut config = Config::new(server);
        config.default_namespace = context.namespace.unwrap_or_else(|| "default".into());
        config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
        config.root_cert = roots;
        config.tls_server_name = filled(cluster.tls_server_name.as_ref()).map(str::to_owned);
        if let Some(name) = &config.tls_server_name {
            let named = ServerName::try_from(name.as_str()).map(drop);
            let what = "is no name or address of a server: correct it";
            named.map_err(|_| AccessError::Text { field: "tls-server-name", what: what.into() })?;
        }
        if let Some(proxy) = filled(cluster.proxy_url.as_ref()) {
            of_kubeconfig(proxy, &config.cluster_url)?;
            config.proxy_url = proxy.parse().ok();
        }
        check_login(&mut user)?;
        if let Some(exec) = user.exec.as_mut().filter(|exec| exec.provide_cluster_info) {
            let information = (&cluster).try_into();
            let information = information.map_err(|error| AccessError::Unreadable(format!("its cluster: {error}")))?;
            exec.cluster = Some(information);
        }
        config.auth_info = user;
        Ok(config)
    }
}

/// An empty text counts as absent, as for kubectl.
fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// A certificate authority whose text is wrapped, without its line breaks.
fn without_blanks(mut cluster: Cluster) -> Cluster {
    cluster.certificate_authority_data = filled(cluster.certificate_authority_data.as_ref()).map(unwrapped);
    cluster.certificate_authority.take_if(|path| path.is_empty());
    cluster
}

/// Base64 without line breaks and blanks.
fn unwrapped(text: &str) -> String {
    text.split_ascii_whitespace().collect()
}

/// As kubectl does: without a scheme, TLS where anything is said about it.
fn server(cluster: &Cluster, mentions_tls: bool) -> Result<Uri, AccessError> {
    let text = filled(cluster.server.as_ref()).ok_or(AccessError::NoServer)?;
    if text.contains(|c: char| c.is_control()) {
        return Err(AccessError::NoUrl("it holds a line break or another control character".into()));
    }
    let secure = mentions_tls || cluster.insecure_skip_tls_verify == Some(true);
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("{}://{text}", if secure { "https" } else { "http" })
    };
    let uri: Uri = whole.parse().map_err(|error: http::uri::InvalidUri| AccessError::NoUrl(error.to_string()))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(uri),
        (_, Some(host)) if !host.is_empty() => Err(AccessError::NoUrl("its scheme is neither http nor https".into())),
        _ => Err(AccessError::NoUrl("it names no host".into())),
    }
}

/// The certificate authorities to trust, in DER; `None` for those of the system.
fn authorities(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, AccessError> {
    let (data, file) = (cluster.certificate_authority_data.as_ref(), cluster.certificate_authority.as_ref());
    let fields = ["certificate-authority-data", "certificate-authority"];
    let Some((field, pem)) = material(fields, filled(data), filled(file))? else { return Ok(None) };
    let found: Vec<Vec<u8>> = certificates(&pem).map(|certificate| certificate.to_vec()).collect();
    if found.is_empty() {
        let what = "holds no PEM certificate: put the CA that signed the API server's certificate there";
        return Err(AccessError::Material { field, what: what.into() });
    }
    Ok(Some(found))
}

/// Checks certificate and key of the client. Answers whether there are any.
fn identity(user: &mut AuthInfo) -> Result<bool, AccessError> {
    user.client_certificate.take_if(|path| path.is_empty());
    user.client_key.take_if(|path| path.is_empty());
    user.client_certificate_data = filled(user.client_certificate_data.as_ref()).map(unwrapped);
    let key = user.client_key_data.take();
    let key = key.map(|key| unwrapped(key.expose_secret())).filter(|key| !key.is_empty());
    let certificate = material(
        ["client-certificate-data", "client-certificate"],
        user.client_certificate_data.as_deref(),
        user.client_certificate.as_deref(),
    )?;
    let pem = material(["client-key-data", "client-key"], key.as_deref(), user.client_key.as_deref())?;
    user.client_key_data = key.map(SecretString::from);
    let wrong = |field, what: &str| Err(AccessError::Material { field, what: what.into() });
    match (certificate, pem) {
        (None, None) => Ok(false),
        (Some((field, _)), None) => wrong(field, "has no key beside it: add client-key-data"),
        (None, Some((field, _))) => wrong(field, "has no certificate beside it: add client-certificate-data"),
        (Some((field, pem)), _) if certificates(&pem).next().is_none() => wrong(field, "holds no PEM certificate"),
        (_, Some((field, pem))) if PrivateKeyDer::from_pem_slice(&pem).is_err() => {
            wrong(field, "holds no PEM private key")
        }
        _ => Ok(true),
    }
}

fn certificates(pem: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok)
}

/// What the data, or else the file, holds, and the field that counts.
fn material(
    [data_field, file_field]: [&'static str; 2],
    data: Option<&str>,
    file: Option<&str>,
) -> Result<Option<(&'static str, Vec<u8>)>, AccessError> {
    if let Some(data) = data {
        let decoded = BASE64.decode(data.as_bytes());
        let what = "is no base64: it is the file, encoded".to_owned();
        return decoded
            .map(|bytes| Some((data_field, bytes)))
            .map_err(|_| AccessError::Material { field: data_field, what });
    }
    let Some(file) = file else { return Ok(None) };
    let what = |error| format!("{file} cannot be read ({error}): mount it into this container, or use {data_field}");
    let read = std::fs::read(file);
    read.map(|bytes| Some((file_field, bytes)))
        .map_err(|error| AccessError::Material { field: file_field, what: what(error) })
}

/// Checks how the user logs in, by whatever counts first.
fn check_login(user: &mut AuthInfo) -> Result<(), AccessError> {
    let text = |field, what| AccessError::Text { field, what };
    user.token.take_if(|token| token.expose_secret().is_empty());
    user.token_file.take_if(|path| path.is_empty());
    let groups = user.impersonate_groups.iter().flatten().map(|group| ("as-groups", group));
    let extra = user.impersonate_user_extra.iter().flatten().flat_map(|(_, values)| values);
    let acting = user.impersonate.iter().map(|name| ("as", name));
    let acting = acting.chain(user.impersonate_uid.iter().map(|uid| ("as-uid", uid)));
    for (field, value) in acting.chain(groups).chain(extra.map(|value| ("as-user-extra", value))) {
        header(value).map_err(|what| text(field, what))?;
    }
    if let Some(provider) = &user.auth_provider {
        return check_provider(provider);
    }
    if user.username.is_some() && user.password.is_some() {
        return Ok(());
    }
    if let Some(token) = &user.token {
        return bearer(token.expose_secret()).map(drop).map_err(|what| text("token", what));
    }
    match &user.token_file {
        Some(file) => TokenFile::open(Path::new(file)).map(drop).map_err(AccessError::TokenFile),
        None => Ok(()),
    }
}

fn check_provider(provider: &AuthProviderConfig) -> Result<(), AccessError> {
    if provider.name != "oidc" {
        return Err(AccessError::Provider(provider.name.clone()));
    }
    let Some(token) = filled(provider.config.get("id-token")) else {
        return Err(AccessError::Oidc("without an id-token".into()));
    };
    if let Some(end) = expiry(token).filter(|end| *end <= Timestamp::now()) {
        return Err(AccessError::Oidc(format!("whose id-token has expired at {end}")));
    }
    bearer(token).map(drop).map_err(|what| AccessError::Text { field: "id-token", what })
}

/// When a JSON Web Token ends, if it says so.
fn expiry(token: &str) -> Option<Timestamp> {
    let claims = BASE64URL_NOPAD.decode(token.split('.').nth(1)?.trim_end_matches('=').as_bytes()).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Timestamp::from_second(claims["exp"].as_i64()?).ok()
}

#[cfg(test)]
mod tests;
