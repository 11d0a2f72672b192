//! The production transport against a TLS server on the loopback interface that sends prepared bytes.

use super::production::{ReqwestTransport, Timeouts};
use super::{AviTransport as _, TlsSettings, TransportError, TransportSetupError};
use bytes::Bytes;
use http::{Request, Response};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nset-cookie: a=b\r\n\r\n{}";

struct Identity {
    acceptor: TlsAcceptor,
    ca_pem: String,
    own_pem: String,
}

fn identity() -> Identity {
    identity_of("127.0.0.1")
}

/// A certificate for `host`, signed by a CA of its own.
fn identity_of(host: &str) -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name.push(DnType::CommonName, "Lab CA");
    let ca = CertifiedIssuer::self_signed(ca, key).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "avi controller");
    let own = params.signed_by(&key, &ca).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(own.der().to_vec())],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    Identity { acceptor: TlsAcceptor::from(Arc::new(config)), ca_pem: ca.pem(), own_pem: own.pem() }
}

/// Answers each connection with `bytes` and closes it, or keeps it open without a word when there are none.
async fn serve(acceptor: TlsAcceptor, bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(acceptor.clone(), stream, bytes));
        }
    });
    address
}

async fn answer(acceptor: TlsAcceptor, stream: TcpStream, bytes: &'static [u8]) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await;
    if bytes.is_empty() {
        std::future::pending::<()>().await;
    }
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
}

fn trusting(pem: &str) -> TlsSettings {
    TlsSettings { ca_pem: Some(pem.as_bytes().to_vec()), insecure_skip_verify: false }
}

fn brief() -> Timeouts {
    let brief = Duration::from_millis(200);
    Timeouts { connect: Duration::from_secs(5), read: brief, write: brief }
}

async fn send(tls: &TlsSettings, address: SocketAddr) -> Result<Response<Bytes>, TransportError> {
    let transport = ReqwestTransport::new(tls, brief()).unwrap();
    let request = Request::post(format!("https://{address}/api/gslbservice/")).body(Bytes::from("{}")).unwrap();
    transport.send(request).await
}

/// DB-34.
#[tokio::test]
async fn a_controller_is_trusted_by_its_ca_by_its_own_certificate_or_blindly() {
    let identity = identity();
    let address = serve(identity.acceptor, OK).await;
    let insecure = TlsSettings { ca_pem: None, insecure_skip_verify: true };
    for tls in [trusting(&identity.ca_pem), trusting(&identity.own_pem), insecure] {
        let answer = send(&tls, address).await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, &b"{}"[..]));
        assert_eq!(answer.headers()["set-cookie"], "a=b");
    }
}

/// DB-34.
#[tokio::test]
async fn an_untrusted_certificate_names_itself_and_the_remedies() {
    let address = serve(identity().acceptor, OK).await;
    for tls in [trusting(&identity().ca_pem), TlsSettings::default()] {
        let error = send(&tls, address).await.unwrap_err();
        assert!(matches!(error, TransportError::Tls(_)) && !error.may_have_been_executed(), "{error:?}");
        let text = error.to_string();
        let parts = ["subject CN=avi controller", "issuer CN=Lab CA", "SHA-256 ", "ca.crt", "--controller-ca"];
        for part in parts.into_iter().chain(["spec.gslbLeader.insecureSkipVerify"]) {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let identity = identity_of("127.0.0.9");
    let address = serve(identity.acceptor, OK).await;
    assert!(matches!(send(&trusting(&identity.ca_pem), address).await, Err(TransportError::Tls(_))));
}

#[tokio::test]
async fn a_closed_port_means_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = send(&TlsSettings::default(), address).await.unwrap_err();
    assert!(matches!(error, TransportError::Connect(_)) && !error.may_have_been_executed(), "{error:?}");
}

#[tokio::test]
async fn silence_truncation_and_nonsense_leave_the_outcome_open() {
    let truncated = b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{";
    let chunked = b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc";
    for (bytes, silent) in [(&b""[..], true), (&truncated[..], false), (&chunked[..], false), (&b"huh?"[..], false)] {
        let identity = identity();
        let address = serve(identity.acceptor, bytes).await;
        let error = send(&trusting(&identity.ca_pem), address).await.unwrap_err();
        assert_eq!((matches!(error, TransportError::Timeout(_)), error.may_have_been_executed()), (silent, true));
    }
}

#[tokio::test]
async fn redirects_are_answers() {
    let identity = identity();
    let bytes = b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    let address = serve(identity.acceptor, bytes).await;
    assert_eq!(send(&trusting(&identity.ca_pem), address).await.unwrap().status().as_u16(), 302);
}

#[tokio::test]
async fn an_answer_above_the_limit_is_dropped_while_it_arrives() {
    let identity = identity();
    let address = serve(identity.acceptor, OK).await;
    let transport = ReqwestTransport::new(&trusting(&identity.ca_pem), brief()).unwrap().with_max_body(1);
    let request = Request::get(format!("https://{address}/")).body(Bytes::new()).unwrap();
    assert_eq!(transport.send(request).await.unwrap_err(), TransportError::TooLarge { limit: 1 });
}

#[test]
fn a_ca_without_a_certificate_is_refused_at_the_start() {
    for pem in ["", "no pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let outcome = ReqwestTransport::new(&trusting(pem), brief());
        assert!(matches!(outcome, Err(TransportSetupError::Ca(_))), "{pem}");
    }
}
