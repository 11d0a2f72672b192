//! The client of a cluster: the layers of kube's own, over a connection whose way, trust and patience are ours.

use super::cause::login;
use super::members::MemberError;
use super::proxies::{Login, Proxies, Proxy, of_kubeconfig};
use super::token_file::TokenFile;
use super::trust::Verifier;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Request, Uri};
use hyper::rt::{Read, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::Client as Exchange;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt};
use kube::{Client, Config};
use rustls::pki_types::ServerName;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tower::util::option_layer;
use tower::{BoxError, Layer, Service, ServiceExt};

/// Longest wait for a connection to an API server, with its TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
enum Undialled {
    #[error("{0}")]
    Login(String),
    #[error("{0}")]
    Way(String),
}

/// No connection came about.
#[derive(Debug, thiserror::Error)]
#[error("no connection to {0} in {CONNECT_TIMEOUT:?}: nothing answers there, or something on the way swallows packets")]
struct NoConnection(String);

/// A client with the project's settings: retry belongs to the actors, a connection attempt is bounded, proxies are those
/// of the kubeconfig or else of the environment, and the server is told who asks, which audit logs and
/// `metadata.managedFields` show.
///
/// # Errors
/// When something in the configuration cannot be used, whatever a library makes of it.
pub fn client_of(config: Config, context: &str, proxies: &Proxies) -> Result<Client, MemberError> {
    unless_it_panics(context, || {
        dial(config, proxies)
            .map_err(|error| MemberError::Client { context: context.to_owned(), why: error.to_string() })
    })
}

/// What a library makes of what a user wrote. A panic is the trouble of this one cluster; the library's words are in the
/// log of the process.
///
/// # Errors
/// When it panics, or finds something wrong.
pub fn unless_it_panics(
    context: &str,
    make: impl FnOnce() -> Result<Client, MemberError>,
) -> Result<Client, MemberError> {
    catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| {
        let why = "a library gave up on what the kubeconfig says of it: compare its entries with those of a cluster that \
                   works";
        Err(MemberError::Client { context: context.to_owned(), why: why.into() })
    })
}

fn dial(mut config: Config, proxies: &Proxies) -> Result<Client, Undialled> {
    config.headers.push((USER_AGENT, HeaderValue::from_static(concat!("amko/", env!("CARGO_PKG_VERSION")))));
    let way = |error: &dyn std::fmt::Display| Undialled::Way(error.to_string());
    let proxy = match &config.proxy_url {
        Some(uri) => Some(of_kubeconfig(&uri.to_string(), &config.cluster_url).map_err(|error| way(&error))?),
        None => proxies.to(&config.cluster_url).map_err(|error| way(&error))?,
    };
    let mut direct = HttpConnector::new();
    direct.enforce_http(false);
    match proxy {
        None => over(direct, config),
        Some(Proxy { uri, login }) => match (uri.scheme_str(), login) {
            (Some("http"), login) => over(logged_in(Tunnel::new(uri, direct), login), config),
            (Some("https"), login) => {
                let tls = rustls::ClientConfig::builder();
                let tls = tls.dangerous().with_custom_certificate_verifier(Arc::new(Verifier::new(None)));
                let tls = tls.with_no_client_auth();
                let secure = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
                over(logged_in(Tunnel::new(uri, secure.wrap_connector(direct)), login), config)
            }
            (Some("socks5" | "socks5h"), Login::User { name, password }) => {
                over(SocksV5::new(uri, direct).with_auth(name, password), config)
            }
            (Some("socks5" | "socks5h"), _) => over(SocksV5::new(uri, direct), config),
            (scheme, _) => Err(Undialled::Way(format!(
                "a proxy of scheme {:?} is not supported: use http, https or socks5",
                scheme.unwrap_or_default()
            ))),
        },
    }
}

