//! The server on a loopback address, with limits that a test can reach.

use super::*;
use axum::routing::get;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

const LIMITS: Limits = Limits { connections: 8, silence: Duration::from_millis(300), life: Duration::from_secs(60) };

/// A server whose `/slow` answers when `go` says so.
async fn server(limits: Limits, go: Arc<Notify>) -> SocketAddr {
    let slow = get(move || async move {
        go.notified().await;
        "at last"
    });
    let router = Router::new().route("/healthz", get(|| async { "ok" })).route("/slow", slow);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, limits));
    address
}

async fn say(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// All that comes until the server closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    // A connection that was thrown out may be reset.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut text)).await.unwrap();
    String::from_utf8(text).unwrap()
}

async fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    say(&mut stream, &format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")).await;
    rest(stream).await
}

/// FND-D2: many times more silent connections than there are places, and a request that takes long: a probe is answered,
/// and so is that request.
#[tokio::test]
async fn silent_connections_keep_no_probe_out_and_a_request_under_way_is_not_thrown_out_for_them() {
    let go = Arc::new(Notify::new());
    let patient = Limits { silence: Duration::from_secs(60), ..LIMITS };
    let address = server(patient, Arc::clone(&go)).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    say(&mut slow, "GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(ask(address, "/healthz").await.ends_with("ok"));
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(address).await.unwrap());
        if silent.len() % 10 == 0 {
            assert!(ask(address, "/healthz").await.ends_with("ok"));
        }
    }
    // The first ones had to make room.
    assert_eq!(rest(silent.remove(0)).await, "");
    go.notify_one();
    assert!(rest(slow).await.ends_with("at last"));
}

/// FND-D2
#[tokio::test]
async fn who_does_not_say_what_it_wants_or_says_it_too_slowly_is_left() {
    let address = server(LIMITS, Arc::default()).await;
    let silent = TcpStream::connect(address).await.unwrap();
    let mut half = TcpStream::connect(address).await.unwrap();
    say(&mut half, "GET /healthz HTTP/1.1\r\nhost:").await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    say(&mut idle, "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(rest(silent).await, "");
    assert!(!rest(half).await.contains("200 OK"));
    assert!(rest(idle).await.ends_with("ok"), "one answer, and then the connection ends");
}

/// FND-D2
#[tokio::test]
async fn a_connection_has_an_end_however_busy_it_is() {
    let limits = Limits { life: Duration::from_millis(300), silence: Duration::from_secs(60), ..LIMITS };
    let address = server(limits, Arc::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    say(&mut stream, "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(rest(stream).await.ends_with("ok"));
}
