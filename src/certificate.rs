//! Certificates as people name them.

use rustls::pki_types::CertificateDer;
use std::fmt::Write as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Subject, issuer and fingerprint of a certificate.
pub fn describe(certificate: &CertificateDer<'_>) -> String {
    let fingerprint = fingerprint(certificate);
    match X509Certificate::from_der(certificate) {
        Ok((_, parsed)) => {
            format!("subject {}, issuer {}, SHA-256 {fingerprint}", parsed.subject(), parsed.issuer())
        }
        Err(_) => format!("unreadable certificate, SHA-256 {fingerprint}"),
    }
}

/// Upper-case hex bytes with colons, as `openssl x509 -fingerprint` prints them.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    digest.as_ref().iter().enumerate().fold(String::new(), |mut text, (n, byte)| {
        let separator = if n == 0 { "" } else { ":" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{byte:02X}");
        text
    })
}
