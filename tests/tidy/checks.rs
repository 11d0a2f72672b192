//! The rules about source files. A rule takes a file and gives its findings.

#[cfg(test)]
mod tests;

use crate::Finding;
use crate::source::SourceFile;

/// Words that would give the core a network, a runtime, a clock or chance.
const IMPURE: [&str; 10] =
    ["kube", "k8s_openapi", "tokio", "ractor", "reqwest", "async", "await", "rand", "Instant", "SystemTime"];

/// Files of the operator that may sleep, and why.
const SLEEPERS: [(&str, &str); 1] = [("src/retry.rs", "the one place that waits between two attempts")];

/// Lines above which a file has more than one subject.
const LONGEST: usize = 600;

/// Marks of the machine or the tools that a file was written with. Composed, so that this file passes.
const PRIVATE: [&str; 10] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("cla", "ude"),
    concat!("anth", "ropic"),
    concat!("chat", "gpt"),
    concat!("co", "pilot"),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
];

/// A file that cannot be read as Rust would pass every other rule unseen.
pub fn parses(file: &SourceFile) -> Vec<Finding> {
    file.stream().err().map(|error| file.finding(&format!("not Rust: {error}"))).into_iter().collect()
}

/// What a GSLB service should be is decided by pure functions: see `src/core/mod.rs`.
pub fn core_is_pure(file: &SourceFile) -> Vec<Finding> {
    if !file.path.starts_with("src/core/") {
        return Vec::new();
    }
    let tokens = file.tokens();
    let named = tokens.iter().filter(|token| IMPURE.contains(&token.as_str()));
    named.map(|word| file.finding(&format!("the core names `{word}`; it belongs into the shell around it"))).collect()
}

/// The operator is shipped without the simulated world.
pub fn operator_knows_no_lab(file: &SourceFile) -> Vec<Finding> {
    let named = file.path.starts_with("src/") && file.tokens().iter().any(|token| token == "amko_lab");
    report(file, named, "the operator names the lab; tests that need it belong into tests/")
}

/// A poisoned lock turns one panic into many; a clock that cannot be paused makes tests wait.
pub fn no_std_lock_or_clock(file: &SourceFile) -> Vec<Finding> {
    let tokens = file.tokens();
    let banned = [("sync", "Mutex"), ("sync", "RwLock"), ("time", "Instant")];
    let used = banned.into_iter().filter(|(module, name)| uses_std(&tokens, module, name));
    used.map(|(_, name)| file.finding(&format!("use parking_lot's locks and tokio's clock, not std's `{name}`")))
        .collect()
}

/// A test that does not run is a claim nobody checks. One that cannot run somewhere says so itself, and why.
pub fn no_ignored_test(file: &SourceFile) -> Vec<Finding> {
    let ignored = starts_of(&file.tokens(), &["#", "[", "ignore"]).next().is_some();
    report(file, ignored, "a test is switched off: run it, repair it or remove it")
}

/// Waiting is retry's, or a timer's that a message can overtake.
pub fn no_sleep(file: &SourceFile) -> Vec<Finding> {
    if !file.path.starts_with("src/") || SLEEPERS.iter().any(|(path, _)| *path == file.path) {
        return Vec::new();
    }
    let tokens = file.tokens();
    let sleeps = ["sleep", "sleep_until"].iter().any(|name| starts_of(&tokens, &[name, "("]).next().is_some());
    report(file, sleeps, "it sleeps; waiting belongs to src/retry.rs or to a timer")
}

/// One subject per file.
pub fn short_enough(file: &SourceFile) -> Vec<Finding> {
    let lines = file.text.lines().count();
    report(file, lines > LONGEST, &format!("{lines} lines; above {LONGEST} a file has more than one subject"))
}

/// A reader learns from the first line whether this is the file.
pub fn has_header(file: &SourceFile) -> Vec<Finding> {
    report(file, !file.text.starts_with("//! "), "start with `//!` and what the file is for")
}

/// Paths and tools of one machine mean nothing to a reader elsewhere; unfinished work belongs into an issue.
pub fn no_private_words(file: &SourceFile) -> Vec<Finding> {
    let private = |line: &str| PRIVATE.iter().find(|word| contains(line, word));
    let found = file.text.lines().zip(1..).filter_map(|(line, number)| Some((number, private(line)?)));
    found.map(|(number, word)| file.finding(&format!("line {number}: remove `{word}`"))).collect()
}

fn report(file: &SourceFile, broken: bool, message: &str) -> Vec<Finding> {
    broken.then(|| file.finding(message)).into_iter().collect()
}

/// Names in capitals must match exactly, since in small letters some are ordinary words.
fn contains(line: &str, word: &str) -> bool {
    match word.chars().all(char::is_uppercase) {
        true => line.contains(word),
        false => line.to_lowercase().contains(&word.to_lowercase()),
    }
}

/// Indices where `wanted` starts.
fn starts_of(tokens: &[String], wanted: &[&str]) -> impl Iterator<Item = usize> {
    let matches = |window: &[String]| window.iter().map(String::as_str).eq(wanted.iter().copied());
    tokens.windows(wanted.len()).enumerate().filter_map(move |(start, window)| matches(window).then_some(start))
}

/// Whether the code names `std::<module>::<name>`, directly or inside the braces of a `use`.
fn uses_std(tokens: &[String], module: &str, name: &str) -> bool {
    let prefix = ["std", ":", ":", module, ":", ":"];
    starts_of(tokens, &prefix).any(|start| {
        let rest = &tokens[start + prefix.len()..];
        let group = rest.first().is_some_and(|token| token == "{");
        let reach = if group { rest.iter().position(|token| token == "}").unwrap_or(rest.len()) } else { 1 };
        rest.iter().take(reach).any(|token| token == name)
    })
}
