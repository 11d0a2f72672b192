//! The vendor's Python client against a simulated controller on a socket: what `avi_sdk.py` checks.
//!
//! The client is installed from PyPI into a virtual environment in the user's cache directory. Where that is not
//! possible the test says so and passes; with `CI=true` it fails instead.

use amko_lab::avi::{AviWorld, AviWorldConfig, Fault, FaultAnswer, SiteConfig};
use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use tokio::process::Command;

const SDK: &str = "avisdk==32.1.4";
const MOST_TIME: Duration = Duration::from_secs(240);
const SITE: &str = "alpha";

#[tokio::test]
async fn the_python_sdk_works_against_a_served_controller() {
    let python = match python_with_sdk().await {
        Ok(python) => python,
        Err(reason) => return skip(&reason),
    };
    let (address, server) = serve().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/avi_sdk.py");
    let mut tests = Command::new(python);
    tests.arg("-W").arg("ignore").arg(script).env("AVI_SIM_URL", format!("http://{address}"));
    // A bundle named in the environment would override what the sessions say about certificates.
    tests.env_remove("REQUESTS_CA_BUNDLE").env_remove("CURL_CA_BUNDLE");
    for proxy in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        tests.env_remove(proxy);
    }
    let output = run(&mut tests).await.expect("python runs");
    server.abort();
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !report.contains("Ran 0 tests"), "{report}");
}

/// Says why nothing was tested; a failure where nothing may be left out.
fn skip(reason: &str) {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the Python SDK must be tested under CI, but {reason}");
    // Straight to the stream, so that the harness shows it even for a test that passes.
    let _ = writeln!(std::io::stderr(), "skipped the_python_sdk_works_against_a_served_controller: {reason}");
}

/// The interpreter of a virtual environment that has the SDK, made on first use.
async fn python_with_sdk() -> Result<PathBuf, String> {
    let cache = cache_directory().join("amko-lab").join(SDK.replace("==", "-"));
    let (python, ready) = (cache.join("bin/python"), cache.join("ready"));
    if ready.exists() {
        return Ok(python);
    }
    let venv = run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&cache)).await;
    succeeded("python3 -m venv", venv)?;
    let pip = run(Command::new(&python).args(["-m", "pip", "install", "--quiet", SDK])).await;
    succeeded("pip install", pip)?;
    std::fs::write(&ready, SDK).map_err(|error| format!("{} cannot be written: {error}", ready.display()))?;
    Ok(python)
}

fn cache_directory() -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home).unwrap_or_else(std::env::temp_dir)
}

async fn run(command: &mut Command) -> Result<Output, String> {
    match tokio::time::timeout(MOST_TIME, command.kill_on_drop(true).output()).await {
        Ok(output) => output.map_err(|error| error.to_string()),
        Err(_) => Err(format!("it took longer than {MOST_TIME:?}")),
    }
}

fn succeeded(what: &str, output: Result<Output, String>) -> Result<(), String> {
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{what} failed: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("{what} failed: {error}")),
    }
}

/// A one-site world on a port of its own, with the orders of the script beside the controller.
async fn serve() -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let site = SiteConfig { name: SITE.into(), address: "127.0.0.1".into() };
    let world = AviWorld::new(AviWorldConfig::new(vec![site], Clock::real(), Chance::seeded(1)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    let app = orders(&world).fallback_service(world.router(SITE).expect("the site"));
    let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("the server runs") });
    (address, server)
}

fn orders(world: &AviWorld) -> Router {
    let (expiring, calming, failing, listing) = (world.clone(), world.clone(), world.clone(), world.clone());
    Router::new()
        .route("/sim/expire", post(async move || Json(json!(expiring.expire_sessions(SITE)))))
        .route("/sim/calm", post(async move || Json(json!(calming.clear_faults()))))
        .route("/sim/fault", post(async move |Json(order): Json<Value>| Json(json!(failing.inject(fault(&order))))))
        .route("/sim/requests", post(async move || Json(requests(&listing))))
}

fn requests(world: &AviWorld) -> Value {
    world.requests().iter().map(|record| format!("{} {}", record.method, record.path_and_query)).collect()
}

fn fault(order: &Value) -> Fault {
    let text = |field: &str| order[field].as_str().unwrap_or_default();
    let number = |field: &str| order[field].as_u64().unwrap_or_default();
    let status = FaultAnswer::Status { status: number("status") as u16, body: text("body").to_owned() };
    Fault {
        method: order["method"].as_str().map(ToOwned::to_owned),
        answer: if order["broken"] == true { FaultAnswer::BrokenBody } else { status },
        times: number("times") as u32,
        after_commit: order["after_commit"] == true,
        ..Fault::once(SITE, text("path_prefix"), 0, "")
    }
}
