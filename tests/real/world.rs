//! Three API servers, the controller, the chart installed by helm, and the operator.

use super::api::Api;
use super::audit::Audit;
use super::controller::{Controller, PASSWORD, USER};
use super::objects::{PLACES, SHOP};
use super::pod::{Account, Container, Pod};
use amko_realkube::{ApiServer, ControlPlane, Credentials, Settings, Tools, available, helm, kubeconfig};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

/// The cluster that holds AMKO's objects.
pub const HOME: &str = PLACES[0].context;
/// UUID of the installation.
pub const UUID: &str = "4ab35b6e-7a57-11ed-a1eb-0242ac120002";
/// The user of the operator in its own cluster, and in the members.
pub const OPERATOR: &str = "system:serviceaccount:avi-system:amko-sa";
pub const MEMBER: &str = "system:serviceaccount:avi-system:amko-member";
/// Where the kubeconfig of the members is.
pub const MEMBERS_SECRET: &str = "api/v1/namespaces/avi-system/secrets/gslb-config-secret";
/// Longer than any test; API servers refuse less than ten minutes.
const TOKEN: Duration = Duration::from_secs(3600);

/// One etcd for all stories; it ends with the process.
static PLANE: OnceCell<ControlPlane> = OnceCell::const_new();
/// How many stories are told at a time: they mostly wait, and each needs 800 MB.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Everything of one story.
pub struct World {
    servers: BTreeMap<&'static str, ApiServer>,
    pub controller: Controller,
    pub plane: &'static ControlPlane,
    /// Clusters whose tokens are in files.
    pub with_token_file: BTreeSet<&'static str>,
    apis: BTreeMap<&'static str, Api>,
    audits: BTreeMap<&'static str, Audit>,
    tools: Tools,
    helm: PathBuf,
    /// For the files of the story.
    directory: PathBuf,
    _turn: SemaphorePermit<'static>,
}

/// One API server, and nothing else.
pub struct Single {
    pub api: Api,
    _server: ApiServer,
    _turn: SemaphorePermit<'static>,
}

impl Single {
    /// An empty API server, started with these flags beside the usual ones. `None`, and a note, where programs are
    /// missing.
    pub async fn start(story: &'static str, flags: &[&str]) -> Option<Self> {
        let skipped = |skip: amko_realkube::Skip| skip.tell(&format!("a real API server, {story}"));
        let tools = available().map_err(skipped).ok()?;
        let turn = TURNS.acquire().await.unwrap();
        let settings = flags.iter().copied().fold(Settings::named(story), Settings::flag);
        let server = plane(&tools).await.server(settings).await.unwrap();
        Some(Self { api: Api::new(server.client().await.unwrap()), _server: server, _turn: turn })
    }
}

async fn plane(tools: &Tools) -> &'static ControlPlane {
    PLANE.get_or_init(async || ControlPlane::start(tools).await.unwrap()).await
}

impl World {
    /// API servers with users for the operator, and a controller: what there is before the chart is installed. `None`,
    /// and a note, where programs are missing. `flags` are for all API servers.
    pub async fn start(story: &'static str, flags: &[&str]) -> Option<Self> {
        let skipped = |skip: amko_realkube::Skip| skip.tell(&format!("real API servers, {story}"));
        let (tools, helm) = (available().map_err(skipped).ok()?, helm().map_err(skipped).ok()?);
        let turn = TURNS.acquire().await.unwrap();
        let plane = plane(&tools).await;
        let directory = plane.directory().join(format!("story-{story}"));
        std::fs::create_dir_all(&directory).unwrap();
        let (mut servers, mut apis, mut audits) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let starting = PLACES.map(async |place| {
            let (audit, more) = Audit::in_directory(&directory, place.context);
            let settings = Settings::named(&format!("{story}-{}", place.context));
            let more = more.iter().map(String::as_str);
            let settings = flags.iter().copied().chain(more).fold(settings, Settings::flag);
            (place.context, plane.server(settings).await.unwrap(), audit)
        });
        for (context, server, audit) in futures::future::join_all(starting).await {
            apis.insert(context, Api::new(server.client().await.unwrap()));
            servers.insert(context, server);
            audits.insert(context, audit);
        }
        let controller = Controller::start();
        let with_token_file = BTreeSet::new();
        let world =
            Self { servers, controller, plane, with_token_file, apis, audits, tools, helm, directory, _turn: turn };
        world.prepare().await;
        Some(world)
    }

    /// Steps 1 and 2 of `docs/install.md`, and a namespace for applications.
    async fn prepare(&self) {
        std::fs::write(self.file("kubeconfig"), self.admin_kubeconfig()).unwrap();
        for place in PLACES {
            for name in ["avi-system", SHOP] {
                let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
                self.api(place.context).apply(&format!("api/v1/namespaces/{name}"), &namespace).await;
            }
            self.give_rights(place.context);
        }
        self.store_members().await;
    }

    /// Makes the user of the members' kubeconfig, as the documents say, or makes again what is missing.
    pub fn give_rights(&self, context: &str) {
        self.kubectl(context, &["apply", "-f", &path(&repository().join("docs/rbac-member.yaml"))]);
    }

    /// A server to stop and start.
    pub fn server(&mut self, context: &str) -> &mut ApiServer {
        self.servers.get_mut(context).unwrap()
    }

