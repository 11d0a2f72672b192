//! The vendor's Python client against a simulated controller on a socket: what `avi_sdk.py` checks, over HTTP and HTTPS.
//!
//! The client is installed from PyPI into a virtual environment in the user's cache directory. Where that is not
//! possible the test says so and passes; with `CI=true` it fails instead.

#[cfg(test)]
mod avi_sdk_support;

use avi_sdk_support::{Scheme, serve};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::OnceCell;

const SDK: &str = "avisdk==32.1.4";
const MOST_TIME: Duration = Duration::from_secs(240);

/// The tests of this program share one installation.
static PYTHON: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();

#[tokio::test]
async fn the_python_sdk_works_against_a_controller_over_http() {
    sdk_passes(Scheme::Http).await;
}

#[tokio::test]
async fn the_python_sdk_works_against_a_controller_over_https_with_a_self_signed_certificate() {
    sdk_passes(Scheme::Https).await;
}

async fn sdk_passes(scheme: Scheme) {
    let python = match PYTHON.get_or_init(python_with_sdk).await {
        Ok(python) => python,
        Err(reason) => return skip(scheme, reason),
    };
    let served = serve(scheme).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/avi_sdk.py");
    let mut tests = Command::new(python);
    tests.arg("-W").arg("ignore").arg(script).env("AVI_SIM_URL", &served.url);
    // A bundle named in the environment would override what the sessions say about certificates.
    tests.env_remove("REQUESTS_CA_BUNDLE").env_remove("CURL_CA_BUNDLE");
    for proxy in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        tests.env_remove(proxy);
    }
    let output = run(&mut tests).await.expect("python runs");
    let report = String::from_utf8_lossy(&output.stderr);
    let ran = count(&report);
    assert!(output.status.success() && ran > 0 && !report.contains("skipped"), "{scheme}: {report}");
    tell(&format!("Avi's Python SDK over {scheme}: {ran} of {ran} tests passed"));
}

/// The number in `Ran 30 tests in 2.1s`.
fn count(report: &str) -> u32 {
    let line = report.lines().find_map(|line| line.strip_prefix("Ran "));
    line.and_then(|line| line.split(' ').next()?.parse().ok()).unwrap_or_default()
}

/// Says why nothing was tested; a failure where nothing may be left out.
fn skip(scheme: Scheme, reason: &str) {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the Python SDK must be tested under CI, but {reason}");
    tell(&format!("skipped: Avi's Python SDK over {scheme}: {reason}"));
}

/// Straight to the stream, so that the harness shows it even for a test that passes.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
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
