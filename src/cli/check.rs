//! `amko check`: asks a running operator whether it is ready. For images without a shell, and for `helm test`.

use super::CliError;
use clap::Args;
use reqwest::Url;
use std::io::Write;
use std::time::Duration;

/// How long the whole exchange may take, connecting included.
const LIMIT: Duration = Duration::from_secs(5);
/// Longest answer in bytes that an operator would give; of anything longer no more is read.
const MAX_ANSWER: usize = 64 * 1024;

/// Options of `amko check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Where the operator serves HTTP.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", value_parser = readyz)]
    url: Url,
}

/// Writes what `/readyz` answers to `out`.
///
/// # Errors
/// When the operator is not ready, or gives no answer within five seconds.
pub fn check(arguments: &CheckArguments, out: &mut impl Write) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::Runtime(format!("cannot start the async runtime: {error}")))?;
    runtime.block_on(ask(&arguments.url, LIMIT, out))
}

/// The URL to ask, from that of the operator.
fn readyz(base: &str) -> Result<Url, String> {
    let mut url = Url::parse(base).map_err(|error| error.to_string())?;
    // Anything else would need certificates, which the operator does not serve.
    if url.scheme() != "http" {
        return Err("the operator serves plain HTTP: http://HOST:PORT".into());
    }
    let path = format!("{}/readyz", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

async fn ask(url: &Url, limit: Duration, out: &mut impl Write) -> Result<(), CliError> {
    let failed = |error: &reqwest::Error| CliError::Runtime(format!("no answer from {url}: {}", innermost(error)));
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // No TLS here, so the system's certificates need not be there either.
        .tls_certs_only([])
        .timeout(limit)
        .build()
        .map_err(|error| failed(&error))?;
    let mut answer = client.get(url.clone()).send().await.map_err(|error| failed(&error))?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failed(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(CliError::Runtime(format!("{url} answers more than {MAX_ANSWER} bytes: it is no operator's")));
        }
    }
    out.write_all(&body).map_err(super::broken_output)?;
    if answer.status() == reqwest::StatusCode::OK {
        return Ok(());
    }
    Err(CliError::Runtime(format!("{url} answers {}", answer.status())))
}

/// What went wrong at the bottom: the layers above only say that something did.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "none in time".into();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actors::operator::Links;
    use crate::http::{TestHooks, router};
    use axum::Router;
    use axum::response::Redirect;
    use axum::routing::get;
    use tokio::net::TcpListener;

    /// Serves these routes and gives the URL that `amko check` would take.
    async fn serve(router: Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        base
    }

    /// What is printed, and the error if there is one.
    async fn asked(base: &str, limit: Duration) -> (String, Result<(), String>) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut out = Vec::new();
        let result = ask(&readyz(base).unwrap(), limit, &mut out).await;
        (String::from_utf8(out).unwrap(), result.map_err(|error| error.to_string()))
    }

    #[tokio::test]
    async fn a_ready_operator_is_shown_and_is_no_failure() {
        let base = serve(Router::new().route("/readyz", get(|| async { "ready: first full sync done\n" }))).await;
        assert_eq!(asked(&base, LIMIT).await, ("ready: first full sync done\n".into(), Ok(())));
        assert_eq!(asked(&format!("{base}/"), LIMIT).await.1, Ok(()));
    }

    #[tokio::test]
    async fn an_operator_that_is_not_ready_says_why_and_is_a_failure() {
        let base = serve(router(Links::default(), TestHooks::Off)).await;
        let (printed, result) = asked(&base, LIMIT).await;
        assert_eq!(printed, "not ready: starting: the AMKOCluster has not been read yet\n");
        assert_eq!(result, Err(format!("{base}/readyz answers 503 Service Unavailable")));
    }

    #[tokio::test]
    async fn nobody_there_and_nobody_answering_are_failures_that_say_where() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", silent.local_addr().unwrap());
        let (printed, result) = asked(&base, Duration::from_millis(200)).await;
        assert_eq!((printed.as_str(), result), ("", Err(format!("no answer from {base}/readyz: none in time"))));
        drop(silent);
        let error = asked(&base, LIMIT).await.1.unwrap_err();
        assert!(error.starts_with(&format!("no answer from {base}/readyz: Connection refused")), "{error}");
    }

    #[tokio::test]
    async fn what_no_operator_answers_is_a_failure() {
        let elsewhere = Router::new()
            .route("/readyz", get(|| async { Redirect::to("/login") }))
            .route("/login", get(|| async { "ready?" }));
        let base = serve(elsewhere).await;
        assert_eq!(asked(&base, LIMIT).await.1, Err(format!("{base}/readyz answers 303 See Other")));
        let base = serve(Router::new().route("/readyz", get(|| async { "x".repeat(MAX_ANSWER + 1) }))).await;
        let (printed, result) = asked(&base, LIMIT).await;
        assert!(printed.is_empty() && result.unwrap_err().contains("it is no operator's"));
    }

    #[test]
    fn only_plain_http_is_asked() {
        assert_eq!(
            readyz("http://amko.avi-system.svc:8080").unwrap().as_str(),
            "http://amko.avi-system.svc:8080/readyz"
        );
        assert_eq!(readyz("http://[::1]:8080/amko/").unwrap().as_str(), "http://[::1]:8080/amko/readyz");
        for wrong in ["https://amko:8080", "amko:8080", "127.0.0.1:8080", "ftp://amko"] {
            assert!(readyz(wrong).is_err(), "{wrong}");
        }
    }
}
