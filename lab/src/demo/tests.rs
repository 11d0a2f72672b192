//! The demo servers on real loopback sockets.

use super::*;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 83, 1, 10));

fn free_port() -> u16 {
    std::net::TcpListener::bind((VIP, 0)).unwrap().local_addr().unwrap().port()
}

async fn request(port: u16, head: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect((VIP, port)).await?;
    stream.write_all(head.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

/// Sockets have no virtual time: asks every few milliseconds, ten seconds at most.
async fn until(port: u16, served: bool) {
    for _ in 0..2000 {
        if TcpStream::connect((VIP, port)).await.is_ok() == served {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("port {port} is still {}", if served { "refused" } else { "served" });
}

#[tokio::test]
async fn a_page_tells_the_cluster_the_host_the_path_and_the_vip() {
    let (servers, port) = (DemoServers::new(None).unwrap(), free_port());
    servers.ensure(VIP, &[DemoPort::Http(port)], "This service resides in SITE1 AZ1").unwrap();
    let page = request(port, "GET /shop/cart?x=1 HTTP/1.0\r\nHost: shop.example\r\n\r\n").await.unwrap();
    let (head, body) = page.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.0 200"), "{head}");
    let expected =
        format!("MESSAGE: This service resides in SITE1 AZ1\nHOSTNAME: shop.example\nPATH: /shop/cart\nVIP: {VIP}\n");
    assert_eq!(body, expected);
    let head = request(port, "HEAD / HTTP/1.0\r\n\r\n").await.unwrap();
    assert!(head.starts_with("HTTP/1.0 200") && head.ends_with("\r\n\r\n"), "{head}");
}

#[tokio::test]
async fn ensure_changes_the_text_and_the_ports_in_place() {
    let (servers, one, two) = (DemoServers::new(None).unwrap(), free_port(), free_port());
    servers.ensure(VIP, &[DemoPort::Http(one)], "old").unwrap();
    servers.ensure(VIP, &[DemoPort::Http(one), DemoPort::Http(two)], "new").unwrap();
    for port in [one, two] {
        let page = request(port, "GET / HTTP/1.0\r\n\r\n").await.unwrap();
        assert!(page.contains("MESSAGE: new\n"), "{page}");
    }
    servers.ensure(VIP, &[DemoPort::Http(two)], "new").unwrap();
    until(one, false).await;
    servers.remove(VIP);
    until(two, false).await;
}

#[tokio::test]
async fn a_blackout_refuses_connections_until_it_is_over() {
    let (servers, port) = (DemoServers::new(None).unwrap(), free_port());
    servers.ensure(VIP, &[DemoPort::Http(port)], "text").unwrap();
    let mut open = TcpStream::connect((VIP, port)).await.unwrap();
    open.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(open.read(&mut [0; 512]).await.unwrap() > 0);
    servers.set_blackout(|vip| vip == VIP);
    until(port, false).await;
    assert_eq!(open.read(&mut [0; 512]).await.unwrap_or(0), 0, "the open connection is cut");
    servers.set_blackout(|_| false);
    until(port, true).await;
}

#[tokio::test]
async fn udp_answers_with_the_message() {
    let (servers, port) = (DemoServers::new(None).unwrap(), free_port());
    servers.ensure(VIP, &[DemoPort::Udp(port)], "text").unwrap();
    let socket = UdpSocket::bind((VIP, 0)).await.unwrap();
    socket.send_to(b"?", (VIP, port)).await.unwrap();
    let mut buffer = [0; 64];
    let length = socket.recv(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..length], b"MESSAGE: text\n");
}

#[tokio::test]
async fn https_without_a_certificate_is_refused_with_a_reason() {
    let servers = DemoServers::new(None).unwrap();
    let error = servers.ensure(VIP, &[DemoPort::Https(1)], "text").unwrap_err();
    assert_eq!(error.to_string(), format!("{VIP} cannot serve Https(1): the demo servers have no certificate"));
}
