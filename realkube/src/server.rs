//! One API server.

use crate::authority::{self, Authority};
use crate::control_plane::Shared;
use crate::process::Process;
use crate::settings::User;
use crate::{Access, Credentials, Error, Settings, access, files, ports};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::PostParams;
use kube::{Api, Client};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How often a port may be lost to somebody who was faster.
const TRIES: usize = 5;

/// Never reached: a server must be told an address other than loopback, or it looks for one and may find none.
const ADVERTISED: &str = "192.0.2.1";

/// The user with every right.
const ADMIN: &str = "admin";

/// A kube-apiserver with a CA, users and data of its own. Killed when dropped.
///
/// Authorisation is RBAC. There is a user `admin` in `system:masters`; others come by [`Settings::user`], by client
/// certificate ([`Self::issue`]) or as ServiceAccounts ([`Self::service_account`]). The admission of ServiceAccounts is
/// off, since nobody creates the one that each pod would need.
pub struct ApiServer {
    name: String,
    port: u16,
    directory: PathBuf,
    authority: Authority,
    /// With their tokens; the first is the admin.
    users: Vec<(User, String)>,
    flags: Vec<String>,
    process: Option<Process>,
    // After the process, which writes to its directory.
    shared: Arc<Shared>,
}

impl ApiServer {
    pub(crate) async fn start_new(settings: Settings, shared: &Arc<Shared>) -> Result<Self, Error> {
        let Settings { name, users, flags } = settings;
        let directory = shared.directory().join(&name);
        files::create(&directory)?;
        let admin = User { name: ADMIN.to_owned(), groups: vec!["system:masters".to_owned()] };
        let users = std::iter::once(admin).chain(users).map(|user| (user, Uuid::new_v4().to_string())).collect();
        let authority = Authority::new(&name)?;
        let (port, shared) = (ports::free()?, Arc::clone(shared));
        let mut server = Self { name, port, directory, authority, users, flags, process: None, shared };
        server.write_files()?;
        for _ in 1..TRIES {
            match server.start().await {
                Err(error) if error.is_port_taken() => server.port = ports::free()?,
                outcome => return outcome.map(|()| server),
            }
        }
        server.start().await.map(|()| server)
    }

