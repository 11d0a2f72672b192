//! Listeners that can go dark.

use crate::up::serve::{Door, Listener};
use crate::up::tls::LabTls;
use axum::Router;
use axum::routing::get;
use axum_server::tls_rustls::RustlsConfig;
use reqwest::{Certificate, Client};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn open(address: SocketAddr) -> (Listener, Client) {
    // Another test may have installed the same provider before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = LabTls::generate("lab.example").unwrap();
    let config = RustlsConfig::from_config(tls.server_config().unwrap());
    let router = Router::new().route("/", get(|| async { "here" }));
    let listener = Listener::open("test server".into(), address, router, Door::Tls(config)).unwrap();
    let ca = Certificate::from_pem(tls.ca.as_bytes()).unwrap();
    let client = Client::builder().no_proxy().tls_certs_only([ca]).build().unwrap();
    (listener, client)
}

async fn fetch(client: &Client, address: SocketAddr) -> Option<String> {
    client.get(format!("https://{address}/")).send().await.ok()?.text().await.ok()
}

#[tokio::test]
async fn a_client_that_trusts_only_the_lab_ca_is_served() {
    let address = free_address();
    let (_listener, client) = open(address);
    assert_eq!(fetch(&client, address).await.as_deref(), Some("here"));
}

#[tokio::test]
async fn a_blackout_cuts_open_connections_and_a_restore_ends_it() {
    let address = free_address();
    let (listener, client) = open(address);
    assert_eq!(fetch(&client, address).await.as_deref(), Some("here"));
    listener.black_out().await;
    assert_eq!(fetch(&client, address).await, None);
    listener.restore().unwrap();
    assert_eq!(fetch(&client, address).await.as_deref(), Some("here"));
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_flag_that_moves_it() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let tls = LabTls::generate("lab.example").unwrap();
    let config = RustlsConfig::from_config(tls.server_config().unwrap());
    let refused = Listener::open("API server of s2".into(), address, Router::new(), Door::Tls(config)).err().unwrap();
    let expected = format!(
        "API server of s2: port {} on 127.0.0.1 is already in use; stop what uses it or choose other ports with \
         --port-base",
        address.port()
    );
    assert_eq!(refused.to_string(), expected);
}
