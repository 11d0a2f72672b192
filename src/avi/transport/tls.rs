//! Whom the operator believes to be the controller.

use super::production::TransportSetupError;
use crate::certificate::describe;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _};
use rustls::{ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// How the controller's certificate is checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsSettings {
    /// PEM certificates to trust instead of those of the system. A certificate that the controller itself presents
    /// may stand here too (self-signed portals): it is then trusted as it is, whatever name it carries.
    pub ca_pem: Option<Vec<u8>>,
    /// No check at all: anybody on the path can read the password.
    pub insecure_skip_verify: bool,
}

/// The certificate that was refused, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error(
    "the controller's certificate is not trusted ({reason}): {certificate}; put the CA that signed it into key ca.crt \
     of the credentials Secret (or --controller-ca FILE), or set spec.gslbLeader.insecureSkipVerify: true to skip \
     verification"
)]
pub(super) struct CertificateRefused {
    reason: rustls::Error,
    certificate: String,
}

/// A client configuration that checks as `settings` says.
pub(super) fn client_config(settings: &TlsSettings) -> Result<ClientConfig, TransportSetupError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(settings, &provider)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| TransportSetupError::Ca(e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

fn verifier(settings: &TlsSettings, provider: &Arc<CryptoProvider>) -> Result<Verifier, TransportSetupError> {
    let provider = Arc::clone(provider);
    if settings.insecure_skip_verify {
        return Ok(Verifier { provider, trust: Trust::Anyone });
    }
    let pinned = settings.ca_pem.as_deref().map(certificates).transpose()?;
    let mut roots = RootCertStore::empty();
    // A pinned leaf need not be fit as a trust anchor, and the system's store may hold oddities: skip those.
    match &pinned {
        Some(given) => roots.add_parsable_certificates(given.iter().cloned()),
        None => roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
    };
    // No usable root at all leaves nobody to trust: each handshake then fails with the certificate's name.
    let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().ok();
    Ok(Verifier { provider, trust: Trust::Signed { webpki, pinned: pinned.unwrap_or_default() } })
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TransportSetupError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|e| TransportSetupError::Ca(e.to_string()))?;
    if found.is_empty() { Err(TransportSetupError::Ca("it holds no certificate".into())) } else { Ok(found) }
}

#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    trust: Trust,
}

#[derive(Debug)]
enum Trust {
    Anyone,
    Signed { webpki: Option<Arc<WebPkiServerVerifier>>, pinned: Vec<CertificateDer<'static>> },
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
        let Trust::Signed { webpki, pinned } = &self.trust else {
            return Ok(ServerCertVerified::assertion());
        };
        if pinned.contains(end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        let checked = match webpki {
            Some(webpki) => webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(rustls::CertificateError::UnknownIssuer.into()),
        };
        checked.map_err(|reason| {
            let refused = CertificateRefused { reason, certificate: describe(end_entity) };
            rustls::Error::Other(OtherError(Arc::new(refused)))
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
