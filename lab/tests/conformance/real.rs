//! A real API server over a real etcd, without controllers.

use amko_realkube::{ApiServer, ControlPlane, Credentials, Settings, available};

use crate::target::{CERTIFICATE_GROUP, CERTIFICATE_USER, Features, Target};

/// Serves until it is dropped.
pub(crate) struct RealServer {
    server: ApiServer,
    _plane: ControlPlane,
}

impl RealServer {
    /// `None`, and a note, where there are no programs for it.
    pub(crate) async fn start() -> Option<Self> {
        let tools = available().map_err(|skip| skip.tell("conformance of a real API server")).ok()?;
        let plane = ControlPlane::start(&tools).await.unwrap();
        let server = plane.server(Settings::named("conformance")).await.unwrap();
        Some(Self { server, _plane: plane })
    }

    pub(crate) fn target(&self) -> Target {
        let Credentials::Token(admin_token) = self.server.admin() else { panic!("the administrator has a token") };
        let issued = self.server.issue(CERTIFICATE_USER, Some(CERTIFICATE_GROUP)).unwrap();
        let Credentials::Certificate { certificate, key } = issued else { panic!("a certificate was asked for") };
        Target {
            name: "kube-apiserver".into(),
            url: self.server.url(),
            ca: self.server.ca(),
            admin_token,
            client_certificate: Some(format!("{certificate}\n{key}")),
            features: Features { controllers: false, cel: true },
        }
    }
}