    /// Makes or renews the Secret with the kubeconfig of all clusters, with new tokens of `amko-member`. Those of
    /// clusters in [`Self::with_token_file`] are put into files that the kubeconfig names.
    pub async fn store_members(&self) {
        let members = self.members(&PLACES.map(|place| place.context)).await;
        self.store(&members.to_string()).await;
    }

    /// The kubeconfig of these clusters, with new tokens.
    pub async fn members(&self, contexts: &[&str]) -> Value {
        let mut accesses = Vec::new();
        for context in contexts {
            let token = self.token(context, "amko-member").await;
            accesses.push(self.servers[context].access(context, token));
        }
        let mut members: Value = serde_saphyr::from_str(&kubeconfig(&accesses).unwrap()).unwrap();
        for user in members["users"].as_array_mut().unwrap() {
            let name = user["name"].as_str().unwrap().to_owned();
            if self.with_token_file.contains(&*name) {
                let file = self.file(&format!("token-{name}"));
                std::fs::write(&file, user["user"]["token"].as_str().unwrap()).unwrap();
                user["user"] = json!({"tokenFile": file});
            }
        }
        members
    }

    /// Makes or changes the Secret with the kubeconfig.
    pub async fn store(&self, text: &str) {
        let secret = json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "gslb-config-secret", "namespace": "avi-system"}, "stringData": {"gslb-members": text}});
        self.home().apply(MEMBERS_SECRET, &secret).await;
    }

    async fn token(&self, context: &str, account: &str) -> Credentials {
        self.servers[context].service_account("avi-system", account, TOKEN).await.unwrap()
    }

    /// The API server of a cluster.
    pub fn api(&self, context: &str) -> &Api {
        &self.apis[context]
    }

    /// The API server with AMKO's objects.
    pub fn home(&self) -> &Api {
        self.api(HOME)
    }

    fn admin_kubeconfig(&self) -> String {
        let access = |(context, server): (&&str, &ApiServer)| server.access(context, server.admin());
        kubeconfig(&self.servers.iter().map(access).collect::<Vec<_>>()).unwrap()
    }

    /// `helm VERB amko …` in `avi-system`; installs and upgrades take the chart with these values of
    /// `tests/chart/values/`, and what the simulated controller needs beside them.
    pub fn helm(&self, verb: &str, values: &str, more: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.helm);
        command.env("HOME", &self.directory).arg("--kubeconfig").arg(self.file("kubeconfig"));
        command.args(["--kube-context", HOME, "--namespace", "avi-system", verb, "amko"]);
        if verb != "uninstall" {
            std::fs::write(self.file("ca.crt"), &self.controller.ca).unwrap();
            command.arg(repository().join("charts/amko")).arg("--values");
            command.arg(repository().join("tests/chart/values").join(format!("{values}.yaml")));
            command.args(["--set", "image.repository=registry.example.org/amko"]);
            command.args(["--set", &format!("configs.gslbLeaderController={}", self.controller.address)]);
            command.args(["--set", &format!("gslbLeaderCredentials.username={USER}")]);
            command.args(["--set", &format!("gslbLeaderCredentials.password={PASSWORD}")]);
            command.arg("--set-file");
            command.arg(format!("gslbLeaderCredentials.caCert={}", path(&self.file("ca.crt"))));
        }
        said(&command.args(more).stdin(Stdio::null()).output().unwrap())
    }

    /// Installs the article's values with a fixed UUID.
    pub fn install(&self, more: &[&str]) {
        let uuid = format!("configs.amkoUUID={UUID}");
        let more: Vec<&str> = ["--set", &uuid].into_iter().chain(more.iter().copied()).collect();
        self.helm("install", "article", &more).unwrap();
    }

    /// kubectl in one cluster, as its admin.
    pub fn kubectl(&self, context: &str, words: &[&str]) -> String {
        let mut command = Command::new(&self.tools.kubectl);
        command.arg("--kubeconfig").arg(self.file("kubeconfig")).args(["--context", context]);
        command.arg("--cache-dir").arg(self.file("kubectl-cache"));
        said(&command.args(words).stdin(Stdio::null()).output().unwrap()).unwrap()
    }

    /// Starts the operator as the StatefulSet says.
    pub async fn operator(&self) -> Pod {
        let container = Container::of_stateful_set(self.home()).await;
        let Credentials::Token(token) = self.token(HOME, "amko-sa").await else {
            unreachable!("an account has a token")
        };
        let server = &self.servers[HOME];
        let access = server.access("amko-sa", Credentials::Token(token.clone()));
        let account = Account {
            server: server.url().trim_start_matches("https://").to_owned(),
            token,
            ca: server.ca(),
            kubeconfig: kubeconfig(&[access]).unwrap(),
        };
        Pod::start(&container, &account, &self.directory, &self.file("amko.log"))
    }

    /// Everything that the operator has printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.file("amko.log")).unwrap()
    }

    /// What the operator was refused with 403, by the audit logs and by its own.
    pub fn forbidden(&self) -> BTreeSet<String> {
        let users = [OPERATOR, MEMBER];
        let audited = self.audits.values().flat_map(|audit| users.iter().flat_map(|user| audit.forbidden(user)));
        let log = self.log();
        let logged = log.lines().filter(|line| line.to_lowercase().contains("forbidden"));
        audited.chain(logged.map(str::to_owned)).collect()
    }

    /// The audit log of a cluster.
    pub fn audit(&self, context: &str) -> &Audit {
        &self.audits[context]
    }

    /// A file of the story.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

fn said(output: &Output) -> Result<String, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
