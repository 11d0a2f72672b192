//! Client certificates: an authority that signs them, and connections that tell whose they are.

use std::io;
use std::sync::Arc;

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use futures::future::BoxFuture;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tower::Layer;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::tls::{LabTls, TlsError};
use crate::kube::{Peer, UserInfo};

/// Signs client certificates.
pub struct ClientAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl ClientAuthority {
    /// A new authority.
    ///
    /// # Errors
    /// When the machine cannot make a key.
    pub fn generate() -> Result<Self, TlsError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "AMKO lab client CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)? })
    }

    /// Certificate and key of a user in one group, in PEM, one after the other.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate.
    pub fn certificate(&self, user: &str, group: &str) -> Result<String, TlsError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, user);
        params.distinguished_name.push(DnType::OrganizationName, group);
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        Ok(format!("{}{}", params.signed_by(&key, &self.issuer)?.pem(), key.serialize_pem()))
    }

    /// Accepts connections with the lab's certificate, with or without a client certificate of this authority.
    ///
    /// # Errors
    /// When the certificates do not fit together.
    pub fn door(&self, tls: &LabTls) -> Result<ClientDoor, TlsError> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .allow_unauthenticated()
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        let config = tls.server_config_for(verifier as Arc<dyn ClientCertVerifier>)?;
        Ok(ClientDoor(RustlsAcceptor::new(RustlsConfig::from_config(config))))
    }
}

/// Takes TLS connections and puts their [`Peer`] into every request.
#[derive(Clone)]
pub struct ClientDoor(RustlsAcceptor);

impl<S: Send + 'static> Accept<TcpStream, S> for ClientDoor {
    type Stream = TlsStream<TcpStream>;
    type Service = AddExtension<S, Peer>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let acceptor = self.0.clone();
        Box::pin(async move {
            let (stream, service) = acceptor.accept(stream, service).await?;
            let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let peer = Peer(certificate.and_then(user_of));
            Ok((stream, Extension(peer).layer(service)))
        })
    }
}

/// The common name is the user, each organisation a group.
fn user_of(certificate: &CertificateDer<'_>) -> Option<UserInfo> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let subject = certificate.subject();
    let user = subject.iter_common_name().next()?.as_str().ok()?.to_owned();
    let groups = subject.iter_organization().filter_map(|group| group.as_str().ok()).map(str::to_owned).collect();
    Some(UserInfo { username: user, uid: String::new(), groups })
}