    /// Starts it on its port with its data, after it was stopped, and waits until it serves. One that runs is killed
    /// before.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(&mut self) -> Result<(), Error> {
        self.process = None;
        let log = self.directory.join("log");
        let process = Process::spawn(&self.name, self.command(), log, self.shared.guardian())?;
        let client = self.client().await?;
        self.process.insert(process).wait_until(async || serves(&client).await).await
    }

    /// Stops it in order. Its data stays. Nothing happens to one that does not run.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// Ends it at once by SIGKILL, as a crash does. Its data stays.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Stops it in order and starts it with these flags instead of those of its [`Settings`].
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart_with(&mut self, flags: &[&str]) -> Result<(), Error> {
        self.stop().await;
        self.flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        self.start().await
    }

    /// The name of its [`Settings`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `https://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The certificate of the CA that signed its own, in PEM.
    pub fn ca(&self) -> String {
        self.authority.pem()
    }

    /// The process number; `None` while it is stopped.
    pub fn process(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// The token of the user with every right.
    pub fn admin(&self) -> Credentials {
        Credentials::Token(self.users[0].1.clone())
    }

    /// The token of a user of its [`Settings`].
    pub fn user(&self, name: &str) -> Option<Credentials> {
        let found = self.users.iter().find(|(user, _)| user.name == name);
        found.map(|(_, token)| Credentials::Token(token.clone()))
    }

    /// A new client certificate for a user, who may be in a group.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate.
    pub fn issue(&self, user: &str, group: Option<&str>) -> Result<Credentials, Error> {
        let leaf = self.authority.client(user, group)?;
        Ok(Credentials::Certificate { certificate: leaf.certificate, key: leaf.key })
    }

    /// A new token of a ServiceAccount that exists, by the TokenRequest API. Servers refuse lifetimes below ten minutes.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn service_account(&self, namespace: &str, name: &str, life: Duration) -> Result<Credentials, Error> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client().await?, namespace);
        let expiration_seconds = Some(i64::try_from(life.as_secs()).unwrap_or(i64::MAX));
        let spec = TokenRequestSpec { expiration_seconds, ..TokenRequestSpec::default() };
        let request = TokenRequest { spec, ..TokenRequest::default() };
        let granted = accounts.create_token_request(name, &PostParams::default(), &request).await?;
        Ok(Credentials::Token(granted.status.map(|status| status.token).unwrap_or_default()))
    }

    /// A context of a kubeconfig for these credentials.
    pub fn access(&self, context: &str, credentials: Credentials) -> Access {
        Access { context: context.to_owned(), server: self.url(), ca: self.ca(), credentials }
    }

    /// A kubeconfig, as YAML, with one context for the admin.
    ///
    /// # Errors
    /// When it cannot be written as YAML.
    pub fn kubeconfig(&self, context: &str) -> Result<String, Error> {
        access::kubeconfig(&[self.access(context, self.admin())])
    }

    /// A client for the admin; see [`access::client`].
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn client(&self) -> Result<Client, Error> {
        self.client_as(self.admin()).await
    }

    /// A client with these credentials; see [`access::client`].
    ///
    /// # Errors
    /// When the credentials are no PEM.
    pub async fn client_as(&self, credentials: Credentials) -> Result<Client, Error> {
        access::client(&self.access(&self.name, credentials)).await
    }

    fn write_files(&self) -> Result<(), Error> {
        let leaf = self.authority.server()?;
        let tokens: String = self.users.iter().map(|(user, token)| line(user, token)).collect();
        let (private, public) = authority::signing_keys()?;
        let texts = [
            ("ca.crt", self.ca()),
            ("server.crt", leaf.certificate),
            ("server.key", leaf.key),
            ("accounts.key", private),
            ("accounts.pub", public),
            ("tokens.csv", tokens),
        ];
        texts.iter().try_for_each(|(name, text)| files::write(&self.directory.join(name), text))
    }

    fn command(&self) -> Command {
        let file = |name: &str| self.directory.join(name).display().to_string();
        let issuer = format!("https://{}.example.invalid", self.name);
        let mut command = Command::new(self.shared.kube_apiserver());
        let flags = [
            ("etcd-servers", self.shared.etcd_url().to_owned()),
            ("etcd-prefix", format!("/{}", self.name)),
            // Only when the test says so.
            ("etcd-compaction-interval", "0".to_owned()),
            ("bind-address", "127.0.0.1".to_owned()),
            ("secure-port", self.port.to_string()),
            ("advertise-address", ADVERTISED.to_owned()),
            ("endpoint-reconciler-type", "none".to_owned()),
            ("service-cluster-ip-range", "10.0.0.0/24".to_owned()),
            ("cert-dir", file("")),
            ("tls-cert-file", file("server.crt")),
            ("tls-private-key-file", file("server.key")),
            ("client-ca-file", file("ca.crt")),
            ("token-auth-file", file("tokens.csv")),
            ("authorization-mode", "RBAC".to_owned()),
            ("service-account-issuer", issuer),
            ("service-account-key-file", file("accounts.pub")),
            ("service-account-signing-key-file", file("accounts.key")),
            ("disable-admission-plugins", "ServiceAccount".to_owned()),
            ("allow-privileged", "true".to_owned()),
            ("shutdown-delay-duration", "0s".to_owned()),
        ];
        command.args(flags.map(|(name, value)| format!("--{name}={value}"))).args(&self.flags);
        command
    }
}

/// Ready is said before the first namespaces are there.
async fn serves(client: &Client) -> Result<(), kube::Error> {
    let question = http::Request::get("/readyz").body(Vec::new()).map_err(kube::Error::HttpError)?;
    client.request_text(question).await?;
    Api::<Namespace>::all(client.clone()).get("default").await.map(drop)
}

/// A line of the file of tokens; the user's name serves as uid.
fn line(user: &User, token: &str) -> String {
    format!("{token},{name},{name},\"{groups}\"\n", name = user.name, groups = user.groups.join(","))
}
