//! Clients for the clusters: the one that holds the AMKO objects, and the members named in a kubeconfig, which may be
//! exchanged while the operator runs.

use super::access::{Access, AccessError};
use super::dial::unless_it_panics;
use super::kubeconfig::contexts;
use kube::config::Kubeconfig;
use kube::{Client, Config};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch::{Sender, channel};

/// Why no client could be made for a cluster.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// There has been no kubeconfig yet, and why.
    #[error("{0}")]
    NoKubeconfig(String),
    #[error("context {context:?} is not in the multi-cluster kubeconfig: add it to {place}")]
    UnknownContext { context: String, place: String },
    #[error("kubeconfig context {context:?} cannot be used: {source}")]
    BadContext { context: String, source: AccessError },
    #[error("no client for cluster {context:?}: {why}")]
    Client { context: String, why: String },
}

impl MemberError {
    /// Of a context that the kubeconfig at this place lacks.
    pub fn unknown(context: &str, place: &str) -> Self {
        Self::UnknownContext { context: context.to_owned(), place: place.to_owned() }
    }
}

/// A client in the making.
pub type ClientFuture<'a> = Pin<Box<dyn Future<Output = Result<Client, MemberError>> + Send + 'a>>;
/// Whether there are clients to be had at all.
pub type KnownFuture<'a> = Pin<Box<dyn Future<Output = Result<(), MemberError>> + Send + 'a>>;

/// Where clients of member clusters come from: a kubeconfig in production, simulated clusters in tests.
pub trait MemberClients: Send + Sync + 'static {
    /// A new client for the cluster with this context.
    ///
    /// # Errors
    /// When the context is unknown or its credentials cannot be read.
    fn client<'a>(&'a self, context: &'a str) -> ClientFuture<'a>;

    /// Waits for the first word about the member clusters.
    ///
    /// # Errors
    /// When that is not known yet, and why.
    fn known(&self) -> KnownFuture<'_> {
        Box::pin(async { Ok(()) })
    }

    /// The kubeconfig behind them, when it may change while the operator runs.
    fn kubeconfig(&self) -> Option<KubeconfigMembers> {
        None
    }
}

/// Where the kubeconfig is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Given at the start; it never changes. Carries its name for people.
    Given(String),
    File(PathBuf),
    /// A key of a Secret, read through the API of the operator's own cluster.
    Secret {
        namespace: String,
        name: String,
        key: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(name) => f.write_str(name),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Secret { namespace, name, key } => write!(f, "key {key} of Secret {namespace}/{name}"),
        }
    }
}

/// How a client is made of a configuration for a context: [`super::dial::client_of`] in production.
pub type Dial = Arc<dyn Fn(Config, &str) -> Result<Client, MemberError> + Send + Sync>;

/// Clients by the contexts of one kubeconfig, which is held in memory only. Clones share it.
#[derive(Clone)]
pub struct KubeconfigMembers(Arc<Inner>);

struct Inner {
    place: Place,
    dial: Dial,
    contents: Sender<Contents>,
}

#[derive(Debug)]
enum Contents {
    /// Nobody has looked yet.
    Unread,
    /// There has never been one that can be used, and why.
    Unusable(String),
    Known(BTreeMap<String, Access>),
}

/// What came of an exchange.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// Contexts that lead elsewhere now, are new, or gone.
    pub changed: BTreeSet<String>,
    /// Those of them that lead to another server than before.
    pub moved: BTreeSet<String>,
    /// Contexts that cannot be used as they are now, and why; each stays as it was.
    pub refused: BTreeMap<String, String>,
    /// All contexts.
    pub contexts: Vec<String>,
}

impl KubeconfigMembers {
    /// Nothing is known before the first [`Self::exchange`].
    pub fn at(place: Place, dial: Dial) -> Self {
        let (contents, _) = channel(Contents::Unread);
        Self(Arc::new(Inner { place, dial, contents }))
    }

    /// One that has been read already.
    pub fn new(place: Place, kubeconfig: &Kubeconfig, dial: Dial) -> Self {
        let members = Self::at(place, dial);
        members.0.contents.send_replace(Contents::Known(contexts(kubeconfig)));
        members
    }

    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// Takes over another kubeconfig. A context that cannot be used in it stays as it was, if it was there. By the first
    /// one nothing is changed.
    pub fn exchange(&self, kubeconfig: &Kubeconfig) -> Exchange {
        let (before, awaited) = match &*self.0.contents.borrow() {
            Contents::Known(contexts) => (contexts.clone(), false),
            Contents::Unread => (BTreeMap::new(), true),
            Contents::Unusable(_) => (BTreeMap::new(), false),
        };
        let mut now = contexts(kubeconfig);
        let mut exchange = Exchange { contexts: now.keys().cloned().collect(), ..Exchange::default() };
        for (context, access) in &mut now {
            let known = before.get(context);
            if let Err(error) = access.config() {
                exchange.refused.insert(context.clone(), error.to_string());
                if let Some(known) = known {
                    *access = known.clone();
                    continue;
                }
            }
            match known {
                Some(known) if known.leads_where(access) => continue,
                Some(known) if !known.is_at(access) => drop(exchange.moved.insert(context.clone())),
                _ => {}
            }
            exchange.changed.insert(context.clone());
        }
        exchange.changed.extend(before.into_keys().filter(|context| !now.contains_key(context)));
        if awaited {
            // Whoever asked for a client meanwhile waits for this.
            exchange.changed.clear();
            exchange.moved.clear();
        }
        self.0.contents.send_replace(Contents::Known(now));
        exchange
    }

