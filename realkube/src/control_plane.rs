//! One etcd, and what the API servers over it share.

use crate::etcd::Etcd;
use crate::guardian::Guardian;
use crate::{ApiServer, Error, Settings, Tools, etcd, files};
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// A running etcd, on which any number of API servers are put; they see nothing of each other.
///
/// All processes end when this and the servers are dropped, at once by SIGKILL; [`ApiServer::stop`] and [`Self::stop`]
/// end them in order. Tests with a runtime each may share one in a `static`, which is never dropped: its processes end
/// when the test process does.
pub struct ControlPlane(Arc<Shared>);

/// Lives as long as the control plane or one of its servers.
pub(crate) struct Shared {
    // Dropped in this order: what writes to the directory before the directory.
    etcd: Mutex<Option<Etcd>>,
    etcd_client: etcd::Client,
    guardian: Arc<Guardian>,
    directory: TempDir,
    kube_apiserver: PathBuf,
}

impl Shared {
    pub(crate) fn guardian(&self) -> &Arc<Guardian> {
        &self.guardian
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn kube_apiserver(&self) -> &Path {
        &self.kube_apiserver
    }

    pub(crate) fn etcd_url(&self) -> &str {
        self.etcd_client.url()
    }
}

impl ControlPlane {
    /// Starts etcd and waits until it can be written to.
    ///
    /// # Errors
    /// When its directory cannot be made, or it does not start.
    pub async fn start(tools: &Tools) -> Result<Self, Error> {
        // The provider of the operator and of the lab; it fails only when one is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let directory = files::directory()?;
        let guardian = Guardian::over(directory.path());
        let guardian = guardian.map_err(|source| Error::Spawn { program: "sh".to_owned(), source })?;
        let guardian = Arc::new(guardian);
        let etcd = Etcd::start(&tools.etcd, directory.path(), &guardian).await?;
        let (etcd_client, kube_apiserver) = (etcd.client().clone(), tools.kube_apiserver.clone());
        Ok(Self(Arc::new(Shared { etcd: Mutex::new(Some(etcd)), etcd_client, guardian, directory, kube_apiserver })))
    }

    /// Starts an API server of its own and waits until it serves.
    ///
    /// # Errors
    /// When its name is taken, or it does not start.
    pub async fn server(&self, settings: Settings) -> Result<ApiServer, Error> {
        ApiServer::start_new(settings, &self.0).await
    }

    /// Lets etcd forget every revision before the present one, which is returned. A watch or a page that needs an
    /// older one ends with 410; but a server also answers from its own memory, unless it runs with
    /// `--watch-cache=false`. Nothing else compacts.
    ///
    /// # Errors
    /// When etcd cannot be reached or refuses.
    pub async fn compact(&self) -> Result<i64, Error> {
        self.0.etcd_client.compact().await
    }

    /// The process number of etcd; `None` once it was stopped.
    pub fn etcd_process(&self) -> Option<u32> {
        self.0.etcd.lock().as_ref().map(Etcd::id)
    }

    /// A directory for files of the test, which goes with the control plane.
    pub fn directory(&self) -> &Path {
        self.0.directory()
    }

    /// Stops etcd in order. Servers that still run lose their store.
    pub async fn stop(self) {
        let etcd = self.0.etcd.lock().take();
        if let Some(etcd) = etcd {
            etcd.stop().await;
        }
    }
}
