//! What a user may write about a cluster, and what becomes of it.

use super::*;
use crate::kubernetes::kubeconfig::{contexts, parse};
use data_encoding::BASE64;
use rcgen::{CertificateParams, KeyPair};

/// The configuration of a context with this cluster and user, or why there is none.
fn config(cluster: Value, user: Value) -> Result<Config, String> {
    let text = json!({"clusters": [{"name": "a", "cluster": cluster}], "users": [{"name": "a", "user": user}],
        "contexts": [{"name": "ctx-a", "context": {"cluster": "a", "user": "a"}}]});
    contexts(&parse(&text.to_string()).unwrap())["ctx-a"].config().map_err(|error| error.to_string())
}

/// A certificate and its key, as a kubeconfig holds them: base64 of PEM.
fn material() -> [String; 2] {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["a".to_owned()]).unwrap().self_signed(&key).unwrap();
    [certificate.pem(), key.serialize_pem()].map(|pem| BASE64.encode(pem.as_bytes()))
}

/// As `base64` writes it.
fn wrapped(text: &str) -> String {
    let lines: Vec<&str> = text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join("\n") + "\n"
}

/// FND-E2, FND-E9: in the words of what is wrong, and without a secret.
#[test]
fn what_no_client_could_use_is_refused_with_its_reason() {
    let [certificate, key] = material();
    let good = || json!({"server": "https://a:6443"});
    let with = |field: &str, value: Value| {
        let mut cluster = good();
        cluster[field] = value;
        cluster
    };
    let oidc = |token: &str| json!({"auth-provider": {"name": "oidc", "config": {"id-token": token}}});
    let expired = format!("e30.{}.s", BASE64URL_NOPAD.encode(br#"{"exp":1700000000}"#));
    let provider = "which neither kubectl nor this operator has: use a token or exec";
    let cases = [
        (
            good(),
            json!({"token": "hush\n"}),
            "its token holds a line break, which no request can carry: write it without",
        ),
        (
            good(),
            json!({"token": "hu\u{1}sh"}),
            "its token holds a control character, which no request can carry: write it without",
        ),
        (
            good(),
            json!({"token": "t", "as": "me\r\nX: y"}),
            "its as holds a line break, which no request can carry: write it without",
        ),
        (
            good(),
            json!({"token": "t", "as-groups": ["a", "b\n"]}),
            "its as-groups holds a line break, which no request can carry: write it without",
        ),
        (
            good(),
            json!({"client-certificate-data": certificate}),
            "its client-certificate-data has no key beside it: add client-key-data",
        ),
        (
            good(),
            json!({"client-key-data": key}),
            "its client-key-data has no certificate beside it: add client-certificate-data",
        ),
        (
            good(),
            json!({"client-certificate-data": key, "client-key-data": key}),
            "its client-certificate-data holds no PEM certificate",
        ),
        (
            good(),
            json!({"client-certificate-data": certificate, "client-key-data": certificate}),
            "its client-key-data holds no PEM private key",
        ),
        (
            good(),
            json!({"client-certificate-data": "no base64!", "client-key-data": key}),
            "its client-certificate-data is no base64: it is the file, encoded",
        ),
        (
            good(),
            json!({"tokenFile": "/nowhere/token"}),
            "its tokenFile /nowhere/token cannot be read (No such file or directory (os error 2)): mount it into this container",
        ),
        (
            good(),
            json!({"auth-provider": {"name": "gcp", "config": {}}}),
            &format!("its user logs in by auth-provider \"gcp\", {provider}"),
        ),
        (
            good(),
            json!({"auth-provider": {"name": "oidc", "config": {}}}),
            "its user logs in by auth-provider \"oidc\", without an id-token, and nothing here renews it: use a token or exec",
        ),
        (
            good(),
            oidc(&expired),
            "its user logs in by auth-provider \"oidc\", whose id-token has expired at 2023-11-14T22:13:20Z, and nothing here renews it: use a token or exec",
        ),
        (
            with("certificate-authority-data", json!("bm8gUEVN")),
            json!({}),
            "its certificate-authority-data holds no PEM certificate: put the CA that signed the API server's certificate there",
        ),
        (
            with("certificate-authority-data", json!("no base64!")),
            json!({}),
            "its certificate-authority-data is no base64: it is the file, encoded",
        ),
        (
            with("certificate-authority", json!("/nowhere/ca")),
            json!({}),
            "its certificate-authority /nowhere/ca cannot be read (No such file or directory (os error 2)): mount it into this container, or use certificate-authority-data",
        ),
        (
            with("tls-server-name", json!("not a name")),
            json!({}),
            "its tls-server-name is no name or address of a server: correct it",
        ),
        (
            with("proxy-url", json!("ftp://u:hush@proxy")),
            json!({}),
            "its proxy-url is no URL of a proxy: write http://host:port, or take it away",
        ),
        (json!({"server": ""}), json!({}), "its cluster has no server: give the URL of the API server"),
        (
            json!({"server": "https://a:6443\n"}),
            json!({}),
            "the server of its cluster is no URL (it holds a line break or another control character): write https://host:port",
        ),
        (
            json!({"server": "https://a b"}),
            json!({}),
            "the server of its cluster is no URL (invalid uri character): write https://host:port",
        ),
        (
            json!({"server": "ftp://a"}),
            json!({}),
            "the server of its cluster is no URL (its scheme is neither http nor https): write https://host:port",
        ),
    ];
    for (cluster, user, expected) in cases {
        let told = config(cluster.clone(), user).map(drop).unwrap_err();
        assert_eq!(told, expected, "{cluster}");
    }
}

/// FND-E9
#[test]
fn what_kubectl_accepts_is_accepted() {
    let [certificate, key] = material();
    let server = |cluster: Value, user: Value| config(cluster, user).unwrap().cluster_url.to_string();
    assert_eq!(server(json!({"server": "a:6443"}), json!({})), "http://a:6443/");
    let ca = json!({"server": "10.0.0.1:6443", "certificate-authority-data": certificate});
    assert_eq!(server(ca, json!({})), "https://10.0.0.1:6443/");
    assert_eq!(server(json!({"server": "a", "insecure-skip-tls-verify": true}), json!({})), "https://a/");
    let pair = json!({"client-certificate-data": wrapped(&certificate), "client-key-data": wrapped(&key)});
    assert_eq!(server(json!({"server": "a"}), pair.clone()), "https://a/");
    assert_eq!(server(json!({"server": "https://a/k8s/clusters/c-1"}), json!({})), "https://a/k8s/clusters/c-1");

    let cluster = json!({"server": "https://a", "certificate-authority-data": wrapped(&certificate)});
    let plain = json!({"server": "https://a", "certificate-authority-data": certificate});
    let (wrapped, plain) = (config(cluster, pair).unwrap(), config(plain, json!({})).unwrap());
    assert!(wrapped.root_cert.is_some());
    assert_eq!(wrapped.root_cert, plain.root_cert);
    assert_eq!(wrapped.auth_info.client_certificate_data, Some(certificate));

    let empty = json!({"token": "", "tokenFile": "", "client-certificate": "", "client-key-data": ""});
    let empty = config(json!({"server": "https://a", "tls-server-name": "", "proxy-url": ""}), empty).unwrap();
    assert_eq!((empty.tls_server_name, empty.proxy_url), (None, None));
    assert!(empty.auth_info.token.is_none() && empty.auth_info.token_file.is_none());
}
