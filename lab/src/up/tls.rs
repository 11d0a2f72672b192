//! The certificates of a lab: a CA of its own and one server certificate signed by it.
//!
//! A certificate that is CA and server at once is refused by rustls, and strict clients want key identifiers and
//! critical basic constraints: hence the two certificates with all of that.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
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
}

impl LabTls {
    /// Makes a new CA and a server certificate for loopback and for names below `zone`.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate.
    pub fn generate(zone: &str) -> Result<Self, TlsError> {
        let ca = CertifiedIssuer::self_signed(ca_params()?, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let leaf = leaf_params(zone)?.signed_by(&key, &ca)?;
        Ok(Self { ca: ca.pem(), certificate: leaf.pem(), key: key.serialize_pem() })
    }

    /// The rustls side of it, for HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// When the PEM texts do not fit together.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let chain = CertificateDer::pem_slice_iter(self.certificate.as_bytes()).collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
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

/// Valid from the start of last year to the end of next year.
fn named(common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    let year = i32::from(Timestamp::now().to_zoned(TimeZone::UTC).year());
    params.not_before = date_time_ymd(year - 1, 1, 1);
    params.not_after = date_time_ymd(year + 1, 12, 31);
    Ok(params)
}
