//! The log: text or JSON on standard error, its level changeable at run time.

use std::io::{IsTerminal, stderr};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, reload};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// Changes the level of a running log.
pub type LogLevel = Box<dyn Fn(&str) + Send + Sync>;

/// Installs the log and returns the handle that changes its level to a GSLBConfig's `logLevel`.
///
/// `RUST_LOG`, when set, wins over both; ractor's own spans are of no use to operators and stay off.
pub fn install(format: LogFormat) -> LogLevel {
    let fixed = std::env::var("RUST_LOG").ok().and_then(|text| EnvFilter::try_new(text).ok());
    let is_fixed = fixed.is_some();
    let (layer, handle) = reload::Layer::new(fixed.unwrap_or_else(|| filter("INFO")));
    let registry = tracing_subscriber::registry().with(layer);
    let installed = match format {
        LogFormat::Text => registry.with(fmt::layer().with_ansi(has_colours()).with_writer(stderr)).try_init(),
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(stderr)).try_init(),
    };
    // A second log in one process is a test's doing; the first one stays.
    drop(installed);
    Box::new(move |level| {
        if !is_fixed {
            // The log is gone only when the process is.
            let _ = handle.reload(filter(level));
        }
    })
}

/// Whether somebody reads the log on a terminal and has not asked for plain text (<https://no-color.org>). What a pod
/// prints goes to files and collectors, in which colours are escape sequences between the words.
fn has_colours() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty())
}

/// `DEBUG`, `INFO`, `WARN`, `ERROR`; anything else means `INFO` (step 4 of `docs/RULES.md#activation`).
fn filter(level: &str) -> EnvFilter {
    let level = match level {
        "DEBUG" => "debug",
        "WARN" => "warn",
        "ERROR" => "error",
        _ => "info",
    };
    // What kube and its layers log of a failed request names neither cluster nor cause; who asked tells both.
    EnvFilter::new(format!("warn,amko={level},ractor=warn,kube_client=off,kube_runtime=off,tower=off,tower_http=off"))
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn an_unknown_level_means_info() {
        for (level, expected) in [("DEBUG", "debug"), ("WARN", "warn"), ("ERROR", "error"), ("", "info"), ("x", "info")]
        {
            assert!(filter(level).to_string().contains(&format!("amko={expected}")), "{level}");
        }
    }

    /// FND-C4: they name neither cluster nor cause.
    #[test]
    fn libraries_do_not_tell_of_failed_requests_at_any_level() {
        for level in ["DEBUG", "INFO", "WARN", "ERROR"] {
            let filter = filter(level).to_string();
            for library in ["kube_client", "kube_runtime", "tower", "tower_http"] {
                assert!(filter.contains(&format!("{library}=off")), "{level} {library}");
            }
        }
    }
}