fn logged_in<C>(tunnel: Tunnel<C>, login: Login) -> Tunnel<C> {
    match login {
        Login::Basic(header) => tunnel.with_auth(header),
        Login::Nobody | Login::User { .. } => tunnel,
    }
}

/// The client over connections of this kind.
fn over<C>(connector: C, mut config: Config) -> Result<Client, Undialled>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let token = token_file(&mut config)?;
    let connector = bounded(secure(connector, &mut config)?);
    let exchange = Exchange::builder(TokioExecutor::new()).build::<_, Body>(connector);
    let exchange = exchange.map_err(BoxError::from as fn(hyper_util::client::legacy::Error) -> BoxError);
    let headers = config.extra_headers_layer().map_err(|error| Undialled::Login(error.to_string()))?;
    let login = config.auth_layer().map_err(|error| Undialled::Login(without_secrets(&error, &config)))?;
    let service = config.base_uri_layer().layer(option_layer(login).layer(headers.layer(exchange)));
    let service = tower::service_fn(move |mut request: Request<Body>| {
        if let Some(token) = &token {
            request.headers_mut().insert(AUTHORIZATION, token.header());
        }
        service.clone().oneshot(request)
    });
    Ok(Client::new(service, config.default_namespace))
}

/// The token of a file, when nothing goes before it.
fn token_file(config: &mut Config) -> Result<Option<TokenFile>, Undialled> {
    let user = &mut config.auth_info;
    let other = user.auth_provider.is_some() || user.token.is_some();
    let other = other || (user.username.is_some() && user.password.is_some());
    let Some(path) = user.token_file.take().filter(|_| !other) else { return Ok(None) };
    TokenFile::open(Path::new(&path)).map(Some).map_err(Undialled::Login)
}

/// The connection with TLS, where the server's address asks for it.
fn secure<C>(connector: C, config: &mut Config) -> Result<HttpsConnector<C>, Undialled> {
    let of_system = config.root_cert.is_none();
    // Without any, the library would look for those of the system, and fail where there are none.
    let roots = config.root_cert.get_or_insert_default().clone();
    let tls = config.rustls_client_config();
    let mut tls = tls.map_err(|error| Undialled::Way(super::cause::innermost(&error)))?;
    // In a pod, the library reads its file again when it changes.
    if !config.accept_invalid_certs && config.root_cert_file.is_none() {
        let verifier = Verifier::new((!of_system).then_some(roots.as_slice()));
        tls.dangerous().set_certificate_verifier(Arc::new(verifier));
    }
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    let name = config.tls_server_name.clone().map(ServerName::try_from).transpose();
    let name = name.map_err(|_| Undialled::Way("its tls-server-name is no name of a server: correct it".into()))?;
    Ok(match name {
        Some(name) => {
            let builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name));
            builder.enable_http1().wrap_connector(connector)
        }
        None => builder.enable_http1().wrap_connector(connector),
    })
}

/// A connection in the making.
type Connecting<S> = BoxFuture<'static, Result<MaybeHttpsStream<S>, BoxError>>;

/// The same connection, with an end to patience.
fn bounded<C>(
    connector: HttpsConnector<C>,
) -> tower::util::ServiceFn<impl FnMut(Uri) -> Connecting<C::Response> + Clone + Send + Sync + 'static>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    tower::service_fn(move |server: Uri| {
        let connector = connector.clone();
        let place = server.authority().map(ToString::to_string).unwrap_or_default();
        let connection = async move {
            let connected = timeout(CONNECT_TIMEOUT, connector.oneshot(server)).await;
            connected.unwrap_or_else(|_| Err(NoConnection(place).into()))
        };
        connection.boxed()
    })
}

/// What is wrong with a login, of a program by its name.
fn without_secrets(error: &kube::Error, config: &Config) -> String {
    let kube::Error::Auth(error) = error else { return super::cause::said(error) };
    login(error, config.auth_info.exec.as_ref().map(|exec| exec.command.as_deref().unwrap_or_default()))
}

#[cfg(test)]
mod tests;
