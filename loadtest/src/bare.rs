//! The least that any client needs: one login, then the given writes and nothing else.

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use http::header::{CONTENT_TYPE, COOKIE, REFERER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};
use parking_lot::Mutex;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// A write as it goes over the wire.
#[derive(Debug, Clone)]
pub struct Write {
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub body: Bytes,
}

/// A client with one session.
pub struct Bare {
    client: reqwest::Client,
    address: SocketAddr,
    headers: HeaderMap,
    pace: Pace,
}

/// When each request may be sent: a bucket that holds one token.
struct Pace {
    every: Option<Duration>,
    next: Mutex<Instant>,
}

impl Bare {
    /// Logs in. `rate` is requests per second; 0 means no limit.
    ///
    /// # Errors
    /// When the controller cannot be reached or refuses.
    pub async fn log_in(address: SocketAddr, ca: &str, rate: u32) -> Result<Self> {
        // As the operator's transport: HTTP/1.1, as many connections as there are requests at a time.
        let client = client(ca)?.http1_only().build()?;
        let pace = Pace::new(rate);
        pace.turn().await;
        let login = client.post(format!("https://{address}/login"));
        let login = login.json(&json!({"username": "admin", "password": "avi123"}));
        let answer = login.header("x-avi-version", "30.2.1").send().await?.error_for_status()?;
        let cookies = answer.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs: Vec<&str> = cookies.filter_map(|cookie| cookie.split(';').next()).collect();
        let csrf = pairs.iter().find_map(|pair| pair.strip_prefix("csrftoken=")).context("no CSRF token")?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(REFERER, HeaderValue::from_str(&format!("https://{address}/"))?);
        headers.insert("x-avi-tenant", HeaderValue::from_static("admin"));
        headers.insert("x-avi-version", HeaderValue::from_static("30.2.1"));
        headers.insert("x-csrftoken", HeaderValue::from_str(csrf)?);
        headers.insert(COOKIE, HeaderValue::from_str(&pairs.join("; "))?);
        Ok(Self { client, address, headers, pace })
    }

    /// Reads one page over all tenants, and forgets it.
    ///
    /// # Errors
    /// When it is not answered with a 2xx.
    pub async fn read(&self, target: &str) -> Result<()> {
        self.pace.turn().await;
        let mut headers = self.headers.clone();
        headers.insert("x-avi-tenant", HeaderValue::from_static("*"));
        let answer = self.client.get(format!("https://{}{target}", self.address)).headers(headers).send().await?;
        answer.error_for_status()?.bytes().await?;
        Ok(())
    }

    /// Sends one write.
    ///
    /// # Errors
    /// When it is not answered with a 2xx.
    pub async fn send(&self, write: Write) -> Result<()> {
        self.pace.turn().await;
        let url = format!("https://{}{}", self.address, write.target);
        let request = self.client.request(write.method.clone(), url).headers(self.headers.clone());
        let answer = request.body(write.body).send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        ensure!(status.is_success(), "{} {}: {status}: {}", write.method, write.target, String::from_utf8_lossy(&body));
        Ok(())
    }

    /// Sends all of it: pieces in parallel, `concurrency` at a time, each piece in order.
    ///
    /// # Errors
    /// At the first write that fails.
    pub async fn send_all(&self, pieces: Vec<Vec<Write>>, concurrency: usize) -> Result<()> {
        let sent = futures::stream::iter(pieces).map(Ok).try_for_each_concurrent(concurrency, |piece| async move {
            for write in piece {
                self.send(write).await?;
            }
            Ok(())
        });
        sent.await
    }
}

impl Pace {
    fn new(rate: u32) -> Self {
        let every = (rate > 0).then(|| Duration::from_secs(1) / rate);
        Self { every, next: Mutex::new(Instant::now()) }
    }

    async fn turn(&self) {
        let Some(every) = self.every else { return };
        let at = {
            let mut next = self.next.lock();
            let at = (*next).max(Instant::now());
            *next = at + every;
            at
        };
        sleep_until(at).await;
    }
}

/// The beginning of a client that trusts this CA.
///
/// # Errors
/// When the CA is no PEM certificate.
pub fn client(ca: &str) -> Result<reqwest::ClientBuilder> {
    let ca = reqwest::Certificate::from_pem(ca.as_bytes())?;
    Ok(reqwest::Client::builder().no_proxy().tls_certs_only([ca]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_rate_spaces_requests_evenly_and_no_rate_not_at_all() {
        let began = Instant::now();
        let pace = Pace::new(100);
        for _ in 0..5 {
            pace.turn().await;
        }
        let four_gaps = Duration::from_millis(40);
        assert!(began.elapsed() >= four_gaps, "five requests at 100 per second have four gaps of 10 ms");
        assert_eq!(Pace::new(0).every, None);
    }
}