    /// There is none that can be used. What was known stays. Answers whether anything was.
    pub fn unusable(&self, reason: &str) -> bool {
        let mut known = true;
        self.0.contents.send_if_modified(|contents| {
            known = matches!(contents, Contents::Known(_));
            if !known {
                *contents = Contents::Unusable(reason.to_owned());
            }
            !known
        });
        known
    }

    /// The way to a cluster, as soon as anything is known.
    async fn access(&self, context: &str) -> Result<Access, MemberError> {
        let mut contents = self.0.contents.subscribe();
        // The sender lives as long as this does.
        let _ = contents.wait_for(|contents| !matches!(contents, Contents::Unread)).await;
        match &*contents.borrow() {
            Contents::Unread => Err(MemberError::NoKubeconfig(format!("{} has not been read yet", self.0.place))),
            Contents::Unusable(reason) => Err(MemberError::NoKubeconfig(reason.clone())),
            Contents::Known(contexts) => {
                contexts.get(context).cloned().ok_or_else(|| MemberError::unknown(context, &self.0.place.to_string()))
            }
        }
    }
}

impl MemberClients for KubeconfigMembers {
    fn client<'a>(&'a self, context: &'a str) -> ClientFuture<'a> {
        Box::pin(async move {
            let config = self.access(context).await?.config();
            let config = config.map_err(|source| MemberError::BadContext { context: context.to_owned(), source })?;
            unless_it_panics(context, || (self.0.dial)(config, context))
        })
    }

    fn known(&self) -> KnownFuture<'_> {
        Box::pin(async move {
            match self.access("").await {
                Err(error @ MemberError::NoKubeconfig(_)) => Err(error),
                _ => Ok(()),
            }
        })
    }

    fn kubeconfig(&self) -> Option<KubeconfigMembers> {
        Some(self.clone()).filter(|members| !matches!(members.0.place, Place::Given(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::dial::client_of;
    use crate::kubernetes::kubeconfig::parse;
    use crate::kubernetes::proxies::Proxies;

    fn of_contexts(names: &[&str]) -> Kubeconfig {
        let list = |make: fn(&&str) -> String| names.iter().map(make).collect::<Vec<_>>().join(", ");
        let clusters = list(|name| format!("{{name: {name}, cluster: {{server: https://{name}}}}}"));
        let contexts = list(|name| format!("{{name: {name}, context: {{cluster: {name}}}}}"));
        parse(&format!("{{clusters: [{clusters}], contexts: [{contexts}]}}")).unwrap()
    }

    fn members() -> KubeconfigMembers {
        let dial = |config, context: &str| client_of(config, context, &Proxies::default());
        KubeconfigMembers::at(Place::File("members".into()), Arc::new(dial))
    }

    fn changed(members: &KubeconfigMembers, names: &[&str]) -> Vec<String> {
        members.exchange(&of_contexts(names)).changed.into_iter().collect()
    }

    /// CL-08
    #[test]
    fn nobody_begins_anew_because_of_the_first_kubeconfig_unless_the_wait_for_it_was_given_up() {
        let members = members();
        assert_eq!(changed(&members, &["a", "b"]), [""; 0], "whoever asked for a client waits for it");
        assert_eq!(changed(&members, &["b", "c"]), ["a", "c"]);
        let late = self::members();
        assert!(!late.unusable("it is not there"));
        assert_eq!(changed(&late, &["a", "b"]), ["a", "b"]);
        assert!(late.unusable("it is gone"));
        assert_eq!(changed(&late, &["a", "b"]), [""; 0]);
    }

    /// CL-08: only a server says anew which kinds there are; a context that cannot be used is told each time.
    #[test]
    fn an_exchange_tells_who_is_somebody_else_who_is_elsewhere_and_who_cannot_be_used() {
        let file = std::env::temp_dir().join(format!("amko-late-token-{}", std::process::id()));
        let text = |server: &str, token: &str, file: &str| {
            let late = format!("{{name: late, cluster: {{server: https://l, certificate-authority: {file}}}}}");
            let clusters = format!("{{name: a, cluster: {{server: {server}}}}}, {late}");
            let contexts = "{name: a, context: {cluster: a, user: u}}, {name: late, context: {cluster: late}}";
            let users = format!("{{name: u, user: {{token: {token}}}}}");
            parse(&format!("{{clusters: [{clusters}], contexts: [{contexts}], users: [{users}]}}")).unwrap()
        };
        let members = members();
        members.exchange(&of_contexts(&["a"]));
        let late = file.display().to_string();
        let mut told = Vec::new();
        for (server, token) in [("https://a", "t-1"), ("https://a", "t-2"), ("https://b", "t-2"), ("https://b", "t-2")]
        {
            if told.len() == 3 {
                let certificate = rcgen::generate_simple_self_signed(vec!["l".to_owned()]).unwrap();
                std::fs::write(&file, certificate.cert.pem()).unwrap();
            }
            let Exchange { changed, moved, refused, .. } = members.exchange(&text(server, token, &late));
            let names = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(" ");
            told.push((names(changed), names(moved), names(refused.into_keys().collect())));
        }
        std::fs::remove_file(&file).unwrap();
        let line = |changed: &str, moved: &str, refused: &str| (changed.into(), moved.into(), refused.into());
        let expected = [line("a late", "", "late"), line("a", "", "late"), line("a", "a", "late"), line("", "", "")];
        assert_eq!(told, expected);
    }
}
