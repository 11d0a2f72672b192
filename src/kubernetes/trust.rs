//! Whom a client believes to be the API server of a cluster, and the words for one that is not believed.

use crate::certificate::describe;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// The certificate that was refused, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("the API server's certificate is not trusted ({reason}): {certificate}; {remedy}")]
pub struct CertificateRefused {
    reason: rustls::Error,
    certificate: String,
    remedy: &'static str,
}

/// Checks as the library does, and says whose certificate it was.
#[derive(Debug)]
pub struct Verifier {
    provider: Arc<CryptoProvider>,
    /// Nobody is trusted where no certificate authority is known.
    webpki: Option<Arc<WebPkiServerVerifier>>,
}

impl Verifier {
    /// Trusts these certificate authorities (DER), or those of the system.
    pub fn new(authorities: Option<&[Vec<u8>]>) -> Self {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        match authorities {
            Some(given) => roots.add_parsable_certificates(given.iter().cloned().map(CertificateDer::from)),
            None => roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
        };
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().ok();
        Self { provider, webpki }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let checked = match &self.webpki {
            Some(webpki) => webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        checked.map_err(|reason| {
            let remedy = remedy(&reason);
            let refused = CertificateRefused { reason, certificate: describe(end_entity), remedy };
            rustls::Error::Other(OtherError(Arc::new(refused)))
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn remedy(reason: &rustls::Error) -> &'static str {
    let rustls::Error::InvalidCertificate(reason) = reason else {
        return "see that this is the API server that is meant";
    };
    match reason {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "use a server address that the certificate names, or name one of its names as tls-server-name of this \
             cluster in the kubeconfig"
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => "renew the certificate, or set the clock right",
        _ => {
            "put the CA that signed it into certificate-authority-data of this cluster in the kubeconfig, or see that \
             this is the API server that is meant"
        }
    }
}
