//! Clients against servers on the loopback interface.

use super::*;
use crate::kubernetes::cause::said;
use crate::kubernetes::kubeconfig::{contexts, parse};
use data_encoding::BASE64;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const VERSION: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";

/// A certificate authority of this name in base64, and what answers with a certificate of it for `127.0.0.1`.
fn authority(name: &str) -> (String, TlsAcceptor) {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name.push(DnType::CommonName, name);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "kube-apiserver");
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
    (BASE64.encode(ca.pem().as_bytes()), TlsAcceptor::from(Arc::new(config)))
}

/// Reads a request and answers; gives what was asked.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, with: &[u8]) -> String {
    let mut asked = vec![0; 4096];
    let length = stream.read(&mut asked).await.unwrap_or(0);
    let _ = stream.write_all(with).await;
    let _ = stream.flush().await;
    String::from_utf8_lossy(&asked[..length]).into_owned()
}

/// A server that answers each connection, through TLS when there is an acceptor.
async fn serve(acceptor: Option<TlsAcceptor>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            match &acceptor {
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        answer(stream, VERSION).await;
                    }
                }
                None => drop(answer(stream, VERSION).await),
            }
        }
    });
    address
}

/// What comes of asking a cluster for its version: nothing, or the words for a person.
async fn asked(cluster: Value, proxies: &Proxies) -> Result<(), String> {
    let text = json!({"clusters": [{"name": "a", "cluster": cluster}], "users": [{"name": "a", "user": {"token": "t"}}],
        "contexts": [{"name": "ctx-a", "context": {"cluster": "a", "user": "a"}}]});
    let config = contexts(&parse(&text.to_string()).unwrap())["ctx-a"].config().map_err(|error| error.to_string())?;
    let client = client_of(config, "ctx-a", proxies).map_err(|error| error.to_string())?;
    client
        .request::<Value>(Request::get("/version").body(vec![]).unwrap())
        .await
        .map(drop)
        .map_err(|error| said(&error))
}

/// FND-E9
#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_named_with_the_remedy_that_fits() {
    let ((ca, acceptor), (other, _)) = (authority("Cluster CA"), authority("Other CA"));
    let server = format!("https://{}", serve(Some(acceptor)).await);
    let direct = Proxies::default();
    let with = |more: Value| {
        let mut cluster = json!({"server": server});
        cluster.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        cluster
    };
    assert_eq!(asked(with(json!({"certificate-authority-data": ca})), &direct).await, Ok(()));
    assert_eq!(asked(with(json!({"insecure-skip-tls-verify": true})), &direct).await, Ok(()));
    let ca_remedy = "; put the CA that signed it into certificate-authority-data of this cluster in the kubeconfig, or \
                     see that this is the API server that is meant";
    let name_remedy = "; use a server address that the certificate names, or name one of its names as tls-server-name \
                       of this cluster in the kubeconfig";
    let cases = [
        (json!({"certificate-authority-data": other}), "invalid peer certificate: UnknownIssuer", ca_remedy),
        (json!({}), "invalid peer certificate: UnknownIssuer", ca_remedy),
        (
            json!({"certificate-authority-data": ca, "tls-server-name": "other.example"}),
            "invalid peer certificate: certificate not valid for name \"other.example\"",
            name_remedy,
        ),
    ];
    for (more, reason, remedy) in cases {
        let told = asked(with(more), &direct).await.unwrap_err();
        assert!(told.starts_with(&format!("the API server's certificate is not trusted ({reason}")), "{told}");
        assert!(told.contains("subject CN=kube-apiserver, issuer CN=Cluster CA, SHA-256 "), "{told}");
        assert!(told.ends_with(remedy), "{told}");
    }
}

/// FND-E9
#[tokio::test]
async fn a_server_of_another_protocol_and_one_that_is_not_there_are_told_apart() {
    let (ca, acceptor) = authority("Cluster CA");
    let (plain, secure) = (serve(None).await, serve(Some(acceptor)).await);
    let direct = Proxies::default();
    let told = asked(json!({"server": format!("https://{plain}"), "certificate-authority-data": ca}), &direct).await;
    assert!(told.clone().unwrap_err().starts_with("the server does not speak TLS ("), "{told:?}");
    let told = asked(json!({"server": format!("http://{secure}")}), &direct).await;
    assert!(told.clone().unwrap_err().starts_with("the server does not speak HTTP ("), "{told:?}");
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let told = asked(json!({"server": format!("http://{free}")}), &direct).await;
    assert_eq!(told, Err("Connection refused (os error 111)".into()));
}

/// FND-E6: a proxy of the kubeconfig counts, and a variable that holds none is named.
#[tokio::test]
async fn a_proxy_is_asked_for_the_way_to_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let asked_for = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        answer(stream, b"HTTP/1.1 403 Forbidden\r\n\r\n").await
    });
    let cluster = json!({"server": "https://api.example.org:6443", "proxy-url": format!("http://u:p@{proxy}")});
    assert!(asked(cluster, &Proxies::default()).await.is_err());
    let asked_for = asked_for.await.unwrap();
    assert!(asked_for.starts_with("CONNECT api.example.org:6443 HTTP/1.1\r\n"), "{asked_for}");
    assert!(asked_for.contains("Basic dTpw"), "{asked_for}");

    let proxies = Proxies::read(|name| (name == "HTTPS_PROXY").then(|| "ftp://u:hush@proxy".into()));
    let told = asked(json!({"server": "https://api.example.org:6443"}), &proxies).await;
    let words = "no client for cluster \"ctx-a\": environment variable HTTPS_PROXY is no URL of a proxy: write \
                 http://host:port, or take it away";
    assert_eq!(told, Err(words.into()));
}

/// FND-E2, FND-E9: nothing that a login program printed is quoted, and no panic leaves.
#[tokio::test]
async fn a_login_program_that_fails_is_told_without_what_it_printed_and_a_panic_is_one_clusters_trouble() {
    let made = |exec: Value| {
        let text = json!({"clusters": [{"name": "a", "cluster": {"server": "https://a"}}],
            "users": [{"name": "a", "user": {"exec": exec}}],
            "contexts": [{"name": "ctx-a", "context": {"cluster": "a", "user": "a"}}]});
        let config = contexts(&parse(&text.to_string()).unwrap())["ctx-a"].config().unwrap();
        client_of(config, "ctx-a", &Proxies::default()).map(drop).map_err(|error| error.to_string())
    };
    let exec = |script: &str| json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script]});
    let credential = |token: &str| {
        let token = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
            "status": {"token": token}});
        exec(&format!("cat <<'END'\n{token}\nEND"))
    };
    let no_client = |why: &str| Err(format!("no client for cluster \"ctx-a\": {why}"));
    assert_eq!(made(credential("good")), Ok(()));
    assert_eq!(
        made(credential("hush\n")),
        no_client(
            "a library gave up on what the kubeconfig says of it: compare its entries with those of a cluster that works"
        )
    );
    assert_eq!(
        made(exec("echo hush; exit 3")),
        no_client(
            "its exec program \"sh\" failed (exit status: 3): run it by hand, or use a token; what it printed is not \
             shown, for there may be a secret in it"
        )
    );
    assert_eq!(
        made(exec("echo hush")),
        no_client("its exec program \"sh\" gave no credentials that can be used: run it by hand, or use a token")
    );
    let missing = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "/nowhere/login"});
    assert_eq!(
        made(missing),
        no_client(
            "its exec program \"/nowhere/login\" cannot be started (No such file or directory (os error 2)): see that \
             it is in this container, or use a token"
        )
    );
}
