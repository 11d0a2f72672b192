//! The certificates of a lab: a CA of its own and one server certificate signed by it.
//!
//! A certificate that is CA and server at once is refused by rustls, and strict clients want key identifiers and
//! critical basic constraints: hence the two certificates with all of that.

use crate::avi::Certificate;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoClientAuth;
use rustls::server::danger::ClientCertVerifier;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// A step of making certificates that failed.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot make the lab's certificates: {0}")]
    Generate(#[from] rcgen::Error),
    #[error("cannot read back the lab's own certificate: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    #[error("cannot set up TLS with the lab's certificate: {0}")]
    Rustls(#[from] rustls::Error),
}

/// Certificates and key in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabTls {
    /// What clients trust.
    pub ca: String,
    /// The server certificate for every listener of the lab.
    pub certificate: String,
    pub key: String,
    /// The certificates that faults make controllers show.
    faces: BTreeMap<Certificate, Leaf>,
}

/// A server certificate and its key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Leaf {
    certificate: String,
    key: String,
}

impl Leaf {
    fn signed(params: &CertificateParams, ca: &CertifiedIssuer<'_, KeyPair>) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        Ok(Self { certificate: params.signed_by(&key, ca)?.pem(), key: key.serialize_pem() })
    }
}

impl LabTls {
    /// Makes a new CA and a server certificate for loopback and for names below `zone`.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate.
    pub fn generate(zone: &str) -> Result<Self, TlsError> {
        let ca = CertifiedIssuer::self_signed(ca_params()?, KeyPair::generate()?)?;
        let Leaf { certificate, key } = Leaf::signed(&leaf_params(zone)?, &ca)?;
        let faces = BTreeMap::from([
            (Certificate::Renewed, Leaf::signed(&leaf_params(zone)?, &ca)?),
            (Certificate::WrongName, Leaf::signed(&wrong_name_params(zone)?, &ca)?),
            (Certificate::Expired, Leaf::signed(&expired_params(zone)?, &ca)?),
        ]);
        Ok(Self { ca: ca.pem(), certificate, key, faces })
    }

    /// The rustls side of the certificate that a fault asks for; see [`Self::server_config`].
    ///
    /// # Errors
    /// When the PEM texts do not fit together.
    pub fn server_config_of(&self, face: Certificate) -> Result<Arc<ServerConfig>, TlsError> {
        match self.faces.get(&face) {
            Some(Leaf { certificate, key }) => server_config(certificate, key, Arc::new(NoClientAuth)),
            None => self.server_config(),
        }
    }

    /// The rustls side of it, for HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// When the PEM texts do not fit together.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        self.server_config_for(Arc::new(NoClientAuth))
    }

    /// The same for clients whose certificates this verifier checks.
    ///
    /// # Errors
    /// As [`Self::server_config`].
    pub fn server_config_for(&self, clients: Arc<dyn ClientCertVerifier>) -> Result<Arc<ServerConfig>, TlsError> {
        server_config(&self.certificate, &self.key, clients)
    }
}

fn server_config(
    certificate: &str,
    key: &str,
    clients: Arc<dyn ClientCertVerifier>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn ca_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = named("AMKO lab CA")?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    Ok(params)
}

fn leaf_params(zone: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = named("AMKO lab")?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let own = ["localhost".to_owned(), format!("*.{zone}"), format!("*.default.{zone}")];
    for name in &own {
        params.subject_alt_names.push(SanType::DnsName(name.as_str().try_into()?));
    }
    Ok(params)
}

fn wrong_name_params(zone: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = leaf_params(zone)?;
    params.subject_alt_names = vec![SanType::DnsName("somewhere-else.invalid".try_into()?)];
    Ok(params)
}

/// Over since the end of the year before last.
fn expired_params(zone: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = leaf_params(zone)?;
    let year = i32::from(Timestamp::now().to_zoned(TimeZone::UTC).year());
    params.not_before = date_time_ymd(year - 3, 1, 1);
    params.not_after = date_time_ymd(year - 2, 12, 31);
    Ok(params)
}

/// Valid from the start of last year to the end of next year.
fn named(common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    let year = i32::from(Timestamp::now().to_zoned(TimeZone::UTC).year());
    params.not_before = date_time_ymd(year - 1, 1, 1);
    params.not_after = date_time_ymd(year + 1, 12, 31);
    Ok(params)
}
